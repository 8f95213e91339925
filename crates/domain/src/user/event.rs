//! What happens to a user; personal data stands sealed under the person's key.

use serde::{Deserialize, Serialize};

use crate::{event::VisitField, events, ids::UserId, protected::Protected, protected_fields, role::Role};

/// A user's personal data, complete: `Users.FirstName` to `Users.ProfilePicture`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// At most 100 UTF-16 units.
    pub first_name: Protected,
    /// At most 100 UTF-16 units.
    pub last_name: Protected,
    /// Normalised address, at most 255 UTF-16 units.
    pub email: Protected,
    /// At most 20 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Protected>,
    /// At most 100 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<Protected>,
    /// At most 100 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Protected>,
    /// At most 255 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Protected>,
    /// IANA name, at most 50 UTF-16 units; default `UTC`.
    pub time_zone: String,
    /// URL, at most 500 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_picture: Option<Protected>,
}

impl VisitField for Profile {
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected)) {
        let mut below = |field: &str, value: &mut dyn VisitField| value.visit_field(&format!("{name}.{field}"), visit);
        below("first_name", &mut self.first_name);
        below("last_name", &mut self.last_name);
        below("email", &mut self.email);
        below("phone_number", &mut self.phone_number);
        below("department", &mut self.department);
        below("job_title", &mut self.job_title);
        below("manager", &mut self.manager);
        below("profile_picture", &mut self.profile_picture);
    }
}

/// A user exists from now on, active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// `Users.Id`.
    pub id: UserId,
    /// Personal data.
    pub profile: Profile,
    /// Keyed hash of the e-mail address (hex): the address's claim.
    pub email_claim: String,
    /// bcrypt hash.
    pub password_hash: Protected,
    /// Global role.
    pub role: Role,
}
protected_fields!(UserRegistered => profile, password_hash);

/// The profile reads so from now on (all of it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserProfileChanged {
    /// The user.
    pub id: UserId,
    /// Personal data after the change.
    pub profile: Profile,
    /// Claim of the e-mail address after the change.
    pub email_claim: String,
}
protected_fields!(UserProfileChanged => profile);

/// The global role is another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleChanged {
    /// The user.
    pub id: UserId,
    /// Role from now on.
    pub role: Role,
    /// Role until now.
    pub previous: Role,
}

/// The password is another; every session of the user ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPasswordChanged {
    /// The user.
    pub id: UserId,
    /// bcrypt hash.
    pub password_hash: Protected,
}
protected_fields!(UserPasswordChanged => password_hash);

/// The user may no longer act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeactivated {
    /// The user.
    pub id: UserId,
}

/// The user may act again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserActivated {
    /// The user.
    pub id: UserId,
}

/// Soft delete; the e-mail address stays claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    /// The user.
    pub id: UserId,
}

/// The person's key was destroyed: personal data is gone for good and the address is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserErased {
    /// The user.
    pub id: UserId,
}

protected_fields!(UserRoleChanged, UserDeactivated, UserActivated, UserDeleted, UserErased);

events! {
    /// Events of a user, stream `user-{id}`.
    UserEvent {
        /// Created.
        UserRegistered = 1,
        /// Profile or e-mail changed.
        UserProfileChanged = 1,
        /// Global role changed.
        UserRoleChanged = 1,
        /// Password changed.
        UserPasswordChanged = 1,
        /// Deactivated.
        UserDeactivated = 1,
        /// Activated.
        UserActivated = 1,
        /// Soft-deleted.
        UserDeleted = 1,
        /// Erased.
        UserErased = 1,
    }
}

/// The user proved the password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLoggedIn {
    /// The user.
    pub id: UserId,
}

/// An attempt to log in as the user failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLoginFailed {
    /// The user.
    pub id: UserId,
    /// `password`, `locked` or `inactive`.
    pub reason: String,
}

protected_fields!(UserLoggedIn, UserLoginFailed);

events! {
    /// Events of a user's access log, stream `access-{id}`: apart, so that logging in never conflicts with a change.
    AccessEvent {
        /// Logged in.
        UserLoggedIn = 1,
        /// Refused.
        UserLoginFailed = 1,
    }
}
