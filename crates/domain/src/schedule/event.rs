//! What happens to a schedule.
//!
//! Each event carries how the schedule stands after it ([`Progress`]). So the rows need nothing else, and the state is known
//! from the last [`ScheduleSet`] and the last event: a stream that has gained an event a minute for years is never read whole.

use serde::{Deserialize, Serialize};

use super::{Due, ScheduleSettings};
use crate::{
    events,
    ids::{ExecutionId, ScheduleId, WorkflowId, WorkspaceId},
    instant::Instant,
    protected_fields,
};

/// How a schedule stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Whether its ticks start runs.
    pub is_active: bool,
    /// The next tick; none when paused, or when none is left.
    pub next: Option<Due>,
    /// When it last started a run.
    pub last_run_at: Option<Instant>,
    /// Runs that it started and that may be open, oldest first; at most [`super::MOST_OPEN_RUNS`].
    pub runs: Vec<ExecutionId>,
    /// A tick that waits until these have ended.
    pub buffered: Option<Instant>,
    /// Events since the schedule was set: where in the stream its settings stand.
    pub events_since_set: u64,
}

/// The schedule is set: made, or replaced whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleSet {
    /// Id: that of its workflow.
    pub id: ScheduleId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// The workflow's workspace.
    pub workspace_id: WorkspaceId,
    /// What it is set to.
    pub settings: ScheduleSettings,
    /// When it was made.
    pub created_at: Instant,
    /// When it was replaced; null when it was made by this.
    pub updated_at: Option<Instant>,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// Its ticks start no runs until it is resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulePaused {
    /// The schedule.
    pub id: ScheduleId,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// Its ticks start runs again, from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleResumed {
    /// The schedule.
    pub id: ScheduleId,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// Why a schedule started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Its tick came.
    Tick,
    /// A tick that had been missed was made up for.
    CatchUp,
    /// A tick that had waited for the run before it.
    Buffered,
    /// Somebody asked for it.
    Trigger,
}

impl Cause {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tick => "Tick",
            Self::CatchUp => "CatchUp",
            Self::Buffered => "Buffered",
            Self::Trigger => "Trigger",
        }
    }
}

/// It started a run: recorded in one append with the run's start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleFired {
    /// The schedule.
    pub id: ScheduleId,
    /// The tick; for [`Cause::Trigger`] when it was asked for.
    pub tick: Instant,
    /// Why.
    pub cause: Cause,
    /// The run.
    pub execution_id: ExecutionId,
    /// Open runs that were cancelled before.
    pub cancelled: Vec<ExecutionId>,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// A tick waits until the open run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleTickBuffered {
    /// The schedule.
    pub id: ScheduleId,
    /// The tick.
    pub tick: Instant,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// One tick, or several in a row, started no run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleTickSkipped {
    /// The schedule.
    pub id: ScheduleId,
    /// The first tick.
    pub tick: Instant,
    /// The last one; the same when it is one.
    pub last_tick: Instant,
    /// How many.
    pub ticks: u64,
    /// Why, stable: `missed`, `overlap`, `paused`, or the code with which a start of a run is refused, such as
    /// `workflow-inactive`.
    pub reason: String,
    /// The same for people.
    pub detail: String,
    /// How it stands afterwards.
    pub progress: Progress,
}

/// The schedule is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRemoved {
    /// The schedule.
    pub id: ScheduleId,
    /// Whether the deletion of its workflow, or of what that belongs to, causes it.
    pub cascade: bool,
    /// How it stands afterwards.
    pub progress: Progress,
}

protected_fields!(
    ScheduleSet,
    SchedulePaused,
    ScheduleResumed,
    ScheduleFired,
    ScheduleTickBuffered,
    ScheduleTickSkipped,
    ScheduleRemoved,
);

events! {
    /// Events of a workflow's schedule, stream `schedule-{workflow}`.
    ScheduleEvent {
        /// Set.
        ScheduleSet = 1,
        /// Paused.
        SchedulePaused = 1,
        /// Resumed.
        ScheduleResumed = 1,
        /// Fired.
        ScheduleFired = 1,
        /// A tick waits.
        ScheduleTickBuffered = 1,
        /// Ticks were skipped.
        ScheduleTickSkipped = 1,
        /// Removed.
        ScheduleRemoved = 1,
    }
}

impl ScheduleEvent {
    /// How the schedule stands after the event.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        match self {
            Self::ScheduleSet(event) => &event.progress,
            Self::SchedulePaused(event) => &event.progress,
            Self::ScheduleResumed(event) => &event.progress,
            Self::ScheduleFired(event) => &event.progress,
            Self::ScheduleTickBuffered(event) => &event.progress,
            Self::ScheduleTickSkipped(event) => &event.progress,
            Self::ScheduleRemoved(event) => &event.progress,
        }
    }

    /// The schedule.
    #[must_use]
    pub fn id(&self) -> ScheduleId {
        match self {
            Self::ScheduleSet(event) => event.id,
            Self::SchedulePaused(event) => event.id,
            Self::ScheduleResumed(event) => event.id,
            Self::ScheduleFired(event) => event.id,
            Self::ScheduleTickBuffered(event) => event.id,
            Self::ScheduleTickSkipped(event) => event.id,
            Self::ScheduleRemoved(event) => event.id,
        }
    }
}
