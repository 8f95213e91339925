//! What happens to a workflow: its draft, its published versions, its end.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api_endpoint::{EndpointSettings, Parameter},
    events,
    ids::{ApiEndpointId, EnvironmentId, ProjectId, StepId, UserId, WorkflowId, WorkspaceId},
    instant::Instant,
    protected_fields,
};

/// A workflow's settings without its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowSettings {
    /// At most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Environment of its runs; belongs to the workflow's project.
    pub environment_id: EnvironmentId,
    /// Whether publishing needs an approval by another person.
    pub requires_approval: bool,
    /// Comma-separated or as the user wrote them, at most 500 UTF-16 units.
    pub tags: Option<String>,
    /// JSON object; `output` is the template of a run's result.
    pub configuration: Option<Value>,
}

/// One step: a row of `WorkflowSteps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `WorkflowSteps.Id`.
    pub id: StepId,
    /// Unique in the workflow, at most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Place in the workflow, ascending; steps of one order run at once.
    pub order: i32,
    /// What it calls.
    pub api_endpoint_id: ApiEndpointId,
    /// Template of the call's parameters.
    pub input_mapping: Option<Value>,
    /// Template of the step's output.
    pub output_mapping: Option<Value>,
    /// Refinements of error handling.
    pub error_handling: Option<Value>,
    /// Whether the run goes on when the step fails.
    pub is_optional: bool,
    /// Seconds one attempt may take; more than 0.
    pub timeout_seconds: u32,
    /// Attempts after the first; `None` until publishing fills in the environment's `retries`.
    pub retry_count: Option<u32>,
    /// Seconds before the first retry.
    pub retry_delay_seconds: u32,
    /// CEL, at most 1000 UTF-16 units; the step is skipped when false.
    pub condition: Option<String>,
    /// When it was added.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}

/// An endpoint as it was when the workflow was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSnapshot {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// Version of its stream: tells whether the endpoint changed since.
    pub version: u64,
    /// Its definition.
    pub settings: EndpointSettings,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// All that a run of one version reads, besides environment values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Settings.
    pub settings: WorkflowSettings,
    /// Steps in the order of their `order`, every `retry_count` filled in.
    pub steps: Vec<Step>,
    /// Every endpoint that a step uses, by id.
    pub endpoints: Vec<EndpointSnapshot>,
}

/// A workflow exists from now on, as a draft without steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowCreated {
    /// `Workflows.Id`.
    pub id: WorkflowId,
    /// Workspace of the project.
    pub workspace_id: WorkspaceId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// Draft settings.
    pub settings: WorkflowSettings,
    /// Who created it.
    pub created_by: UserId,
}

/// The draft's settings read so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowChanged {
    /// The workflow.
    pub id: WorkflowId,
    /// Draft settings after the change.
    pub settings: WorkflowSettings,
    /// Whether no version was published yet, so that the documented tables show the draft.
    pub in_force: bool,
}

/// The draft has a step more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepAdded {
    /// The workflow.
    pub id: WorkflowId,
    /// The step.
    pub step: Step,
    /// See [`WorkflowChanged::in_force`].
    pub in_force: bool,
    /// Whether the workflow was created with it, which is no change of the workflow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub initial: bool,
}

/// A step of the draft reads so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepChanged {
    /// The workflow.
    pub id: WorkflowId,
    /// The step after the change.
    pub step: Step,
    /// See [`WorkflowChanged::in_force`].
    pub in_force: bool,
}

/// A step and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepPlace {
    /// The step.
    pub step_id: StepId,
    /// Its place.
    pub order: i32,
}

/// The draft's steps stand in another order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepsReordered {
    /// The workflow.
    pub id: WorkflowId,
    /// Every step that moved, with its new place.
    pub places: Vec<StepPlace>,
    /// See [`WorkflowChanged::in_force`].
    pub in_force: bool,
}

/// The draft has a step less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRemoved {
    /// The workflow.
    pub id: WorkflowId,
    /// The step that is gone.
    pub step_id: StepId,
    /// Its name.
    pub name: String,
    /// See [`WorkflowChanged::in_force`].
    pub in_force: bool,
}

/// The draft became the version in force. The first publish is Version 1, each later one adds 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowPublished {
    /// The workflow.
    pub id: WorkflowId,
    /// `Workflows.Version`.
    pub version: u32,
    /// SHA-256 (hex) over the canonical JSON of `definition`.
    pub content_hash: String,
    /// What runs of this version do.
    pub definition: Definition,
    /// Steps that the documented table showed until now and that this version lacks.
    pub removed_steps: Vec<StepId>,
    /// Who published it.
    pub published_by: Option<UserId>,
}

impl WorkflowPublished {
    /// Whether somebody is told of the ends of its runs.
    #[must_use]
    pub fn calls_back(&self) -> bool {
        let configuration = self.definition.settings.configuration.as_ref();
        let callbacks = configuration.and_then(|configuration| configuration.get("callbacks")?.as_array());
        callbacks.is_some_and(|callbacks| !callbacks.is_empty())
    }
}

/// The draft reads like the version in force again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftDiscarded {
    /// The workflow.
    pub id: WorkflowId,
}

/// No new run may start; running ones finish. Publishing again puts it back in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDeactivated {
    /// The workflow.
    pub id: WorkflowId,
}

/// Soft delete; steps and schedules go with it, as documented.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDeleted {
    /// The workflow.
    pub id: WorkflowId,
    /// Whether the deletion of the workspace caused it.
    pub cascade: bool,
}

protected_fields!(
    WorkflowCreated,
    WorkflowChanged,
    StepAdded,
    StepChanged,
    StepsReordered,
    StepRemoved,
    WorkflowPublished,
    DraftDiscarded,
    WorkflowDeactivated,
    WorkflowDeleted
);

events! {
    /// Events of a workflow, stream `workflow-{id}`.
    WorkflowEvent {
        /// Created.
        WorkflowCreated = 1,
        /// Settings changed.
        WorkflowChanged = 1,
        /// Step added.
        StepAdded = 1,
        /// Step changed.
        StepChanged = 1,
        /// Steps reordered.
        StepsReordered = 1,
        /// Step removed.
        StepRemoved = 1,
        /// Published.
        WorkflowPublished = 2,
        /// Draft discarded.
        DraftDiscarded = 1,
        /// Deactivated.
        WorkflowDeactivated = 1,
        /// Soft-deleted.
        WorkflowDeleted = 1,
    }
}
