//! Every event type of the log: its name, its schema version and its payload, in one table per aggregate.
//!
//! A payload is stored as the JSON of its struct alone; the type name stands in a column of its own. So the enums below
//! are (de)serialised by name and never need a tag inside the payload.

use serde_json::Error as JsonError;

use crate::protected::{Protected, ProtectedFields};

/// Declares an aggregate's event enum from its payload structs, with names, versions and (de)serialisation by name.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $version:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $enum {
            $($(#[$variant_doc])* $variant($variant),)*
        }

        impl $enum {
            /// The names of all event types of this aggregate.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($variant)),*];

            /// The event's type name, as stored.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }

            /// The schema version in which this build writes the event.
            #[must_use]
            pub fn schema_version(&self) -> u16 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// The payload as JSON text.
            ///
            /// # Errors
            /// When a protected value was not sealed.
            pub fn payload(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload),)* }
            }

            /// Reads a payload of the newest schema version; `None` when `name` is not one of this aggregate's types.
            ///
            /// # Errors
            /// When the payload is not of the type's shape.
            pub fn parse(name: &str, payload: &str) -> Option<Result<Self, serde_json::Error>> {
                match name {
                    $(stringify!($variant) => Some(serde_json::from_str(payload).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }

        impl $crate::protected::ProtectedFields for $enum {
            fn visit_protected(&mut self, visit: &mut dyn FnMut(&str, &mut $crate::protected::Protected)) {
                match self { $(Self::$variant(payload) => payload.visit_protected(visit),)* }
            }
        }

        impl cqrs_es::DomainEvent for $enum {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                self.schema_version().to_string()
            }
        }

        $(impl From<$variant> for $enum {
            fn from(payload: $variant) -> Self {
                Self::$variant(payload)
            }
        })*
    };
}

/// Says which fields of a payload are protected; a payload without any names none.
#[macro_export]
macro_rules! protected_fields {
    ($($payload:ty),* $(,)?) => {
        $(impl $crate::protected::ProtectedFields for $payload {
            fn visit_protected(&mut self, _visit: &mut dyn FnMut(&str, &mut $crate::protected::Protected)) {}
        })*
    };
    ($payload:ty => $($field:ident),+ $(,)?) => {
        impl $crate::protected::ProtectedFields for $payload {
            fn visit_protected(&mut self, visit: &mut dyn FnMut(&str, &mut $crate::protected::Protected)) {
                $($crate::event::VisitField::visit_field(&mut self.$field, stringify!($field), visit);)+
            }
        }
    };
}

/// A field that may hold protected values.
pub trait VisitField {
    /// Visits the protected values below a field of this `name`.
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected));
}

impl VisitField for Protected {
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected)) {
        visit(name, self);
    }
}

impl<T: VisitField> VisitField for Option<T> {
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected)) {
        if let Some(value) = self {
            value.visit_field(name, visit);
        }
    }
}

use crate::{
    api_endpoint::ApiEndpointEvent,
    api_key::ApiKeyEvent,
    approval::ApprovalEvent,
    callback::CallbackEvent,
    environment::EnvironmentEvent,
    execution::ExecutionEvent,
    job::JobEvent,
    project::ProjectEvent,
    retention::RunMonthEvent,
    schedule::ScheduleEvent,
    user::{AccessEvent, UserEvent},
    workflow::WorkflowEvent,
    workspace::WorkspaceEvent,
};

macro_rules! all_events {
    ($($variant:ident($inner:ident)),* $(,)?) => {
        /// Any event of the log, typed.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum Event {
            $(#[doc = concat!("An event of the aggregate `", stringify!($variant), "`.")] $variant($inner),)*
        }

        impl Event {
            /// The event's type name, as stored.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.name(),)* }
            }

            /// The schema version in which this build writes the event.
            #[must_use]
            pub fn schema_version(&self) -> u16 {
                match self { $(Self::$variant(event) => event.schema_version(),)* }
            }

            /// The payload as JSON text.
            ///
            /// # Errors
            /// When a protected value was not sealed.
            pub fn payload(&self) -> Result<String, JsonError> {
                match self { $(Self::$variant(event) => event.payload(),)* }
            }

            /// Reads an event of the newest schema version by its type name; `None` for an unknown name.
            ///
            /// # Errors
            /// When the payload is not of the type's shape.
            #[must_use]
            pub fn parse(name: &str, payload: &str) -> Option<Result<Self, JsonError>> {
                None$(.or_else(|| $inner::parse(name, payload).map(|event| event.map(Self::$variant))))*
            }

            /// Every event type name.
            pub fn types() -> impl Iterator<Item = &'static str> {
                [$($inner::TYPES),*].into_iter().flatten().copied()
            }
        }

        impl ProtectedFields for Event {
            fn visit_protected(&mut self, visit: &mut dyn FnMut(&str, &mut Protected)) {
                match self { $(Self::$variant(event) => event.visit_protected(visit),)* }
            }
        }

        $(impl From<$inner> for Event {
            fn from(event: $inner) -> Self {
                Self::$variant(event)
            }
        }

        impl TryFrom<Event> for $inner {
            type Error = Event;

            /// The aggregate's event, or the event itself when it belongs to another aggregate.
            fn try_from(event: Event) -> Result<Self, Event> {
                if let Event::$variant(event) = event { Ok(event) } else { Err(event) }
            }
        })*
    };
}

all_events! {
    Execution(ExecutionEvent),
    Workflow(WorkflowEvent),
    User(UserEvent),
    Access(AccessEvent),
    Workspace(WorkspaceEvent),
    Project(ProjectEvent),
    Environment(EnvironmentEvent),
    ApiEndpoint(ApiEndpointEvent),
    ApiKey(ApiKeyEvent),
    RunMonth(RunMonthEvent),
    Schedule(ScheduleEvent),
    Approval(ApprovalEvent),
    Callback(CallbackEvent),
    Job(JobEvent),
}
