//! The API endpoint aggregate: what a step calls, with its parameters.
//!
//! Invariants: parameters are unique by name; secrets of the authentication are `{env.NAME}` placeholders, never
//! literals; nothing but `{env.…}` stands before the path of the URL.

mod authentication;
mod change;
mod define;
mod delete;
mod event;
#[cfg(test)]
mod fixtures;
mod limits;
mod parameter;
mod parameters;
mod settings;
mod state;
mod url;
mod validation_rules;

pub use authentication::{AUTHENTICATION_METHODS, canonical_method};
pub use change::ChangeApiEndpoint;
pub use define::DefineApiEndpoint;
pub use delete::DeleteApiEndpoint;
pub use event::*;
pub use limits::{CallLimits, CircuitBreaker};
pub use parameter::ParameterInput;
pub use parameters::{AddParameter, ChangeParameter, RemoveParameter};
pub use state::ApiEndpoint;
pub use validation_rules::{ParameterPlace, ValidationRules};

crate::commands! {
    /// What may be asked of an endpoint.
    ApiEndpointCommand for ApiEndpoint => ApiEndpointEvent {
        /// Create.
        DefineApiEndpoint,
        /// Change the definition, or all parameters.
        ChangeApiEndpoint,
        /// Add a parameter.
        AddParameter,
        /// Change a parameter.
        ChangeParameter,
        /// Remove a parameter.
        RemoveParameter,
        /// Delete (softly).
        DeleteApiEndpoint,
    }
}
