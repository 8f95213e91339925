//! Given/when/then for approvals.

use super::*;
use crate::{
    aggregate::Decide as _,
    given::{code, fold, later, now, when},
    ids::{ApprovalId, UserId, WorkflowId},
};

fn request() -> RequestApproval {
    RequestApproval {
        id: ApprovalId(4),
        workflow_id: WorkflowId(17),
        approval_type: ApprovalType::Publish,
        content_hash: "abc".to_owned(),
        execution_id: None,
        requested_by: UserId(1),
        reason: None,
        metadata: None,
        expires_at: later(),
    }
}

fn grant(by: i64) -> GrantApproval {
    GrantApproval {
        granted_by: UserId(by),
        comments: None,
        now: now(),
    }
}

fn requested() -> Vec<ApprovalEvent> {
    when::<Approval>(&[], request()).unwrap()
}

#[test]
fn another_person_grants_it_once_and_before_it_expires() {
    assert_eq!(code(when::<Approval>(&requested(), grant(1))), "own-approval");
    let mut given = requested();
    given.extend(when::<Approval>(&given, grant(2)).unwrap());
    assert!(fold::<Approval>(&given).is_granted_at(now()));
    assert!(!fold::<Approval>(&given).is_granted_at(later()));
    assert_eq!(code(when::<Approval>(&given, grant(3))), "approval-decided");
    let late = GrantApproval {
        now: later(),
        ..grant(2)
    };
    assert_eq!(code(when::<Approval>(&requested(), late)), "approval-expired");
}

#[test]
fn a_rejected_or_cancelled_request_is_over() {
    let reject = RejectApproval {
        rejected_by: UserId(2),
        comments: None,
    };
    let cancel = CancelApproval {
        cancelled_by: UserId(1),
        comments: None,
    };
    let mut rejected = requested();
    rejected.extend(when::<Approval>(&rejected, reject).unwrap());
    assert_eq!(code(when::<Approval>(&rejected, grant(2))), "approval-decided");
    let mut cancelled = requested();
    cancelled.extend(when::<Approval>(&cancelled, cancel).unwrap());
    assert_eq!(fold::<Approval>(&cancelled).status, ApprovalStatus::Cancelled);
    assert_eq!(
        when::<Approval>(&requested(), ExpireApproval { now: now() }),
        Ok(vec![])
    );
    assert_eq!(
        when::<Approval>(&requested(), ExpireApproval { now: later() }).map(|events| events.len()),
        Ok(1)
    );
}

#[test]
fn what_is_claimed_while_pending_is_given_back_and_a_grant_may_be_used_once() {
    let given = requested();
    let taken = Approval::default().claims(&given[0]).take;
    assert_eq!(taken.len(), 2);
    let granted = when::<Approval>(&given, grant(2)).unwrap();
    let changes = fold::<Approval>(&given).claims(&granted[0]);
    assert_eq!(changes.release, taken);
    assert_eq!(changes.take[0].scope, "workflow/17/publish-approvals");
}
