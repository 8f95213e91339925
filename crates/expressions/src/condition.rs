//! Conditions: CEL expressions that decide whether a step runs, or has succeeded.
//!
//! Invariant: the answer is true or false; anything else is an error, never taken as false.

use crate::allowed::{Allowed, Problem};
use crate::cel::{CelExpression, Kinds};
use crate::error::RenderError;
use crate::scope::Scope;

/// What somebody learns who writes a condition like a template.
const BRACES: &str = "a condition takes names without braces: input.total, not {input.total}";

/// Whether a source holds what would be a placeholder in a template.
fn has_placeholder(source: &str) -> bool {
    let roots = ["input", "steps", "env", "execution"];
    source
        .split('{')
        .skip(1)
        .any(|rest| roots.iter().any(|root| rest.trim_start().starts_with(root)))
}

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
        let compiled = CelExpression::compile(source, allowed).map_err(|problems| {
            let explained = |problem: Problem| Problem::new(problem.pointer, format!("{}; {BRACES}", problem.detail));
            if has_placeholder(source) {
                problems.into_iter().map(explained).collect()
            } else {
                problems
            }
        });
        let compiled = compiled?;
        if !compiled.kinds().meets(Kinds::BOOLEAN) {
            return Err(vec![Problem::new(
                "",
                "a condition must be true or false, and this is never so",
            )]);
        }
        Ok(Self(compiled))
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
