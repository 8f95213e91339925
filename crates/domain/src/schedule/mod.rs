//! The Schedule aggregate: when a workflow's runs start by themselves.
//!
//! Invariants: a workflow has at most one schedule, whose stream and id are the workflow's number. Every tick ends in an
//! event: it started a run, waits for the run before it, or was skipped for a reason. What is due at an instant is decided
//! here, from the schedule and that instant alone.

mod advance;
mod cron;
mod due;
mod event;
mod pause;
mod remove;
mod resume;
mod set;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod timing;
mod trigger;

pub use advance::{AdvanceSchedule, TickOutcome};
pub use cron::{CronExpression, MAXIMUM_LENGTH};
pub use due::{Missed, ON_TIME_SECONDS, Plan};
pub use event::*;
pub use pause::PauseSchedule;
pub use remove::RemoveSchedule;
pub use resume::ResumeSchedule;
pub use set::SetSchedule;
pub use settings::*;
pub use state::{Present, Schedule};
pub use timing::{Due, Timing, ZonedCron};
pub use trigger::TriggerSchedule;

/// Runs that a schedule keeps an eye on at most; older ones it leaves to themselves.
pub const MOST_OPEN_RUNS: usize = 16;

crate::commands! {
    /// What may be asked of a schedule.
    ScheduleCommand for Schedule => ScheduleEvent {
        /// Set.
        SetSchedule,
        /// Pause.
        PauseSchedule,
        /// Resume.
        ResumeSchedule,
        /// Move past what was due.
        AdvanceSchedule,
        /// Start a run now.
        TriggerSchedule,
        /// Remove.
        RemoveSchedule,
    }
}
