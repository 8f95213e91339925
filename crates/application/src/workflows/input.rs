//! Request bodies of workflows and their steps.

use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{Array, Object, OneOfBuilder, Schema, Type},
};
use wfm_domain::{
    ids::{ApiEndpointId, EnvironmentId, ProjectId, StepId},
    workflow::StepInput,
};

use crate::{
    body_schemas::StepBody,
    input::{double_option, not_null},
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
    #[schema(schema_with = tags_schema)]
    pub tags: Option<Value>,
    /// An object; `output` is the template of a run's result.
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Value>,
    /// `name`, `description`, `order`, `apiEndpointId`, `inputMapping`, `outputMapping`, `errorHandling`, `isOptional`,
    /// `timeoutSeconds`, `retryCount`, `retryDelaySeconds`, `condition`.
    #[serde(default)]
    #[schema(value_type = Vec<StepBody>)]
    pub steps: Vec<StepInput>,
}

/// A text, an array of texts, or null.
fn tags_schema() -> Schema {
    let text = Object::with_type(Type::String);
    OneOfBuilder::new()
        .item(text.clone())
        .item(Array::new(text))
        .item(Object::with_type(Type::Null))
        .description(Some("A text or an array of texts, at most 500 characters in all."))
        .build()
        .into()
}

/// Body of `PATCH /workflows/{id}`: changes the draft.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowPatch {
    /// At most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// Environment of its runs: one of the project's.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>)]
    pub environment_id: Option<EnvironmentId>,
    /// Whether publishing needs an approval by another person; dropping it takes the right to write projects.
    #[serde(default, deserialize_with = "not_null")]
    pub requires_approval: Option<bool>,
    /// A text or an array of texts, at most 500 characters in all; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(schema_with = tags_schema)]
    pub tags: Option<Option<Value>>,
    /// Replaced whole; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Option<Value>>,
    /// Replaces them all; one keeps its id by its `id` or its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<StepBody>>)]
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
    #[schema(value_type = Value, required = false)]
    pub input_mapping: Option<Option<Value>>,
    /// Template of the step's output; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Value, required = false)]
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
