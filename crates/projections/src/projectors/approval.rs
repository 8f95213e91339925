//! `WorkflowApprovals`. `Metadata` holds what the caller noted, with the content hash, the expiry and the run, if there is one.
//!
//! Invariant: the words of an erased person read NULL, whether they were projected before the key was destroyed or after;
//! therefore `ApproverUserId` names whoever decided, also who took a request back: the author of `ApprovalComments`.

use serde_json::{Map, Value};
use wfm_domain::approval::{ApprovalEvent, ApprovalRequested, ApprovalStatus};
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, opened, update};
use crate::{
    envelope::Envelope,
    tables::{WORKFLOW_APPROVALS, WorkflowApprovals},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &ApprovalEvent, changes: &mut Vec<Change>) {
    let id = event.id().0;
    let decided = |status: ApprovalStatus| (WorkflowApprovals::Status, Cell::Integer(status as i64));
    let comments = |comments: &Option<_>| {
        let said = comments.as_ref().map_or(Cell::Null, opened);
        (WorkflowApprovals::ApprovalComments, said)
    };
    changes.push(match event {
        ApprovalEvent::ApprovalRequested(event) => {
            let row = vec![
                id.into(),
                event.workflow_id.0.into(),
                event.requested_by.0.into(),
                Cell::Null,
                Cell::Integer(ApprovalStatus::Pending as i64),
                event.approval_type.name().into(),
                event.reason.as_ref().map_or(Cell::Null, opened),
                Cell::Null,
                envelope.at(),
                Cell::Null,
                metadata(event).into(),
            ];
            insert(&WORKFLOW_APPROVALS, row)
        }
        ApprovalEvent::ApprovalGranted(event) => {
            let set = [
                decided(ApprovalStatus::Approved),
                (WorkflowApprovals::ApproverUserId, event.granted_by.0.into()),
                (WorkflowApprovals::ApprovedAt, envelope.at()),
                comments(&event.comments),
            ];
            update(&WORKFLOW_APPROVALS, id, set)
        }
        ApprovalEvent::ApprovalRejected(event) => {
            let set = [
                decided(ApprovalStatus::Rejected),
                (WorkflowApprovals::ApproverUserId, event.rejected_by.0.into()),
                comments(&event.comments),
            ];
            update(&WORKFLOW_APPROVALS, id, set)
        }
        ApprovalEvent::ApprovalCancelled(event) => {
            let set = [
                decided(ApprovalStatus::Cancelled),
                (WorkflowApprovals::ApproverUserId, event.cancelled_by.0.into()),
                comments(&event.comments),
            ];
            update(&WORKFLOW_APPROVALS, id, set)
        }
        ApprovalEvent::ApprovalExpired(_) => {
            let said = (WorkflowApprovals::ApprovalComments, "expired".into());
            update(&WORKFLOW_APPROVALS, id, [decided(ApprovalStatus::Cancelled), said])
        }
    });
}

fn metadata(event: &ApprovalRequested) -> String {
    let mut metadata = match &event.metadata {
        Some(Value::Object(members)) => members.clone(),
        Some(_) | None => Map::new(),
    };
    metadata.insert("contentHash".to_owned(), event.content_hash.as_str().into());
    metadata.insert("expiresAt".to_owned(), event.expires_at.to_string().into());
    if let Some(execution) = &event.execution_id {
        metadata.insert("executionId".to_owned(), execution.0.as_str().into());
    }
    Value::Object(metadata).to_string()
}
