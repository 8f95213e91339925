//! What happens to a workspace's month of runs once they are old.
//!
//! An event names every execution that it purges, so that a replay deletes exactly those rows and needs no clock, no row
//! and no cutoff for it.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{ExecutionId, WorkspaceId},
    instant::Instant,
    protected_fields,
};

/// Ended executions were old enough: their rows are gone, with their logs and step runs. Their events stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionsPurged {
    /// Workspace of the executions.
    pub workspace_id: WorkspaceId,
    /// Month in which they began: `2026-11`.
    pub month: String,
    /// Completed and Cancelled executions that began before this instant were old enough.
    pub completed_before: Instant,
    /// Failed ones that began before this instant were.
    pub failed_before: Instant,
    /// The executions, at least one and at most [`super::MOST_PURGED_AT_ONCE`].
    pub executions: Vec<ExecutionId>,
}

/// No execution of the month is left: what its runs carried is unreadable from now on, because its data key is destroyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDataErased {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The month: `2026-11`.
    pub month: String,
}

protected_fields!(ExecutionsPurged, RunDataErased);

events! {
    /// Events of a workspace's month of runs, stream `run-month-{workspace}-{month}`.
    RunMonthEvent {
        /// Executions purged.
        ExecutionsPurged = 1,
        /// Run data erased.
        RunDataErased = 1,
    }
}
