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
