//! JSON columns: the shapes they take, and one canonical text for hashing.

use serde_json::Value;
use std::fmt::Write as _;

use crate::{
    field_errors::{FieldErrors, pointer_segment},
    text,
};

/// An optional JSON object; JSON `null` counts as absent.
pub fn object(errors: &mut FieldErrors, pointer: &str, value: Option<&Value>) -> Option<Value> {
    let value = any(errors, pointer, value)?;
    if !value.is_object() {
        errors.add(pointer, "must be a JSON object");
    }
    Some(value)
}

/// An optional JSON value; `null` counts as absent.
pub fn any(errors: &mut FieldErrors, pointer: &str, value: Option<&Value>) -> Option<Value> {
    let value = value.filter(|value| !value.is_null())?;
    no_null(errors, pointer, value);
    Some(value.clone())
}

fn no_null(errors: &mut FieldErrors, pointer: &str, value: &Value) {
    match value {
        Value::String(text) => text::no_null(errors, pointer, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                no_null(errors, &format!("{pointer}/{index}"), item);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                text::no_null(errors, pointer, key);
                no_null(errors, &format!("{pointer}{}", pointer_segment(key)), member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The canonical text: keys in the order of their code points, no spaces, numbers as they were written.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<_> = members.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (place, (key, member)) in keys.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_scalar(&Value::String(key.clone()), text);
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => write_scalar(value, text),
    }
}

fn write_scalar(value: &Value, text: &mut String) {
    write!(text, "{value}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_text_sorts_keys_and_keeps_numbers() {
        let value: Value = serde_json::from_str(r#"{"b": [1.50, {"z": null, "a": "\u00e9\n"}], "a": true}"#).unwrap();
        assert_eq!(canonical(&value), r#"{"a":true,"b":[1.50,{"a":"é\n","z":null}]}"#);
    }

    #[test]
    fn null_characters_are_found_at_any_depth() {
        let mut errors = FieldErrors::new();
        object(&mut errors, "/configuration", Some(&json!({"a": ["x", "\u{0}"]})));
        assert_eq!(errors.into_errors()[0].pointer, "/configuration/a/1");
    }
}
