//! Publishes the draft: it becomes the version in force, with everything that its runs read.
//!
//! The first publish is Version 1, each later one adds 1. Publishing an inactive workflow puts it back in force and adds
//! 1 as well, changed or not, so that every period in force has a version of its own.

use super::{
    Definition, EndpointSnapshot, Step, Workflow, WorkflowEvent, WorkflowPublished, WorkflowStatus,
    content_hash, steps::check_gotos,
};
use crate::{
    facts::{EndpointFacts, EnvironmentFact, ProjectFact, check_endpoint},
    field_errors::FieldErrors,
    ids::UserId,
    refusal::{FieldError, Refusal},
};

/// Publish the draft.
#[derive(Debug, Clone)]
pub struct PublishWorkflow {
    /// The workflow's project.
    pub project: ProjectFact,
    /// The draft's environment; its `retries` fill in absent retry counts.
    pub environment: EnvironmentFact,
    /// The endpoints that the draft's steps name.
    pub endpoints: EndpointFacts,
    /// Their definitions; exactly those that the steps name are embedded.
    pub snapshots: Vec<EndpointSnapshot>,
    /// What the expression compiler finds wrong with the draft; pointers as in a workflow's JSON.
    pub problems: Vec<FieldError>,
    /// Who publishes; `None` for the system.
    pub published_by: Option<UserId>,
}

impl PublishWorkflow {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, settings) = state.existing()?;
        if settings.requires_approval {
            return Err(Refusal::conflict(
                "approval-required",
                "the workflow requires an approval before it is published, and approvals are not available yet; \
                 set requiresApproval to false to publish it",
            ));
        }
        let mut errors = FieldErrors::new();
        if state.steps.is_empty() {
            errors.add(
                "/steps",
                "a workflow needs at least one step to be published",
            );
        }
        for (index, step) in state.steps.iter().enumerate() {
            let at = format!("/steps/{index}/apiEndpointId");
            check_endpoint(
                &mut errors,
                &at,
                &self.endpoints,
                step.api_endpoint_id,
                state.workspace_id,
            );
        }
        check_gotos(&mut errors, &state.steps, |index| format!("/steps/{index}"));
        errors.extend_below("", self.problems);
        errors.finish()?;
        self.project.require_active("/projectId")?;
        self.environment
            .require_active_in(state.project_id, "/environmentId")?;

        let retries = self.environment.retries;
        let fill = |step: &Step| Step {
            retry_count: Some(step.retry_count.unwrap_or(retries)),
            ..step.clone()
        };
        let used = |snapshot: &EndpointSnapshot| {
            state
                .steps
                .iter()
                .any(|step| step.api_endpoint_id == snapshot.id)
        };
        let mut endpoints: Vec<_> = self.snapshots.into_iter().filter(used).collect();
        endpoints.sort_by_key(|snapshot| snapshot.id);
        endpoints.dedup_by_key(|snapshot| snapshot.id);
        let definition = Definition {
            settings: settings.clone(),
            steps: state.steps.iter().map(fill).collect(),
            endpoints,
        };
        let content_hash = content_hash(&definition);
        let mut removed_steps = Vec::new();
        let mut version = 1;
        if let Some(in_force) = &state.in_force {
            if state.status == WorkflowStatus::Published && in_force.content_hash == content_hash {
                return Ok(Vec::new());
            }
            version = in_force.version + 1;
            let kept = |step: &Step| definition.steps.iter().any(|now| now.id == step.id);
            removed_steps = in_force
                .definition
                .steps
                .iter()
                .filter(|step| !kept(step))
                .map(|step| step.id)
                .collect();
        }
        let published_by = self.published_by;
        Ok(vec![
            WorkflowPublished {
                id,
                version,
                content_hash,
                definition,
                removed_steps,
                published_by,
            }
            .into(),
        ])
    }
}
