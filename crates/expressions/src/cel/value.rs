//! The values a CEL expression works on: borrowed JSON, or made while evaluating.
//!
//! Invariant: lists and maps made while evaluating are shared, so a copy costs nothing; turning one into JSON is metered.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta};
use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use crate::number::{Numeric, compare_texts};
use crate::rendered::MAXIMUM_DEPTH;

/// Why an evaluation stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something is not there: `has` and `default` catch this.
    Missing(String),
    /// A wrong type or argument.
    Wrong(String),
    /// A bound was reached.
    Limit(&'static str),
}

pub(super) type Outcome<T> = Result<T, Failure>;

pub(super) fn wrong<T>(detail: impl Into<String>) -> Outcome<T> {
    Err(Failure::Wrong(detail.into()))
}

/// What an evaluation may still spend.
#[derive(Debug)]
pub(super) struct Meter {
    steps: usize,
    bytes: usize,
}

/// Nodes evaluated, elements visited, and 32-byte pieces of text looked at.
const MAXIMUM_STEPS: usize = 500_000;
/// Bytes of text and list elements made.
const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            steps: MAXIMUM_STEPS,
            bytes: MAXIMUM_BYTES,
        }
    }

    /// For expressions that are evaluated when they are compiled, thousands of them in one definition.
    pub(super) fn for_a_constant() -> Self {
        Self {
            steps: MAXIMUM_STEPS / 500,
            bytes: MAXIMUM_BYTES / 500,
        }
    }

    /// Nothing may be spent.
    pub(super) fn empty() -> Self {
        Self { steps: 0, bytes: 0 }
    }

    pub(super) fn step(&mut self) -> Outcome<()> {
        self.steps(1)
    }

    pub(super) fn steps(&mut self, count: usize) -> Outcome<()> {
        self.steps = self
            .steps
            .checked_sub(count)
            .ok_or(Failure::Limit("the expression takes too many steps"))?;
        Ok(())
    }

    /// Pays for looking at a text.
    pub(super) fn read(&mut self, length: usize) -> Outcome<()> {
        self.steps(1 + length / 32)
    }

    /// Pays for making text or elements.
    pub(super) fn make(&mut self, length: usize) -> Outcome<()> {
        self.bytes = self
            .bytes
            .checked_sub(length)
            .ok_or(Failure::Limit("the expression makes too much data"))?;
        self.read(length)
    }
}

/// What a list element costs in bytes made.
pub(super) const ELEMENT_BYTES: usize = 32;

pub(super) type Entries<'a> = IndexMap<Cow<'a, str>, Cel<'a>>;

#[derive(Debug, Clone)]
pub(super) enum Cel<'a> {
    Null,
    Bool(bool),
    /// A number of the scope: its text is kept when it is only passed on.
    Number(&'a Number),
    Numeric(Numeric),
    Text(Cow<'a, str>),
    Bytes(Rc<[u8]>),
    Timestamp(DateTime<FixedOffset>),
    Duration(TimeDelta),
    Array(&'a [Value]),
    Object(&'a Map<String, Value>),
    List(Rc<Vec<Cel<'a>>>),
    Map(Rc<Entries<'a>>),
}

impl<'a> From<&'a Value> for Cel<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items),
            Value::Object(object) => Self::Object(object),
        }
    }
}

impl<'a> Cel<'a> {
    pub(super) fn int(int: i64) -> Self {
        Self::Numeric(Numeric::Int(int))
    }

    pub(super) fn text(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) | Self::Numeric(_) => "number",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::Array(_) | Self::List(_) => "list",
            Self::Object(_) | Self::Map(_) => "map",
        }
    }

    pub(super) fn numeric(&self) -> Option<Numeric> {
        match self {
            Self::Number(number) => Numeric::from_json(number),
            Self::Numeric(numeric) => Some(*numeric),
            _ => None,
        }
    }

    /// How many elements a list or map has.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::Array(items) => Some(items.len()),
            Self::List(items) => Some(items.len()),
            Self::Object(object) => Some(object.len()),
            Self::Map(entries) => Some(entries.len()),
            _ => None,
        }
    }

    /// The element of a list.
    pub(super) fn element(&self, index: usize) -> Option<Self> {
        match self {
            Self::Array(items) => items.get(index).map(Self::from),
            Self::List(items) => items.get(index).cloned(),
            _ => None,
        }
    }

    /// The field of a map.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Object(object) => object.get(name).map(Self::from),
            Self::Map(entries) => entries.get(name).cloned(),
            _ => None,
        }
    }

    /// The elements of a list, or the keys of a map: what a loop goes over.
    pub(super) fn elements(&self, meter: &mut Meter) -> Outcome<Rc<Vec<Self>>> {
        meter.steps(self.length().unwrap_or(0))?;
        Ok(match self {
            Self::List(items) => Rc::clone(items),
            Self::Array(items) => Rc::new(items.iter().map(Self::from).collect()),
            Self::Object(object) => Rc::new(
                object
                    .keys()
                    .map(|key| Self::Text(Cow::Borrowed(key.as_str())))
                    .collect(),
            ),
            Self::Map(entries) => {
                let bytes = entries.keys().map(|key| key.len()).sum();
                meter.make(bytes)?;
                Rc::new(entries.keys().map(|key| Self::Text(key.clone())).collect())
            }
            other => {
                return wrong(format!("a list or map is expected, not {}", other.type_name()));
            }
        })
    }

    /// Equality across types is false; numbers are equal by value.
    pub(super) fn equals(&self, other: &Self, meter: &mut Meter) -> Outcome<bool> {
        meter.step()?;
        if let Some(ordering) = self.compare_numbers(other, meter)? {
            return Ok(ordering == Ordering::Equal);
        }
        Ok(match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => {
                meter.read(left.len().min(right.len()))?;
                left == right
            }
            (Self::Bytes(left), Self::Bytes(right)) => {
                meter.read(left.len().min(right.len()))?;
                left == right
            }
            (Self::Timestamp(left), Self::Timestamp(right)) => left == right,
            (Self::Duration(left), Self::Duration(right)) => left == right,
            (Self::Array(_) | Self::List(_), Self::Array(_) | Self::List(_)) => {
                let count = self.length().unwrap_or(0);
                if Some(count) != other.length() {
                    return Ok(false);
                }
                for index in 0..count {
                    match (self.element(index), other.element(index)) {
                        (Some(left), Some(right)) if left.equals(&right, meter)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Self::Object(_) | Self::Map(_), Self::Object(_) | Self::Map(_)) => {
                if self.length() != other.length() {
                    return Ok(false);
                }
                for key in self.elements(meter)?.iter() {
                    let Self::Text(key) = key else {
                        return Ok(false);
                    };
                    match (self.field(key), other.field(key)) {
                        (Some(left), Some(right)) if left.equals(&right, meter)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            _ => false,
        })
    }

    /// How two numbers compare: exactly, whatever their size; `None` when one of them is none.
    fn compare_numbers(&self, other: &Self, meter: &mut Meter) -> Outcome<Option<Ordering>> {
        match (self.numeric(), other.numeric()) {
            (Some(left), Some(right)) if left.is_exact() && right.is_exact() => Ok(left.compare(right)),
            _ => {
                let (Some(left), Some(right)) = (self.number_text(), other.number_text()) else {
                    return Ok(None);
                };
                meter.read(left.len() + right.len())?;
                Ok(compare_texts(&left, &right))
            }
        }
    }

    /// The text of a number.
    fn number_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Number(number) => Some(Cow::Borrowed(number.as_str())),
            Self::Numeric(numeric) => Some(Cow::Owned(numeric.to_text())),
            _ => None,
        }
    }

    pub(super) fn order(&self, other: &Self, meter: &mut Meter) -> Outcome<Ordering> {
        meter.step()?;
        let ordering = match (self, other) {
            (Self::Text(left), Self::Text(right)) => {
                meter.read(left.len().min(right.len()))?;
                Some(left.cmp(right))
            }
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Bytes(left), Self::Bytes(right)) => Some(left.cmp(right)),
            (Self::Timestamp(left), Self::Timestamp(right)) => Some(left.cmp(right)),
            (Self::Duration(left), Self::Duration(right)) => Some(left.cmp(right)),
            _ => self.compare_numbers(other, meter)?,
        };
        ordering.map_or_else(
            || {
                wrong(format!(
                    "{} cannot be compared with {}",
                    self.type_name(),
                    other.type_name()
                ))
            },
            Ok,
        )
    }

    pub(super) fn into_json(self, meter: &mut Meter) -> Outcome<Value> {
        self.json_at(meter, MAXIMUM_DEPTH)
    }

    fn json_at(self, meter: &mut Meter, depth: usize) -> Outcome<Value> {
        let Some(inner) = depth.checked_sub(1) else {
            return Err(Failure::Limit("the value is nested too deeply"));
        };
        meter.make(ELEMENT_BYTES)?;
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Numeric(numeric) => match numeric.to_json() {
                Some(number) => Value::Number(number),
                None => return wrong("the number cannot be written"),
            },
            Self::Text(text) => {
                meter.make(text.len())?;
                Value::String(text.into_owned())
            }
            Self::Bytes(bytes) => Value::String(STANDARD.encode(&bytes)),
            Self::Timestamp(instant) => Value::String(timestamp_text(&instant)),
            Self::Duration(duration) => Value::String(duration_text(duration)),
            Self::Array(_) | Self::List(_) => {
                let items = self.elements(meter)?;
                let mut array = Vec::with_capacity(items.len());
                for item in items.iter() {
                    array.push(item.clone().json_at(meter, inner)?);
                }
                Value::Array(array)
            }
            Self::Object(source) => {
                let mut object = Map::with_capacity(source.len());
                for (key, value) in source {
                    meter.make(key.len())?;
                    object.insert(key.clone(), Cel::from(value).json_at(meter, inner)?);
                }
                Value::Object(object)
            }
            Self::Map(entries) => {
                let mut object = Map::with_capacity(entries.len());
                for (key, value) in entries.iter() {
                    meter.make(key.len())?;
                    object.insert(key.clone().into_owned(), value.clone().json_at(meter, inner)?);
                }
                Value::Object(object)
            }
        })
    }

    /// An owned JSON value, turned into a CEL value that borrows nothing.
    pub(super) fn from_owned(value: Value, meter: &mut Meter) -> Outcome<Cel<'a>> {
        meter.make(ELEMENT_BYTES)?;
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => match Numeric::from_json(&number) {
                Some(numeric) => Self::Numeric(numeric),
                None => return wrong("a number is too large"),
            },
            Value::String(text) => Self::text(text),
            Value::Array(items) => {
                let items: Outcome<Vec<_>> = items.into_iter().map(|item| Self::from_owned(item, meter)).collect();
                Self::list(items?)
            }
            Value::Object(object) => {
                let mut entries = Entries::with_capacity(object.len());
                for (key, value) in object {
                    entries.insert(Cow::Owned(key), Self::from_owned(value, meter)?);
                }
                Self::Map(Rc::new(entries))
            }
        })
    }
}

pub(super) fn timestamp_text(instant: &DateTime<FixedOffset>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Seconds with `s`, as protocol buffers write a duration in JSON.
pub(super) fn duration_text(duration: TimeDelta) -> String {
    let nanos = i128::from(duration.num_seconds()) * 1_000_000_000 + i128::from(duration.subsec_nanos());
    let sign = if nanos < 0 { "-" } else { "" };
    let (seconds, fraction) = (
        nanos.unsigned_abs() / 1_000_000_000,
        nanos.unsigned_abs() % 1_000_000_000,
    );
    if fraction == 0 {
        format!("{sign}{seconds}s")
    } else {
        format!("{sign}{seconds}.{}s", format!("{fraction:09}").trim_end_matches('0'))
    }
}
