//! The parameters of an endpoint: their types, and how values are read and converted to them.
//!
//! Invariant: a conversion never loses anything; a value that converts has the declared JSON type.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::cel::parse_timestamp;
use crate::number::Numeric;

/// The documented parameter types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A number.
    Decimal,
    /// RFC 3339 text, with or without an offset, or a date alone.
    DateTime,
    /// A JSON object.
    Object,
    /// A JSON list.
    Array,
}

/// A parameter as its endpoint defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDefinition {
    /// The name that mappings and URL templates use.
    pub name: String,
    /// The declared type.
    pub parameter_type: ParameterType,
    /// Whether a request without a value fails.
    pub is_required: bool,
    /// The value used when the mapping has none, as text that is read by the type.
    pub default_value: Option<String>,
    /// `in`, `name`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `minLength`, `maxLength`, `pattern`,
    /// `format`, `enum`, `minItems`, `maxItems`.
    pub validation_rules: Option<Value>,
}

impl ParameterType {
    /// Reads a default value written as text.
    pub(crate) fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Object | Self::Array => match serde_json::from_str(text) {
                Ok(value) => self.convert(value),
                Err(_) => Err(self.refusal()),
            },
            Self::Integer | Self::Boolean | Self::Decimal => self.convert(Value::String(text.trim().to_owned())),
            Self::String | Self::DateTime => self.convert(Value::String(text.to_owned())),
        }
    }

    /// Converts a value without loss: numbers and truth values to text and back. Null stays null.
    pub(crate) fn convert(self, value: Value) -> Result<Value, String> {
        if value.is_null() {
            return Ok(value);
        }
        let converted = match (self, value) {
            (Self::String, value @ Value::String(_)) => Some(value),
            (Self::String, Value::Bool(truth)) => Some(Value::String(truth.to_string())),
            (Self::String, Value::Number(number)) => Some(Value::String(number.to_string())),
            (Self::Integer, Value::Number(number)) => integer(number),
            (Self::Integer, Value::String(text)) => text.parse().ok().and_then(integer),
            (Self::Decimal, value @ Value::Number(_)) => Some(value),
            (Self::Decimal, Value::String(text)) => text.parse().ok().map(Value::Number),
            (Self::Boolean, value @ Value::Bool(_)) => Some(value),
            (Self::Boolean, Value::String(text)) => match text.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            (Self::DateTime, Value::String(text)) => parse_timestamp(&text).map(|_| Value::String(text)),
            (Self::Object, value @ Value::Object(_)) | (Self::Array, value @ Value::Array(_)) => Some(value),
            (
                Self::String
                | Self::Integer
                | Self::Decimal
                | Self::Boolean
                | Self::DateTime
                | Self::Object
                | Self::Array,
                _,
            ) => None,
        };
        converted.ok_or_else(|| self.refusal())
    }

    /// What a refusal says.
    pub(crate) fn refusal(self) -> String {
        match self {
            Self::String => "a text is expected",
            Self::Integer => "a whole number is expected",
            Self::Boolean => "true or false is expected",
            Self::Decimal => "a number is expected",
            Self::DateTime => "a date and time such as 2026-01-31T12:00:00Z is expected",
            Self::Object => "an object is expected",
            Self::Array => "a list is expected",
        }
        .to_owned()
    }
}

/// A number without a fraction; `3.0` becomes `3`, whole numbers of any length keep their text.
fn integer(number: Number) -> Option<Value> {
    let text = number.as_str();
    if text
        .strip_prefix('-')
        .unwrap_or(text)
        .bytes()
        .all(|byte| byte.is_ascii_digit())
    {
        return Some(Value::Number(number));
    }
    Numeric::from_json(&number)?.as_integer().map(Value::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_convert_without_loss_or_not_at_all() {
        use ParameterType::{Array, Boolean, DateTime, Decimal, Integer, Object, String};
        for (kind, value, expected) in [
            (String, json!(5), json!("5")),
            (String, json!("a"), json!("a")),
            (String, json!(true), json!("true")),
            (Integer, json!("30000"), json!(30000)),
            (Integer, json!(3.0), json!(3)),
            (Decimal, json!("1.5"), json!(1.5)),
            (Boolean, json!("false"), json!(false)),
            (DateTime, json!("2026-01-31"), json!("2026-01-31")),
            (
                DateTime,
                json!("2026-01-31T10:00:00+02:00"),
                json!("2026-01-31T10:00:00+02:00"),
            ),
            (Object, json!({"a": 1}), json!({"a": 1})),
            (Array, json!([1]), json!([1])),
            (Integer, json!(null), json!(null)),
        ] {
            assert_eq!(kind.convert(value).unwrap(), expected);
        }
        for (kind, value) in [
            (String, json!({})),
            (Integer, json!(1.5)),
            (Integer, json!("x")),
            (Integer, json!("1 ")),
            (Decimal, json!("1,5")),
            (Boolean, json!(1)),
            (Boolean, json!("yes")),
            (DateTime, json!("tomorrow")),
            (DateTime, json!(1)),
            (Object, json!([])),
            (Array, json!("[]")),
        ] {
            assert!(kind.convert(value.clone()).is_err(), "{kind:?} {value}");
        }
        assert_eq!(Object.parse("{\"a\":1}").unwrap(), json!({"a": 1}));
        assert!(Object.parse("[]").is_err());
    }
}
