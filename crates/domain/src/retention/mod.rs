//! The RunMonth aggregate: what became of the runs that a workspace started in one month, once they were old enough to go.
//!
//! Invariant: what its runs carried is erased at most once, and only after executions were purged; an erased month never
//! comes back. Which executions are old enough is decided here and nowhere else. That no execution of a month is left when
//! it is erased, the application finds out.
//!
//! A workspace-month is the unit because everything that its runs carried (inputs, outputs, messages) stands sealed under
//! one data key.

mod erase;
mod event;
mod id;
mod periods;
mod purge;
mod state;

pub use erase::EraseRunData;
pub use event::*;
pub use id::RunMonthId;
pub use periods::{Cutoffs, LONGEST_PERIOD_DAYS, RetentionPeriods};
pub use purge::{EndedRun, MOST_PURGED_AT_ONCE, PurgeExecutions};
pub use state::RunMonth;

crate::commands! {
    /// What may be asked of a workspace's month of runs.
    RunMonthCommand for RunMonth => RunMonthEvent {
        /// Purge executions that are old enough.
        PurgeExecutions,
        /// Erase what the runs carried.
        EraseRunData,
    }
}
