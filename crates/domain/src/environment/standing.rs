//! Takes an environment out of use, puts it in use again, deletes it.

use super::{
    Environment, EnvironmentActivated, EnvironmentDeactivated, EnvironmentDeleted, EnvironmentEvent,
};
use crate::refusal::Refusal;

/// Take out of use: no run may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateEnvironment;

impl DeactivateEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![EnvironmentDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateEnvironment;

impl ActivateEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![EnvironmentActivated { id }.into()]
        })
    }
}

/// Delete softly; the claim refuses it while workflows name the environment.
#[derive(Debug, Clone)]
pub struct DeleteEnvironment {
    /// Whether the deletion of the project or workspace causes it; workflows are no obstacle then.
    pub cascade: bool,
}

impl DeleteEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(vec![
            EnvironmentDeleted {
                id,
                cascade: self.cascade,
            }
            .into(),
        ])
    }
}
