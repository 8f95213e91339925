//! Workflows: the draft, its steps, and the version in force.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    ids::{ApiEndpointId, EnvironmentId, ProjectId, StepId, WorkflowId},
    workflow::{Step, StepInput},
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    store::Recorded,
};

/// Body of `POST /workflows`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWorkflow {
    /// The project it belongs to.
    #[schema(value_type = i64)]
    pub project_id: ProjectId,
    /// Environment of its runs: one of the project's.
    #[schema(value_type = i64)]
    pub environment_id: EnvironmentId,
    /// At most 200 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// Whether publishing needs an approval by another person; false when omitted.
    pub requires_approval: Option<bool>,
    /// A text or an array of texts, at most 500 characters in all.
    #[schema(value_type = Option<Object>)]
    pub tags: Option<Value>,
    /// An object; `output` is the template of a run's result.
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Value>,
    /// `name`, `description`, `order`, `apiEndpointId`, `inputMapping`, `outputMapping`, `errorHandling`, `isOptional`,
    /// `timeoutSeconds`, `retryCount`, `retryDelaySeconds`, `condition`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub steps: Vec<StepInput>,
}

/// Body of `PATCH /workflows/{id}`: changes the draft.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowPatch {
    /// See [`NewWorkflow::name`].
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// See [`NewWorkflow::description`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// See [`NewWorkflow::environment_id`].
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>)]
    pub environment_id: Option<EnvironmentId>,
    /// See [`NewWorkflow::requires_approval`]; dropping it takes the right to write projects.
    #[serde(default, deserialize_with = "not_null")]
    pub requires_approval: Option<bool>,
    /// See [`NewWorkflow::tags`]; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub tags: Option<Option<Value>>,
    /// Replaced whole; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Option<Value>>,
    /// Replaces them all; one keeps its id by its `id` or its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub steps: Option<Vec<StepInput>>,
}

/// Body of `PATCH /workflows/{id}/steps/{stepId}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepPatch {
    /// Unique in the workflow, at most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// Place in the workflow, unique.
    #[serde(default, deserialize_with = "not_null")]
    pub order: Option<i64>,
    /// What it calls.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>)]
    pub api_endpoint_id: Option<ApiEndpointId>,
    /// Template of the call's parameters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub input_mapping: Option<Option<Value>>,
    /// Template of the step's output; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub output_mapping: Option<Option<Value>>,
    /// Refinements of error handling; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub error_handling: Option<Option<Value>>,
    /// Whether the run goes on when the step fails.
    #[serde(default, deserialize_with = "not_null")]
    pub is_optional: Option<bool>,
    /// Seconds one attempt may take, 1 to 86,400.
    #[serde(default, deserialize_with = "not_null")]
    pub timeout_seconds: Option<i64>,
    /// Attempts after the first, 0 to 100; null means the environment's `retries`.
    #[serde(default, deserialize_with = "double_option")]
    pub retry_count: Option<Option<i64>>,
    /// Seconds before the first retry, 0 to 86,400.
    #[serde(default, deserialize_with = "not_null")]
    pub retry_delay_seconds: Option<i64>,
    /// CEL; the step is skipped when false; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub condition: Option<Option<String>>,
}

/// Body of `PUT /workflows/{id}/steps/order`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepOrder {
    /// Ids of the steps in their order from now on: the places 1, 2, 3, ….
    #[schema(value_type = Vec<i64>)]
    pub steps: Vec<StepId>,
}

/// The draft or a published version of a workflow, as the log tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowContent {
    /// `Workflows.Id`.
    pub id: i64,
    /// Version of its stream: the `ETag`.
    #[serde(skip)]
    pub stream_version: u64,
    /// The project it belongs to.
    pub project_id: i64,
    /// Workspace of the project.
    pub workspace_id: i64,
    /// `Draft`, `Published` or `Inactive`.
    pub status: &'static str,
    /// The published version; null for the draft.
    pub version: Option<u32>,
    /// Whether the draft differs from the version in force.
    pub has_draft_changes: bool,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Environment of its runs.
    pub environment_id: i64,
    /// Whether publishing needs an approval by another person.
    pub requires_approval: bool,
    /// Tags.
    pub tags: Option<String>,
    /// Configuration.
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Value>,
    /// Steps in order.
    #[schema(value_type = Vec<Object>)]
    pub steps: Vec<Step>,
    /// SHA-256 (hex) over all that the version does; null for the draft.
    pub content_hash: Option<String>,
}

impl App {
    /// Creates a workflow as a draft, with its steps.
    ///
    /// # Errors
    /// When the caller may not, or something is malformed: each fault with its place.
    pub async fn create_workflow(&self, context: &Context, input: &NewWorkflow) -> Result<Recorded, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Changes the draft.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or something is malformed.
    pub async fn change_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        patch: &WorkflowPatch,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Adds a step to the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, or the step is malformed.
    pub async fn add_step(&self, context: &Context, id: WorkflowId, input: &StepInput) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Changes a step of the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, there is no such step, or it is malformed.
    pub async fn change_step(
        &self,
        context: &Context,
        id: WorkflowId,
        step: StepId,
        patch: &StepPatch,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, step, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Removes a step from the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, or there is no such step.
    pub async fn remove_step(&self, context: &Context, id: WorkflowId, step: StepId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, step);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Gives the draft's steps other places.
    ///
    /// # Errors
    /// When the caller may not, or a step is unknown or named twice.
    pub async fn reorder_steps(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &StepOrder,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Drops the draft's changes.
    ///
    /// # Errors
    /// When the caller may not, or the workflow was never published.
    pub async fn discard_draft(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Publishes the draft: compiles and checks everything that its runs will do.
    ///
    /// # Errors
    /// When the caller may not, or anything is wrong with the draft: each fault with its place.
    pub async fn publish_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Takes the workflow out of force: no new runs; running ones finish.
    ///
    /// # Errors
    /// When the caller may not, or the workflow was never published.
    pub async fn deactivate_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Deletes the workflow, published or not; running ones finish.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn delete_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// The draft.
    ///
    /// # Errors
    /// When the caller may not read it, or there is no such workflow.
    pub async fn workflow_draft(&self, context: &Context, id: WorkflowId) -> Result<WorkflowContent, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// A published version.
    ///
    /// # Errors
    /// When the caller may not read it, or there is no such version.
    pub async fn workflow_version(
        &self,
        context: &Context,
        id: WorkflowId,
        version: u32,
    ) -> Result<WorkflowContent, ApplicationError> {
        let _ = (context, id, version);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Endpoints that changed or were deleted since the version in force was published.
    ///
    /// # Errors
    /// When the caller may not read the workflow, or there is none.
    pub async fn outdated_endpoints(
        &self,
        context: &Context,
        id: WorkflowId,
    ) -> Result<Vec<ApiEndpointId>, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }
}
