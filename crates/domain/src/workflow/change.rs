//! Changes a workflow's draft; configuration and steps are replaced whole.

use serde_json::Value;

use super::{
    StepInput, Workflow, WorkflowChanged, WorkflowEvent,
    settings::WrittenSettings,
    steps::{StepContext, check_list, difference},
};
use crate::{
    facts::{EndpointFacts, EnvironmentFact},
    field_errors::FieldErrors,
    ids::StepId,
    instant::Instant,
    refusal::Refusal,
};

/// Change a workflow's draft. `None` leaves a field alone; `Some(None)` clears it.
#[derive(Debug, Clone)]
pub struct ChangeWorkflow {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `environmentId`.
    pub environment: Option<EnvironmentFact>,
    /// `requiresApproval`; whether the actor may drop it is decided before.
    pub requires_approval: Option<bool>,
    /// `tags`.
    pub tags: Option<Option<Value>>,
    /// `configuration`.
    pub configuration: Option<Option<Value>>,
    /// `steps`: replaces them all; one keeps its id by its `id` or its name.
    pub steps: Option<Vec<StepInput>>,
    /// Allotted ids, at least one a step given.
    pub step_ids: Vec<StepId>,
    /// The endpoints that the steps name.
    pub endpoints: EndpointFacts,
    /// Now.
    pub now: Instant,
}

impl ChangeWorkflow {
    /// A change of nothing, to be filled in.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self {
            name: None,
            description: None,
            environment: None,
            requires_approval: None,
            tags: None,
            configuration: None,
            steps: None,
            step_ids: Vec::new(),
            endpoints: EndpointFacts::new(),
            now,
        }
    }

    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, before) = state.existing()?;
        let was = before.clone();
        let mut errors = FieldErrors::new();
        let settings = WrittenSettings {
            name: self.name.unwrap_or(was.name),
            description: self.description.unwrap_or(was.description),
            environment_id: self
                .environment
                .map_or(was.environment_id, |environment| environment.id),
            requires_approval: self.requires_approval.unwrap_or(was.requires_approval),
            tags: self.tags.unwrap_or(was.tags.map(Value::String)),
            configuration: self.configuration.unwrap_or(was.configuration),
        }
        .check(&mut errors);
        let context = StepContext {
            workspace: state.workspace_id,
            before: &state.steps,
            new_ids: &self.step_ids,
            endpoints: &self.endpoints,
            now: self.now,
        };
        let steps = self
            .steps
            .as_deref()
            .map(|steps| check_list(&mut errors, steps, &context));
        errors.finish()?;
        if let Some(environment) = self
            .environment
            .filter(|environment| environment.id != before.environment_id)
        {
            environment.require_active_in(state.project_id, "/environmentId")?;
        }
        let in_force = state.shows_draft();
        let mut events = Vec::new();
        if settings != *before {
            events.push(
                WorkflowChanged {
                    id,
                    settings,
                    in_force,
                }
                .into(),
            );
        }
        if let Some(steps) = steps {
            events.extend(difference(id, &state.steps, steps, in_force, self.now));
        }
        Ok(events)
    }
}
