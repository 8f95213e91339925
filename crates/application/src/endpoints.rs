//! API endpoints, shared or of a workspace, with their parameters.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    api_endpoint::{EndpointType, ParameterInput, ParameterType},
    choice::Choice,
    ids::{ApiEndpointId, ParameterId, WorkspaceId},
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    store::Recorded,
};

/// Body of `POST /api-endpoints`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewEndpoint {
    /// Owning workspace; without one the endpoint is shared.
    #[schema(value_type = Option<i64>)]
    pub workspace_id: Option<WorkspaceId>,
    /// At most 200 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// Template, at most 2000 characters.
    pub url: String,
    /// HTTP method.
    pub method: String,
    /// `REST` or `SOAP`, by name or number; `REST` when omitted.
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>)]
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// Header templates by name.
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Value>,
    /// `None`, `Basic`, `Bearer`, `ApiKey`, `OAuth2ClientCredentials` or `MutualTls`.
    pub authentication_method: Option<String>,
    /// Settings of the method; the secret ones are `{env.NAME}` placeholders.
    #[schema(value_type = Option<Object>)]
    pub authentication: Option<Value>,
    /// Free text.
    pub documentation: Option<String>,
    /// Whether steps may use it; true when omitted.
    pub is_active: Option<bool>,
    /// `name`, `description`, `type`, `isRequired`, `defaultValue`, `validationRules`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub parameters: Vec<ParameterInput>,
}

/// Body of `PATCH /api-endpoints/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointPatch {
    /// See [`NewEndpoint::name`].
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// See [`NewEndpoint::description`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// See [`NewEndpoint::url`].
    #[serde(default, deserialize_with = "not_null")]
    pub url: Option<String>,
    /// See [`NewEndpoint::method`].
    #[serde(default, deserialize_with = "not_null")]
    pub method: Option<String>,
    /// See [`NewEndpoint::endpoint_type`].
    #[serde(default, rename = "type", deserialize_with = "not_null")]
    #[schema(value_type = Option<String>)]
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// Replaced whole; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Option<Value>>,
    /// See [`NewEndpoint::authentication_method`]; null removes it with its settings.
    #[serde(default, deserialize_with = "double_option")]
    pub authentication_method: Option<Option<String>>,
    /// Replaced whole; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub authentication: Option<Option<Value>>,
    /// See [`NewEndpoint::documentation`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub documentation: Option<Option<String>>,
    /// See [`NewEndpoint::is_active`].
    #[serde(default, deserialize_with = "not_null")]
    pub is_active: Option<bool>,
    /// Replaces them all; one keeps its id by its `id` or its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub parameters: Option<Vec<ParameterInput>>,
}

/// Body of `PATCH /api-endpoints/{id}/parameters/{parameterId}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParameterPatch {
    /// Unique in the endpoint, at most 100 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 500 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// `String`, `Integer`, `Boolean`, `Decimal`, `DateTime`, `Object` or `Array`, by name or number.
    #[serde(default, rename = "type", deserialize_with = "not_null")]
    #[schema(value_type = Option<String>)]
    pub parameter_type: Option<Choice<ParameterType>>,
    /// Whether a call without a value fails.
    #[serde(default, deserialize_with = "not_null")]
    pub is_required: Option<bool>,
    /// Text, or the JSON of another value, at most 500 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub default_value: Option<Option<Value>>,
    /// `in`, `pattern`, `minLength`, `maxLength`, `minimum`, `maximum`, `enum`; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub validation_rules: Option<Option<Value>>,
}

impl App {
    /// Defines an endpoint, shared or of a workspace.
    ///
    /// # Errors
    /// When the caller may not, or the definition is malformed: each fault with its place.
    pub async fn define_endpoint(&self, context: &Context, input: &NewEndpoint) -> Result<Recorded, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Changes the definition. Published workflows keep the one they embed.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or the definition is malformed.
    pub async fn change_endpoint(
        &self,
        context: &Context,
        id: ApiEndpointId,
        patch: &EndpointPatch,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Deletes the endpoint. Published workflows keep the definition they embed.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn delete_endpoint(&self, context: &Context, id: ApiEndpointId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Adds a parameter; the answer's id is the parameter's.
    ///
    /// # Errors
    /// When the caller may not, or the parameter is malformed.
    pub async fn add_parameter(
        &self,
        context: &Context,
        id: ApiEndpointId,
        input: &ParameterInput,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Changes a parameter; the answer's id is the parameter's.
    ///
    /// # Errors
    /// When the caller may not, there is no such parameter, or it is malformed.
    pub async fn change_parameter(
        &self,
        context: &Context,
        id: ApiEndpointId,
        parameter: ParameterId,
        patch: &ParameterPatch,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, parameter, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Removes a parameter; the answer's id is the parameter's.
    ///
    /// # Errors
    /// When the caller may not, or there is no such parameter.
    pub async fn remove_parameter(
        &self,
        context: &Context,
        id: ApiEndpointId,
        parameter: ParameterId,
    ) -> Result<Recorded, ApplicationError> {
        let _ = (context, id, parameter);
        Err(ApplicationError::internal("not available yet"))
    }
}
