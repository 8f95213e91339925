//! Takes a published workflow out of force: no new runs; running ones finish. Publishing puts it back in force.

use super::{Workflow, WorkflowDeactivated, WorkflowEvent, WorkflowStatus};
use crate::refusal::Refusal;

/// Refuse new runs.
#[derive(Debug, Clone)]
pub struct DeactivateWorkflow;

impl DeactivateWorkflow {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        match state.status {
            WorkflowStatus::Published => Ok(vec![WorkflowDeactivated { id }.into()]),
            WorkflowStatus::Inactive => Ok(Vec::new()),
            WorkflowStatus::Draft => Err(Refusal::conflict(
                "workflow-not-published",
                "only a published workflow can be deactivated",
            )),
        }
    }
}
