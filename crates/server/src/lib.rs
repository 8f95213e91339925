//! The composition of WorkflowManagement: configuration, the parts of a node, and the command line.
//!
//! Invariant: only here (and in the end-to-end tests) a database or a connector is named; everything else meets traits.

pub mod cli;
pub mod config;
pub mod core;
pub mod database;
mod lingering;
pub mod master_key;
pub mod node;
mod open_files;
mod reserve;
pub mod telemetry;
