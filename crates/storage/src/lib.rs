//! The storage port: event log, claims, open work, keys, sessions and read models, as the rest of the system sees them.
//!
//! Invariant: nothing here, and nothing above, knows a database. An adapter implements [`log::EventLog`] by giving the
//! [`sequencer`] a [`sequencer::BatchWriter`], and [`read_store::ReadStore`] for the read models; it is right when it
//! passes the `conformance` suite (feature `conformance`).
//!
//! Adding an operation: extend the trait, then the suite, then each adapter; the compiler leads the way.

pub mod append;
pub mod batch;
pub mod cleanup;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod event;
pub mod feed;
pub mod fold;
pub mod leaf_hash;
pub mod lease;
pub mod log;
pub mod migration;
pub mod read_store;
pub mod sequencer;
pub mod vault;
pub mod verify;
pub mod work;
