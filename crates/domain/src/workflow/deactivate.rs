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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, when},
        ids::WorkflowId,
        workflow::fixtures::{created, published},
    };

    #[test]
    fn only_a_published_workflow_is_deactivated() {
        assert_eq!(
            code(when::<Workflow>(&created(), DeactivateWorkflow)),
            "workflow-not-published"
        );
        let mut given = published();
        let deactivated = WorkflowEvent::from(WorkflowDeactivated { id: WorkflowId(17) });
        assert_eq!(
            when::<Workflow>(&given, DeactivateWorkflow),
            Ok(vec![deactivated.clone()])
        );
        let changes = fold::<Workflow>(&given).claims(&deactivated);
        assert_eq!(changes.release, [Claim::new("project/5/active-workflows", "17")]);
        given.push(deactivated);
        assert_eq!(when::<Workflow>(&given, DeactivateWorkflow), Ok(vec![]));
    }
}
