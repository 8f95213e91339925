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
        variables.0.extend(variable.map(|variable| (name.clone(), variable)));
        if variables::same(&variables, &state.variables) {
            return Ok(Vec::new());
        }
        Ok(vec![VariableSet { id, name, variables }.into()])
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        environment::fixtures::created,
        given::{code, later, pointers, when},
    };

    fn set(name: &str, value: Value) -> SetVariable {
        SetVariable {
            name: name.into(),
            value,
            now: later(),
        }
    }

    #[test]
    fn the_event_carries_all_variables() {
        let events = when::<Environment>(&created(), set("DEBUG", json!({"value": false, "secret": false}))).unwrap();
        let [EnvironmentEvent::VariableSet(event)] = &events[..] else {
            panic!()
        };
        assert_eq!(event.name, "DEBUG");
        assert_eq!(event.variables.0["DEBUG"].value.text(), Some("false"));
        assert_eq!(event.variables.0["API_KEY"].value.text(), Some("s3cret"));
        assert_eq!(
            event.variables.0["API_KEY"].value.sealed(),
            None,
            "every event has its own seals"
        );
    }

    #[test]
    fn the_same_value_is_no_event() {
        assert_eq!(
            when::<Environment>(&created(), set("API_KEY", json!("s3cret"))),
            Ok(vec![])
        );
    }

    #[test]
    fn wrong_names_and_values_are_refused() {
        assert_eq!(
            pointers(when::<Environment>(&created(), set("", json!({"value": []})))),
            ["/name", "/value", ""]
        );
    }

    #[test]
    fn removal_names_what_is_gone() {
        let remove = |name: &str| RemoveVariable { name: name.into() };
        let events = when::<Environment>(&created(), remove("API_KEY")).unwrap();
        let [EnvironmentEvent::VariableRemoved(event)] = &events[..] else {
            panic!()
        };
        assert!(event.variables.0.contains_key("API_URL") && event.variables.0.len() == 1);
        assert_eq!(
            code(when::<Environment>(&created(), remove("NONE"))),
            "variable-not-found"
        );
    }
}
