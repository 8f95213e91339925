//! The read models: how events become rows of the documented tables, and the queries over those rows.
//!
//! Invariant: a projector is a pure function of one opened event. It never looks a row up, so that live projection,
//! replay and rebuild give the same rows. There is no I/O, clock or randomness here.
//!
//! A new event leads here through the compiler: every projector matches its aggregate's enum without a wildcard. A new
//! column is one word in [`tables`] and one line of each database's DDL.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod dependencies;
pub mod envelope;
pub mod projectors;
pub mod queries;
pub mod tables;

pub use envelope::Envelope;
pub use projectors::project;
