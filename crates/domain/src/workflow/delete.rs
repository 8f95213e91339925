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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, when},
        ids::WorkflowId,
        workflow::fixtures::published,
    };

    #[test]
    fn a_published_workflow_is_out_of_force_with_its_deletion() {
        let mut given = published();
        let deleted = WorkflowEvent::from(WorkflowDeleted {
            id: WorkflowId(17),
            cascade: false,
        });
        assert_eq!(
            when::<Workflow>(&given, DeleteWorkflow { cascade: false }),
            Ok(vec![deleted.clone()])
        );
        let changes = fold::<Workflow>(&given).claims(&deleted);
        let released = [
            "environment/7/workflows",
            "project/5/active-workflows",
            "project/5/workflows",
        ];
        assert_eq!(changes.release, released.map(|scope| Claim::new(scope, "17")));
        given.push(deleted);
        assert_eq!(
            code(when::<Workflow>(&given, DeleteWorkflow { cascade: true })),
            "workflow-not-found"
        );
    }
}
