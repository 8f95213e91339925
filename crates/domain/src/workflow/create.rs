//! Creates a workflow as a draft, with its steps.

use serde_json::Value;

use super::{
    StepAdded, StepInput, Workflow, WorkflowCreated, WorkflowEvent,
    settings::WrittenSettings,
    steps::{StepContext, check_list},
};
use crate::{
    facts::{EndpointFacts, EnvironmentFact, ProjectFact, UserFact},
    field_errors::FieldErrors,
    ids::{StepId, WorkflowId},
    instant::Instant,
    refusal::Refusal,
};

/// Create a workflow.
#[derive(Debug, Clone)]
pub struct CreateWorkflow {
    /// Allotted id.
    pub id: WorkflowId,
    /// The project it shall belong to.
    pub project: ProjectFact,
    /// Environment of its runs: one of the project's.
    pub environment: EnvironmentFact,
    /// `name`, required.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `tags`: a text or an array of texts.
    pub tags: Option<Value>,
    /// `requiresApproval`; absent is the documented default, false.
    pub requires_approval: Option<bool>,
    /// `configuration`: an object; `output` is the template of a run's result.
    pub configuration: Option<Value>,
    /// `steps`.
    pub steps: Vec<StepInput>,
    /// Allotted ids, at least one a step.
    pub step_ids: Vec<StepId>,
    /// The endpoints that the steps name.
    pub endpoints: EndpointFacts,
    /// Who creates it.
    pub created_by: UserFact,
    /// Now.
    pub now: Instant,
}

impl CreateWorkflow {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict(
                "workflow-exists",
                "a workflow with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let settings = WrittenSettings {
            name: self.name,
            description: self.description,
            environment_id: self.environment.id,
            requires_approval: self.requires_approval.unwrap_or_default(),
            tags: self.tags,
            configuration: self.configuration,
        }
        .check(&mut errors);
        let context = StepContext {
            workspace: self.project.workspace.id,
            before: &[],
            new_ids: &self.step_ids,
            endpoints: &self.endpoints,
            now: self.now,
        };
        let steps = check_list(&mut errors, &self.steps, &context);
        errors.finish()?;
        self.project.require_active("/projectId")?;
        self.environment
            .require_active_in(self.project.id, "/environmentId")?;
        self.created_by.require_active()?;
        let id = self.id;
        let created = WorkflowCreated {
            id,
            workspace_id: self.project.workspace.id,
            project_id: self.project.id,
            settings,
            created_by: self.created_by.id,
        };
        let mut events = vec![created.into()];
        events.extend(steps.into_iter().map(|step| {
            StepAdded {
                id,
                step,
                in_force: true,
            }
            .into()
        }));
        Ok(events)
    }
}
