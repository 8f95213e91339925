//! Takes a project out of use, puts it in use again, deletes it.

use super::{Project, ProjectActivated, ProjectDeactivated, ProjectDeleted, ProjectEvent};
use crate::{refusal::Refusal, scopes};

/// Take out of use: nothing new may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateProject;

impl DeactivateProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![ProjectDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateProject;

impl ActivateProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![ProjectActivated { id }.into()]
        })
    }
}

/// Delete softly. Environments and inactive workflows follow by their own events with `cascade`, in the same append: the
/// claims require that no child is left.
#[derive(Debug, Clone)]
pub struct DeleteProject {
    /// Whether the deletion of the workspace causes it; active workflows are no obstacle then.
    pub cascade: bool,
    /// How many claims `project/{id}/active-workflows` holds. The cascade within the append would release them before
    /// the claims are checked, so the documented rule is decided here.
    pub active_workflows: u64,
}

impl DeleteProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        if !self.cascade && self.active_workflows > 0 {
            return Err(scopes::not_empty(&scopes::active_workflows_of(id)));
        }
        Ok(vec![
            ProjectDeleted {
                id,
                cascade: self.cascade,
            }
            .into(),
        ])
    }
}
