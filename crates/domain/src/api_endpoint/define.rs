//! Defines an endpoint, shared or of a workspace, with its parameters.

use serde_json::Value;

use super::{
    ApiEndpoint, ApiEndpointDefined, ApiEndpointEvent, EndpointType, ParameterInput,
    parameters::check_list, settings::WrittenSettings,
};
use crate::{
    choice::Choice,
    facts::{UserFact, WorkspaceFact},
    field_errors::FieldErrors,
    ids::{ApiEndpointId, ParameterId},
    instant::Instant,
    refusal::Refusal,
};

/// Define an endpoint.
#[derive(Debug, Clone)]
pub struct DefineApiEndpoint {
    /// Allotted id.
    pub id: ApiEndpointId,
    /// Owning workspace (`workspaceId`); `None` for a shared endpoint.
    pub workspace: Option<WorkspaceFact>,
    /// `name`, required.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `url`, required: a template.
    pub url: String,
    /// `method`, required.
    pub method: String,
    /// `type`; `None` is the documented default, REST.
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// `headers`: an object of texts.
    pub headers: Option<Value>,
    /// `authenticationMethod`.
    pub authentication_method: Option<String>,
    /// `authentication`: the method's settings.
    pub authentication: Option<Value>,
    /// `documentation`.
    pub documentation: Option<String>,
    /// `isActive`; `None` is the documented default, true.
    pub is_active: Option<bool>,
    /// `parameters`.
    pub parameters: Vec<ParameterInput>,
    /// Allotted ids, at least one a parameter.
    pub parameter_ids: Vec<ParameterId>,
    /// Who creates it.
    pub created_by: UserFact,
    /// Now.
    pub now: Instant,
}

impl DefineApiEndpoint {
    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict(
                "api-endpoint-exists",
                "an API endpoint with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let settings = WrittenSettings {
            name: self.name,
            description: self.description,
            url: self.url,
            method: self.method,
            endpoint_type: self.endpoint_type,
            headers: self.headers,
            authentication_method: self.authentication_method,
            authentication: self.authentication,
            documentation: self.documentation,
            is_active: self.is_active.unwrap_or(true),
        }
        .check(&mut errors);
        let parameters = check_list(
            &mut errors,
            &self.parameters,
            &[],
            &self.parameter_ids,
            self.now,
        );
        errors.finish()?;
        if let Some(workspace) = &self.workspace {
            workspace.require_active("/workspaceId")?;
        }
        self.created_by.require_active()?;
        Ok(vec![
            ApiEndpointDefined {
                id: self.id,
                workspace_id: self.workspace.map(|workspace| workspace.id),
                settings,
                parameters,
                created_by: self.created_by.id,
            }
            .into(),
        ])
    }
}
