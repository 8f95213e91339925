//! Registers a user: a person with a unique e-mail address and a global role.

use super::{User, UserEvent, UserRegistered, profile::PlainProfile};
use crate::{
    choice::Choice,
    facts::Granter,
    field_errors::FieldErrors,
    ids::UserId,
    protected::{DataKey, Protected},
    refusal::Refusal,
    role::Role,
};

/// Create a user.
#[derive(Debug, Clone)]
pub struct RegisterUser {
    /// Allotted id.
    pub id: UserId,
    /// `firstName`, required.
    pub first_name: String,
    /// `lastName`, required.
    pub last_name: String,
    /// `email`, required; the claim is the keyed hash of [`crate::email::Email::claim_material`].
    pub email: String,
    /// Keyed hash (hex) of the address; empty when the address is malformed, which is refused anyway.
    pub email_claim: String,
    /// bcrypt hash of a password that passed [`crate::password::Password::check`].
    pub password_hash: String,
    /// Global role; `None` is the documented default, Viewer.
    pub role: Option<Choice<Role>>,
    /// `phoneNumber`.
    pub phone_number: Option<String>,
    /// `department`.
    pub department: Option<String>,
    /// `jobTitle`.
    pub job_title: Option<String>,
    /// `manager`.
    pub manager: Option<String>,
    /// `timeZone`; `None` is the documented default, `UTC`.
    pub time_zone: Option<String>,
    /// `profilePicture`.
    pub profile_picture: Option<String>,
    /// Who asks.
    pub granter: Granter,
}

impl RegisterUser {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict("user-exists", "a user with this id exists already"));
        }
        let mut errors = FieldErrors::new();
        let profile = PlainProfile {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            phone_number: self.phone_number,
            department: self.department,
            job_title: self.job_title,
            manager: self.manager,
            time_zone: self.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            profile_picture: self.profile_picture,
        }
        .check(&mut errors);
        let role = match self.role {
            None => Role::default(),
            Some(choice) => choice.resolve(&mut errors, "/role").unwrap_or_default(),
        };
        errors.finish()?;
        self.granter.require_may_grant(role)?;
        Ok(vec![
            UserRegistered {
                id: self.id,
                profile: profile.protect(self.id),
                email_claim: self.email_claim,
                password_hash: Protected::new(DataKey::Person(self.id), self.password_hash),
                role,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, pointers, when},
        scopes,
        user::fixtures::{register, registered},
    };

    #[test]
    fn a_registered_user_is_normalised_and_protected() {
        let [UserEvent::UserRegistered(event)] = &registered(1, Role::Developer)[..] else {
            panic!()
        };
        assert_eq!(event.profile.email.text(), Some("ada@example.com"));
        assert_eq!(event.profile.email.key(), &DataKey::Person(UserId(1)));
        assert_eq!(event.password_hash.key(), &DataKey::Person(UserId(1)));
        assert_eq!(event.profile.time_zone, "UTC");
        assert_eq!(event.role, Role::Developer);
    }

    #[test]
    fn the_documented_default_role_is_viewer() {
        let command = RegisterUser {
            role: None,
            ..register(1, Role::Admin)
        };
        let events = when::<User>(&[], command).unwrap();
        assert!(matches!(&events[..], [UserEvent::UserRegistered(event)] if event.role == Role::Viewer));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let command = RegisterUser {
            first_name: " ".into(),
            last_name: "x".repeat(101),
            email: "ada".into(),
            role: Some(Choice::Written(json!("Boss"))),
            phone_number: Some("1".repeat(21)),
            department: Some("x".repeat(101)),
            job_title: Some("a\nb".into()),
            manager: Some("x".repeat(256)),
            time_zone: Some("Mars/Olympus".into()),
            profile_picture: Some("javascript:alert(1)".into()),
            ..register(1, Role::Viewer)
        };
        let mut named = pointers(when::<User>(&[], command));
        named.sort();
        assert_eq!(
            named,
            [
                "/department",
                "/email",
                "/firstName",
                "/jobTitle",
                "/lastName",
                "/manager",
                "/phoneNumber",
                "/profilePicture",
                "/role",
                "/timeZone"
            ]
        );
    }

    #[test]
    fn nobody_grants_above_their_own_role() {
        let granter = Granter::user(UserId(9), Role::ProjectManager);
        let command = RegisterUser {
            granter,
            ..register(1, Role::Admin)
        };
        assert_eq!(code(when::<User>(&[], command)), "role-above-own");
    }

    #[test]
    fn an_id_is_used_once() {
        assert_eq!(
            code(when::<User>(&registered(1, Role::Viewer), register(1, Role::Viewer))),
            "user-exists"
        );
    }

    #[test]
    fn the_address_is_claimed_and_an_admin_counts() {
        let changes = User::default().claims(&registered(1, Role::Admin)[0]);
        assert_eq!(
            changes.take,
            [
                Claim::new(scopes::ACTIVE_ADMINS, "1"),
                Claim::new(scopes::USER_EMAIL, "claim-1")
            ]
        );
        let changes = User::default().claims(&registered(1, Role::Viewer)[0]);
        assert_eq!(changes.take, [Claim::new(scopes::USER_EMAIL, "claim-1")]);
    }
}
