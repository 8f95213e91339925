//! Sets another password; the application ends the user's sessions with it.

use super::{User, UserEvent, UserPasswordChanged};
use crate::{
    protected::{DataKey, Protected},
    refusal::Refusal,
};

/// Set another password.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// bcrypt hash of a password that passed [`crate::password::Password::check`].
    pub password_hash: String,
}

impl ChangePassword {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.changeable()?;
        let password_hash = Protected::new(DataKey::Person(id), self.password_hash);
        Ok(vec![UserPasswordChanged { id, password_hash }.into()])
    }
}
