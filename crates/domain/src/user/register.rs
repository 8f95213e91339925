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
            return Err(Refusal::conflict(
                "user-exists",
                "a user with this id exists already",
            ));
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
