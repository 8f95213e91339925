//! What a bulk request says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wfm_domain::job::{JobAction, JobDefinition};

/// What is asked of each execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BulkAction {
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

impl BulkAction {
    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        JobAction::from(self).name()
    }
}

impl From<BulkAction> for JobAction {
    fn from(action: BulkAction) -> Self {
        match action {
            BulkAction::Redrive => Self::Redrive,
            BulkAction::Rerun => Self::Rerun,
            BulkAction::Cancel => Self::Cancel,
            BulkAction::Pause => Self::Pause,
            BulkAction::Resume => Self::Resume,
        }
    }
}

/// Which definition reruns follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BulkDefinition {
    /// The one that each first run followed.
    Same,
    /// The one in force.
    Newest,
}

impl From<BulkDefinition> for JobDefinition {
    fn from(definition: BulkDefinition) -> Self {
        match definition {
            BulkDefinition::Same => Self::Same,
            BulkDefinition::Newest => Self::Newest,
        }
    }
}

/// What becomes of steps in doubt in a bulk redrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BulkInDoubt {
    /// They are sent again.
    Repeat,
}

/// Which executions: all conditions must hold. A workspace or a workflow must be named.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BulkFilter {
    /// Of this workspace.
    pub workspace_id: Option<i64>,
    /// Of this workflow.
    pub workflow_id: Option<i64>,
    /// Of this environment.
    pub environment_id: Option<i64>,
    /// Running, Completed, Failed or Cancelled.
    pub status: Option<String>,
    /// Queued, Running, Retrying, Paused, WaitingSignal, WaitingApproval, Compensating, or the status it ended in.
    pub state: Option<String>,
    /// The caller's business key.
    pub execution_context: Option<String>,
    /// Begun at this instant or later.
    pub executed_from: Option<String>,
    /// Begun before this instant.
    pub executed_to: Option<String>,
}

/// Body of `POST /executions/bulk`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkInput {
    /// What is asked of each execution.
    pub action: BulkAction,
    /// Of which executions.
    pub filter: BulkFilter,
    /// Why they are cancelled or paused, at most 1000 characters.
    pub reason: Option<String>,
    /// What becomes of steps in doubt; executions that have some refuse a redrive without it.
    pub in_doubt: Option<BulkInDoubt>,
    /// Which definition reruns follow; the newest when omitted.
    pub definition: Option<BulkDefinition>,
    /// At most so many, the oldest ones: 1 to 10000. Without it, more than 10000 that match are refused.
    pub limit: Option<u32>,
    /// Only tells which executions match.
    #[serde(default)]
    pub dry_run: bool,
}
