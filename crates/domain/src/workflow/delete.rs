//! Deletes a workflow, published or not; steps and schedules go with it, as documented.

use super::{Workflow, WorkflowDeactivated, WorkflowDeleted, WorkflowEvent, WorkflowStatus};
use crate::refusal::Refusal;

/// Delete softly. A published workflow is taken out of force first, by an event of its own.
#[derive(Debug, Clone)]
pub struct DeleteWorkflow {
    /// Whether the deletion of the project or workspace causes it.
    pub cascade: bool,
}

impl DeleteWorkflow {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let deactivated = (state.status == WorkflowStatus::Published).then(|| WorkflowDeactivated { id }.into());
        let deleted = WorkflowDeleted {
            id,
            cascade: self.cascade,
        };
        Ok(deactivated.into_iter().chain([deleted.into()]).collect())
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
    fn a_published_workflow_is_out_of_force_before_it_is_deleted() {
        let mut given = published();
        let deactivated = WorkflowEvent::from(WorkflowDeactivated { id: WorkflowId(17) });
        let deleted = WorkflowEvent::from(WorkflowDeleted {
            id: WorkflowId(17),
            cascade: false,
        });
        assert_eq!(
            when::<Workflow>(&given, DeleteWorkflow { cascade: false }),
            Ok(vec![deactivated.clone(), deleted.clone()])
        );
        let released = |given: &[WorkflowEvent], event: &WorkflowEvent| {
            let changes = fold::<Workflow>(given).claims(event);
            assert_eq!(changes.take, []);
            changes.release
        };
        let claims = |scopes: &[&str]| -> Vec<Claim> { scopes.iter().map(|scope| Claim::new(*scope, "17")).collect() };
        assert_eq!(released(&given, &deactivated), claims(&["project/5/active-workflows"]));
        given.push(deactivated);
        assert_eq!(
            released(&given, &deleted),
            claims(&["environment/7/workflows", "project/5/workflows"])
        );
        assert_eq!(
            when::<Workflow>(&given, DeleteWorkflow { cascade: false }),
            Ok(vec![deleted.clone()])
        );
        given.push(deleted);
        assert_eq!(
            code(when::<Workflow>(&given, DeleteWorkflow { cascade: true })),
            "workflow-not-found"
        );
    }
}
