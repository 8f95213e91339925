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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{code, fold, later, when},
        ids::{StepId, WorkflowId},
        workflow::{
            ChangeWorkflow, RemoveStep,
            fixtures::{created, published},
        },
    };

    #[test]
    fn the_draft_reads_like_the_version_in_force_again() {
        let before = published();
        let mut given = before.clone();
        given.extend(when::<Workflow>(&given, RemoveStep { step_id: StepId(30) }).unwrap());
        let rename = ChangeWorkflow {
            name: Some("Other".into()),
            ..ChangeWorkflow::at(later())
        };
        given.extend(when::<Workflow>(&given, rename).unwrap());
        let discarded = WorkflowEvent::from(DraftDiscarded { id: WorkflowId(17) });
        assert_eq!(when::<Workflow>(&given, DiscardDraft), Ok(vec![discarded.clone()]));
        given.push(discarded);
        assert_eq!(fold::<Workflow>(&given), fold::<Workflow>(&before));
    }

    #[test]
    fn without_changes_nothing_happens_and_without_a_version_it_is_refused() {
        assert_eq!(when::<Workflow>(&published(), DiscardDraft), Ok(vec![]));
        assert_eq!(
            code(when::<Workflow>(&created(), DiscardDraft)),
            "workflow-never-published"
        );
    }
}
