//! Reads response bodies and keeps known secrets out of them.
//!
//! Invariant: what is parsed here is nested no deeper than can be stored and read back.

use serde_json::{Map, Value};

use crate::charset::decode;
use crate::echo;
use crate::rendered::{MAXIMUM_DEPTH, is_too_deep};

/// The largest output of a step, in bytes of compact JSON; a larger one fails the step.
pub const MAXIMUM_OUTPUT_BYTES: usize = 256 * 1024;

/// What stands in the place of a secret.
pub const REDACTED: &str = "***";

/// Shorter values are not treated as secrets: they would be found everywhere.
pub const MINIMUM_SECRET_BYTES: usize = 4;

/// Reads a body: empty is null, JSON by its content type, anything else text (if it parses as JSON without a declared type,
/// JSON). Broken JSON under a JSON content type is an error. A text is read in the charset of its content type, in UTF-8
/// without one; bytes that are not of the charset become U+FFFD. JSON is UTF-8 whatever is said (RFC 8259, section 8.1).
pub fn parse_body(content_type: Option<&str>, bytes: &[u8]) -> Result<Value, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    let text = || decode(content_type, None, bytes).map(|decoded| Value::String(decoded.text.into_owned()));
    let parsed = || {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| format!("the response is not valid JSON: {error}"))?;
        if is_too_deep(&value) {
            return Err(format!("the response is nested deeper than {MAXIMUM_DEPTH}"));
        }
        Ok(value)
    };
    match content_type {
        Some(content_type) if is_json(content_type) => parsed(),
        Some(_) => text(),
        None => parsed().or_else(|_| text()),
    }
}

/// `application/json`, `text/json` and every `+json` suffix (RFC 6839).
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// Replaces known secrets (of 4 bytes or more) with [`REDACTED`] inside strings and keys. Costs nothing without secrets.
pub fn redact(value: &mut Value, secrets: &[String]) {
    let mut known: Vec<&str> = secrets
        .iter()
        .map(String::as_str)
        .filter(|secret| secret.len() >= MINIMUM_SECRET_BYTES)
        .collect();
    if known.is_empty() {
        return;
    }
    // A secret that contains another one goes first, so that no tail of it stays.
    known.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    redact_known(value, &known);
}

fn redact_known(value: &mut Value, secrets: &[&str]) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            // Only the whole number: a piece of it is no secret.
            if secrets.contains(&number.as_str()) {
                *value = Value::String(REDACTED.to_owned());
            }
        }
        Value::String(text) => redact_text(text, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_known(item, secrets)),
        Value::Object(object) => {
            if object.keys().any(|key| contains_secret(key, secrets)) {
                let entries = std::mem::take(object);
                *object = Map::with_capacity(entries.len());
                for (mut key, entry) in entries {
                    redact_text(&mut key, secrets);
                    object.insert(key, entry);
                }
            }
            object.values_mut().for_each(|entry| redact_known(entry, secrets));
        }
    }
}

fn contains_secret(text: &str, secrets: &[&str]) -> bool {
    let encodes = echo::may_encode(text);
    secrets
        .iter()
        .any(|secret| text.contains(secret) || (encodes && echo::find(text, 0, secret).is_some()))
}

fn redact_text(text: &mut String, secrets: &[&str]) {
    for secret in secrets {
        if text.contains(secret) {
            *text = text.replace(secret, REDACTED);
        }
    }
    if echo::may_encode(text) {
        for secret in secrets {
            redact_echoes(text, secret);
        }
    }
}

/// Replaces what stands for a secret in another form.
fn redact_echoes(text: &mut String, secret: &str) {
    let (mut redacted, mut from) = (String::new(), 0);
    while let Some(found) = echo::find(text, from, secret) {
        redacted.push_str(&text[from..found.start]);
        redacted.push_str(REDACTED);
        from = found.end;
    }
    if from > 0 {
        redacted.push_str(&text[from..]);
        *text = redacted;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_read_by_their_content_type() {
        let json = Some("application/json; charset=utf-8");
        assert_eq!(parse_body(json, b"").unwrap(), Value::Null);
        assert_eq!(parse_body(json, b" \r\n").unwrap(), Value::Null);
        assert_eq!(parse_body(json, b"{\"a\":1.10}").unwrap().to_string(), "{\"a\":1.10}");
        assert_eq!(
            parse_body(Some("application/problem+json"), b"[1]").unwrap(),
            json!([1])
        );
        assert!(parse_body(json, b"{\"a\":").is_err());
        assert!(parse_body(json, "[".repeat(100_000).as_bytes()).is_err());
        assert!(parse_body(json, ("[".repeat(90) + &"]".repeat(90)).as_bytes()).is_err());
        assert_eq!(
            parse_body(Some("text/plain"), b"{\"a\":1}").unwrap(),
            json!("{\"a\":1}")
        );
        for (content_type, bytes) in [
            ("text/plain; charset=ISO-8859-1", b"gr\xfc\xdfe".as_slice()),
            ("text/csv;header=present;charset=\"windows-1252\"", b"gr\xfc\xdfe"),
            ("text/plain", "gr\u{fc}\u{df}e".as_bytes()),
            ("text/plain", b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9fe"),
            ("text/plain; charset=utf-16", b"\xff\xfeg\0r\0\xfc\0\xdf\0e\0"),
        ] {
            assert_eq!(
                parse_body(Some(content_type), bytes).unwrap(),
                json!("gr\u{fc}\u{df}e"),
                "{content_type}"
            );
        }
        assert_eq!(parse_body(Some("text/plain"), b"\xfc").unwrap(), json!("\u{fffd}"));
        assert!(
            parse_body(Some("text/plain; charset=klingon"), b"Qapla'")
                .unwrap_err()
                .contains("'klingon'")
        );
        assert_eq!(parse_body(None, b"{\"a\":1}").unwrap(), json!({"a": 1}));
        assert_eq!(parse_body(None, b"<a/>").unwrap(), json!("<a/>"));
        assert_eq!(parse_body(Some("text/plain"), b"\xff").unwrap(), json!("\u{fffd}"));
    }

    #[test]
    fn secrets_are_replaced_in_strings_keys_and_numbers() {
        let mut value = json!({"echo": "Bearer s3cret-long", "s3cret": ["x", "abc"], "n": 123456, "m": 12});
        redact(
            &mut value,
            &["s3cret".into(), "s3cret-long".into(), "abc".into(), "123456".into()],
        );
        assert_eq!(
            value,
            json!({"echo": "Bearer ***", "***": ["x", "abc"], "n": "***", "m": 12})
        );
    }
}
