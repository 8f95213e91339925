//! CEL expressions over a [`Scope`]: parsed and checked once, evaluated on borrowed JSON.
//!
//! Invariant: bounded in source length, nesting, evaluation steps and bytes made; no input makes it panic. The parser is
//! our own: the parsers at hand overflow the stack on nested brackets, which would end the process.
//!
//! What differs from plain CEL, so that it behaves as a person expects:
//!
//! - Integers, decimals and doubles compare and compute with each other. Decimals are exact (28 digits): `0.1 + 0.2 == 0.3`.
//!   `7 / 2` is `3` (both are integers), `7 / 2.0` is `3.5`. A number that is only passed on keeps its text.
//! - `has(a.b.c)` is false if anything on the way is missing. `default(x, y)` and `x.orValue(y)` give `y` where `x` is
//!   missing or null. `&&`, `||` ignore an error on one side if the other side decides, as in CEL.
//! - `==` between different types is false; `<` between different types is an error.
//! - Every function can be called as `f(x, y)` or `x.f(y)`. There is no `now()`: use `system.utcNow`.
//! - `matches` takes time linear in the text. `env` and `steps` are followed by a fixed name (`env.API_URL`,
//!   `steps["Check stock"].output`).
//!
//! Functions: `size contains startsWith endsWith matches lower upper trim replace split join substring indexOf` —
//! `string int double decimal bool type` — `abs floor ceil round min max sum` — `first last reverse distinct sort keys
//! values` — `timestamp duration formatDate getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours
//! getMinutes getSeconds getMilliseconds` — `parseJson toJson` (`json.parse`, `json.stringify`) — `base64Encode
//! base64Decode` (`base64.encode`, `base64.decode`) `urlEncode sha256 hmacSha256(key, text)` (both hexadecimal). Macros:
//! `has all exists exists_one map filter`.

mod ast;
mod dates;

mod evaluate;
mod functions;
mod kinds;
mod lexer;
mod parser;
mod strings;
mod value;

use serde_json::Value;

pub(crate) use dates::parse_timestamp;
pub(crate) use kinds::Kinds;

use crate::allowed::{Allowed, Problem};
use crate::error::{RenderError, RenderErrorKind};
use crate::path::Reference;
use crate::scope::{EnvValue, Scope};
use evaluate::Evaluator;
use value::{Failure, Meter, Outcome};

/// The longest source, in UTF-16 units.
pub const MAXIMUM_SOURCE_LENGTH: usize = 8_000;

/// A compiled CEL expression.
#[derive(Debug)]
pub struct CelExpression {
    source: String,
    expression: ast::Expression,
    variables: Vec<String>,
    /// The JSON types it can have.
    kinds: Kinds,
    /// Its value, if it reads nothing of the scope.
    constant: Option<Value>,
}

/// Two expressions are the same if their sources are.
impl PartialEq for CelExpression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl CelExpression {
    /// Parses and checks a source (without `{=` and `}`). One that fails in every run is refused, and one that reads
    /// nothing is evaluated here: it gives every run the same.
    pub fn compile(source: &str, allowed: &Allowed) -> Result<Self, Vec<Problem>> {
        if source.encode_utf16().count() > MAXIMUM_SOURCE_LENGTH {
            return Err(vec![Problem::new(
                "",
                format!("an expression has at most {MAXIMUM_SOURCE_LENGTH} characters"),
            )]);
        }
        let problem = |detail| vec![Problem::new("", format!("CEL expression: {detail}"))];
        let expression = parser::parse(source, &allowed.without_parameters()).map_err(problem)?;
        let kinds = expression.kinds().map_err(problem)?.in_json();
        let mut variables = Vec::new();
        let mut reads_nothing = true;
        expression.visit_references(&mut |reference| {
            reads_nothing = false;
            if let Reference::Environment(name) = reference
                && !variables.contains(name)
            {
                variables.push(name.clone());
            }
        });
        let mut compiled = Self {
            source: source.to_owned(),
            expression,
            variables,
            kinds,
            constant: None,
        };
        if reads_nothing {
            match compiled.evaluate_within(&Scope::EMPTY, Meter::for_a_constant()) {
                Ok(value) => compiled.constant = Some(value),
                // Too costly to know before it is needed.
                Err(Failure::Limit(_)) => {}
                Err(Failure::Missing(detail) | Failure::Wrong(detail)) => return Err(problem(detail)),
            }
        }
        Ok(compiled)
    }

    /// Its value, if it reads nothing of the scope.
    pub(crate) fn constant(&self) -> Option<&Value> {
        self.constant.as_ref()
    }

    /// The JSON types it can have.
    pub(crate) fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// The source it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The environment variables it names.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Whether it names a variable that is secret in this environment.
    pub(crate) fn names_secret(&self, scope: &Scope<'_>) -> bool {
        self.variables
            .iter()
            .any(|name| matches!(scope.env.variable(name), EnvValue::Secret(_)))
    }

    /// Evaluates to a JSON value. Timestamps become RFC 3339 text, durations `"90s"`, bytes base64.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Box<RenderError>> {
        self.evaluate_within(scope, Meter::new())
            .map_err(|failure| self.error(failure))
    }

    fn evaluate_within(&self, scope: &Scope<'_>, meter: Meter) -> Outcome<Value> {
        let mut evaluator = Evaluator::new(scope, meter);
        evaluator
            .evaluate(&self.expression)
            .and_then(|value| value.into_json(&mut evaluator.meter))
    }

    /// Evaluates to a truth value; any other type is an error.
    pub(crate) fn evaluate_bool(&self, scope: &Scope<'_>) -> Result<bool, Box<RenderError>> {
        let value = Evaluator::new(scope, Meter::new())
            .evaluate(&self.expression)
            .map_err(|failure| self.error(failure))?;
        match value {
            value::Cel::Bool(truth) => Ok(truth),
            other => Err(RenderError::new(
                RenderErrorKind::Evaluation,
                &self.source,
                format!("a condition must be true or false, not {}", other.type_name()),
            )),
        }
    }

    fn error(&self, failure: Failure) -> Box<RenderError> {
        let (kind, detail) = match failure {
            Failure::Missing(detail) => (RenderErrorKind::Missing, detail),
            Failure::Wrong(detail) => (RenderErrorKind::Evaluation, detail),
            Failure::Limit(detail) => (RenderErrorKind::Limit, detail.to_owned()),
        };
        RenderError::new(kind, &self.source, detail)
    }
}
