//! `Environments` and `EnvironmentVariables`.
//!
//! Invariant: a secret's value stands in no row; the documented column shows its sealed form.

use serde_json::{Map, Value};
use wfm_domain::{
    environment::{EnvironmentEvent, Variables},
    ids::EnvironmentId,
};
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, json, text, update};
use crate::{
    envelope::Envelope,
    tables::{ENVIRONMENT_VARIABLES, ENVIRONMENTS, Environments},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &EnvironmentEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    let change = match event {
        EnvironmentEvent::EnvironmentCreated(event) => {
            changes.push(described(event.id, &event.variables));
            let row = vec![
                event.id.0.into(),
                event.name.as_str().into(),
                text(&event.description),
                event.project_id.0.into(),
                json(Some(&event.configuration)),
                documented(&event.variables),
                true.into(),
                event.created_by.0.into(),
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            insert(&ENVIRONMENTS, row)
        }
        EnvironmentEvent::EnvironmentChanged(event) => {
            changes.push(described(event.id, &event.variables));
            let set = [
                (Environments::Name, event.name.as_str().into()),
                (Environments::Description, text(&event.description)),
                (Environments::Configuration, json(Some(&event.configuration))),
                (Environments::Variables, documented(&event.variables)),
                (Environments::UpdatedAt, at()),
            ];
            update(&ENVIRONMENTS, event.id.0, set)
        }
        EnvironmentEvent::VariableSet(event) => {
            changes.push(described(event.id, &event.variables));
            let set = [
                (Environments::Variables, documented(&event.variables)),
                (Environments::UpdatedAt, at()),
            ];
            update(&ENVIRONMENTS, event.id.0, set)
        }
        EnvironmentEvent::VariableRemoved(event) => {
            changes.push(described(event.id, &event.variables));
            let set = [
                (Environments::Variables, documented(&event.variables)),
                (Environments::UpdatedAt, at()),
            ];
            update(&ENVIRONMENTS, event.id.0, set)
        }
        EnvironmentEvent::EnvironmentDeactivated(event) => {
            let set = [(Environments::IsActive, false.into()), (Environments::UpdatedAt, at())];
            update(&ENVIRONMENTS, event.id.0, set)
        }
        EnvironmentEvent::EnvironmentActivated(event) => {
            let set = [(Environments::IsActive, true.into()), (Environments::UpdatedAt, at())];
            update(&ENVIRONMENTS, event.id.0, set)
        }
        EnvironmentEvent::EnvironmentDeleted(event) => {
            let set = [
                (Environments::IsDeleted, true.into()),
                (Environments::DeletedAt, at()),
                (Environments::UpdatedAt, at()),
            ];
            update(&ENVIRONMENTS, event.id.0, set)
        }
    };
    changes.push(change);
}

/// The documented column: name to plain text, or to the sealed text of a secret.
fn documented(variables: &Variables) -> Cell {
    let shown: Map<String, Value> = variables
        .0
        .iter()
        .map(|(name, variable)| {
            let text = if variable.secret {
                variable.value.sealed()
            } else {
                variable.value.text()
            };
            (name.clone(), text.into())
        })
        .collect();
    json(Some(&shown))
}

/// What the API shows: a secret without its value.
fn described(environment: EnvironmentId, variables: &Variables) -> Change {
    let shown: Map<String, Value> = variables
        .0
        .iter()
        .map(|(name, variable)| {
            let mut description = Map::new();
            if !variable.secret {
                description.insert("value".into(), variable.value.text().into());
            }
            description.insert("secret".into(), variable.secret.into());
            description.insert("updatedAt".into(), variable.updated_at.to_string().into());
            (name.clone(), description.into())
        })
        .collect();
    Change::Put {
        table: &ENVIRONMENT_VARIABLES,
        row: vec![environment.0.into(), json(Some(&shown))],
    }
}
