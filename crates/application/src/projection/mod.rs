//! Keeps the read models up with the log.
//!
//! Invariant: rows change only here, batch by batch in log order, each batch in one transaction with its checkpoint; so
//! every event takes effect exactly once, whatever crashes. An event that cannot be projected is parked in sight, never
//! skipped.
//!
//! What happens to an event: the `runner` receives it from the log's feed, `decode` opens it and asks the projectors for
//! row changes, `apply` writes them and finds the culprit when the rows refuse a batch, `waiters` wakes whoever waited for
//! its position; `turn` says which of several nodes does it. `rebuild` does the same in a shadow, from the first event on.

mod apply;
mod decode;
mod rebuild;
mod runner;
mod status;
#[cfg(test)]
mod tests;
mod turn;
mod waiters;

pub use apply::ProjectionError;
pub use decode::{OpenError, Opener};
pub use rebuild::RebuildProgress;
pub use runner::{Projection, ProjectionRunner};
pub use status::{ProjectionState, ProjectionStatus, USUAL_LAG};
pub use turn::Turn;
