//! Takes a workspace out of use, puts it in use again, deletes it.

use super::{
    Workspace, WorkspaceActivated, WorkspaceDeactivated, WorkspaceDeleted, WorkspaceEvent,
};
use crate::refusal::Refusal;

/// Take out of use: nothing new may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateWorkspace;

impl DeactivateWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![WorkspaceDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateWorkspace;

impl ActivateWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![WorkspaceActivated { id }.into()]
        })
    }
}

/// Delete softly. Its projects, environments, workflows and endpoints follow by their own events with `cascade`, in the
/// same append: the claims require that no child is left.
#[derive(Debug, Clone)]
pub struct DeleteWorkspace;

impl DeleteWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(vec![WorkspaceDeleted { id }.into()])
    }
}
