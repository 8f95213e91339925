//! The checked form of a CEL expression.
//!
//! Invariant: references were checked against their place, and no expression is higher than the parser's bound.

use regex::Regex;
use rust_decimal::Decimal;

use super::functions::Function;
use crate::number::Arithmetic;
use crate::path::Reference;

#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

#[derive(Debug)]
pub(super) enum Expression {
    Literal(Literal),
    Reference {
        reference: Reference,
        source: String,
    },
    /// The loop variable at this depth, counted from the outermost loop.
    Local(usize),
    Select(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
    Has(Box<Expression>),
    Default(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    Comparison(Comparison, Box<Expression>, Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Conditional(Box<[Expression; 3]>),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Loop {
        kind: Macro,
        range: Box<Expression>,
        filter: Option<Box<Expression>>,
        body: Box<Expression>,
    },
    /// `matches` with a pattern known at compile time.
    Matches(Box<Expression>, Box<Regex>),
    Call(Function, Vec<Expression>),
}

impl Expression {
    pub(super) fn visit_references(&self, visit: &mut impl FnMut(&Reference)) {
        match self {
            Self::Literal(_) | Self::Local(_) => {}
            Self::Reference { reference, .. } => visit(reference),
            Self::Select(inner, _)
            | Self::Has(inner)
            | Self::Not(inner)
            | Self::Negate(inner)
            | Self::Matches(inner, _) => {
                inner.visit_references(visit);
            }
            Self::Index(left, right)
            | Self::Default(left, right)
            | Self::Arithmetic(_, left, right)
            | Self::Comparison(_, left, right) => {
                left.visit_references(visit);
                right.visit_references(visit);
            }
            Self::And(items) | Self::Or(items) | Self::List(items) | Self::Call(_, items) => {
                items.iter().for_each(|item| item.visit_references(visit));
            }
            Self::Conditional(parts) => parts.iter().for_each(|part| part.visit_references(visit)),
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.visit_references(visit);
                value.visit_references(visit);
            }),
            Self::Loop {
                range, filter, body, ..
            } => {
                range.visit_references(visit);
                if let Some(filter) = filter {
                    filter.visit_references(visit);
                }
                body.visit_references(visit);
            }
        }
    }
}
