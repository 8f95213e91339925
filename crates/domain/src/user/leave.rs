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
