//! What a definition must not show: texts under names of credentials, unless placeholders stand for them.
//!
//! The server refuses literals where it knows a credential (`authentication`); headers, query strings, defaults and
//! mappings are free texts, which somebody may have filled with one. Invariant: what leaves in an export or a plan has gone
//! through here. What stays in its place is the mark `{"withheld": true}`, which an apply reads as "what the server has".

use serde_json::{Map, Value, json};

/// Ends of names, reduced to lower-case letters and digits, under which credentials stand.
const NAMES: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "accountkey",
    "apikey",
    "authkey",
    "authorization",
    "connectionstring",
    "cookie",
    "credential",
    "credentials",
    "functionskey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sharedkey",
    "signature",
    "subscriptionkey",
    "token",
];

/// Words that introduce a credential and are none.
const SCHEMES: &[&str] = &["apikey", "basic", "bearer", "digest", "token"];

/// The mark in a credential's place.
#[must_use]
pub fn withheld() -> Value {
    json!({"withheld": true})
}

/// Whether a value is the mark.
#[must_use]
pub fn is_withheld(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|members| members.len() == 1 && members.get("withheld") == Some(&Value::Bool(true)))
}

/// Whether credentials stand under this name.
#[must_use]
pub fn is_credential_name(name: &str) -> bool {
    let reduced: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    NAMES.iter().any(|end| reduced.ends_with(end))
}

/// Whether a text says anything besides placeholders and the words that introduce a credential.
fn is_literal(text: &str) -> bool {
    let mut rest = String::new();
    let mut depth = 0_u32;
    for character in text.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            other if depth == 0 => rest.push(other),
            _ => {}
        }
    }
    if depth > 0 {
        // A brace that nothing closes is no placeholder.
        return !text.trim().is_empty();
    }
    rest.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .any(|word| !SCHEMES.contains(&word.to_ascii_lowercase().as_str()))
}

/// Whether a URL carries a credential in its query, or before an `@`.
fn tells_in_url(url: &str) -> bool {
    let begins = ["http://", "https://", "{env."]
        .iter()
        .any(|start| url.starts_with(start));
    if !begins || url.contains(char::is_whitespace) {
        return false;
    }
    let (before, query) = url.split_once('?').unwrap_or((url, ""));
    let query = query.split('#').next().unwrap_or_default();
    let authority = before
        .split_once("://")
        .map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    authority.contains('@')
        || query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            is_credential_name(name) && is_literal(value)
        })
}

/// Whether a text under a name must not be shown.
#[must_use]
pub fn must_be_withheld(name: &str, text: &str) -> bool {
    (is_credential_name(name) && is_literal(text)) || tells_in_url(text)
}

/// A definition, or a part of one that stands under `name`, with the mark in the place of every credential.
#[must_use]
pub fn shown(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if must_be_withheld(name, text) => withheld(),
        Value::Array(items) => items.iter().map(|item| shown(name, item)).collect(),
        Value::Object(members) => {
            // A parameter's default is what its name says.
            let named = members.get("name").and_then(Value::as_str);
            let member = |(key, value): (&String, &Value)| {
                let context = match (key.as_str(), named) {
                    ("defaultValue", Some(named)) => named,
                    _ => key,
                };
                (key.clone(), shown(context, value))
            };
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A definition with what the server has in the place of each mark; notes the pointers of the marks that it has nothing
/// for.
#[must_use]
pub fn restored(value: &Value, present: Option<&Value>, at: &str, missing: &mut Vec<String>) -> Value {
    if is_withheld(value) {
        return match present {
            Some(present) if !is_withheld(present) => present.clone(),
            Some(_) | None => {
                missing.push(at.to_owned());
                Value::Null
            }
        };
    }
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let present = present.and_then(|present| present.get(key));
                (key.clone(), restored(value, present, &format!("{at}/{key}"), missing))
            };
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let item = |(index, item): (usize, &Value)| {
                let items = present.and_then(Value::as_array);
                let named = item.get("name");
                let present = match named {
                    Some(_) => items.and_then(|items| items.iter().find(|other| other.get("name") == named)),
                    None => items.and_then(|items| items.get(index)),
                };
                restored(item, present, &format!("{at}/{index}"), missing)
            };
            items.iter().enumerate().map(item).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Pointers of the credentials that stand in the open.
#[must_use]
pub fn in_the_open(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(value, &shown("", value), "", &mut found);
    found
}

fn compare(value: &Value, shown: &Value, at: &str, found: &mut Vec<String>) {
    match (value, shown) {
        (Value::Object(members), Value::Object(after)) => {
            for (key, member) in members {
                compare(
                    member,
                    after.get(key).unwrap_or(&Value::Null),
                    &format!("{at}/{key}"),
                    found,
                );
            }
        }
        (Value::Array(items), Value::Array(after)) => {
            for (index, item) in items.iter().enumerate() {
                compare(
                    item,
                    after.get(index).unwrap_or(&Value::Null),
                    &format!("{at}/{index}"),
                    found,
                );
            }
        }
        (Value::String(_), after) if is_withheld(after) => found.push(at.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_under_names_of_credentials_are_withheld() {
        let value = json!({
            "url": "https://x.example/a?api_key=abc", "headers": {
                "Authorization": "Bearer abc", "X-Api-Key": "k", "Cookie": "s={env.S}; t=1", "Accept": "text/plain",
            },
            "parameters": [{"name": "access_token", "defaultValue": "abc"}, {"name": "page", "defaultValue": "1"}],
            "steps": [{"name": "a", "inputMapping": {"body": {"password": "hunter2", "tokenType": "jwt", "maxTokens": 3}}}],
        });
        let after = shown("", &value);
        assert_eq!(
            after,
            json!({
                "url": withheld(), "headers": {
                    "Authorization": withheld(), "X-Api-Key": withheld(), "Cookie": withheld(), "Accept": "text/plain",
                },
                "parameters": [{"name": "access_token", "defaultValue": withheld()}, {"name": "page", "defaultValue": "1"}],
                "steps": [{"name": "a", "inputMapping": {
                    "body": {"password": withheld(), "tokenType": "jwt", "maxTokens": 3},
                }}],
            })
        );
        assert_eq!(in_the_open(&value).len(), 6);
        let mut missing = Vec::new();
        assert_eq!(restored(&after, Some(&value), "", &mut missing), value);
        assert!(missing.is_empty());
        let _ = restored(&after, None, "", &mut missing);
        assert_eq!(missing.len(), 6);
    }

    #[test]
    fn placeholders_are_shown() {
        for text in [
            "{env.TOKEN}",
            "Bearer {env.TOKEN}",
            "Basic {= base64(env.A + ':' + env.B)}",
            "{input.token}",
        ] {
            assert!(!must_be_withheld("Authorization", text), "{text}");
        }
        for text in ["Bearer abc{env.X}", "abc", "{env.X", "Bearer a}b"] {
            assert!(must_be_withheld("Authorization", text), "{text}");
        }
        assert!(must_be_withheld("url", "https://u:p@x.example/"));
        assert!(!must_be_withheld("url", "https://x.example/?token={env.T}&page=1"));
    }
}
