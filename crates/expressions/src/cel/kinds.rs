//! Which types an expression can have, as far as its form tells before anything runs, or why it can have no value.
//!
//! Invariant: a set is never too small, and what is said to have no value fails in every run.

use std::fmt;

use serde_json::Value;

use super::ast::{Comparison, Expression, Macro};
use super::evaluate::Evaluator;
use super::functions::Function;
use super::value::{Cel, Failure, Meter};
use crate::number::Arithmetic;
use crate::path::Reference;
use crate::scope::Scope;

/// A set of types: those of JSON, and those that only expressions have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

/// Their names, by their bits.
const NAMES: [&str; 9] = [
    "null",
    "bool",
    "number",
    "string",
    "list",
    "map",
    "bytes",
    "timestamp",
    "duration",
];

impl Kinds {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    pub(crate) const TEXT: Self = Self(8);
    pub(crate) const LIST: Self = Self(16);
    pub(crate) const OBJECT: Self = Self(32);
    pub(super) const BYTES: Self = Self(64);
    pub(super) const TIMESTAMP: Self = Self(128);
    pub(super) const DURATION: Self = Self(256);
    /// Whatever a scope can hold.
    pub(crate) const JSON: Self = Self(63);
    pub(super) const ANY: Self = Self(511);
    const NONE: Self = Self(0);

    /// What loops go over, and what has elements.
    pub(super) const ELEMENTS: Self = Self::LIST.or(Self::OBJECT);
    pub(super) const SIZED: Self = Self::ELEMENTS.or(Self::TEXT_OR_BYTES);
    pub(super) const TEXT_OR_BYTES: Self = Self::TEXT.or(Self::BYTES);
    pub(super) const TEXT_OR_LIST: Self = Self::TEXT.or(Self::LIST);
    pub(super) const TEXT_OR_NUMBER: Self = Self::TEXT.or(Self::NUMBER);
    pub(super) const TEXT_OR_BOOLEAN: Self = Self::TEXT.or(Self::BOOLEAN);
    /// What keys are made of.
    const KEY: Self = Self::TEXT_OR_NUMBER.or(Self::BOOLEAN);
    pub(super) const INSTANT: Self = Self::TEXT_OR_NUMBER.or(Self::TIMESTAMP);
    pub(super) const PERIOD: Self = Self::TEXT.or(Self::DURATION);
    pub(super) const INSTANT_OR_PERIOD: Self = Self::INSTANT.or(Self::PERIOD);
    /// What `int()` takes.
    pub(super) const WHOLE: Self = Self::INSTANT.or(Self::BOOLEAN);
    /// What `string()` takes.
    pub(super) const WRITTEN: Self = Self::WHOLE.or(Self::PERIOD).or(Self::BYTES);
    /// What `<` and the like compare, each with its own.
    const ORDERED: Self = Self::WRITTEN;

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
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

    fn of_cel(value: &Cel<'_>) -> Self {
        match value {
            Cel::Null => Self::NULL,
            Cel::Bool(_) => Self::BOOLEAN,
            Cel::Number(_) | Cel::Numeric(_) => Self::NUMBER,
            Cel::Text(_) => Self::TEXT,
            Cel::Bytes(_) => Self::BYTES,
            Cel::Timestamp(_) => Self::TIMESTAMP,
            Cel::Duration(_) => Self::DURATION,
            Cel::Array(_) | Cel::List(_) => Self::LIST,
            Cel::Object(_) | Cel::Map(_) => Self::OBJECT,
        }
    }

    /// The types of what a reference leads to.
    pub(crate) fn of_reference(reference: &Reference) -> Self {
        match reference {
            Reference::Environment(_) => Self::TEXT,
            other => other.example().map_or(Self::JSON, |example| Self::of(&example)),
        }
    }

    /// The types it is written as: timestamps, durations and bytes are texts in JSON.
    pub(crate) const fn in_json(self) -> Self {
        if self.meets(Self::BYTES.or(Self::TIMESTAMP).or(Self::DURATION)) {
            self.or(Self::TEXT).and(Self::JSON)
        } else {
            self
        }
    }

    /// Refuses what is never of the types expected.
    fn expect(self, expected: Self) -> Result<(), String> {
        if self.meets(expected) {
            Ok(())
        } else {
            Err(format!("{expected} is expected, not {self}"))
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        for (place, (_, name)) in names.enumerate() {
            let separator = if place == 0 { "" } else { " or " };
            write!(formatter, "{separator}{name}")?;
        }
        Ok(())
    }
}

/// Works the types of one expression out.
struct Inference {
    /// What evaluating its constants may still cost, all together.
    meter: Meter,
}

type Known = Result<Kinds, String>;

impl Expression {
    /// The types of the values that it can have, or why it has none in any run.
    pub(super) fn kinds(&self) -> Known {
        let meter = Meter::for_a_constant();
        Inference { meter }.kinds(self)
    }
}

impl Inference {
    fn kinds(&mut self, expression: &Expression) -> Known {
        if reads_nothing(expression) {
            // Too costly to know before it is needed: it may be anything.
            return Ok(self
                .constant(expression)?
                .map_or(Kinds::ANY, |value| Kinds::of_cel(&value)));
        }
        match expression {
            Expression::Literal(_) | Expression::Local(_) => Ok(Kinds::ANY),
            Expression::Reference { reference, .. } => Ok(Kinds::of_reference(reference)),
            Expression::Select(operand, _) => {
                self.kinds(operand)?.expect(Kinds::OBJECT)?;
                Ok(Kinds::ANY)
            }
            Expression::Index(operand, index) => {
                self.kinds(operand)?.expect(Kinds::ELEMENTS)?;
                self.kinds(index)?.expect(Kinds::KEY)?;
                Ok(Kinds::ANY)
            }
            Expression::Has(_) => Ok(Kinds::BOOLEAN),
            Expression::Default(value, fallback) => default(self.kinds(value), self.kinds(fallback)),
            Expression::Not(operand) => self.truth(operand),
            Expression::Negate(operand) => {
                let kinds = self.kinds(operand)?;
                let negated = Kinds::NUMBER.or(Kinds::DURATION);
                kinds.expect(negated)?;
                Ok(kinds.and(negated))
            }
            Expression::Arithmetic(operator, left, right) => {
                arithmetic(*operator, self.kinds(left)?, self.kinds(right)?)
            }
            Expression::Comparison(operator, left, right) => {
                comparison(*operator, self.kinds(left)?, self.kinds(right)?)
            }
            // One term that decides outweighs the failures of the others.
            Expression::And(terms) | Expression::Or(terms) => {
                let terms = terms.iter().map(|term| self.truth(term));
                terms.reduce(either).unwrap_or(Ok(Kinds::BOOLEAN))
            }
            Expression::Conditional(parts) => {
                self.truth(&parts[0])?;
                either(self.kinds(&parts[1]), self.kinds(&parts[2]))
            }
            Expression::List(items) => {
                items.iter().try_for_each(|item| self.kinds(item).map(drop))?;
                Ok(Kinds::LIST)
            }
            Expression::Map(entries) => {
                for (key, value) in entries {
                    self.kinds(key)?.expect(Kinds::KEY)?;
                    self.kinds(value)?;
                }
                Ok(Kinds::OBJECT)
            }
            // There may be nothing to go over, so its body tells nothing.
            Expression::Loop { kind, range, .. } => {
                self.kinds(range)?.expect(Kinds::ELEMENTS)?;
                Ok(match kind {
                    Macro::All | Macro::Exists | Macro::ExistsOne => Kinds::BOOLEAN,
                    Macro::Filter | Macro::Map => Kinds::LIST,
                })
            }
            Expression::Matches(text, _) => {
                self.kinds(text)?.expect(Kinds::TEXT)?;
                Ok(Kinds::BOOLEAN)
            }
            Expression::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn truth(&mut self, expression: &Expression) -> Known {
        self.kinds(expression)?.expect(Kinds::BOOLEAN)?;
        Ok(Kinds::BOOLEAN)
    }

    fn call(&mut self, function: Function, arguments: &[Expression]) -> Known {
        let kinds: Result<Vec<Kinds>, String> = arguments.iter().map(|argument| self.kinds(argument)).collect();
        let first = kinds?.first().copied().unwrap_or(Kinds::ANY);
        first.expect(function.takes())?;
        let others = &arguments[1..];
        if !first.meets(Kinds::DURATION) && others.iter().all(reads_nothing) {
            let others: Result<Option<Vec<Cel<'_>>>, String> =
                others.iter().map(|argument| self.constant(argument)).collect();
            if let Some(others) = others?
                && let Err(Failure::Missing(detail) | Failure::Wrong(detail)) =
                    function.check_others(others, &mut self.meter)
            {
                return Err(detail);
            }
        }
        Ok(function.gives())
    }

    /// The value of what reads nothing, or why there is none; `None` if it costs too much.
    fn constant<'e>(&mut self, expression: &'e Expression) -> Result<Option<Cel<'e>>, String> {
        let mut evaluator = Evaluator::new(&Scope::EMPTY, std::mem::replace(&mut self.meter, Meter::empty()));
        let outcome = evaluator.evaluate(expression);
        self.meter = evaluator.meter;
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Limit(_)) => Ok(None),
            Err(Failure::Missing(detail) | Failure::Wrong(detail)) => Err(detail),
        }
    }
}

/// Whether it has the same value in every run. Only for what stands outside of every loop, where no variables of loops
/// are.
fn reads_nothing(expression: &Expression) -> bool {
    let mut reads_nothing = true;
    expression.visit_references(&mut |_| reads_nothing = false);
    reads_nothing
}

fn either(one: Known, other: Known) -> Known {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.or(other)),
        (Ok(kinds), Err(_)) | (Err(_), Ok(kinds)) => Ok(kinds),
        (Err(detail), Err(_)) => Err(detail),
    }
}

/// A value that is missing or null is replaced.
fn default(value: Known, fallback: Known) -> Known {
    match value.map(|kinds| kinds.without(Kinds::NULL)) {
        Ok(Kinds::NONE) | Err(_) => fallback,
        kinds => either(kinds, fallback),
    }
}

fn arithmetic(operator: Arithmetic, left: Kinds, right: Kinds) -> Known {
    let sides = |one: Kinds, other: Kinds| left.meets(one) && right.meets(other);
    let timestamp_and_duration = sides(Kinds::TIMESTAMP, Kinds::DURATION);
    let either_way = timestamp_and_duration || sides(Kinds::DURATION, Kinds::TIMESTAMP);
    let (adds, subtracts) = (operator == Arithmetic::Add, operator == Arithmetic::Subtract);
    let made = [
        (Kinds::NUMBER, sides(Kinds::NUMBER, Kinds::NUMBER)),
        (Kinds::TEXT, adds && sides(Kinds::TEXT, Kinds::TEXT)),
        (Kinds::BYTES, adds && sides(Kinds::BYTES, Kinds::BYTES)),
        (Kinds::LIST, adds && sides(Kinds::LIST, Kinds::LIST)),
        (
            Kinds::TIMESTAMP,
            adds && either_way || subtracts && timestamp_and_duration,
        ),
        (
            Kinds::DURATION,
            (adds || subtracts) && sides(Kinds::DURATION, Kinds::DURATION)
                || subtracts && sides(Kinds::TIMESTAMP, Kinds::TIMESTAMP),
        ),
    ]
    .into_iter()
    .filter(|(_, is_possible)| *is_possible)
    .fold(Kinds::NONE, |made, (kinds, _)| made.or(kinds));
    if made == Kinds::NONE {
        return Err(format!("'{operator}' does not work between {left} and {right}"));
    }
    Ok(made)
}

fn comparison(operator: Comparison, left: Kinds, right: Kinds) -> Known {
    match operator {
        Comparison::Equal | Comparison::NotEqual => {}
        Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => {
            if !left.and(right).meets(Kinds::ORDERED) {
                return Err(format!("{left} cannot be compared with {right}"));
            }
        }
        Comparison::In => right.expect(Kinds::ELEMENTS)?,
    }
    Ok(Kinds::BOOLEAN)
}

#[cfg(test)]
mod tests;
