//! Judging a batch of appends: the outcome equals running them one after another.
//!
//! Invariant: a refused append leaves no trace; what the accepted ones leave is told as net changes, so that an adapter
//! writes each row once. Deliberately absent: any reading or writing. An adapter collects the [`Needs`] of a batch, reads
//! them as [`Facts`] under the log's lock, judges every append in its order, and writes the [`Changes`].

mod changes;
mod facts;
mod judge;
mod prepared;

pub use changes::{Changes, NewCommand, StreamChange};
pub use facts::{CommandKey, Facts, Need, Needs, StreamFact};
pub use judge::Batch;
pub use prepared::{MAX_APPEND_BYTES, MAX_EVENT_BYTES, Prepared};
