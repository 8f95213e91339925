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
        if matches!(self.user.standing, Standing::Missing | Standing::Deleted) {
            return Err(Refusal::not_found(
                "user-not-found",
                format!("user {user_id} does not exist"),
            ));
        }
        if present == Some(role) {
            return Ok(Vec::new());
        }
        if self.user.standing == Standing::Inactive {
            return Err(Refusal::conflict(
                "member-inactive",
                format!("user {user_id} is not active"),
            ));
        }
        if let Some(before) = present {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{admin, code, inactive_user, user, when},
        ids::WorkspaceId,
        workspace::fixtures::{added, created, removed},
    };

    fn set(user_id: i64, role: Role, granter: Granter) -> SetMember {
        SetMember {
            user: user(user_id),
            role: Some(role.into()),
            membership_id: MembershipId(11),
            granter,
        }
    }

    fn remove(user_id: i64, granter: Granter) -> RemoveMember {
        RemoveMember {
            user_id: UserId(user_id),
            granter,
        }
    }

    #[test]
    fn a_returning_member_keeps_the_membership() {
        let mut given = created();
        assert_eq!(
            when::<Workspace>(&given, set(2, Role::Developer, admin(1))),
            Ok(vec![added(11, 2, Role::Developer, false)])
        );
        given.push(added(11, 2, Role::Developer, false));
        assert_eq!(when::<Workspace>(&given, set(2, Role::Developer, admin(1))), Ok(vec![]));
        given.push(removed(11, 2));
        let again = SetMember {
            membership_id: MembershipId(12),
            ..set(2, Role::Viewer, admin(1))
        };
        assert_eq!(
            when::<Workspace>(&given, again),
            Ok(vec![added(11, 2, Role::Viewer, true)])
        );
    }

    #[test]
    fn the_documented_default_role_is_viewer() {
        let command = SetMember {
            role: None,
            ..set(2, Role::Admin, admin(1))
        };
        assert_eq!(
            when::<Workspace>(&created(), command),
            Ok(vec![added(11, 2, Role::Viewer, false)])
        );
    }

    #[test]
    fn only_active_users_become_members() {
        let command = SetMember {
            user: inactive_user(2),
            ..set(2, Role::Viewer, admin(1))
        };
        assert_eq!(code(when::<Workspace>(&created(), command.clone())), "member-inactive");
        let mut present = created();
        present.push(added(11, 2, Role::Developer, false));
        assert_eq!(code(when::<Workspace>(&present, command)), "member-inactive");
        let missing = UserFact {
            id: UserId(2),
            standing: Standing::Missing,
        };
        let command = SetMember {
            user: missing,
            ..set(2, Role::Viewer, admin(1))
        };
        assert_eq!(code(when::<Workspace>(&created(), command)), "user-not-found");
    }

    #[test]
    fn nobody_grants_above_their_role_or_changes_their_own() {
        let mut given = created();
        given.push(added(11, 2, Role::Developer, false));
        let developer = Granter::user(UserId(2), Role::Developer);
        assert_eq!(
            code(when::<Workspace>(&given, set(3, Role::Admin, developer))),
            "role-above-own"
        );
        assert_eq!(
            code(when::<Workspace>(&given, set(2, Role::Admin, developer))),
            "own-role"
        );
        assert_eq!(
            code(when::<Workspace>(&given, set(1, Role::Viewer, developer))),
            "role-above-own"
        );
        assert_eq!(code(when::<Workspace>(&given, remove(1, developer))), "role-above-own");
        let changed = MemberRoleChanged {
            id: WorkspaceId(3),
            membership_id: MembershipId(11),
            user_id: UserId(2),
            role: Role::Viewer,
        };
        assert_eq!(
            when::<Workspace>(&given, set(2, Role::Viewer, admin(1))),
            Ok(vec![changed.into()])
        );
    }

    #[test]
    fn one_admin_remains_while_there_are_members() {
        let mut given = created();
        assert_eq!(
            when::<Workspace>(&given, remove(1, admin(1))),
            Ok(vec![removed(10, 1)]),
            "the last member may leave"
        );
        given.push(added(11, 2, Role::Developer, false));
        assert_eq!(
            code(when::<Workspace>(&given, remove(1, admin(1)))),
            "last-workspace-admin"
        );
        assert_eq!(
            code(when::<Workspace>(&given, set(1, Role::Viewer, admin(9)))),
            "last-workspace-admin"
        );
        given.push(added(12, 4, Role::Admin, false));
        assert_eq!(when::<Workspace>(&given, remove(1, admin(1))), Ok(vec![removed(10, 1)]));
    }

    #[test]
    fn only_members_are_taken_out() {
        assert_eq!(
            code(when::<Workspace>(&created(), remove(5, admin(1)))),
            "member-not-found"
        );
        let mut given = created();
        given.extend([added(11, 2, Role::Admin, false), removed(11, 2)]);
        assert_eq!(when::<Workspace>(&given, remove(2, admin(1))), Ok(vec![]));
    }
}
