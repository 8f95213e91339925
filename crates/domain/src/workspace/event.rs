//! What happens to a workspace and its members.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{MembershipId, UserId, WorkspaceId},
    protected_fields,
    role::Role,
};

/// A workspace exists from now on, active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceCreated {
    /// `Workspaces.Id`.
    pub id: WorkspaceId,
    /// Unique in the system, at most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Who created it.
    pub created_by: UserId,
}

/// Name and description read so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceChanged {
    /// The workspace.
    pub id: WorkspaceId,
    /// See [`WorkspaceCreated::name`].
    pub name: String,
    /// See [`WorkspaceCreated::description`].
    pub description: Option<String>,
}

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The workspace.
            pub id: WorkspaceId,
        }
        protected_fields!($name);
    )*};
}

marks! {
    /// Nothing new may start in it.
    WorkspaceDeactivated,
    /// In use again.
    WorkspaceActivated,
    /// Soft delete; the name is free again. Projects and workflows follow by events of their own.
    WorkspaceDeleted,
}

/// A user belongs to the workspace from now on (also again: with the membership it had).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberAdded {
    /// The workspace.
    pub id: WorkspaceId,
    /// `UserWorkspaces.Id`.
    pub membership_id: MembershipId,
    /// The member.
    pub user_id: UserId,
    /// Role within the workspace.
    pub role: Role,
    /// Whether the user was a member before: the row exists.
    pub returning: bool,
}

/// The member's role is another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRoleChanged {
    /// The workspace.
    pub id: WorkspaceId,
    /// `UserWorkspaces.Id`.
    pub membership_id: MembershipId,
    /// The member.
    pub user_id: UserId,
    /// Role from now on.
    pub role: Role,
}

/// The user no longer belongs to the workspace: `UserWorkspaces.IsActive` = 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRemoved {
    /// The workspace.
    pub id: WorkspaceId,
    /// `UserWorkspaces.Id`.
    pub membership_id: MembershipId,
    /// The former member.
    pub user_id: UserId,
}

protected_fields!(
    WorkspaceCreated,
    WorkspaceChanged,
    MemberAdded,
    MemberRoleChanged,
    MemberRemoved
);

events! {
    /// Events of a workspace, stream `workspace-{id}`.
    WorkspaceEvent {
        /// Created.
        WorkspaceCreated = 1,
        /// Name or description changed.
        WorkspaceChanged = 1,
        /// Deactivated.
        WorkspaceDeactivated = 1,
        /// Activated.
        WorkspaceActivated = 1,
        /// Soft-deleted.
        WorkspaceDeleted = 1,
        /// Member added.
        MemberAdded = 1,
        /// Member's role changed.
        MemberRoleChanged = 1,
        /// Member removed.
        MemberRemoved = 1,
    }
}
