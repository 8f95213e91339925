//! Deletes or erases a user. Deletion is restricted for users that created anything (by the claim `user/{id}/created`);
//! erasure is open to all, because it removes the person and keeps the history.

use super::{User, UserDeactivated, UserDeleted, UserErased, UserEvent};
use crate::refusal::Refusal;

/// Delete softly; the e-mail address stays claimed.
#[derive(Debug, Clone)]
pub struct DeleteUser;

impl DeleteUser {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.existing()?;
        Ok(vec![UserDeleted { id }.into()])
    }
}

/// Destroy the person's data for good (the application destroys the key with it) and free the e-mail address. An active
/// user is deactivated; a deleted one may be erased, too.
#[derive(Debug, Clone)]
pub struct EraseUser;

impl EraseUser {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state
            .id
            .ok_or_else(|| Refusal::not_found("user-not-found", "there is no such user"))?;
        if state.is_erased {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if state.is_active {
            events.push(UserDeactivated { id }.into());
        }
        events.push(UserErased { id }.into());
        Ok(events)
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
        user::fixtures::registered,
    };

    const ID: UserId = UserId(1);

    #[test]
    fn deletion_needs_that_nothing_was_created_and_keeps_the_address() {
        let given = registered(1, Role::Admin);
        assert_eq!(
            when::<User>(&given, DeleteUser),
            Ok(vec![UserDeleted { id: ID }.into()])
        );
        let changes = fold::<User>(&given).claims(&UserDeleted { id: ID }.into());
        assert_eq!(changes.require_empty, ["user/1/created"]);
        assert_eq!(changes.release, [Claim::new(scopes::ACTIVE_ADMINS, "1")]);
        assert_eq!(changes.require_at_least, [(scopes::ACTIVE_ADMINS.to_owned(), 1)]);
    }

    #[test]
    fn a_deleted_user_is_not_found() {
        let mut given = registered(1, Role::Viewer);
        given.push(UserDeleted { id: ID }.into());
        assert_eq!(code(when::<User>(&given, DeleteUser)), "user-not-found");
    }

    #[test]
    fn erasure_deactivates_frees_the_address_and_leaves_no_personal_data() {
        let mut given = registered(1, Role::Admin);
        let events = when::<User>(&given, EraseUser).unwrap();
        assert_eq!(
            events,
            [UserDeactivated { id: ID }.into(), UserErased { id: ID }.into()]
        );
        given.push(events[0].clone());
        let changes = fold::<User>(&given).claims(&events[1]);
        assert_eq!(changes.release, [Claim::new(scopes::USER_EMAIL, "claim-1")]);
        assert!(changes.require_empty.is_empty());
        given.push(events[1].clone());
        let erased = fold::<User>(&given);
        assert!(erased.profile.is_none() && erased.password_hash.is_none() && !erased.may_act());
        assert_eq!(when::<User>(&given, EraseUser), Ok(vec![]));
    }

    #[test]
    fn a_deleted_user_can_still_be_erased() {
        let mut given = registered(1, Role::Viewer);
        given.push(UserDeactivated { id: ID }.into());
        given.push(UserDeleted { id: ID }.into());
        assert_eq!(when::<User>(&given, EraseUser), Ok(vec![UserErased { id: ID }.into()]));
    }
}
