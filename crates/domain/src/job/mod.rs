//! The job aggregate: one thing asked of many executions, done one after another.
//!
//! Invariants: which executions it concerns is fixed when it starts; each has one result, in their order; a job that has ended
//! takes no further results.

mod decide;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{CancelJob, MOST_EXECUTIONS, RecordItems, StartJob};
pub use event::*;
pub use state::{Job, JobStatus};

crate::commands! {
    /// What may be asked of a job.
    JobCommand for Job => JobEvent {
        /// Begin it.
        StartJob,
        /// Note what became of the next executions.
        RecordItems,
        /// Stop it where it is.
        CancelJob,
    }
}
