//! What happens to a job.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{ExecutionId, JobId, UserId, WorkspaceId},
    protected::Protected,
    protected_fields,
};

/// What is asked of each execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobAction {
    /// To go on from what failed.
    Redrive,
    /// To be started anew with the same input.
    Rerun,
    /// To end.
    Cancel,
    /// To begin no further call.
    Pause,
    /// To go on.
    Resume,
}

impl JobAction {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Redrive, Self::Rerun, Self::Cancel, Self::Pause, Self::Resume];

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Rerun => "rerun",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// Which definition reruns follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobDefinition {
    /// The one that each first run followed.
    Same,
    /// The one in force.
    Newest,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobProgress {
    /// Executions that are dealt with.
    pub done: u32,
    /// Of these, those that did what was asked.
    pub succeeded: u32,
    /// Of these, those that refused.
    pub refused: u32,
}

/// What became of one execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemResult {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The run that a rerun started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_execution_id: Option<ExecutionId>,
    /// Why it refused; absent when it did what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<ItemRefusal>,
}

/// Why an execution refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRefusal {
    /// Stable code, for example `execution-not-failed`.
    pub code: String,
    /// In words.
    pub detail: String,
}

/// It began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStarted {
    /// The job.
    pub id: JobId,
    /// The workspace of its executions.
    pub workspace_id: WorkspaceId,
    /// What is asked of each.
    pub action: JobAction,
    /// Why, as cancelled and paused executions are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Protected>,
    /// Whether steps in doubt are sent again by a redrive; refused otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats_in_doubt: bool,
    /// What reruns follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<JobDefinition>,
    /// How many executions it concerns; they follow as [`JobItemsSelected`].
    pub total: u32,
    /// Who asked.
    pub created_by: UserId,
}
protected_fields!(JobStarted => reason);

/// The next executions that it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobItemsSelected {
    /// The job.
    pub id: JobId,
    /// The executions, in order.
    pub executions: Vec<ExecutionId>,
}

/// The next executions are dealt with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobItemsDone {
    /// The job.
    pub id: JobId,
    /// What became of them, in order.
    pub results: Vec<ItemResult>,
    /// How far it is now.
    pub progress: JobProgress,
}

/// Every execution is dealt with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobCompleted {
    /// The job.
    pub id: JobId,
    /// How it went.
    pub progress: JobProgress,
}

/// It was stopped; executions that are not dealt with are left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobCancelled {
    /// The job.
    pub id: JobId,
    /// Who stopped it.
    pub cancelled_by: UserId,
    /// How far it was.
    pub progress: JobProgress,
}

protected_fields!(JobItemsSelected, JobItemsDone, JobCompleted, JobCancelled);

events! {
    /// Events of a job, stream `job-{id}`.
    JobEvent {
        /// Begun.
        JobStarted = 1,
        /// Executions named.
        JobItemsSelected = 1,
        /// Executions dealt with.
        JobItemsDone = 1,
        /// All dealt with.
        JobCompleted = 1,
        /// Stopped.
        JobCancelled = 1,
    }
}

impl JobEvent {
    /// The job.
    #[must_use]
    pub fn id(&self) -> JobId {
        match self {
            Self::JobStarted(event) => event.id,
            Self::JobItemsSelected(event) => event.id,
            Self::JobItemsDone(event) => event.id,
            Self::JobCompleted(event) => event.id,
            Self::JobCancelled(event) => event.id,
        }
    }
}
