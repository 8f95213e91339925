//! The validation rules of a parameter: compiled once, applied to rendered values.
//!
//! Invariant: a rule that is unknown, or does not fit the parameter's type, is reported at compile time and never ignored.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use crate::allowed::Problem;
use crate::cel::parse_timestamp;
use crate::number::Numeric;
use crate::parameter::ParameterType;
use crate::path::push_pointer_segment;

/// Where a parameter goes, if its rules say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// Compiled rules.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) place: Option<Place>,
    pub(crate) wire_name: Option<String>,
    checks: Vec<Check>,
}

#[derive(Debug)]
enum Check {
    /// The value compared with the bound must be one of these.
    Bound {
        bound: Numeric,
        accepted: [Ordering; 2],
        text: String,
    },
    Length {
        minimum: usize,
        maximum: usize,
    },
    Items {
        minimum: usize,
        maximum: usize,
    },
    Pattern(Box<Regex>),
    Format(Format),
    OneOf(Vec<Value>),
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Date,
    DateTime,
    Email,
    Uri,
    Uuid,
}

impl Rules {
    pub(crate) fn compile(rules: Option<&Value>, parameter_type: ParameterType, problems: &mut Vec<Problem>) -> Self {
        let mut compiled = Self::default();
        let object = match rules {
            None | Some(Value::Null) => return compiled,
            Some(Value::Object(object)) => object,
            Some(_) => {
                problems.push(Problem::new("", "validation rules are an object"));
                return compiled;
            }
        };
        for (rule, setting) in object {
            if let Err(detail) = compiled.add(rule, setting, object, parameter_type) {
                let mut pointer = String::new();
                push_pointer_segment(&mut pointer, rule);
                problems.push(Problem::new(pointer, detail));
            }
        }
        compiled
    }

    fn add(
        &mut self,
        rule: &str,
        setting: &Value,
        rules: &Map<String, Value>,
        parameter_type: ParameterType,
    ) -> Result<(), String> {
        use ParameterType::{Array, DateTime, Decimal, Integer, String as Text};
        let only_for = |types: &[ParameterType]| {
            if types.contains(&parameter_type) {
                Ok(())
            } else {
                Err(format!("'{rule}' does not fit a parameter of type {parameter_type:?}"))
            }
        };
        match rule {
            "in" => {
                self.place = Some(match setting.as_str() {
                    Some("path") => Place::Path,
                    Some("query") => Place::Query,
                    Some("header") => Place::Header,
                    Some("body") => Place::Body,
                    _ => return Err("'in' is path, query, header or body".to_owned()),
                });
            }
            "name" => match setting.as_str() {
                Some(name) if !name.is_empty() => self.wire_name = Some(name.to_owned()),
                _ => return Err("'name' is the name on the wire, a text".to_owned()),
            },
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                only_for(&[Integer, Decimal])?;
                let Value::Number(number) = setting else {
                    return Err(format!("'{rule}' is a number"));
                };
                let bound = Numeric::from_json(number).ok_or("the number is too large")?;
                let (accepted, words) = match rule {
                    "minimum" => ([Ordering::Greater, Ordering::Equal], "at least"),
                    "maximum" => ([Ordering::Less, Ordering::Equal], "at most"),
                    "exclusiveMinimum" => ([Ordering::Greater; 2], "more than"),
                    _ => ([Ordering::Less; 2], "less than"),
                };
                self.checks.push(Check::Bound {
                    bound,
                    accepted,
                    text: format!("must be {words} {number}"),
                });
            }
            "minLength" | "maxLength" => {
                only_for(&[Text, DateTime])?;
                let (minimum, maximum) = limits(rule, setting, rules, "minLength", "maxLength")?;
                self.checks.push(Check::Length { minimum, maximum });
            }
            "minItems" | "maxItems" => {
                only_for(&[Array])?;
                let (minimum, maximum) = limits(rule, setting, rules, "minItems", "maxItems")?;
                self.checks.push(Check::Items { minimum, maximum });
            }
            "pattern" => {
                only_for(&[Text, DateTime])?;
                let pattern = setting.as_str().ok_or("'pattern' is a text")?;
                let regex = RegexBuilder::new(pattern)
                    .size_limit(256 * 1024)
                    .nest_limit(50)
                    .build()
                    .map_err(|_| "'pattern' is not a valid regular expression, or is too large")?;
                self.checks.push(Check::Pattern(Box::new(regex)));
            }
            "format" => {
                only_for(&[Text, DateTime])?;
                self.checks.push(Check::Format(match setting.as_str() {
                    Some("date") => Format::Date,
                    Some("date-time") => Format::DateTime,
                    Some("email") => Format::Email,
                    Some("uri" | "url") => Format::Uri,
                    Some("uuid") => Format::Uuid,
                    _ => return Err("'format' is date, date-time, email, uri or uuid".to_owned()),
                }));
            }
            "enum" => {
                let Value::Array(values) = setting else {
                    return Err("'enum' is a list of values".to_owned());
                };
                let values: Result<Vec<_>, _> = values
                    .iter()
                    .cloned()
                    .map(|value| parameter_type.convert(value))
                    .collect();
                self.checks
                    .push(Check::OneOf(values.map_err(|detail| format!("in 'enum': {detail}"))?));
            }
            _ => {
                return Err(format!(
                    "unknown rule '{rule}': known are in, name, minimum, maximum, exclusiveMinimum, exclusiveMaximum, \
                     minLength, maxLength, pattern, format, enum, minItems and maxItems"
                ));
            }
        }
        Ok(())
    }

    /// Checks a converted value; the message names the rule, never the value.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        self.checks.iter().try_for_each(|check| check.apply(value))
    }
}

fn limits(
    rule: &str,
    setting: &Value,
    rules: &Map<String, Value>,
    minimum: &str,
    maximum: &str,
) -> Result<(usize, usize), String> {
    let limit = setting
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok())
        .ok_or_else(|| format!("'{rule}' is a whole number, zero or more"))?;
    if let (Some(least), Some(most)) = (
        rules.get(minimum).and_then(Value::as_u64),
        rules.get(maximum).and_then(Value::as_u64),
    ) && least > most
    {
        return Err(format!("'{minimum}' is larger than '{maximum}'"));
    }
    Ok(if rule == minimum {
        (limit, usize::MAX)
    } else {
        (0, limit)
    })
}

impl Check {
    fn apply(&self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Self::Bound { bound, accepted, text }, Value::Number(number)) => {
                let ordering = Numeric::from_json(number).and_then(|number| number.compare(*bound));
                if ordering.is_some_and(|ordering| accepted.contains(&ordering)) {
                    Ok(())
                } else {
                    Err(text.clone())
                }
            }
            (Self::Length { minimum, maximum }, Value::String(text)) => {
                let length = text.encode_utf16().count();
                if length < *minimum {
                    Err(format!("must have at least {minimum} characters"))
                } else if length > *maximum {
                    Err(format!("must have at most {maximum} characters"))
                } else {
                    Ok(())
                }
            }
            (Self::Items { minimum, maximum }, Value::Array(items)) => {
                if items.len() < *minimum {
                    Err(format!("must have at least {minimum} elements"))
                } else if items.len() > *maximum {
                    Err(format!("must have at most {maximum} elements"))
                } else {
                    Ok(())
                }
            }
            (Self::Pattern(regex), Value::String(text)) if !regex.is_match(text) => {
                Err(format!("must match the pattern {}", regex.as_str()))
            }
            (Self::Format(format), Value::String(text)) if !format.accepts(text) => {
                Err(format!("must have the format {}", format.name()))
            }
            (Self::OneOf(values), value) if !values.iter().any(|candidate| same(candidate, value)) => {
                Err("must be one of the values listed in 'enum'".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Numbers by value (`1` is `1.0`), everything else exactly.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (Numeric::from_json(left), Numeric::from_json(right)) {
            (Some(left), Some(right)) => left.compare(right) == Some(Ordering::Equal),
            _ => left == right,
        },
        _ => left == right,
    }
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Uuid => "uuid",
        }
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Date => text.len() == 10 && parse_timestamp(text).is_some(),
            Self::DateTime => text.len() > 10 && parse_timestamp(text).is_some(),
            Self::Email => text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain.split('.').count() > 1
                    && domain.split('.').all(|label| !label.is_empty())
                    && !text.contains(char::is_whitespace)
            }),
            Self::Uri => text.split_once(':').is_some_and(|(scheme, rest)| {
                scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                    && scheme
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
                    && !rest.is_empty()
                    && !text.contains(|character: char| character.is_whitespace() || character.is_control())
            }),
            Self::Uuid => {
                text.len() == 36
                    && text.bytes().enumerate().all(|(index, byte)| match index {
                        8 | 13 | 18 | 23 => byte == b'-',
                        _ => byte.is_ascii_hexdigit(),
                    })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_accept_and_refuse() {
        use ParameterType::{Array, Decimal, Integer, String as Text};
        for (kind, rules, good, bad) in [
            (Integer, json!({"minimum": 1, "maximum": 5}), json!(5), json!(0)),
            (Decimal, json!({"exclusiveMinimum": 0}), json!(0.01), json!(0.0)),
            (Text, json!({"minLength": 2, "maxLength": 3}), json!("ab"), json!("a")),
            (Text, json!({"maxLength": 2}), json!("\u{1F600}"), json!("\u{1F600}a")),
            (Text, json!({"pattern": "^[a-z]+$"}), json!("abc"), json!("aBc")),
            (Text, json!({"enum": ["a", "b"]}), json!("b"), json!("c")),
            (Decimal, json!({"enum": [1, 2.5]}), json!(2.50), json!(3)),
            (Array, json!({"minItems": 1, "maxItems": 1}), json!([1]), json!([])),
            (Text, json!({"format": "email"}), json!("a@b.example"), json!("a@b")),
            (
                Text,
                json!({"format": "date"}),
                json!("2026-02-28"),
                json!("2026-02-30"),
            ),
            (
                Text,
                json!({"format": "uuid"}),
                json!("0190163d-8694-739b-aea5-966c26f8ad91"),
                json!("x"),
            ),
            (
                Text,
                json!({"format": "uri"}),
                json!("https://a.example/x"),
                json!("no uri"),
            ),
        ] {
            let mut problems = Vec::new();
            let compiled = Rules::compile(Some(&rules), kind, &mut problems);
            assert_eq!(problems, vec![], "{rules}");
            assert_eq!(compiled.check(&good), Ok(()), "{rules} {good}");
            assert!(compiled.check(&bad).is_err(), "{rules} {bad}");
        }
    }

    #[test]
    fn unknown_and_ill_typed_rules_are_reported_with_their_place() {
        for (rules, pointer) in [
            (json!([]), ""),
            (json!({"min": 1}), "/min"),
            (json!({"in": "cookie"}), "/in"),
            (json!({"minimum": 1}), "/minimum"),
            (json!({"maxLength": -1}), "/maxLength"),
            (json!({"pattern": "("}), "/pattern"),
            (json!({"format": "phone"}), "/format"),
            (json!({"enum": "a"}), "/enum"),
            (json!({"name": ""}), "/name"),
            (json!({"minItems": 1}), "/minItems"),
        ] {
            let mut problems = Vec::new();
            Rules::compile(Some(&rules), ParameterType::String, &mut problems);
            assert_eq!(problems.len(), 1, "{rules}");
            assert_eq!(problems[0].pointer, pointer);
        }
    }
}
