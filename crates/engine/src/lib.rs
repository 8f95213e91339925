//! Drives sagas: takes runs that are ready, calls the connector, reports the outcome as a command.
//!
//! Invariant: the engine decides nothing. What is called, retried or skipped comes from the application; what became of a
//! call goes back to it. A process that stops at any point leaves a log from which the next one goes on.

pub mod connector;
mod courier;
mod drive;
mod engine;
mod trace;

pub use engine::Engine;
