//! The rules of WorkflowManagement: aggregates, their commands, events and refusals.
//!
//! Invariant: nothing here does I/O, reads a clock or draws randomness. Facts, identifiers and instants arrive inside the
//! command; a decision is a pure function of the aggregate's state and the command.

pub mod aggregate;
pub mod api_endpoint;
pub mod api_key;
pub mod approval;
pub mod callback;
pub mod choice;
pub mod email;
pub mod environment;
pub mod event;
pub mod execution;
pub mod facts;
pub mod field_errors;
pub mod ids;
pub mod instant;
pub mod job;
pub mod json;
pub mod password;
pub mod project;
pub mod protected;
pub mod refusal;
pub mod retention;
pub mod role;
pub mod schedule;
pub mod scopes;
pub mod text;
pub mod upcast;
pub mod user;
pub mod workflow;
pub mod workspace;

#[cfg(test)]
mod given;
