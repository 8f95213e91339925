//! How a call authenticates: the method's name and the settings it takes.
//!
//! Invariant: a secret setting is one `{env.NAME}` placeholder; a literal secret never enters the log.

use serde_json::Value;

use crate::field_errors::{FieldErrors, pointer_segment};

/// The methods, as `ApiEndpoints.AuthenticationMethod` holds them.
pub const AUTHENTICATION_METHODS: [&str; 6] = [
    "None",
    "Basic",
    "Bearer",
    "ApiKey",
    "OAuth2ClientCredentials",
    "MutualTls",
];

/// What a setting takes.
enum Setting {
    /// Any text, placeholders included; required.
    Text,
    /// Any text, may be absent.
    OptionalText,
    /// One of these words; required.
    Word(&'static [&'static str]),
    /// One of these words, may be absent.
    OptionalWord(&'static [&'static str]),
    /// A single `{env.NAME}` placeholder; required.
    Secret,
}

fn settings_of(method: &str) -> &'static [(&'static str, Setting)] {
    match method {
        "Basic" => &[("username", Setting::Text), ("password", Setting::Secret)],
        "Bearer" => &[("token", Setting::Secret)],
        "ApiKey" => &[
            ("in", Setting::Word(&["header", "query"])),
            ("name", Setting::Text),
            ("value", Setting::Secret),
        ],
        "OAuth2ClientCredentials" => &[
            ("tokenUrl", Setting::Text),
            ("clientId", Setting::Text),
            ("clientSecret", Setting::Secret),
            ("scope", Setting::OptionalText),
            ("audience", Setting::OptionalText),
            ("clientAuthentication", Setting::OptionalWord(&["basic", "body"])),
        ],
        "MutualTls" => &[("certificate", Setting::Text), ("key", Setting::Secret)],
        _ => &[],
    }
}

/// The documented spelling of a method; `None` when there is no such method.
#[must_use]
pub fn canonical_method(method: &str) -> Option<&'static str> {
    AUTHENTICATION_METHODS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(method.trim()))
}

/// Checks method and settings together; returns the method in its documented spelling and the settings.
pub(super) fn check_authentication(
    errors: &mut FieldErrors,
    method: Option<&str>,
    settings: Option<&Value>,
) -> (Option<String>, Option<Value>) {
    let settings = settings.filter(|settings| !settings.is_null());
    let method = match method.filter(|method| !method.trim().is_empty()) {
        None => None,
        Some(method) => {
            let known = canonical_method(method);
            if known.is_none() {
                errors.add(
                    "/authenticationMethod",
                    format!("must be one of {}", AUTHENTICATION_METHODS.join(", ")),
                );
                return (None, None);
            }
            known
        }
    };
    let expected = settings_of(method.unwrap_or("None"));
    match (expected.is_empty(), settings) {
        (true, Some(_)) => errors.add(
            "/authentication",
            "is given, but the authenticationMethod takes no settings",
        ),
        (false, None) => {
            let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
            errors.add(
                "/authentication",
                format!("is required by the authenticationMethod, with {}", names.join(", ")),
            );
        }
        (false, Some(settings)) => check_settings(errors, expected, settings),
        (true, None) => {}
    }
    (method.map(str::to_owned), settings.cloned())
}

fn check_settings(errors: &mut FieldErrors, expected: &[(&str, Setting)], settings: &Value) {
    let Some(members) = settings.as_object() else {
        errors.add("/authentication", "must be a JSON object");
        return;
    };
    for key in members
        .keys()
        .filter(|key| !expected.iter().any(|(name, _)| name == key))
    {
        let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
        errors.add(
            format!("/authentication{}", pointer_segment(key)),
            format!("is unknown; known are {}", names.join(", ")),
        );
    }
    for (name, setting) in expected {
        let at = format!("/authentication/{name}");
        let given = members.get(*name).filter(|value| !value.is_null());
        let text = given.and_then(Value::as_str).filter(|text| !text.is_empty());
        match setting {
            Setting::OptionalText | Setting::OptionalWord(_) if given.is_none() => {}
            Setting::Text | Setting::OptionalText => match text {
                None => errors.add(at, "must be a text that is not empty"),
                Some(text) if text.contains(['\0', '\r']) && *name != "certificate" => {
                    errors.add(at, "must not contain control characters");
                }
                Some(_) => {}
            },
            Setting::Word(words) | Setting::OptionalWord(words) => {
                if !text.is_some_and(|text| words.contains(&text)) {
                    errors.add(at, format!("must be {}", words.join(" or ")));
                }
            }
            Setting::Secret => {
                if !text.is_some_and(is_environment_placeholder) {
                    errors.add(
                        at,
                        "must be an {env.NAME} placeholder: secrets belong into the environment's variables",
                    );
                }
            }
        }
    }
}

/// Whether the text is one `{env.…}` placeholder and nothing else.
fn is_environment_placeholder(text: &str) -> bool {
    let inside = text
        .strip_prefix("{env.")
        .or_else(|| text.strip_prefix("{env["))
        .and_then(|rest| rest.strip_suffix('}'));
    inside.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}', '?']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(method: Option<&str>, settings: Option<Value>) -> Vec<String> {
        let mut errors = FieldErrors::new();
        check_authentication(&mut errors, method, settings.as_ref());
        errors.into_errors().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn every_method_takes_its_settings() {
        for (method, settings) in [
            ("Basic", json!({"username": "u", "password": "{env.PASSWORD}"})),
            ("Bearer", json!({"token": "{env.TOKEN}"})),
            (
                "ApiKey",
                json!({"in": "header", "name": "X-API-Key", "value": "{env[\"API KEY\"]}"}),
            ),
            (
                "OAuth2ClientCredentials",
                json!({"tokenUrl": "https://id.example/token", "clientId": "c", "clientSecret": "{env.SECRET}"}),
            ),
            ("MutualTls", json!({"certificate": "{env.CERT}", "key": "{env.KEY}"})),
        ] {
            assert!(pointers(Some(method), Some(settings)).is_empty(), "{method}");
        }
        assert!(pointers(None, None).is_empty());
        assert!(pointers(Some("none"), None).is_empty());
    }

    #[test]
    fn literal_secrets_are_refused() {
        assert_eq!(
            pointers(Some("Bearer"), Some(json!({"token": "abc"}))),
            ["/authentication/token"]
        );
        assert_eq!(
            pointers(Some("Bearer"), Some(json!({"token": "{env.A ?? \"abc\"}"}))),
            ["/authentication/token"]
        );
        assert_eq!(
            pointers(Some("Bearer"), Some(json!({"token": "{env.A}{env.B}"}))),
            ["/authentication/token"]
        );
    }

    #[test]
    fn method_and_settings_fit_each_other() {
        assert_eq!(pointers(Some("Digest"), None), ["/authenticationMethod"]);
        assert_eq!(pointers(Some("Basic"), None), ["/authentication"]);
        assert_eq!(pointers(None, Some(json!({"token": "{env.A}"}))), ["/authentication"]);
        assert_eq!(
            pointers(
                Some("ApiKey"),
                Some(json!({"in": "cookie", "name": "n", "value": "{env.V}", "x": 1}))
            ),
            ["/authentication/x", "/authentication/in"]
        );
    }
}
