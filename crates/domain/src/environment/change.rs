//! Changes an environment; configuration and variables are replaced whole.

use serde_json::Value;

use super::{Environment, EnvironmentChanged, EnvironmentEvent, configuration::check_configuration, variables};
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
            Some(description) => text::block(&mut errors, "/description", description.as_deref(), Some(1000)),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        environment::fixtures::created,
        given::{later, now, pointers, when},
    };

    fn change() -> ChangeEnvironment {
        ChangeEnvironment {
            name: None,
            description: None,
            configuration: None,
            variables: None,
            now: later(),
        }
    }

    fn variables(written: Value) -> ChangeEnvironment {
        ChangeEnvironment {
            variables: Some(Some(written)),
            ..change()
        }
    }

    #[test]
    fn configuration_is_replaced_whole() {
        let command = ChangeEnvironment {
            configuration: Some(Some(json!({"retries": 0}))),
            ..change()
        };
        let events = when::<Environment>(&created(), command).unwrap();
        let [EnvironmentEvent::EnvironmentChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!((event.configuration.timeout, event.configuration.retries), (120, 0));
        assert_eq!(event.variables.0.len(), 2);
    }

    #[test]
    fn what_a_get_shows_can_be_sent_back() {
        let shown = json!({
            "API_KEY": {"secret": true, "updatedAt": "2026-11-22T16:29:03.123456Z"},
            "API_URL": {"value": "https://x.example", "secret": false},
        });
        assert_eq!(when::<Environment>(&created(), variables(shown)), Ok(vec![]));
        assert_eq!(when::<Environment>(&created(), change()), Ok(vec![]));
    }

    #[test]
    fn only_what_changes_gets_another_instant() {
        let written = json!({"API_KEY": {"secret": true}, "API_URL": {"value": "https://y.example", "secret": false}});
        let events = when::<Environment>(&created(), variables(written)).unwrap();
        let [EnvironmentEvent::EnvironmentChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!(event.variables.0["API_KEY"].updated_at, now());
        assert_eq!(event.variables.0["API_KEY"].value.text(), Some("s3cret"));
        assert_eq!(event.variables.0["API_URL"].updated_at, later());
    }

    #[test]
    fn a_secret_never_becomes_readable_by_itself() {
        let written = json!({"API_KEY": {"secret": false}});
        assert_eq!(
            pointers(when::<Environment>(&created(), variables(written))),
            ["/variables/API_KEY"]
        );
    }
}
