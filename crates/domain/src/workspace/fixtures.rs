//! Workspaces for tests.

use super::*;
use crate::{
    given::user,
    ids::{MembershipId, UserId, WorkspaceId},
    role::Role,
};

pub fn create() -> CreateWorkspace {
    CreateWorkspace {
        id: WorkspaceId(3),
        name: "Sales".into(),
        description: None,
        membership_id: MembershipId(10),
        created_by: user(1),
    }
}

/// The history of workspace 3, created by user 1.
pub fn created() -> Vec<WorkspaceEvent> {
    create().decide(&Workspace::default()).unwrap()
}

pub fn added(membership: i64, user: i64, role: Role, returning: bool) -> WorkspaceEvent {
    let (id, membership_id, user_id) = (WorkspaceId(3), MembershipId(membership), UserId(user));
    MemberAdded {
        id,
        membership_id,
        user_id,
        role,
        returning,
    }
    .into()
}

pub fn removed(membership: i64, user: i64) -> WorkspaceEvent {
    MemberRemoved {
        id: WorkspaceId(3),
        membership_id: MembershipId(membership),
        user_id: UserId(user),
    }
    .into()
}
