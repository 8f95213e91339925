//! Reads variables as callers write them and protects their values under the environment's key.
//!
//! A text is a secret; `{"value": …, "secret": false}` is readable. `{"secret": true}` without a value keeps the value
//! that the variable has, so that what a GET shows can be sent back.

use serde_json::Value;

use super::{Environment, Variable, Variables};
use crate::{
    field_errors::{FieldErrors, pointer_segment},
    ids::EnvironmentId,
    instant::Instant,
    protected::{DataKey, Protected},
    refusal::Refusal,
    text,
};

/// A variable in the open.
#[derive(Clone, PartialEq, Eq)]
struct Plain<'a> {
    secret: bool,
    value: std::borrow::Cow<'a, str>,
}

/// Reads all variables of the field at `pointer`; those that stay the same keep their `updated_at`.
pub(super) fn check_all(
    errors: &mut FieldErrors,
    pointer: &str,
    value: Option<&Value>,
    before: &Variables,
    environment: EnvironmentId,
    now: Instant,
) -> Variables {
    let mut variables = Variables::default();
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return variables;
    };
    let Some(members) = value.as_object() else {
        errors.add(pointer, "must be a JSON object of variables by name");
        return variables;
    };
    for (key, member) in members {
        let at = format!("{pointer}{}", pointer_segment(key));
        let name = text::name(errors, &at, key, 200);
        if let Some(variable) = check_one(errors, &at, member, before.0.get(&name), environment, now)
            && variables.0.insert(name, variable).is_some()
        {
            errors.add(at, "is named twice");
        }
    }
    variables
}

/// Reads one variable.
pub(super) fn check_one(
    errors: &mut FieldErrors,
    pointer: &str,
    value: &Value,
    before: Option<&Variable>,
    environment: EnvironmentId,
    now: Instant,
) -> Option<Variable> {
    let before_plain = before.and_then(plain);
    let after = read(errors, pointer, value, before_plain.as_ref())?;
    text::no_null(errors, pointer, &after.value);
    let unchanged = before_plain.as_ref() == Some(&after);
    let updated_at = before.filter(|_| unchanged).map_or(now, |variable| variable.updated_at);
    let value = Protected::new(DataKey::Environment(environment), after.value.as_ref());
    Some(Variable {
        secret: after.secret,
        value,
        updated_at,
    })
}

fn plain(variable: &Variable) -> Option<Plain<'_>> {
    Some(Plain {
        secret: variable.secret,
        value: variable.value.text()?.into(),
    })
}

fn read<'a>(
    errors: &mut FieldErrors,
    pointer: &str,
    value: &'a Value,
    before: Option<&Plain<'a>>,
) -> Option<Plain<'a>> {
    const SHAPE: &str = r#"must be a text (a secret) or {"value": text, "secret": true or false}"#;
    let Some(members) = value.as_object() else {
        return match value {
            Value::String(text) => Some(Plain {
                secret: true,
                value: text.into(),
            }),
            _ => {
                errors.add(pointer, SHAPE);
                None
            }
        };
    };
    let mut given = None;
    let mut secret = true;
    for (key, member) in members {
        let at = format!("{pointer}{}", pointer_segment(key));
        match (key.as_str(), member) {
            ("value", Value::String(text)) => given = Some(text.into()),
            // The documented values are texts; a number or truth value means its JSON text.
            ("value", Value::Number(_) | Value::Bool(_)) => given = Some(member.to_string().into()),
            ("value", _) => errors.add(at, "must be a text"),
            ("secret", Value::Bool(flag)) => secret = *flag,
            ("secret", _) => errors.add(at, "must be true or false"),
            // Shown by a GET; means nothing here.
            ("updatedAt", _) => {}
            _ => errors.add(at, "is unknown; known are value and secret"),
        }
    }
    match (given, before) {
        (Some(value), _) => Some(Plain { secret, value }),
        (None, Some(before)) if before.secret && !secret => {
            errors.add(pointer, "is a secret; to make it readable, give its value anew");
            None
        }
        (None, Some(before)) => Some(Plain {
            secret,
            value: before.value.clone(),
        }),
        (None, None) => {
            errors.add(pointer, "needs a value");
            None
        }
    }
}

/// Whether both hold the same variables with the same open values.
pub(super) fn same(left: &Variables, right: &Variables) -> bool {
    left.0.len() == right.0.len()
        && left
            .0
            .iter()
            .zip(&right.0)
            .all(|((left_name, left), (right_name, right))| {
                left_name == right_name && plain(left).is_some_and(|left| Some(left) == plain(right))
            })
}

/// The variables of `state` with values that can be sealed anew: each event has its own seals.
pub(super) fn reopened(state: &Environment, environment: EnvironmentId) -> Result<Variables, Refusal> {
    let mut variables = Variables::default();
    for (name, variable) in &state.variables.0 {
        let value = variable.value.shared().ok_or_else(|| {
            Refusal::conflict(
                "variables-unreadable",
                format!("the value of the variable {name} cannot be read"),
            )
        })?;
        let value = Protected::new(DataKey::Environment(environment), value.clone());
        variables.0.insert(
            name.clone(),
            Variable {
                value,
                ..variable.clone()
            },
        );
    }
    Ok(variables)
}
