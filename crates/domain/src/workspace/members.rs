//! Adds members, changes their roles, takes them out.
//!
//! Invariant: while a workspace has members one of them is Admin; nobody changes their own role or grants above it.

use super::{MemberAdded, MemberRemoved, MemberRoleChanged, Workspace, WorkspaceEvent};
use crate::{
    choice::Choice,
    facts::{Granter, Standing, UserFact},
    field_errors::FieldErrors,
    ids::{MembershipId, UserId},
    refusal::Refusal,
    role::Role,
};

/// Add a member, or give a present one another role.
#[derive(Debug, Clone)]
pub struct SetMember {
    /// Whom.
    pub user: UserFact,
    /// Role within the workspace; `None` is the documented default, Viewer, for a new member and no change for a present one.
    pub role: Option<Choice<Role>>,
    /// Allotted id; used only when the user never was a member.
    pub membership_id: MembershipId,
    /// Who asks, with their effective role in the workspace.
    pub granter: Granter,
}

impl SetMember {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        let user_id = self.user.id;
        let mut errors = FieldErrors::new();
        let present = state.role_of(user_id);
        let role = match self.role {
            None => present.unwrap_or_default(),
            Some(choice) => choice.resolve(&mut errors, "/role").unwrap_or_default(),
        };
        errors.finish()?;
        let known = state.members.get(&user_id);
        let membership_id = known.map_or(self.membership_id, |member| member.membership_id);
        if let Some(before) = present {
            if before == role {
                return Ok(Vec::new());
            }
            self.granter.require_other_than(user_id)?;
            self.granter.require_may_grant(before)?;
            self.granter.require_may_grant(role)?;
            require_admin_without(state, user_id, role == Role::Admin)?;
            return Ok(vec![
                MemberRoleChanged {
                    id,
                    membership_id,
                    user_id,
                    role,
                }
                .into(),
            ]);
        }
        match self.user.standing {
            Standing::Active => {}
            Standing::Inactive => {
                return Err(Refusal::conflict(
                    "member-inactive",
                    format!("user {user_id} is not active"),
                ));
            }
            Standing::Missing | Standing::Deleted => {
                return Err(Refusal::not_found(
                    "user-not-found",
                    format!("user {user_id} does not exist"),
                ));
            }
        }
        self.granter.require_may_grant(role)?;
        // A workspace without members gets its first one back as Admin or not at all.
        require_admin_without(state, user_id, role == Role::Admin)?;
        Ok(vec![
            MemberAdded {
                id,
                membership_id,
                user_id,
                role,
                returning: known.is_some(),
            }
            .into(),
        ])
    }
}

/// Take a member out; the membership is kept for a return.
#[derive(Debug, Clone)]
pub struct RemoveMember {
    /// Whom.
    pub user_id: UserId,
    /// Who asks, with their effective role in the workspace; everyone may take out themselves.
    pub granter: Granter,
}

impl RemoveMember {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        let user_id = self.user_id;
        let Some(member) = state.members.get(&user_id) else {
            return Err(Refusal::not_found(
                "member-not-found",
                format!("user {user_id} is not a member of the workspace"),
            ));
        };
        if !member.is_active {
            return Ok(Vec::new());
        }
        if self.granter.user_id != Some(user_id) {
            self.granter.require_may_grant(member.role)?;
        }
        let others_remain = state
            .members
            .iter()
            .any(|(other, member)| *other != user_id && member.is_active);
        require_admin_without(state, user_id, !others_remain)?;
        Ok(vec![
            MemberRemoved {
                id,
                membership_id: member.membership_id,
                user_id,
            }
            .into(),
        ])
    }
}

/// Refuses unless some member other than `user` is Admin, or `otherwise` holds.
fn require_admin_without(state: &Workspace, user: UserId, otherwise: bool) -> Result<(), Refusal> {
    let another = state
        .members
        .iter()
        .any(|(other, member)| *other != user && member.is_active && member.role == Role::Admin);
    if another || otherwise {
        return Ok(());
    }
    Err(Refusal::conflict(
        "last-workspace-admin",
        "one member of the workspace remains Admin; make another member Admin first",
    ))
}
