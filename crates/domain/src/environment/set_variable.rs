//! Sets and removes single variables.

use serde_json::Value;

use super::{Environment, EnvironmentEvent, VariableRemoved, VariableSet, variables};
use crate::{field_errors::FieldErrors, instant::Instant, refusal::Refusal, text};

/// Set one variable.
#[derive(Debug, Clone)]
pub struct SetVariable {
    /// The variable's name, at most 200 UTF-16 units.
    pub name: String,
    /// As written: a text is a secret, `{"value": …, "secret": false}` is readable.
    pub value: Value,
    /// Now.
    pub now: Instant,
}

impl SetVariable {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        let mut errors = FieldErrors::new();
        let name = text::name(&mut errors, "/name", &self.name, 200);
        let before = state.variables.0.get(&name);
        let variable = variables::check_one(&mut errors, "", &self.value, before, id, self.now);
        errors.finish()?;
        let mut variables = variables::reopened(state, id)?;
        variables
            .0
            .extend(variable.map(|variable| (name.clone(), variable)));
        if variables::same(&variables, &state.variables) {
            return Ok(Vec::new());
        }
        Ok(vec![
            VariableSet {
                id,
                name,
                variables,
            }
            .into(),
        ])
    }
}

/// Remove one variable.
#[derive(Debug, Clone)]
pub struct RemoveVariable {
    /// The variable's name.
    pub name: String,
}

impl RemoveVariable {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        let mut variables = variables::reopened(state, id)?;
        if variables.0.remove(&self.name).is_none() {
            return Err(Refusal::not_found(
                "variable-not-found",
                format!("there is no variable {}", self.name),
            ));
        }
        Ok(vec![
            VariableRemoved {
                id,
                name: self.name,
                variables,
            }
            .into(),
        ])
    }
}
