//! What happens to an approval. Reasons and comments stand sealed under the key of who wrote them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    events,
    ids::{ApprovalId, ExecutionId, UserId, WorkflowId},
    instant::Instant,
    protected::Protected,
    protected_fields,
};

/// What is to be approved: `WorkflowApprovals.ApprovalType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApprovalType {
    /// Publishing the draft.
    Publish,
    /// One run.
    Execute,
}

impl ApprovalType {
    /// The documented name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "Publish",
            Self::Execute => "Execute",
        }
    }
}

/// Somebody asks for an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequested {
    /// `WorkflowApprovals.Id`.
    pub id: ApprovalId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// What is to be approved.
    pub approval_type: ApprovalType,
    /// Content hash of the definition that is to be published or run.
    pub content_hash: String,
    /// The run, if one is to be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    /// Who asks.
    pub requested_by: UserId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Protected>,
    /// What the caller noted beside it: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When the request, or what was granted, is void.
    pub expires_at: Instant,
}
protected_fields!(ApprovalRequested => reason);

/// It was approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalGranted {
    /// The approval.
    pub id: ApprovalId,
    /// Who approved.
    pub granted_by: UserId,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Protected>,
}
protected_fields!(ApprovalGranted => comments);

/// It was rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRejected {
    /// The approval.
    pub id: ApprovalId,
    /// Who rejected.
    pub rejected_by: UserId,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Protected>,
}
protected_fields!(ApprovalRejected => comments);

/// The request was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalCancelled {
    /// The approval.
    pub id: ApprovalId,
    /// Who took it back.
    pub cancelled_by: UserId,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Protected>,
}
protected_fields!(ApprovalCancelled => comments);

/// Nobody decided in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalExpired {
    /// The approval.
    pub id: ApprovalId,
}
protected_fields!(ApprovalExpired);

events! {
    /// Events of an approval, stream `approval-{id}`.
    ApprovalEvent {
        /// Asked for.
        ApprovalRequested = 1,
        /// Approved.
        ApprovalGranted = 1,
        /// Rejected.
        ApprovalRejected = 1,
        /// Taken back.
        ApprovalCancelled = 1,
        /// Too late.
        ApprovalExpired = 1,
    }
}

impl ApprovalEvent {
    /// The approval.
    #[must_use]
    pub fn id(&self) -> ApprovalId {
        match self {
            Self::ApprovalRequested(event) => event.id,
            Self::ApprovalGranted(event) => event.id,
            Self::ApprovalRejected(event) => event.id,
            Self::ApprovalCancelled(event) => event.id,
            Self::ApprovalExpired(event) => event.id,
        }
    }
}
