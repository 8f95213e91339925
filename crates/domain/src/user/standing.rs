//! Takes a user out of use and puts it in use again. That one active Admin remains is decided by the claim.

use super::{User, UserActivated, UserDeactivated, UserEvent};
use crate::refusal::Refusal;

/// Take out of use: the user may no longer act.
#[derive(Debug, Clone)]
pub struct DeactivateUser;

impl DeactivateUser {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![UserDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateUser;

impl ActivateUser {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.changeable()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![UserActivated { id }.into()]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, when},
        ids::UserId,
        role::Role,
        scopes,
        user::{UserErased, fixtures::registered},
    };

    #[test]
    fn deactivation_and_activation_are_told_once() {
        let id = UserId(1);
        let mut given = registered(1, Role::Viewer);
        assert_eq!(when::<User>(&given, ActivateUser), Ok(vec![]));
        assert_eq!(
            when::<User>(&given, DeactivateUser),
            Ok(vec![UserDeactivated { id }.into()])
        );
        given.push(UserDeactivated { id }.into());
        assert_eq!(when::<User>(&given, DeactivateUser), Ok(vec![]));
        assert_eq!(
            when::<User>(&given, ActivateUser),
            Ok(vec![UserActivated { id }.into()])
        );
    }

    #[test]
    fn an_admin_counts_while_active() {
        let mut given = registered(1, Role::Admin);
        let deactivated = UserDeactivated { id: UserId(1) }.into();
        let changes = fold::<User>(&given).claims(&deactivated);
        assert_eq!(changes.release, [Claim::new(scopes::ACTIVE_ADMINS, "1")]);
        assert_eq!(changes.require_at_least, [(scopes::ACTIVE_ADMINS.to_owned(), 1)]);
        given.push(deactivated);
        let changes = fold::<User>(&given).claims(&UserActivated { id: UserId(1) }.into());
        assert_eq!(changes.take, [Claim::new(scopes::ACTIVE_ADMINS, "1")]);
        assert_eq!(changes.require_at_least, []);
    }

    #[test]
    fn an_erased_user_is_never_activated() {
        let mut given = registered(1, Role::Viewer);
        given.push(UserErased { id: UserId(1) }.into());
        assert_eq!(code(when::<User>(&given, ActivateUser)), "user-erased");
    }
}
