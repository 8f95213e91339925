//! Reads stored events of every schema version ever written, by lifting old payloads to today's shape.
//!
//! Invariant: what was written once is read for good; `tests/golden` holds an example of every version of every type.
//! An upcaster lifts a payload by one version and may split one event into several.

use serde_json::Value;
use thiserror::Error;

use crate::event::Event;

/// Why a stored event cannot be read.
#[derive(Debug, Error)]
pub enum LoadError {
    /// No event type has this name.
    #[error("unknown event type {0}")]
    UnknownType(String),
    /// The event was written by a newer build, or an upcaster is missing.
    #[error("{event_type} has no schema version {schema_version} in this build")]
    UnknownVersion {
        /// The event's type.
        event_type: String,
        /// The version as stored.
        schema_version: u16,
    },
    /// The payload is not of the type's shape.
    #[error("the payload of {event_type} version {schema_version} is malformed: {source}")]
    Payload {
        /// The event's type.
        event_type: String,
        /// The version as stored.
        schema_version: u16,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// An event on its way up: type, schema version, payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifted {
    /// Name of the type.
    pub event_type: &'static str,
    /// Version of the payload.
    pub schema_version: u16,
    /// The payload.
    pub payload: Value,
}

/// Lifts one version of one type to the next, or to events of other types.
#[derive(Debug, Clone, Copy)]
pub struct Upcaster {
    /// The type it reads.
    pub event_type: &'static str,
    /// The version it reads.
    pub schema_version: u16,
    /// What the payload becomes.
    pub lift: fn(Value) -> Vec<Lifted>,
}

/// The next version only adds fields that may be absent.
macro_rules! unchanged {
    ($event_type:literal, $version:literal) => {
        Upcaster {
            event_type: $event_type,
            schema_version: $version,
            lift: |payload| {
                vec![Lifted {
                    event_type: $event_type,
                    schema_version: $version + 1,
                    payload,
                }]
            },
        }
    };
}

/// Every upcaster.
///
/// Version 2 of what holds an endpoint's definition added `soap`, `limits` and `followRedirects`; an older definition has none.
const UPCASTERS: &[Upcaster] = &[
    unchanged!("ApiEndpointDefined", 1),
    unchanged!("ApiEndpointChanged", 1),
    unchanged!("WorkflowPublished", 1),
];

/// Reads a stored event as today's events; mostly one, several when an upcaster splits it.
///
/// # Errors
/// See [`LoadError`].
pub fn load(event_type: &str, schema_version: u16, payload: &str) -> Result<Vec<Event>, LoadError> {
    load_with(UPCASTERS, event_type, schema_version, payload)
}

fn load_with(
    upcasters: &[Upcaster],
    event_type: &str,
    schema_version: u16,
    payload: &str,
) -> Result<Vec<Event>, LoadError> {
    let malformed = |source| LoadError::Payload {
        event_type: event_type.to_owned(),
        schema_version,
        source,
    };
    if let Some(upcaster) = find(upcasters, event_type, schema_version) {
        let value = serde_json::from_str(payload).map_err(malformed)?;
        let mut events = Vec::new();
        for lifted in (upcaster.lift)(value) {
            events.extend(load_with(
                upcasters,
                lifted.event_type,
                lifted.schema_version,
                &lifted.payload.to_string(),
            )?);
        }
        return Ok(events);
    }
    let event = match Event::parse(event_type, payload) {
        None => return Err(LoadError::UnknownType(event_type.to_owned())),
        Some(Err(_)) if schema_version != 1 => {
            return Err(LoadError::UnknownVersion {
                event_type: event_type.to_owned(),
                schema_version,
            });
        }
        Some(event) => event.map_err(malformed)?,
    };
    if event.schema_version() != schema_version {
        return Err(LoadError::UnknownVersion {
            event_type: event_type.to_owned(),
            schema_version,
        });
    }
    Ok(vec![event])
}

fn find<'a>(upcasters: &'a [Upcaster], event_type: &str, schema_version: u16) -> Option<&'a Upcaster> {
    upcasters
        .iter()
        .find(|upcaster| upcaster.event_type == event_type && upcaster.schema_version == schema_version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ids::{UserId, WorkspaceId},
        user::UserDeactivated,
        workspace::{WorkspaceActivated, WorkspaceChanged},
    };

    /// An older shape in which one event renamed a workspace and activated it.
    const OLDER: &[Upcaster] = &[
        Upcaster {
            event_type: "WorkspaceRevived",
            schema_version: 1,
            lift: |mut payload| {
                payload["description"] = Value::Null;
                vec![Lifted {
                    event_type: "WorkspaceRevived",
                    schema_version: 2,
                    payload,
                }]
            },
        },
        Upcaster {
            event_type: "WorkspaceRevived",
            schema_version: 2,
            lift: |payload| {
                let activated = json!({"id": payload["id"]});
                vec![
                    Lifted {
                        event_type: "WorkspaceChanged",
                        schema_version: 1,
                        payload,
                    },
                    Lifted {
                        event_type: "WorkspaceActivated",
                        schema_version: 1,
                        payload: activated,
                    },
                ]
            },
        },
    ];

    #[test]
    fn old_versions_are_lifted_step_by_step_and_split() {
        let events = load_with(OLDER, "WorkspaceRevived", 1, r#"{"id": 3, "name": "Sales"}"#).unwrap();
        let id = WorkspaceId(3);
        let changed = WorkspaceChanged {
            id,
            name: "Sales".into(),
            description: None,
        };
        assert_eq!(
            events,
            [
                Event::Workspace(changed.into()),
                Event::Workspace(WorkspaceActivated { id }.into())
            ]
        );
    }

    #[test]
    fn todays_version_is_read_as_it_is() {
        let events = load("UserDeactivated", 1, r#"{"id":1}"#).unwrap();
        assert_eq!(events, [Event::User(UserDeactivated { id: UserId(1) }.into())]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(matches!(load("Unheard", 1, "{}"), Err(LoadError::UnknownType(_))));
        assert!(matches!(
            load("UserDeactivated", 2, r#"{"id":1}"#),
            Err(LoadError::UnknownVersion { .. })
        ));
        assert!(matches!(
            load("UserDeactivated", 2, r#"{"who":1}"#),
            Err(LoadError::UnknownVersion { .. })
        ));
        assert!(matches!(
            load("UserDeactivated", 1, "{}"),
            Err(LoadError::Payload { .. })
        ));
    }
}
