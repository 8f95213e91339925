//! Evaluates a checked CEL expression against a scope.
//!
//! Invariant: every node costs at least one step of the meter, so that evaluation ends.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::{Comparison, Expression, Literal, Macro};
use super::dates;
use super::functions;
use super::strings;
use super::value::{Cel, ELEMENT_BYTES, Entries, Failure, Meter, Outcome, wrong};
use crate::number::{Arithmetic, Numeric};
use crate::path::Found;
use crate::scope::Scope;

pub(super) struct Evaluator<'a, 's> {
    scope: &'s Scope<'a>,
    locals: Vec<Cel<'a>>,
    pub(super) meter: Meter,
}

impl<'a, 's> Evaluator<'a, 's>
where
    's: 'a,
{
    pub(super) fn new(scope: &'s Scope<'a>, meter: Meter) -> Self {
        Self {
            scope,
            locals: Vec::new(),
            meter,
        }
    }

    pub(super) fn evaluate(&mut self, expression: &'a Expression) -> Outcome<Cel<'a>> {
        self.meter.step()?;
        match expression {
            Expression::Literal(literal) => Ok(literal_value(literal)),
            Expression::Reference { reference, source } => match reference.find(self.scope) {
                Found::Value(value) => Ok(Cel::from(value)),
                Found::Text(text) | Found::Secret(Some(text)) => Ok(Cel::Text(Cow::Borrowed(text))),
                Found::Secret(None) => wrong(format!("the secret {source} is not known here")),
                Found::Missing => Err(Failure::Missing(format!("{source} is missing"))),
            },
            Expression::Local(depth) => self.local(*depth),
            Expression::Select(operand, name) => self.select(operand, name),
            Expression::Index(operand, index) => self.index(operand, index),
            Expression::Has(operand) => self.has(operand),
            Expression::Default(value, fallback) => match self.evaluate(value) {
                Ok(Cel::Null) | Err(Failure::Missing(_)) => self.evaluate(fallback),
                other => other,
            },
            Expression::Not(operand) => Ok(Cel::Bool(!self.truth(operand)?)),
            Expression::Negate(operand) => self.negate(operand),
            Expression::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right),
            Expression::Comparison(operator, left, right) => self.compare(*operator, left, right),
            Expression::And(terms) => self.junction(terms, false),
            Expression::Or(terms) => self.junction(terms, true),
            Expression::Conditional(parts) => {
                let branch = if self.truth(&parts[0])? { &parts[1] } else { &parts[2] };
                self.evaluate(branch)
            }
            Expression::List(items) => {
                self.meter.make(items.len() * ELEMENT_BYTES)?;
                let items: Outcome<Vec<_>> = items.iter().map(|item| self.evaluate(item)).collect();
                items.map(Cel::list)
            }
            Expression::Map(entries) => self.map(entries),
            Expression::Loop {
                kind,
                range,
                filter,
                body,
            } => self.iterate(*kind, range, filter.as_deref(), body),
            Expression::Matches(text, pattern) => {
                let text = self.evaluate(text)?;
                let text = strings::text(&text)?;
                self.meter.read(text.len().saturating_mul(4))?;
                Ok(Cel::Bool(pattern.is_match(text)))
            }
            Expression::Call(function, arguments) => {
                let values: Outcome<Vec<_>> = arguments.iter().map(|argument| self.evaluate(argument)).collect();
                functions::call(*function, values?, &mut self.meter)
            }
        }
    }

    fn truth(&mut self, expression: &'a Expression) -> Outcome<bool> {
        match self.evaluate(expression)? {
            Cel::Bool(truth) => Ok(truth),
            other => wrong(format!("true or false is expected, not {}", other.type_name())),
        }
    }

    fn local(&mut self, depth: usize) -> Outcome<Cel<'a>> {
        let value = self
            .locals
            .get(depth)
            .cloned()
            .ok_or_else(|| Failure::Wrong("a loop variable is not set".to_owned()))?;
        if let Cel::Text(Cow::Owned(text)) = &value {
            self.meter.make(text.len())?;
        }
        Ok(value)
    }

    fn select(&mut self, operand: &'a Expression, name: &str) -> Outcome<Cel<'a>> {
        let value = self.evaluate(operand)?;
        match &value {
            Cel::Object(_) | Cel::Map(_) | Cel::Null => value
                .field(name)
                .ok_or_else(|| Failure::Missing(format!("field '{name}' is missing"))),
            other => Err(Failure::Missing(format!(
                "field '{name}' is missing: there is a {}, not a map",
                other.type_name()
            ))),
        }
    }

    fn index(&mut self, operand: &'a Expression, index: &'a Expression) -> Outcome<Cel<'a>> {
        let value = self.evaluate(operand)?;
        let index = self.evaluate(index)?;
        let missing = || Failure::Missing("an element is missing".to_owned());
        match &value {
            Cel::Array(_) | Cel::List(_) => {
                let Some(number) = index.numeric().and_then(Numeric::as_integer) else {
                    return wrong(format!(
                        "the index of a list must be a whole number, not {}",
                        index.type_name()
                    ));
                };
                usize::try_from(number)
                    .ok()
                    .and_then(|index| value.element(index))
                    .ok_or_else(missing)
            }
            Cel::Object(_) | Cel::Map(_) => value.field(&key_text(index)?).ok_or_else(missing),
            Cel::Null => Err(missing()),
            other => wrong(format!("{} has no elements", other.type_name())),
        }
    }

    /// False if the field, or anything on the way to it, is missing.
    fn has(&mut self, operand: &'a Expression) -> Outcome<Cel<'a>> {
        match self.evaluate(operand) {
            Ok(_) => Ok(Cel::Bool(true)),
            Err(Failure::Missing(_)) => Ok(Cel::Bool(false)),
            Err(other) => Err(other),
        }
    }

    fn negate(&mut self, operand: &'a Expression) -> Outcome<Cel<'a>> {
        let value = self.evaluate(operand)?;
        if let Cel::Duration(duration) = value {
            return Ok(Cel::Duration(-duration));
        }
        let Some(number) = value.numeric() else {
            return wrong(format!("{} cannot be negated", value.type_name()));
        };
        Numeric::Int(0)
            .compute(Arithmetic::Subtract, number)
            .map(Cel::Numeric)
            .map_err(Failure::Wrong)
    }

    fn arithmetic(&mut self, operator: Arithmetic, left: &'a Expression, right: &'a Expression) -> Outcome<Cel<'a>> {
        let left = self.evaluate(left)?;
        let right = self.evaluate(right)?;
        if let (Some(left), Some(right)) = (left.numeric(), right.numeric()) {
            return left.compute(operator, right).map(Cel::Numeric).map_err(Failure::Wrong);
        }
        if operator == Arithmetic::Add {
            match (&left, &right) {
                (Cel::Text(first), Cel::Text(second)) => {
                    self.meter.make(first.len() + second.len())?;
                    return Ok(Cel::text(format!("{first}{second}")));
                }
                (Cel::Bytes(first), Cel::Bytes(second)) => {
                    self.meter.make(first.len() + second.len())?;
                    return Ok(Cel::Bytes([first.as_ref(), second.as_ref()].concat().into()));
                }
                (Cel::Array(_) | Cel::List(_), Cel::Array(_) | Cel::List(_)) => {
                    let (first, second) = (left.elements(&mut self.meter)?, right.elements(&mut self.meter)?);
                    self.meter.make((first.len() + second.len()) * ELEMENT_BYTES)?;
                    return self.copied(first.iter().chain(second.iter())).map(Cel::list);
                }
                _ => {}
            }
        }
        dates::arithmetic(operator, &left, &right)
    }

    fn copied<'i>(&mut self, items: impl Iterator<Item = &'i Cel<'a>>) -> Outcome<Vec<Cel<'a>>>
    where
        'a: 'i,
    {
        functions::copied(items, &mut self.meter)
    }

    fn compare(&mut self, operator: Comparison, left: &'a Expression, right: &'a Expression) -> Outcome<Cel<'a>> {
        let left = self.evaluate(left)?;
        let right = self.evaluate(right)?;
        let meter = &mut self.meter;
        Ok(Cel::Bool(match operator {
            Comparison::Equal => left.equals(&right, meter)?,
            Comparison::NotEqual => !left.equals(&right, meter)?,
            Comparison::Less => left.order(&right, meter)? == Ordering::Less,
            Comparison::LessOrEqual => left.order(&right, meter)? != Ordering::Greater,
            Comparison::Greater => left.order(&right, meter)? == Ordering::Greater,
            Comparison::GreaterOrEqual => left.order(&right, meter)? != Ordering::Less,
            Comparison::In => match &right {
                Cel::Object(_) | Cel::Map(_) => right.field(&key_text(left)?).is_some(),
                _ => functions::contains_element(&right, &left, meter)?,
            },
        }))
    }

    /// `&&` (decided by false) and `||` (decided by true): a deciding term outweighs an error in another.
    fn junction(&mut self, terms: &'a [Expression], deciding: bool) -> Outcome<Cel<'a>> {
        let mut failure = None;
        for term in terms {
            match self.truth(term) {
                Ok(truth) if truth == deciding => return Ok(Cel::Bool(deciding)),
                Ok(_) => {}
                Err(limit @ Failure::Limit(_)) => return Err(limit),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Cel::Bool(!deciding)), Err)
    }

    fn map(&mut self, source: &'a [(Expression, Expression)]) -> Outcome<Cel<'a>> {
        let mut entries = Entries::with_capacity(source.len());
        for (key, value) in source {
            let key = key_text(self.evaluate(key)?)?;
            self.meter.make(key.len() + ELEMENT_BYTES)?;
            let value = self.evaluate(value)?;
            if entries.insert(key, value).is_some() {
                return wrong("a key stands twice in a map");
            }
        }
        Ok(Cel::Map(Rc::new(entries)))
    }

    fn iterate(
        &mut self,
        kind: Macro,
        range: &'a Expression,
        filter: Option<&'a Expression>,
        body: &'a Expression,
    ) -> Outcome<Cel<'a>> {
        let range = self.evaluate(range)?;
        let items = range.elements(&mut self.meter)?;
        let mut made = Vec::new();
        let mut count = 0_usize;
        let mut failure = None;
        for item in items.iter() {
            self.locals.push(item.clone());
            let outcome = match filter {
                Some(filter) => match self.truth(filter) {
                    Ok(true) => Some(self.evaluate(body)),
                    Ok(false) => None,
                    Err(error) => Some(Err(error)),
                },
                None => Some(self.evaluate(body)),
            };
            self.locals.pop();
            let Some(outcome) = outcome else { continue };
            match (kind, outcome) {
                (Macro::Map, Ok(value)) => {
                    self.meter.make(ELEMENT_BYTES)?;
                    made.push(value);
                }
                (Macro::Filter, Ok(Cel::Bool(true))) => {
                    self.meter.make(ELEMENT_BYTES)?;
                    made.push(item.clone());
                }
                (Macro::All, Ok(Cel::Bool(false))) => return Ok(Cel::Bool(false)),
                (Macro::Exists, Ok(Cel::Bool(true))) => return Ok(Cel::Bool(true)),
                (Macro::ExistsOne, Ok(Cel::Bool(true))) => count += 1,
                (_, Ok(Cel::Bool(_))) => {}
                (_, Ok(other)) => {
                    return wrong(format!("true or false is expected, not {}", other.type_name()));
                }
                // As for && and ||, one deciding element outweighs an error in another.
                (Macro::All | Macro::Exists, Err(error @ (Failure::Missing(_) | Failure::Wrong(_)))) => {
                    failure = failure.or(Some(error));
                }
                (_, Err(error)) => return Err(error),
            }
        }
        match (failure, kind) {
            (Some(error), _) => Err(error),
            (None, Macro::All) => Ok(Cel::Bool(true)),
            (None, Macro::Exists) => Ok(Cel::Bool(false)),
            (None, Macro::ExistsOne) => Ok(Cel::Bool(count == 1)),
            (None, Macro::Filter | Macro::Map) => Ok(Cel::list(made)),
        }
    }
}

fn literal_value(literal: &Literal) -> Cel<'_> {
    match literal {
        Literal::Null => Cel::Null,
        Literal::Bool(truth) => Cel::Bool(*truth),
        Literal::Int(int) => Cel::int(*int),
        Literal::Decimal(decimal) => Cel::Numeric(Numeric::Decimal(*decimal)),
        Literal::Double(double) => Cel::Numeric(Numeric::Double(*double)),
        Literal::Text(text) => Cel::Text(Cow::Borrowed(text)),
        Literal::Bytes(bytes) => Cel::Bytes(bytes.as_slice().into()),
    }
}

/// Keys are texts; numbers and truth values stand for their text.
fn key_text(key: Cel<'_>) -> Outcome<Cow<'_, str>> {
    match key {
        Cel::Text(text) => Ok(text),
        Cel::Bool(truth) => Ok(Cow::Borrowed(if truth { "true" } else { "false" })),
        other => match other.numeric() {
            Some(numeric) => Ok(Cow::Owned(numeric.to_text())),
            None => wrong(format!("the key of a map must be a string, not {}", other.type_name())),
        },
    }
}
