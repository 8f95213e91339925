//! Drops the draft's changes, so that it reads like the version in force again.

use super::{DraftDiscarded, Workflow, WorkflowEvent};
use crate::refusal::Refusal;

/// Drop the draft's changes.
#[derive(Debug, Clone)]
pub struct DiscardDraft;

impl DiscardDraft {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        if state.in_force.is_none() {
            return Err(Refusal::conflict(
                "workflow-never-published",
                "the workflow was never published, so there is no version to go back to",
            ));
        }
        Ok(if state.has_draft_changes() {
            vec![DraftDiscarded { id }.into()]
        } else {
            Vec::new()
        })
    }
}
