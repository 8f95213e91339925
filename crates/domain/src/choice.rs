//! Documented enums as callers write them: by name or by number.
//!
//! A command carries a [`Choice`], so that a value outside the enum is one field error among the others of the command.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    api_endpoint::{EndpointType, ParameterType},
    field_errors::FieldErrors,
    role::Role,
    workflow::WorkflowStatus,
};

/// A documented enum: every value with its name and number.
pub trait Documented: Copy + 'static {
    /// All values in the order of their numbers, with the documented names; the position is the documented number.
    const NAMES: &'static [(Self, &'static str)];

    /// Reads a name or a number; `None` when it is neither.
    #[must_use]
    fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Self::NAMES
                .iter()
                .find(|(_, known)| known.eq_ignore_ascii_case(name))
                .map(|(value, _)| *value),
            Value::Number(number) => {
                let index = usize::try_from(number.as_u64()?).ok()?;
                Self::NAMES.get(index).map(|(value, _)| *value)
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// What a refusal says is accepted: `one of Admin (0), …`.
    #[must_use]
    fn accepted() -> String {
        let names: Vec<_> = Self::NAMES
            .iter()
            .enumerate()
            .map(|(number, (_, name))| format!("{name} ({number})"))
            .collect();
        format!("must be one of {}", names.join(", "))
    }
}

impl Documented for Role {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Admin, "Admin"),
        (Self::ProjectManager, "ProjectManager"),
        (Self::Developer, "Developer"),
        (Self::Viewer, "Viewer"),
    ];
}

impl Documented for EndpointType {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::Rest, "REST"), (Self::Soap, "SOAP")];
}

impl Documented for ParameterType {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::String, "String"),
        (Self::Integer, "Integer"),
        (Self::Boolean, "Boolean"),
        (Self::Decimal, "Decimal"),
        (Self::DateTime, "DateTime"),
        (Self::Object, "Object"),
        (Self::Array, "Array"),
    ];
}

impl Documented for WorkflowStatus {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Draft, "Draft"),
        (Self::Published, "Published"),
        (Self::Inactive, "Inactive"),
    ];
}

/// A value of a documented enum, or what the caller wrote instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice<T> {
    /// A value of the enum.
    Known(T),
    /// A name or number, not checked yet.
    Written(Value),
}

impl<T: Documented> Choice<T> {
    /// The value; notes an error and returns `None` when what was written is not of the enum.
    pub fn resolve(&self, errors: &mut FieldErrors, pointer: &str) -> Option<T> {
        let value = match self {
            Self::Known(value) => Some(*value),
            Self::Written(written) => T::parse(written),
        };
        if value.is_none() {
            errors.add(pointer, T::accepted());
        }
        value
    }
}

impl<T: Documented> From<T> for Choice<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<'de, T> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::Written)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_numbers_are_read() {
        assert_eq!(Role::parse(&json!("Developer")), Some(Role::Developer));
        assert_eq!(Role::parse(&json!(0)), Some(Role::Admin));
        assert_eq!(Role::parse(&json!(4)), None);
        assert_eq!(Role::parse(&json!("2")), None);
        assert_eq!(EndpointType::parse(&json!("SOAP")), Some(EndpointType::Soap));
        assert_eq!(ParameterType::parse(&json!(6)), Some(ParameterType::Array));
    }

    #[test]
    fn positions_are_the_documented_numbers() {
        for role in Role::ALL {
            assert_eq!(Role::parse(&json!(role.number())), Some(role));
            assert_eq!(Role::parse(&json!(role.name())), Some(role));
        }
        for parameter_type in ParameterType::ALL {
            assert_eq!(
                ParameterType::parse(&json!(parameter_type.number())),
                Some(parameter_type)
            );
        }
    }

    #[test]
    fn a_wrong_choice_names_what_is_accepted() {
        let mut errors = FieldErrors::new();
        assert_eq!(
            Choice::<Role>::Written(json!("Boss")).resolve(&mut errors, "/role"),
            None
        );
        assert_eq!(
            errors.into_errors()[0].detail,
            "must be one of Admin (0), ProjectManager (1), Developer (2), Viewer (3)"
        );
    }
}
