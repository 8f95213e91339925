//! Changes an environment; configuration and variables are replaced whole.

use serde_json::Value;

use super::{
    Environment, EnvironmentChanged, EnvironmentEvent, configuration::check_configuration,
    variables,
};
use crate::{field_errors::FieldErrors, instant::Instant, refusal::Refusal, text};

/// Change settings or all variables. `None` leaves a field alone; `Some(None)` clears it.
#[derive(Debug, Clone)]
pub struct ChangeEnvironment {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `configuration`, replaced whole; cleared means the documented example's values.
    pub configuration: Option<Option<Value>>,
    /// `variables`, replaced whole.
    pub variables: Option<Option<Value>>,
    /// Now.
    pub now: Instant,
}

impl ChangeEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        let mut errors = FieldErrors::new();
        let name = self.name.map_or_else(
            || state.name.clone(),
            |name| text::name(&mut errors, "/name", &name, 200),
        );
        let description = match self.description {
            None => state.description.clone(),
            Some(description) => text::block(
                &mut errors,
                "/description",
                description.as_deref(),
                Some(1000),
            ),
        };
        let configuration = match self.configuration {
            None => state.configuration.clone(),
            Some(value) => check_configuration(&mut errors, "/configuration", value.as_ref()),
        };
        let variables = match self.variables {
            None => variables::reopened(state, id)?,
            Some(value) => variables::check_all(
                &mut errors,
                "/variables",
                value.as_ref(),
                &state.variables,
                id,
                self.now,
            ),
        };
        errors.finish()?;
        if name == state.name
            && description == state.description
            && configuration == state.configuration
            && variables::same(&variables, &state.variables)
        {
            return Ok(Vec::new());
        }
        Ok(vec![
            EnvironmentChanged {
                id,
                name,
                description,
                configuration,
                variables,
            }
            .into(),
        ])
    }
}
