//! Adds, changes, removes and replaces parameters.
//!
//! Invariant: names are unique in the endpoint; a parameter keeps its id when it is written again under its `id` or name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    ApiEndpoint, ApiEndpointEvent, Parameter, ParameterAdded, ParameterChanged, ParameterInput, ParameterRemoved,
    ParameterType,
};
use crate::{
    choice::Choice,
    field_errors::FieldErrors,
    ids::{ApiEndpointId, ParameterId},
    instant::Instant,
    refusal::Refusal,
};

/// Add a parameter.
#[derive(Debug, Clone)]
pub struct AddParameter {
    /// Allotted id.
    pub id: ParameterId,
    /// The parameter; its `id` stays empty.
    pub parameter: ParameterInput,
    /// Now.
    pub now: Instant,
}

impl AddParameter {
    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let mut errors = FieldErrors::new();
        let parameter = self.parameter.check(&mut errors, "", self.id, self.now);
        require_free_name(&mut errors, state, &parameter);
        errors.finish()?;
        Ok(vec![ParameterAdded { id, parameter }.into()])
    }
}

/// Change a parameter. `None` leaves a field alone; `Some(None)` clears it.
#[derive(Debug, Clone)]
pub struct ChangeParameter {
    /// Which.
    pub parameter_id: ParameterId,
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `type`.
    pub parameter_type: Option<Choice<ParameterType>>,
    /// `isRequired`.
    pub is_required: Option<bool>,
    /// `defaultValue`.
    pub default_value: Option<Option<Value>>,
    /// `validationRules`.
    pub validation_rules: Option<Option<Value>>,
    /// Now.
    pub now: Instant,
}

impl ChangeParameter {
    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let before = parameter(state, self.parameter_id)?;
        let was = before.clone();
        let written = ParameterInput {
            id: None,
            name: self.name.unwrap_or(was.name),
            description: self.description.unwrap_or(was.description),
            parameter_type: Some(self.parameter_type.unwrap_or(Choice::Known(was.parameter_type))),
            is_required: Some(self.is_required.unwrap_or(was.is_required)),
            default_value: self.default_value.unwrap_or(was.default_value.map(Value::String)),
            validation_rules: self.validation_rules.unwrap_or(was.validation_rules),
        };
        let mut errors = FieldErrors::new();
        let after = written.check(&mut errors, "", before.id, self.now);
        require_free_name(&mut errors, state, &after);
        errors.finish()?;
        Ok(changed(before, after, self.now)
            .map(|parameter| ParameterChanged { id, parameter }.into())
            .into_iter()
            .collect())
    }
}

/// Remove a parameter.
#[derive(Debug, Clone)]
pub struct RemoveParameter {
    /// Which.
    pub parameter_id: ParameterId,
}

impl RemoveParameter {
    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let Parameter {
            id: parameter_id, name, ..
        } = parameter(state, self.parameter_id)?.clone();
        Ok(vec![ParameterRemoved { id, parameter_id, name }.into()])
    }
}

fn parameter(state: &ApiEndpoint, id: ParameterId) -> Result<&Parameter, Refusal> {
    let found = state.parameters.iter().find(|parameter| parameter.id == id);
    found.ok_or_else(|| Refusal::not_found("parameter-not-found", format!("the endpoint has no parameter {id}")))
}

fn require_free_name(errors: &mut FieldErrors, state: &ApiEndpoint, parameter: &Parameter) {
    if state
        .parameters
        .iter()
        .any(|known| known.id != parameter.id && known.name == parameter.name)
    {
        errors.add("/name", "another parameter of the endpoint has this name");
    }
}

/// The parameter after a change, with its instants; `None` when nothing changed.
fn changed(before: &Parameter, after: Parameter, now: Instant) -> Option<Parameter> {
    let unchanged = Parameter {
        created_at: before.created_at,
        updated_at: before.updated_at,
        ..after
    };
    (unchanged != *before).then_some(Parameter {
        updated_at: Some(now),
        ..unchanged
    })
}

/// Checks a whole list; parameters that were there `before` keep their ids.
pub(super) fn check_list(
    errors: &mut FieldErrors,
    written: &[ParameterInput],
    before: &[Parameter],
    new_ids: &[ParameterId],
    now: Instant,
) -> Vec<Parameter> {
    let mut new_ids = new_ids.iter().copied();
    let mut names = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut parameters = Vec::new();
    for (index, input) in written.iter().enumerate() {
        let pointer = format!("/parameters/{index}");
        let mut parameter = input.check(errors, &pointer, ParameterId::default(), now);
        let known = match input.id {
            None => before
                .iter()
                .find(|known| known.name == parameter.name)
                .map(|known| known.id),
            Some(id) if before.iter().any(|known| known.id == id) => Some(id),
            Some(id) => {
                errors.add(format!("{pointer}/id"), format!("the endpoint has no parameter {id}"));
                None
            }
        };
        if !names.insert(parameter.name.clone()) {
            errors.add(
                format!("{pointer}/name"),
                "another parameter of the endpoint has this name",
            );
            continue;
        }
        match known.or_else(|| new_ids.next()) {
            Some(id) if taken.insert(id) => parameter.id = id,
            Some(_) => errors.add(format!("{pointer}/id"), "is given twice"),
            None => errors.add(pointer, "has no id allotted"),
        }
        parameters.push(parameter);
    }
    parameters
}

/// The events that lead from the parameters `before` to those written.
pub(super) fn replace(
    errors: &mut FieldErrors,
    id: ApiEndpointId,
    written: &[ParameterInput],
    before: &[Parameter],
    new_ids: &[ParameterId],
    now: Instant,
) -> Vec<ApiEndpointEvent> {
    let after = check_list(errors, written, before, new_ids, now);
    let mut events = Vec::new();
    for gone in before
        .iter()
        .filter(|known| !after.iter().any(|parameter| parameter.id == known.id))
    {
        events.push(
            ParameterRemoved {
                id,
                parameter_id: gone.id,
                name: gone.name.clone(),
            }
            .into(),
        );
    }
    for parameter in after {
        match before.iter().find(|known| known.id == parameter.id) {
            None => events.push(ParameterAdded { id, parameter }.into()),
            Some(known) => {
                events
                    .extend(changed(known, parameter, now).map(|parameter| ParameterChanged { id, parameter }.into()));
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api_endpoint::fixtures::{defined, parameter},
        given::{code, later, now, pointers, when},
    };

    fn change(id: i64) -> ChangeParameter {
        ChangeParameter {
            parameter_id: ParameterId(id),
            name: None,
            description: None,
            parameter_type: None,
            is_required: None,
            default_value: None,
            validation_rules: None,
            now: later(),
        }
    }

    #[test]
    fn a_parameter_is_added_under_a_free_name() {
        let add = |name: &str| AddParameter {
            id: ParameterId(22),
            parameter: parameter(name),
            now: now(),
        };
        let events = when::<ApiEndpoint>(&defined(), add("limit")).unwrap();
        assert!(
            matches!(&events[..], [ApiEndpointEvent::ParameterAdded(event)] if event.parameter.id == ParameterId(22))
        );
        assert_eq!(pointers(when::<ApiEndpoint>(&defined(), add("id"))), ["/name"]);
    }

    #[test]
    fn only_what_is_given_changes() {
        let command = ChangeParameter {
            is_required: Some(true),
            ..change(20)
        };
        let events = when::<ApiEndpoint>(&defined(), command).unwrap();
        let [ApiEndpointEvent::ParameterChanged(event)] = &events[..] else {
            panic!()
        };
        assert!(event.parameter.is_required);
        assert_eq!(
            (event.parameter.created_at, event.parameter.updated_at),
            (now(), Some(later()))
        );
        assert_eq!(when::<ApiEndpoint>(&defined(), change(20)), Ok(vec![]));
        let renamed = ChangeParameter {
            name: Some("expand".into()),
            ..change(20)
        };
        assert_eq!(pointers(when::<ApiEndpoint>(&defined(), renamed)), ["/name"]);
        assert_eq!(code(when::<ApiEndpoint>(&defined(), change(99))), "parameter-not-found");
    }

    #[test]
    fn a_default_value_fits_the_type_it_gets() {
        let given = defined();
        let command = ChangeParameter {
            parameter_type: Some(ParameterType::Boolean.into()),
            default_value: Some(Some(Value::from("maybe"))),
            ..change(20)
        };
        assert_eq!(pointers(when::<ApiEndpoint>(&given, command)), ["/defaultValue"]);
    }

    #[test]
    fn removal_names_what_is_gone() {
        let events = when::<ApiEndpoint>(
            &defined(),
            RemoveParameter {
                parameter_id: ParameterId(21),
            },
        )
        .unwrap();
        assert!(matches!(&events[..], [ApiEndpointEvent::ParameterRemoved(event)] if event.name == "expand"));
    }
}
