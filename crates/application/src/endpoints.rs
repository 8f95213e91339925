//! API endpoints, shared or of a workspace, with their parameters.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    api_endpoint::{
        AddParameter, ApiEndpoint, ApiEndpointCommand, ChangeApiEndpoint, ChangeParameter, DefineApiEndpoint,
        DeleteApiEndpoint, EndpointType, ParameterInput, ParameterType, RemoveParameter,
    },
    choice::Choice,
    ids::{ApiEndpointId, ParameterId, WorkspaceId},
    instant::Instant,
    refusal::{FieldError, Refusal},
    workflow::EndpointSnapshot,
};

use crate::{
    app::{App, addressed},
    body_schemas::{EndpointTypeChoice, ParameterBody, ParameterTypeChoice},
    context::Context,
    error::ApplicationError,
    executions::definition::endpoint_definition,
    input::{double_option, not_null},
    security::permission::Permission,
    store::{Loaded, Recorded, check_version},
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
    #[schema(value_type = Option<EndpointTypeChoice>)]
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// Header templates by name.
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Value>,
    /// `None`, `Basic`, `Bearer`, `ApiKey`, `OAuth2ClientCredentials` or `MutualTls`.
    pub authentication_method: Option<String>,
    /// Settings of the method; the secret ones are `{env.NAME}` placeholders.
    #[schema(value_type = Option<Object>)]
    pub authentication: Option<Value>,
    /// How SOAP calls are wrapped: `version`, `action`, `namespaces`, `operation`, `header`; see docs/soap.md.
    #[schema(value_type = Option<Object>)]
    pub soap: Option<Value>,
    /// `requestsPerSecond`, `burst`, `maxConcurrent`, `circuitBreaker` (`failures`, `openSeconds`); see docs/connectors.md.
    #[schema(value_type = Option<Object>)]
    pub limits: Option<Value>,
    /// How many redirects a call follows, 0 to 5; none when omitted.
    pub follow_redirects: Option<u8>,
    /// Free text.
    pub documentation: Option<String>,
    /// Whether steps may use it; true when omitted.
    pub is_active: Option<bool>,
    /// `name`, `description`, `type`, `isRequired`, `defaultValue`, `validationRules`.
    #[serde(default)]
    #[schema(value_type = Vec<ParameterBody>)]
    pub parameters: Vec<ParameterInput>,
}

/// Body of `PATCH /api-endpoints/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointPatch {
    /// At most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// Template, at most 2000 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub url: Option<String>,
    /// HTTP method.
    #[serde(default, deserialize_with = "not_null")]
    pub method: Option<String>,
    /// `REST` or `SOAP`, by name or number.
    #[serde(default, rename = "type", deserialize_with = "not_null")]
    #[schema(value_type = Option<EndpointTypeChoice>)]
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// Replaced whole; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub headers: Option<Option<Value>>,
    /// `None`, `Basic`, `Bearer`, `ApiKey`, `OAuth2ClientCredentials` or `MutualTls`; null removes it with its settings.
    #[serde(default, deserialize_with = "double_option")]
    pub authentication_method: Option<Option<String>>,
    /// Replaced whole; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub authentication: Option<Option<Value>>,
    /// Replaced whole; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub soap: Option<Option<Value>>,
    /// Replaced whole; null removes them.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub limits: Option<Option<Value>>,
    /// How many redirects a call follows, 0 to 5; null stands for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<u8>)]
    pub follow_redirects: Option<Option<u8>>,
    /// Free text; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub documentation: Option<Option<String>>,
    /// Whether steps may use it.
    #[serde(default, deserialize_with = "not_null")]
    pub is_active: Option<bool>,
    /// Replaces them all; one keeps its id by its `id` or its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<ParameterBody>>)]
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
    #[schema(value_type = Option<ParameterTypeChoice>)]
    pub parameter_type: Option<Choice<ParameterType>>,
    /// Whether a call without a value fails.
    #[serde(default, deserialize_with = "not_null")]
    pub is_required: Option<bool>,
    /// Text, or the JSON of another value, at most 500 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Value, required = false)]
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
        match input.workspace_id {
            Some(id) => self.demand_named_workspace(context, Permission::EditWorkflows, id)?,
            None => self.demand(context, Permission::WriteSharedEndpoints)?,
        }
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let id = ApiEndpointId(self.store.allot(ApiEndpointId::KIND).await?);
        let parameter_ids = self.parameter_ids(&input.parameters).await?;
        self.store
            .retrying(|| async {
                let mut unit = self.store.unit(context);
                let creator = self.acting_user(context).await?;
                unit.guard(&creator);
                let workspace = match input.workspace_id {
                    None => None,
                    Some(id) => Some(self.named_workspace(id, &mut unit).await?),
                };
                let mut endpoint = Loaded::<ApiEndpoint>::fresh(id.stream(), input.workspace_id);
                let command = DefineApiEndpoint {
                    id,
                    workspace,
                    name: input.name.clone(),
                    description: input.description.clone(),
                    url: input.url.clone(),
                    method: input.method.clone(),
                    endpoint_type: input.endpoint_type.clone(),
                    headers: input.headers.clone(),
                    authentication_method: input.authentication_method.clone(),
                    authentication: input.authentication.clone(),
                    soap: input.soap.clone(),
                    limits: input.limits.clone(),
                    follow_redirects: input.follow_redirects,
                    documentation: input.documentation.clone(),
                    is_active: input.is_active,
                    parameters: input.parameters.clone(),
                    parameter_ids: parameter_ids.clone(),
                    created_by: self.creator_fact(context, &creator)?,
                    now: unit.now(),
                };
                unit.decide(&mut endpoint, command).await?;
                check_definition(&endpoint.aggregate, None)?;
                unit.commit(id.0, endpoint.version).await
            })
            .await
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
        let endpoint = self.store.load::<ApiEndpoint>(id.stream()).await?;
        self.demand_endpoint(context, &endpoint)?;
        let parameter_ids = self
            .parameter_ids(patch.parameters.as_deref().unwrap_or_default())
            .await?;
        let command = |now| ChangeApiEndpoint {
            name: patch.name.clone(),
            description: patch.description.clone(),
            url: patch.url.clone(),
            method: patch.method.clone(),
            endpoint_type: patch.endpoint_type.clone(),
            headers: patch.headers.clone(),
            authentication_method: patch.authentication_method.clone(),
            authentication: patch.authentication.clone(),
            soap: patch.soap.clone(),
            limits: patch.limits.clone(),
            follow_redirects: patch.follow_redirects,
            documentation: patch.documentation.clone(),
            is_active: patch.is_active,
            parameters: patch.parameters.clone(),
            parameter_ids: parameter_ids.clone(),
            now,
        };
        self.command_endpoint(context, id, None, command).await
    }

    /// Deletes the endpoint. Published workflows keep the definition they embed.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn delete_endpoint(&self, context: &Context, id: ApiEndpointId) -> Result<Recorded, ApplicationError> {
        self.command_endpoint(context, id, None, |_| DeleteApiEndpoint { cascade: false })
            .await
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
        let endpoint = self.store.load::<ApiEndpoint>(id.stream()).await?;
        self.demand_endpoint(context, &endpoint)?;
        let new = ParameterId(self.store.allot(ParameterId::KIND).await?);
        let command = |now| AddParameter {
            id: new,
            parameter: input.clone(),
            now,
        };
        self.command_endpoint(context, id, Some(new), command).await
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
        let command = |now| ChangeParameter {
            parameter_id: parameter,
            name: patch.name.clone(),
            description: patch.description.clone(),
            parameter_type: patch.parameter_type.clone(),
            is_required: patch.is_required,
            default_value: patch.default_value.clone(),
            validation_rules: patch.validation_rules.clone(),
            now,
        };
        self.command_endpoint(context, id, Some(parameter), command).await
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
        self.command_endpoint(context, id, Some(parameter), |_| RemoveParameter {
            parameter_id: parameter,
        })
        .await
    }

    /// Ids for the parameters that do not say which present one they replace.
    async fn parameter_ids(&self, parameters: &[ParameterInput]) -> Result<Vec<ParameterId>, ApplicationError> {
        let new = parameters.iter().filter(|parameter| parameter.id.is_none()).count();
        Ok(self
            .store
            .allot_many(ParameterId::KIND, new)
            .await?
            .into_iter()
            .map(ParameterId)
            .collect())
    }

    /// Demands the right to write an endpoint: a shared one, or one of a workspace.
    fn demand_endpoint(&self, context: &Context, endpoint: &Loaded<ApiEndpoint>) -> Result<(), ApplicationError> {
        let what = || addressed(&endpoint.stream);
        match (endpoint.aggregate.id, endpoint.aggregate.workspace_id) {
            (None, _) => Err(ApplicationError::NotFound(what())),
            (Some(_), None) => self.demand(context, Permission::WriteSharedEndpoints),
            (Some(_), Some(workspace)) => self.demand_in(context, Permission::EditWorkflows, workspace, what),
        }
    }

    /// A command on an endpoint, or on the `parameter` of it that goes into the answer.
    async fn command_endpoint<C: Into<ApiEndpointCommand>>(
        &self,
        context: &Context,
        id: ApiEndpointId,
        parameter: Option<ParameterId>,
        command: impl Fn(Instant) -> C,
    ) -> Result<Recorded, ApplicationError> {
        self.store
            .retrying(|| async {
                let mut endpoint = self.store.load::<ApiEndpoint>(id.stream()).await?;
                self.demand_endpoint(context, &endpoint)?;
                if let Some(recorded) = self.store.repeated(context).await? {
                    return Ok(recorded);
                }
                check_version(context, &endpoint)?;
                let mut unit = self.store.unit(context);
                let command = command(unit.now());
                unit.decide(&mut endpoint, command).await?;
                check_definition(&endpoint.aggregate, parameter)?;
                unit.commit(parameter.map_or(id.0, |parameter| parameter.0), endpoint.version)
                    .await
            })
            .await
    }
}

/// Compiles what can be compiled without a step. When only one `parameter` is written, pointers lead into it.
///
/// # Errors
/// Every fault with its place.
fn check_definition(endpoint: &ApiEndpoint, parameter: Option<ParameterId>) -> Result<(), Refusal> {
    let (Some(id), Some(settings), false) = (endpoint.id, &endpoint.settings, endpoint.is_deleted) else {
        return Ok(());
    };
    let snapshot = EndpointSnapshot {
        id,
        version: 0,
        settings: settings.clone(),
        parameters: endpoint.parameters.clone(),
    };
    let problems = endpoint_definition(&snapshot).map_or_else(|problems| problems, |definition| definition.check());
    if problems.is_empty() {
        return Ok(());
    }
    let index = parameter.and_then(|id| endpoint.parameters.iter().position(|known| known.id == id));
    let prefix = index.map(|index| format!("/parameters/{index}"));
    let relative = |pointer: String| match &prefix {
        Some(prefix) => pointer
            .strip_prefix(prefix.as_str())
            .map(str::to_owned)
            .unwrap_or(pointer),
        None => pointer,
    };
    let error = |problem: wfm_expressions::Problem| FieldError {
        pointer: relative(problem.pointer),
        detail: problem.detail,
    };
    Err(Refusal::fields(problems.into_iter().map(error).collect()))
}
