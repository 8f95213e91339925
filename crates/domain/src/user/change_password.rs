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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{code, when},
        ids::UserId,
        role::Role,
        user::{UserDeleted, fixtures::registered},
    };

    #[test]
    fn the_hash_is_protected_under_the_persons_key() {
        let events = when::<User>(
            &registered(1, Role::Viewer),
            ChangePassword {
                password_hash: "$2b$new".into(),
            },
        );
        let events = events.unwrap();
        let [UserEvent::UserPasswordChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!(event.password_hash.text(), Some("$2b$new"));
        assert_eq!(event.password_hash.key(), &DataKey::Person(UserId(1)));
    }

    #[test]
    fn a_deleted_user_is_gone() {
        let mut given = registered(1, Role::Viewer);
        given.push(UserDeleted { id: UserId(1) }.into());
        assert_eq!(
            code(when::<User>(
                &given,
                ChangePassword {
                    password_hash: "x".into()
                }
            )),
            "user-not-found"
        );
    }
}
