//! Changes a user's personal data; an absent field stays as it is.

use super::{User, UserEvent, UserProfileChanged, profile::PlainProfile};
use crate::{field_errors::FieldErrors, refusal::Refusal};

/// Change personal data. `None` leaves a field alone; `Some(None)` clears a clearable one.
#[derive(Debug, Clone, Default)]
pub struct ChangeProfile {
    /// `firstName`.
    pub first_name: Option<String>,
    /// `lastName`.
    pub last_name: Option<String>,
    /// `email`; comes with `email_claim`.
    pub email: Option<String>,
    /// Keyed hash (hex) of the new address; required with `email`.
    pub email_claim: Option<String>,
    /// `phoneNumber`.
    pub phone_number: Option<Option<String>>,
    /// `department`.
    pub department: Option<Option<String>>,
    /// `jobTitle`.
    pub job_title: Option<Option<String>>,
    /// `manager`.
    pub manager: Option<Option<String>>,
    /// `timeZone`; cleared means the documented default, `UTC`.
    pub time_zone: Option<Option<String>>,
    /// `profilePicture`.
    pub profile_picture: Option<Option<String>>,
}

impl ChangeProfile {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.changeable()?;
        let before = state
            .profile
            .as_ref()
            .and_then(PlainProfile::of)
            .ok_or_else(|| {
                Refusal::conflict(
                    "profile-unreadable",
                    "the user's personal data cannot be read",
                )
            })?;
        let was = before.clone();
        let mut errors = FieldErrors::new();
        let after = PlainProfile {
            first_name: self.first_name.unwrap_or(was.first_name),
            last_name: self.last_name.unwrap_or(was.last_name),
            email: self.email.unwrap_or(was.email),
            phone_number: self.phone_number.unwrap_or(was.phone_number),
            department: self.department.unwrap_or(was.department),
            job_title: self.job_title.unwrap_or(was.job_title),
            manager: self.manager.unwrap_or(was.manager),
            time_zone: self.time_zone.map_or(was.time_zone, |zone| {
                zone.unwrap_or_else(|| "UTC".to_owned())
            }),
            profile_picture: self.profile_picture.unwrap_or(was.profile_picture),
        }
        .check(&mut errors);
        errors.finish()?;
        if after == before {
            return Ok(Vec::new());
        }
        // The address may be written anew (so that its claim is the same) or not be part of the change at all.
        let email_claim = self
            .email_claim
            .filter(|_| after.email != before.email)
            .unwrap_or_else(|| state.email_claim.clone());
        Ok(vec![
            UserProfileChanged {
                id,
                profile: after.protect(id),
                email_claim,
            }
            .into(),
        ])
    }
}
