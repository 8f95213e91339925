//! Reads a parameter's `ValidationRules` and applies them to a value.
//!
//! Invariant: only rules that [`ValidationRules::check`] enforces are accepted, so that no rule is silently ignored.

use regex::Regex;
use serde_json::Value;

use crate::{
    field_errors::{FieldErrors, pointer_segment},
    refusal::FieldError,
    text,
};

/// Where a parameter's value goes (`in`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterPlace {
    /// `path`: a `{name}` of the URL.
    Path,
    /// `query`.
    Query,
    /// `header`.
    Header,
    /// `body`.
    Body,
}

impl ParameterPlace {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "path" => Some(Self::Path),
            "query" => Some(Self::Query),
            "header" => Some(Self::Header),
            "body" => Some(Self::Body),
            _ => None,
        }
    }
}

/// The rules of one parameter.
#[derive(Debug, Clone, Default)]
pub struct ValidationRules {
    /// `in`: where the value goes; `None` leaves it to the endpoint's method and URL.
    pub place: Option<ParameterPlace>,
    /// `pattern`: a regular expression that a text matches as a whole.
    pub pattern: Option<Regex>,
    /// `minLength`, in UTF-16 units of a text or elements of an array.
    pub minimum_length: Option<u64>,
    /// `maxLength`, likewise.
    pub maximum_length: Option<u64>,
    /// `minimum` of a number.
    pub minimum: Option<f64>,
    /// `maximum` of a number.
    pub maximum: Option<f64>,
    /// `enum`: the values allowed.
    pub allowed: Option<Vec<Value>>,
}

impl ValidationRules {
    /// Reads the rules object.
    ///
    /// # Errors
    /// Everything wrong with it, with pointers relative to the object.
    pub fn parse(rules: &Value) -> Result<Self, Vec<FieldError>> {
        let mut errors = FieldErrors::new();
        let mut parsed = Self::default();
        let Some(members) = rules.as_object() else {
            errors.add("", "must be a JSON object");
            return Err(errors.into_errors());
        };
        for (key, value) in members {
            let at = pointer_segment(key);
            let mut note = |detail: &str| errors.add(at.clone(), detail);
            match key.as_str() {
                "in" => match value.as_str().and_then(ParameterPlace::parse) {
                    Some(place) => parsed.place = Some(place),
                    None => note("must be path, query, header or body"),
                },
                "pattern" => match value.as_str().map(|pattern| Regex::new(&format!("^(?:{pattern})$"))) {
                    Some(Ok(pattern)) => parsed.pattern = Some(pattern),
                    Some(Err(_)) | None => note("must be a regular expression"),
                },
                "minLength" | "maxLength" => match value.as_u64() {
                    Some(length) if key == "minLength" => parsed.minimum_length = Some(length),
                    Some(length) => parsed.maximum_length = Some(length),
                    None => note("must be an integer from 0"),
                },
                "minimum" | "maximum" => match value.as_f64() {
                    Some(number) if key == "minimum" => parsed.minimum = Some(number),
                    Some(number) => parsed.maximum = Some(number),
                    None => note("must be a number"),
                },
                "enum" => match value.as_array() {
                    Some(values) if !values.is_empty() => parsed.allowed = Some(values.clone()),
                    Some(_) | None => note("must be an array that is not empty"),
                },
                _ => note("is unknown; known are in, pattern, minLength, maxLength, minimum, maximum, enum"),
            }
        }
        if errors.is_empty() {
            Ok(parsed)
        } else {
            Err(errors.into_errors())
        }
    }

    /// Applies the rules to a value.
    ///
    /// # Errors
    /// A sentence about the first rule that the value breaks; it never contains the value.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        if let Some(allowed) = &self.allowed
            && !allowed.contains(value)
        {
            return Err("is not one of the values that its enum rule allows".to_owned());
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !pattern.is_match(text)
        {
            return Err("does not match its pattern".to_owned());
        }
        let length = match value {
            Value::String(text) => Some(text::utf16_units(text) as u64),
            Value::Array(items) => Some(items.len() as u64),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        };
        if let Some(length) = length {
            if self.minimum_length.is_some_and(|minimum| length < minimum) {
                return Err("is shorter than its minLength".to_owned());
            }
            if self.maximum_length.is_some_and(|maximum| length > maximum) {
                return Err("is longer than its maxLength".to_owned());
            }
        }
        if let Some(number) = value.as_f64() {
            if self.minimum.is_some_and(|minimum| number < minimum) {
                return Err("is less than its minimum".to_owned());
            }
            if self.maximum.is_some_and(|maximum| number > maximum) {
                return Err("is more than its maximum".to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_rules_are_enforced() {
        let rules = ValidationRules::parse(&json!({"pattern": "[a-z]+", "minLength": 2, "maxLength": 3, "in": "path"}))
            .unwrap();
        assert_eq!(rules.place, Some(ParameterPlace::Path));
        assert!(rules.check(&json!("abc")).is_ok());
        assert!(rules.check(&json!("a")).is_err());
        assert!(rules.check(&json!("abcd")).is_err());
        assert!(rules.check(&json!("a1")).is_err());
        let rules = ValidationRules::parse(&json!({"minimum": 1, "maximum": 2.5, "enum": [1, 2, 3]})).unwrap();
        assert!(rules.check(&json!(2)).is_ok());
        assert!(rules.check(&json!(3)).is_err());
        assert!(rules.check(&json!(1.5)).is_err());
    }

    #[test]
    fn unknown_and_malformed_rules_are_refused() {
        let errors =
            ValidationRules::parse(&json!({"in": "cookie", "pattern": "(", "minLength": -1, "format": "email"}))
                .unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/in", "/pattern", "/minLength", "/format"]);
    }
}
