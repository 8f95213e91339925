//! Deletes a workflow, published or not; steps and schedules go with it, as documented.

use super::{Workflow, WorkflowDeleted, WorkflowEvent};
use crate::refusal::Refusal;

/// Delete softly. A published workflow is out of force with it.
#[derive(Debug, Clone)]
pub struct DeleteWorkflow {
    /// Whether the deletion of the project or workspace causes it.
    pub cascade: bool,
}

impl DeleteWorkflow {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        Ok(vec![
            WorkflowDeleted {
                id,
                cascade: self.cascade,
            }
            .into(),
        ])
    }
}
