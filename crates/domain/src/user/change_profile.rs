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
            .ok_or_else(|| Refusal::conflict("profile-unreadable", "the user's personal data cannot be read"))?;
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
            time_zone: self
                .time_zone
                .map_or(was.time_zone, |zone| zone.unwrap_or_else(|| "UTC".to_owned())),
            profile_picture: self.profile_picture.unwrap_or(was.profile_picture),
        }
        .check(&mut errors);
        errors.finish()?;
        if after == before {
            return Ok(Vec::new());
        }
        // An address written differently is the same address, whose claim stays.
        let email_claim = match self.email_claim {
            _ if after.email == before.email => state.email_claim.clone(),
            Some(email_claim) => email_claim,
            None => {
                return Err(Refusal::conflict(
                    "email-claim-missing",
                    "another e-mail address needs its claim",
                ));
            }
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, pointers, when},
        ids::UserId,
        role::Role,
        scopes,
        user::{UserErased, fixtures::registered},
    };

    #[test]
    fn only_what_is_given_changes() {
        let command = ChangeProfile {
            department: Some(Some(" Research ".into())),
            time_zone: Some(Some("Europe/Madrid".into())),
            ..ChangeProfile::default()
        };
        let events = when::<User>(&registered(1, Role::Viewer), command).unwrap();
        let [UserEvent::UserProfileChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!(event.profile.department.as_ref().unwrap().text(), Some("Research"));
        assert_eq!(event.profile.first_name.text(), Some("Ada"));
        assert_eq!(event.profile.time_zone, "Europe/Madrid");
        assert_eq!(event.email_claim, "claim-1");
    }

    #[test]
    fn the_same_again_is_no_event() {
        let command = ChangeProfile {
            first_name: Some("Ada ".into()),
            email: Some("ADA@example.com".into()),
            email_claim: Some("claim-1".into()),
            manager: Some(None),
            ..ChangeProfile::default()
        };
        assert_eq!(when::<User>(&registered(1, Role::Viewer), command), Ok(vec![]));
    }

    #[test]
    fn another_address_moves_the_claim() {
        let given = registered(1, Role::Admin);
        let command = ChangeProfile {
            email: Some("ada@example.org".into()),
            email_claim: Some("other".into()),
            ..ChangeProfile::default()
        };
        let events = when::<User>(&given, command).unwrap();
        let changes = fold::<User>(&given).claims(&events[0]);
        assert_eq!(changes.release, [Claim::new(scopes::USER_EMAIL, "claim-1")]);
        assert_eq!(changes.take, [Claim::new(scopes::USER_EMAIL, "other")]);
    }

    #[test]
    fn wrong_fields_are_named() {
        let command = ChangeProfile {
            first_name: Some(String::new()),
            email: Some("a@b".into()),
            ..ChangeProfile::default()
        };
        assert_eq!(
            pointers(when::<User>(&registered(1, Role::Viewer), command)),
            ["/firstName", "/email"]
        );
    }

    #[test]
    fn an_erased_user_cannot_be_changed() {
        let mut given = registered(1, Role::Viewer);
        given.push(UserErased { id: UserId(1) }.into());
        assert_eq!(code(when::<User>(&given, ChangeProfile::default())), "user-erased");
        assert_eq!(code(when::<User>(&[], ChangeProfile::default())), "user-not-found");
    }
}
