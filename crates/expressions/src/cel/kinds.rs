//! Which JSON types an expression can have, as far as its form tells before anything runs.
//!
//! Invariant: a set is never too small; where nothing is known it holds every type.

use serde_json::Value;

use super::ast::{Expression, Literal, Macro};
use crate::number::Arithmetic;
use crate::path::Reference;

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    /// Timestamps, durations and bytes are texts in JSON.
    pub(crate) const TEXT: Self = Self(8);
    pub(crate) const LIST: Self = Self(16);
    pub(crate) const OBJECT: Self = Self(32);
    pub(crate) const ANY: Self = Self(63);
    const NONE: Self = Self(0);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a value can be of both sets.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The types of what a reference leads to.
    pub(crate) fn of_reference(reference: &Reference) -> Self {
        match reference {
            Reference::Environment(_) => Self::TEXT,
            other => other.example().map_or(Self::ANY, |example| Self::of(&example)),
        }
    }
}

impl Expression {
    pub(super) fn kinds(&self) -> Kinds {
        match self {
            Self::Literal(literal) => match literal {
                Literal::Null => Kinds::NULL,
                Literal::Bool(_) => Kinds::BOOLEAN,
                Literal::Int(_) | Literal::Decimal(_) | Literal::Double(_) => Kinds::NUMBER,
                Literal::Text(_) | Literal::Bytes(_) => Kinds::TEXT,
            },
            Self::Reference { reference, .. } => Kinds::of_reference(reference),
            Self::Local(_) | Self::Select(..) | Self::Index(..) => Kinds::ANY,
            Self::Has(_) | Self::Not(_) | Self::Comparison(..) | Self::And(_) | Self::Or(_) | Self::Matches(..) => {
                Kinds::BOOLEAN
            }
            Self::Default(value, fallback) => value.kinds().without(Kinds::NULL).or(fallback.kinds()),
            Self::Negate(_) => Kinds::NUMBER.or(Kinds::TEXT),
            Self::Arithmetic(operator, left, right) => arithmetic(*operator, left.kinds(), right.kinds()),
            Self::Conditional(parts) => parts[1].kinds().or(parts[2].kinds()),
            Self::List(_) => Kinds::LIST,
            Self::Map(_) => Kinds::OBJECT,
            Self::Loop { kind, .. } => match kind {
                Macro::All | Macro::Exists | Macro::ExistsOne => Kinds::BOOLEAN,
                Macro::Filter | Macro::Map => Kinds::LIST,
            },
            Self::Call(function, _) => function.kinds(),
        }
    }
}

fn arithmetic(operator: Arithmetic, left: Kinds, right: Kinds) -> Kinds {
    let both = |kinds: Kinds| left.meets(kinds) && right.meets(kinds);
    let mut made = Kinds::NONE;
    if both(Kinds::NUMBER) {
        made = made.or(Kinds::NUMBER);
    }
    // Texts joined, and the arithmetic of timestamps and durations.
    if left.or(right).meets(Kinds::TEXT) {
        made = made.or(Kinds::TEXT).or(Kinds::NUMBER);
    }
    if operator == Arithmetic::Add && both(Kinds::LIST) {
        made = made.or(Kinds::LIST);
    }
    made
}
