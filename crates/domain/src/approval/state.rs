//! An approval's state and the claims that keep requests unique, pending ones findable, and granted ones single-use.

use serde::{Deserialize, Serialize};

use super::{ApprovalCommand, ApprovalEvent, ApprovalRequested, ApprovalType};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    ids::WorkflowId,
    instant::Instant,
    refusal::Refusal,
};

/// `ApprovalStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ApprovalStatus {
    /// 0
    #[default]
    Pending,
    /// 1
    Approved,
    /// 2
    Rejected,
    /// 3: taken back, or expired.
    Cancelled,
}

/// An approval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What was asked for; set once the approval exists.
    pub requested: Option<ApprovalRequested>,
    /// How it stands.
    pub status: ApprovalStatus,
}

cqrs_aggregate!(Approval, "approval");

impl Approval {
    /// Scope of the claims of pending approvals; keys begin with the instant of expiry, so that they stand in that order.
    pub const PENDING: &'static str = "approvals/pending";

    /// Scope of the hashes that may be published.
    #[must_use]
    pub fn publishable(workflow: WorkflowId) -> String {
        format!("workflow/{workflow}/publish-approvals")
    }

    /// Whether it was granted and is valid at `now`.
    #[must_use]
    pub fn is_granted_at(&self, now: Instant) -> bool {
        let lasts = self
            .requested
            .as_ref()
            .is_some_and(|requested| now < requested.expires_at);
        lasts && self.status == ApprovalStatus::Approved
    }

    fn request_claims(requested: &ApprovalRequested) -> Vec<Claim> {
        let subject = match &requested.execution_id {
            Some(execution) => execution.0.clone(),
            None => requested.content_hash.clone(),
        };
        vec![
            Claim::new(
                format!("workflow/{}/approval-requests", requested.workflow_id),
                format!("{}/{subject}", requested.approval_type.name()),
            ),
            Claim::new(Self::PENDING, format!("{}/{}", requested.expires_at, requested.id)),
        ]
    }
}

impl Decide for Approval {
    type Command = ApprovalCommand;
    type Event = ApprovalEvent;

    fn decide(&self, command: ApprovalCommand) -> Result<Vec<ApprovalEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &ApprovalEvent) {
        match event {
            ApprovalEvent::ApprovalRequested(requested) => {
                *self = Self {
                    requested: Some(requested.clone()),
                    status: ApprovalStatus::Pending,
                }
            }
            ApprovalEvent::ApprovalGranted(_) => self.status = ApprovalStatus::Approved,
            ApprovalEvent::ApprovalRejected(_) => self.status = ApprovalStatus::Rejected,
            ApprovalEvent::ApprovalCancelled(_) | ApprovalEvent::ApprovalExpired(_) => {
                self.status = ApprovalStatus::Cancelled;
            }
        }
    }

    fn claims(&self, event: &ApprovalEvent) -> ClaimChanges {
        let mut changes = ClaimChanges::default();
        match event {
            ApprovalEvent::ApprovalRequested(requested) => changes.take = Self::request_claims(requested),
            ApprovalEvent::ApprovalGranted(_)
            | ApprovalEvent::ApprovalRejected(_)
            | ApprovalEvent::ApprovalCancelled(_)
            | ApprovalEvent::ApprovalExpired(_) => {
                let requested = self.requested.as_ref();
                changes.release = requested.map(Self::request_claims).unwrap_or_default();
                if let (ApprovalEvent::ApprovalGranted(_), Some(requested)) = (event, requested)
                    && requested.approval_type == ApprovalType::Publish
                {
                    let scope = Self::publishable(requested.workflow_id);
                    changes.take.push(Claim::new(scope, requested.content_hash.clone()));
                }
            }
        }
        changes
    }
}
