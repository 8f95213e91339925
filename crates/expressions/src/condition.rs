//! Conditions: CEL expressions that decide whether a step runs, or has succeeded.
//!
//! Invariant: the answer is true or false; anything else is an error, never taken as false.

use crate::allowed::{Allowed, Problem};
use crate::cel::CelExpression;
use crate::error::RenderError;
use crate::scope::Scope;

/// A compiled condition.
#[derive(Debug, PartialEq)]
pub struct Condition(CelExpression);

impl Condition {
    /// Compiles plain CEL; the same wrapped in `{= …}` is accepted too.
    pub fn compile(source: &str, allowed: &Allowed) -> Result<Self, Vec<Problem>> {
        let source = source.trim();
        let source = source
            .strip_prefix("{=")
            .and_then(|inner| inner.strip_suffix('}'))
            .unwrap_or(source);
        CelExpression::compile(source, allowed).map(Self)
    }

    /// Decides. Secret variables must be readable in the scope if the condition names them.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, RenderError> {
        self.0.evaluate_bool(scope).map_err(|error| *error)
    }

    /// The environment variables it names.
    pub fn variables(&self) -> &[String] {
        self.0.variables()
    }
}
