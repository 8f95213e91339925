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
        self.environment.require_active_in(self.project.id, "/environmentId")?;
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
                initial: true,
            }
            .into()
        }));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        facts::{EndpointFact, Standing},
        given::{code, environment, inactive_user, pointers, project, when},
        ids::{ApiEndpointId, ProjectId, WorkspaceId},
        workflow::fixtures::{create, created, endpoints, step},
    };

    #[test]
    fn steps_take_the_documented_defaults() {
        let [
            WorkflowEvent::WorkflowCreated(created),
            WorkflowEvent::StepAdded(first),
            WorkflowEvent::StepAdded(second),
        ] = &created()[..]
        else {
            panic!()
        };
        assert_eq!(created.settings.tags.as_deref(), Some("orders,daily"));
        assert!(!created.settings.requires_approval && first.in_force);
        let step = &first.step;
        assert_eq!((step.id, step.order, step.timeout_seconds), (StepId(30), 1, 30));
        assert_eq!(
            (step.retry_count, step.retry_delay_seconds, step.is_optional),
            (None, 1, false)
        );
        assert_eq!(
            (second.step.id, second.step.order, second.step.retry_count),
            (StepId(31), 2, Some(1))
        );
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = StepInput {
            name: "x".repeat(201),
            description: Some("x".repeat(1001)),
            order: Some(1 << 40),
            api_endpoint_id: None,
            input_mapping: Some(json!("text")),
            output_mapping: Some(json!("\0")),
            error_handling: Some(json!({"retry": {"jitter": "some"}, "compensation": {}})),
            timeout_seconds: Some(0),
            retry_count: Some(101),
            retry_delay_seconds: Some(86_401),
            condition: Some("x".repeat(1001)),
            ..StepInput::default()
        };
        let command = CreateWorkflow {
            name: String::new(),
            description: Some("x".repeat(1001)),
            tags: Some(json!(["a,b", 1])),
            configuration: Some(json!([])),
            steps: vec![step("first"), wrong],
            ..create()
        };
        assert_eq!(
            pointers(when::<Workflow>(&[], command)),
            [
                "/name",
                "/description",
                "/tags/0",
                "/tags/1",
                "/configuration",
                "/steps/1/errorHandling/retry/jitter",
                "/steps/1/errorHandling/compensation/apiEndpointId",
                "/steps/1/apiEndpointId",
                "/steps/1/order",
                "/steps/1/timeoutSeconds",
                "/steps/1/retryCount",
                "/steps/1/retryDelaySeconds",
                "/steps/1/name",
                "/steps/1/description",
                "/steps/1/inputMapping",
                "/steps/1/outputMapping",
                "/steps/1/condition",
            ]
        );
        let command = CreateWorkflow {
            tags: Some(json!("x".repeat(501))),
            ..create()
        };
        assert_eq!(pointers(when::<Workflow>(&[], command)), ["/tags"]);
    }

    #[test]
    fn step_names_are_unique_and_orders_need_not_be() {
        let steps = vec![
            step("a"),
            StepInput {
                order: Some(1),
                ..step("a")
            },
            step("A"),
        ];
        let command = CreateWorkflow {
            steps,
            step_ids: (30..33).map(StepId).collect(),
            ..create()
        };
        assert_eq!(pointers(when::<Workflow>(&[], command)), ["/steps/1/name"]);
    }

    #[test]
    fn a_step_uses_active_endpoints_that_are_shared_or_of_its_workspace() {
        let mut facts = endpoints();
        let mut insert = |id, workspace_id, standing| {
            facts.insert(
                ApiEndpointId(id),
                EndpointFact {
                    id: ApiEndpointId(id),
                    workspace_id,
                    standing,
                },
            );
        };
        insert(11, Some(WorkspaceId(4)), Standing::Active);
        insert(12, None, Standing::Inactive);
        insert(13, None, Standing::Deleted);
        let of = |id: i64| StepInput {
            api_endpoint_id: Some(ApiEndpointId(id)),
            ..step(&id.to_string())
        };
        let command = CreateWorkflow {
            steps: (9..15).map(of).collect(),
            step_ids: (30..36).map(StepId).collect(),
            endpoints: facts,
            ..create()
        };
        let named = pointers(when::<Workflow>(&[], command));
        assert_eq!(named, [2, 3, 4, 5].map(|index| format!("/steps/{index}/apiEndpointId")));
    }

    #[test]
    fn a_jump_names_a_later_step() {
        let jump = |name: &str, target: &str| StepInput {
            error_handling: Some(json!({"onError": "goto", "goto": target})),
            ..step(name)
        };
        let command = CreateWorkflow {
            steps: vec![jump("a", "b"), jump("b", "a")],
            ..create()
        };
        assert_eq!(
            pointers(when::<Workflow>(&[], command)),
            ["/steps/1/errorHandling/goto"]
        );
    }

    #[test]
    fn parents_are_active_and_the_environment_is_the_projects() {
        let elsewhere = EnvironmentFact {
            project_id: ProjectId(6),
            ..environment(Standing::Active)
        };
        let command = CreateWorkflow {
            environment: elsewhere,
            ..create()
        };
        assert_eq!(pointers(when::<Workflow>(&[], command)), ["/environmentId"]);
        let command = CreateWorkflow {
            environment: environment(Standing::Inactive),
            ..create()
        };
        assert_eq!(code(when::<Workflow>(&[], command)), "environment-inactive");
        let command = CreateWorkflow {
            project: project(Standing::Inactive),
            ..create()
        };
        assert_eq!(code(when::<Workflow>(&[], command)), "project-inactive");
        let command = CreateWorkflow {
            created_by: inactive_user(1),
            ..create()
        };
        assert_eq!(code(when::<Workflow>(&[], command)), "user-inactive");
    }

    #[test]
    fn it_is_claimed_as_the_projects_and_in_the_environment() {
        assert_eq!(
            Workflow::default().claims(&created()[0]).take,
            [
                Claim::new("environment/7/workflows", "17"),
                Claim::new("project/5/workflows", "17"),
                Claim::new("user/1/created", "workflow-17"),
            ]
        );
    }
}
