//! Builds and compares the complete profile that an event carries.

use std::str::FromStr as _;

use super::Profile;
use crate::{
    email::Email,
    field_errors::FieldErrors,
    ids::UserId,
    protected::{DataKey, Protected},
    text,
};

/// A profile as plain text, before it is protected under the person's key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PlainProfile {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone_number: Option<String>,
    pub department: Option<String>,
    pub job_title: Option<String>,
    pub manager: Option<String>,
    pub time_zone: String,
    pub profile_picture: Option<String>,
}

impl PlainProfile {
    /// The open texts of a profile; `None` when one of them was not opened.
    pub(super) fn of(profile: &Profile) -> Option<Self> {
        let open = |value: &Protected| value.text().map(str::to_owned);
        let optional = |value: &Option<Protected>| match value {
            None => Some(None),
            Some(value) => open(value).map(Some),
        };
        Some(Self {
            first_name: open(&profile.first_name)?,
            last_name: open(&profile.last_name)?,
            email: open(&profile.email)?,
            phone_number: optional(&profile.phone_number)?,
            department: optional(&profile.department)?,
            job_title: optional(&profile.job_title)?,
            manager: optional(&profile.manager)?,
            time_zone: profile.time_zone.clone(),
            profile_picture: optional(&profile.profile_picture)?,
        })
    }

    /// The same, normalised; notes every field that a column of `Users` does not take.
    pub(super) fn check(self, errors: &mut FieldErrors) -> Self {
        let mut line =
            |pointer: &str, value: &Option<String>, maximum| text::line(errors, pointer, value.as_deref(), maximum);
        let phone_number = line("/phoneNumber", &self.phone_number, 20);
        let department = line("/department", &self.department, 100);
        let job_title = line("/jobTitle", &self.job_title, 100);
        let manager = line("/manager", &self.manager, 255);
        let profile_picture = line("/profilePicture", &self.profile_picture, 500);
        if profile_picture
            .as_deref()
            .is_some_and(|picture| !is_web_reference(picture))
        {
            errors.add("/profilePicture", "must be an http or https URL or a relative one");
        }
        Self {
            first_name: text::name(errors, "/firstName", &self.first_name, 100),
            last_name: text::name(errors, "/lastName", &self.last_name, 100),
            email: Email::check(errors, "/email", &self.email)
                .map_or_else(String::new, |email| email.as_str().to_owned()),
            phone_number,
            department,
            job_title,
            manager,
            time_zone: check_time_zone(errors, "/timeZone", &self.time_zone),
            profile_picture,
        }
    }

    /// The profile with its personal data protected under the person's key.
    pub(super) fn protect(self, user: UserId) -> Profile {
        let seal = |text: String| Protected::new(DataKey::Person(user), text);
        Profile {
            first_name: seal(self.first_name),
            last_name: seal(self.last_name),
            email: seal(self.email),
            phone_number: self.phone_number.map(seal),
            department: self.department.map(seal),
            job_title: self.job_title.map(seal),
            manager: self.manager.map(seal),
            time_zone: self.time_zone,
            profile_picture: self.profile_picture.map(seal),
        }
    }
}

fn check_time_zone(errors: &mut FieldErrors, pointer: &str, text: &str) -> String {
    let name = text::name(errors, pointer, text, 50);
    if !name.is_empty() && chrono_tz::Tz::from_str(&name).is_err() {
        errors.add(pointer, "must be an IANA time zone such as Europe/Madrid or UTC");
    }
    name
}

/// Whether a browser that follows the reference stays on the web: no scheme at all, or http(s).
fn is_web_reference(reference: &str) -> bool {
    let before_path = reference.split(['/', '?', '#']).next().unwrap_or_default();
    match before_path.split_once(':') {
        None => true,
        Some((scheme, _)) => scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"),
    }
}
