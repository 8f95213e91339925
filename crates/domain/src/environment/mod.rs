//! The environment aggregate: settings and sealed variables of the runs that take place in it.
//!
//! Invariants: the configuration has the documented keys, types and ranges; a secret variable's value is never made
//! readable without being set anew; an environment that workflows use is not deleted, unless its project is.

mod change;
mod configuration;
mod create;
mod event;
#[cfg(test)]
mod fixtures;
mod set_variable;
mod standing;
mod state;
mod variables;

pub use change::ChangeEnvironment;
pub use configuration::check_configuration;
pub use create::CreateEnvironment;
pub use event::*;
pub use set_variable::{RemoveVariable, SetVariable};
pub use standing::{ActivateEnvironment, DeactivateEnvironment, DeleteEnvironment};
pub use state::Environment;

crate::commands! {
    /// What may be asked of an environment.
    EnvironmentCommand for Environment => EnvironmentEvent {
        /// Create.
        CreateEnvironment,
        /// Change settings or all variables.
        ChangeEnvironment,
        /// Set one variable.
        SetVariable,
        /// Remove one variable.
        RemoveVariable,
        /// Take out of use.
        DeactivateEnvironment,
        /// Put in use again.
        ActivateEnvironment,
        /// Delete (softly).
        DeleteEnvironment,
    }
}
