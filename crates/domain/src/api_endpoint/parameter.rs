//! Checks one parameter as written: a row of `ApiParameters`.

use serde::Deserialize;
use serde_json::Value;

use super::{Parameter, ParameterType, ValidationRules};
use crate::{choice::Choice, field_errors::FieldErrors, ids::ParameterId, instant::Instant, json, text};

/// A parameter as written in `parameters`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ParameterInput {
    /// Id of a present parameter that this one replaces; one of the same name is replaced without it.
    pub id: Option<ParameterId>,
    /// `name`, required, at most 100 UTF-16 units.
    pub name: String,
    /// `description`, at most 500 UTF-16 units.
    pub description: Option<String>,
    /// `type`; absent is the documented default, String.
    #[serde(rename = "type")]
    pub parameter_type: Option<Choice<ParameterType>>,
    /// `isRequired`; absent is the documented default, false.
    pub is_required: Option<bool>,
    /// `defaultValue`: a text, or the JSON of another value; at most 500 UTF-16 units.
    pub default_value: Option<Value>,
    /// `validationRules`: see [`ValidationRules`]; at most 1000 UTF-16 units of JSON text.
    pub validation_rules: Option<Value>,
}

impl ParameterInput {
    /// The parameter, normalised; notes everything wrong below `pointer`.
    pub(super) fn check(&self, errors: &mut FieldErrors, pointer: &str, id: ParameterId, now: Instant) -> Parameter {
        let at = |field: &str| format!("{pointer}{field}");
        let parameter_type = match &self.parameter_type {
            None => ParameterType::default(),
            Some(choice) => choice.resolve(errors, &at("/type")).unwrap_or_default(),
        };
        let validation_rules = json::object(errors, &at("/validationRules"), self.validation_rules.as_ref());
        let mut rules = ValidationRules::default();
        if let Some(written) = validation_rules.as_ref().filter(|written| written.is_object()) {
            text::within(errors, &at("/validationRules"), &written.to_string(), 1000);
            match ValidationRules::parse(written) {
                Ok(parsed) => rules = parsed,
                Err(wrong) => errors.extend_below(&at("/validationRules"), wrong),
            }
        }
        Parameter {
            id,
            name: text::name(errors, &at("/name"), &self.name, 100),
            description: text::block(errors, &at("/description"), self.description.as_deref(), Some(500)),
            parameter_type,
            is_required: self.is_required.unwrap_or_default(),
            default_value: self.default_value(errors, &at("/defaultValue"), parameter_type, &rules),
            validation_rules,
            created_at: now,
            updated_at: None,
        }
    }

    fn default_value(
        &self,
        errors: &mut FieldErrors,
        pointer: &str,
        parameter_type: ParameterType,
        rules: &ValidationRules,
    ) -> Option<String> {
        let text = match self.default_value.as_ref()? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
        };
        text::no_null(errors, pointer, &text);
        text::within(errors, pointer, &text, 500);
        match parameter_type.read_text(&text) {
            None => errors.add(pointer, format!("must be {}", parameter_type.expected())),
            Some(value) => {
                if let Err(broken) = rules.check(&value) {
                    errors.add(pointer, broken);
                }
            }
        }
        Some(text)
    }
}

impl ParameterType {
    /// Reads the text of a default value by the type; `None` when it is not of the type.
    #[must_use]
    pub fn read_text(self, text: &str) -> Option<Value> {
        let value = || serde_json::from_str::<Value>(text.trim()).ok();
        match self {
            Self::String => Some(Value::String(text.to_owned())),
            Self::DateTime => is_date_time(text.trim()).then(|| Value::String(text.trim().to_owned())),
            Self::Integer | Self::Boolean | Self::Decimal | Self::Object | Self::Array => {
                value().filter(|value| self.accepts(value))
            }
        }
    }

    /// Whether a JSON value is of the type.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => {
                matches!(value, Value::Number(number) if number.as_str().bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()))
            }
            Self::Boolean => value.is_boolean(),
            Self::Decimal => value.is_number(),
            Self::DateTime => value.as_str().is_some_and(is_date_time),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        }
    }

    /// What a refusal says is expected.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Integer => "an integer",
            Self::Boolean => "true or false",
            Self::Decimal => "a number",
            Self::DateTime => "a date and time such as 2026-11-22T16:29:03Z, or a date",
            Self::Object => "a JSON object",
            Self::Array => "a JSON array",
        }
    }
}

/// An instant; a date and time without an offset, or a date alone, is one in UTC, as in the values of a run.
fn is_date_time(text: &str) -> bool {
    [text.to_owned(), format!("{text}Z"), format!("{text}T00:00:00Z")]
        .iter()
        .any(|text| Instant::parse(text).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn default_values_are_read_by_type() {
        assert_eq!(
            ParameterType::Integer.read_text("12345678901234567890123"),
            serde_json::from_str("12345678901234567890123").ok()
        );
        assert_eq!(ParameterType::Integer.read_text("1.0"), None);
        assert_eq!(ParameterType::Boolean.read_text("true"), Some(json!(true)));
        assert_eq!(ParameterType::Decimal.read_text("x"), None);
        assert_eq!(
            ParameterType::DateTime.read_text("2026-11-22T00:00:00+01:00"),
            Some(json!("2026-11-22T00:00:00+01:00"))
        );
        for text in ["2026-11-22", "2026-11-22T16:29:03", "2026-11-22T16:29:03.5Z"] {
            assert_eq!(ParameterType::DateTime.read_text(text), Some(json!(text)));
        }
        for text in ["2026-13-22", "2026-11-22T", "16:29:03", "tomorrow", ""] {
            assert_eq!(ParameterType::DateTime.read_text(text), None, "{text}");
        }
        assert_eq!(ParameterType::Array.read_text("[1]"), Some(json!([1])));
        assert_eq!(ParameterType::Object.read_text("[1]"), None);
        assert_eq!(ParameterType::String.read_text("1"), Some(json!("1")));
    }
}
