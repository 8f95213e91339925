//! Gives a user another global role, within the limits of who grants it.

use super::{User, UserEvent, UserRoleChanged};
use crate::{choice::Choice, facts::Granter, field_errors::FieldErrors, refusal::Refusal, role::Role};

/// Give another global role.
#[derive(Debug, Clone)]
pub struct ChangeUserRole {
    /// Role from now on.
    pub role: Choice<Role>,
    /// Who asks.
    pub granter: Granter,
}

impl ChangeUserRole {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.changeable()?;
        let mut errors = FieldErrors::new();
        let role = self.role.resolve(&mut errors, "/role").unwrap_or_default();
        errors.finish()?;
        if role == state.role {
            return Ok(Vec::new());
        }
        self.granter.require_other_than(id)?;
        // Taking a role away from someone above oneself is no right of theirs either.
        self.granter.require_may_grant(state.role)?;
        self.granter.require_may_grant(role)?;
        Ok(vec![
            UserRoleChanged {
                id,
                role,
                previous: state.role,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{admin, code, fold, when},
        ids::UserId,
        scopes,
        user::fixtures::registered,
    };

    fn to(role: Role, granter: Granter) -> ChangeUserRole {
        ChangeUserRole {
            role: role.into(),
            granter,
        }
    }

    #[test]
    fn a_role_is_granted_within_the_granters_own() {
        let given = registered(1, Role::Viewer);
        let changed = UserRoleChanged {
            id: UserId(1),
            role: Role::Developer,
            previous: Role::Viewer,
        };
        assert_eq!(
            when::<User>(&given, to(Role::Developer, admin(2))),
            Ok(vec![changed.into()])
        );
        let manager = Granter::user(UserId(2), Role::ProjectManager);
        assert_eq!(code(when::<User>(&given, to(Role::Admin, manager))), "role-above-own");
        assert_eq!(
            code(when::<User>(&registered(1, Role::Admin), to(Role::Viewer, manager))),
            "role-above-own"
        );
    }

    #[test]
    fn nobody_changes_their_own_role() {
        assert_eq!(
            code(when::<User>(&registered(1, Role::Admin), to(Role::Viewer, admin(1)))),
            "own-role"
        );
        assert_eq!(
            when::<User>(&registered(1, Role::Admin), to(Role::Admin, admin(1))),
            Ok(vec![])
        );
    }

    #[test]
    fn one_active_admin_remains() {
        let given = registered(1, Role::Admin);
        let events = when::<User>(&given, to(Role::Viewer, admin(2))).unwrap();
        let changes = fold::<User>(&given).claims(&events[0]);
        assert_eq!(changes.release, [Claim::new(scopes::ACTIVE_ADMINS, "1")]);
        assert_eq!(changes.require_at_least, [(scopes::ACTIVE_ADMINS.to_owned(), 1)]);
    }
}
