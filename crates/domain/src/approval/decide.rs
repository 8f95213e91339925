//! The decisions about an approval.

use serde_json::Value;

use super::{
    Approval, ApprovalCancelled, ApprovalEvent, ApprovalExpired, ApprovalGranted, ApprovalRejected, ApprovalRequested,
    ApprovalStatus, ApprovalType,
};
use crate::{
    ids::{ApprovalId, ExecutionId, UserId, WorkflowId},
    instant::Instant,
    protected::Protected,
    refusal::Refusal,
};

/// Ask for an approval.
#[derive(Debug, Clone)]
pub struct RequestApproval {
    /// Id allotted to it.
    pub id: ApprovalId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// What is to be approved.
    pub approval_type: ApprovalType,
    /// Content hash of what is to be published or run.
    pub content_hash: String,
    /// The run, if one is to be approved.
    pub execution_id: Option<ExecutionId>,
    /// Who asks.
    pub requested_by: UserId,
    /// Why.
    pub reason: Option<Protected>,
    /// What the caller noted beside it.
    pub metadata: Option<Value>,
    /// When it is void.
    pub expires_at: Instant,
}

impl RequestApproval {
    pub(super) fn decide(self, state: &Approval) -> Result<Vec<ApprovalEvent>, Refusal> {
        if state.requested.is_some() {
            return Err(Refusal::conflict(
                "approval-exists",
                "the approval was requested already",
            ));
        }
        if self.metadata.as_ref().is_some_and(|metadata| !metadata.is_object()) {
            return Err(Refusal::field("/metadata", "must be a JSON object"));
        }
        Ok(vec![
            ApprovalRequested {
                id: self.id,
                workflow_id: self.workflow_id,
                approval_type: self.approval_type,
                content_hash: self.content_hash,
                execution_id: self.execution_id,
                requested_by: self.requested_by,
                reason: self.reason,
                metadata: self.metadata,
                expires_at: self.expires_at,
            }
            .into(),
        ])
    }
}

/// Say yes.
#[derive(Debug, Clone)]
pub struct GrantApproval {
    /// Who says so.
    pub granted_by: UserId,
    /// What they say.
    pub comments: Option<Protected>,
    /// When.
    pub now: Instant,
}

impl GrantApproval {
    pub(super) fn decide(self, state: &Approval) -> Result<Vec<ApprovalEvent>, Refusal> {
        let requested = pending(state)?;
        not_by_requester(requested, self.granted_by)?;
        if self.now >= requested.expires_at {
            return Err(Refusal::conflict(
                "approval-expired",
                "the request has expired; ask for another approval",
            ));
        }
        Ok(vec![
            ApprovalGranted {
                id: requested.id,
                granted_by: self.granted_by,
                comments: self.comments,
            }
            .into(),
        ])
    }
}

/// Say no.
#[derive(Debug, Clone)]
pub struct RejectApproval {
    /// Who says so.
    pub rejected_by: UserId,
    /// What they say.
    pub comments: Option<Protected>,
}

impl RejectApproval {
    pub(super) fn decide(self, state: &Approval) -> Result<Vec<ApprovalEvent>, Refusal> {
        let requested = pending(state)?;
        not_by_requester(requested, self.rejected_by)?;
        Ok(vec![
            ApprovalRejected {
                id: requested.id,
                rejected_by: self.rejected_by,
                comments: self.comments,
            }
            .into(),
        ])
    }
}

/// Take the request back.
#[derive(Debug, Clone)]
pub struct CancelApproval {
    /// Who does.
    pub cancelled_by: UserId,
    /// What they say.
    pub comments: Option<Protected>,
}

impl CancelApproval {
    pub(super) fn decide(self, state: &Approval) -> Result<Vec<ApprovalEvent>, Refusal> {
        let requested = pending(state)?;
        Ok(vec![
            ApprovalCancelled {
                id: requested.id,
                cancelled_by: self.cancelled_by,
                comments: self.comments,
            }
            .into(),
        ])
    }
}

/// Its time is over.
#[derive(Debug, Clone)]
pub struct ExpireApproval {
    /// When that is looked at.
    pub now: Instant,
}

impl ExpireApproval {
    pub(super) fn decide(self, state: &Approval) -> Result<Vec<ApprovalEvent>, Refusal> {
        let requested = pending(state)?;
        Ok(if self.now < requested.expires_at {
            Vec::new()
        } else {
            vec![ApprovalExpired { id: requested.id }.into()]
        })
    }
}

fn pending(state: &Approval) -> Result<&ApprovalRequested, Refusal> {
    let requested = state.requested.as_ref();
    let requested = requested.ok_or_else(|| Refusal::not_found("approval-not-found", "there is no such approval"))?;
    let decided = match state.status {
        ApprovalStatus::Pending => return Ok(requested),
        ApprovalStatus::Approved => "approved",
        ApprovalStatus::Rejected => "rejected",
        ApprovalStatus::Cancelled => "cancelled",
    };
    Err(Refusal::conflict(
        "approval-decided",
        format!("the approval is {decided} already"),
    ))
}

fn not_by_requester(requested: &ApprovalRequested, by: UserId) -> Result<(), Refusal> {
    if requested.requested_by == by {
        return Err(Refusal::conflict(
            "own-approval",
            "nobody decides about their own request; ask somebody else with the right",
        ));
    }
    Ok(())
}
