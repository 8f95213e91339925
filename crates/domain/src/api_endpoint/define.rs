//! Defines an endpoint, shared or of a workspace, with its parameters.

use serde_json::Value;

use super::{
    ApiEndpoint, ApiEndpointDefined, ApiEndpointEvent, EndpointType, ParameterInput, parameters::check_list,
    settings::WrittenSettings,
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
    /// `soap`: how a SOAP call is wrapped.
    pub soap: Option<Value>,
    /// `limits`: rate, concurrency, circuit breaker.
    pub limits: Option<Value>,
    /// `followRedirects`: at most 5.
    pub follow_redirects: Option<u8>,
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
            soap: self.soap,
            limits: self.limits,
            follow_redirects: self.follow_redirects,
            documentation: self.documentation,
            is_active: self.is_active.unwrap_or(true),
        }
        .check(&mut errors);
        let parameters = check_list(&mut errors, &self.parameters, &[], &self.parameter_ids, self.now);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        api_endpoint::{
            ApiEndpointDeleted,
            fixtures::{define, defined, parameter},
        },
        facts::Standing,
        given::{code, fold, inactive_user, pointers, when, workspace},
    };

    #[test]
    fn documented_defaults_and_spellings_are_filled_in() {
        let [ApiEndpointEvent::ApiEndpointDefined(event)] = &defined()[..] else {
            panic!()
        };
        assert_eq!(event.settings.method, "GET");
        assert_eq!(event.settings.endpoint_type, EndpointType::Rest);
        assert_eq!(event.settings.authentication_method.as_deref(), Some("Bearer"));
        assert!(event.settings.is_active);
        let ids: Vec<_> = event
            .parameters
            .iter()
            .map(|parameter| (parameter.id.0, parameter.name.as_str()))
            .collect();
        assert_eq!(ids, [(20, "id"), (21, "expand")]);
        assert!(!event.parameters[0].is_required);
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let bad_parameter = ParameterInput {
            name: "x".repeat(101),
            description: Some("x".repeat(501)),
            parameter_type: Some(Choice::Written(json!("Text"))),
            default_value: Some(json!("x".repeat(501))),
            validation_rules: Some(json!({"in": "cookie", "pattern": "x".repeat(1000)})),
            ..ParameterInput::default()
        };
        let command = DefineApiEndpoint {
            name: String::new(),
            description: Some("x".repeat(1001)),
            url: format!("https://example.com/{}", "x".repeat(2000)),
            method: "GETGETGETGET".into(),
            endpoint_type: Some(Choice::Written(json!(2))),
            headers: Some(json!({"Accept": 1, "a b": "x", "X": "a\r\nb"})),
            authentication_method: Some("Digest".into()),
            parameters: vec![bad_parameter],
            ..define()
        };
        assert_eq!(
            pointers(when::<ApiEndpoint>(&[], command)),
            [
                "/type",
                "/authenticationMethod",
                "/name",
                "/description",
                "/url",
                "/method",
                "/headers/Accept",
                "/headers/a b",
                "/headers/X",
                "/parameters/0/type",
                "/parameters/0/validationRules",
                "/parameters/0/validationRules/in",
                "/parameters/0/name",
                "/parameters/0/description",
                "/parameters/0/defaultValue",
            ]
        );
    }

    #[test]
    fn parameters_are_unique_by_name_and_defaults_fit_their_type() {
        let number = ParameterInput {
            parameter_type: Some(crate::api_endpoint::ParameterType::Integer.into()),
            default_value: Some(json!("ten")),
            ..parameter("count")
        };
        let command = DefineApiEndpoint {
            parameters: vec![parameter("id"), number, parameter(" id ")],
            ..define()
        };
        assert_eq!(
            pointers(when::<ApiEndpoint>(&[], command)),
            ["/parameters/1/defaultValue", "/parameters/2/name"]
        );
    }

    #[test]
    fn soap_is_posted() {
        let command = DefineApiEndpoint {
            endpoint_type: Some(EndpointType::Soap.into()),
            ..define()
        };
        assert_eq!(pointers(when::<ApiEndpoint>(&[], command)), ["/method"]);
    }

    #[test]
    fn the_owner_workspace_and_the_creator_are_active() {
        let command = DefineApiEndpoint {
            workspace: Some(workspace(Standing::Inactive)),
            ..define()
        };
        assert_eq!(code(when::<ApiEndpoint>(&[], command)), "workspace-inactive");
        let command = DefineApiEndpoint {
            created_by: inactive_user(1),
            ..define()
        };
        assert_eq!(code(when::<ApiEndpoint>(&[], command)), "user-inactive");
    }

    #[test]
    fn a_workspaces_endpoint_is_claimed_and_a_shared_one_is_not() {
        let given = defined();
        let of_workspace = Claim::new("workspace/3/api-endpoints", "9");
        let of_creator = Claim::new("user/1/created", "api-endpoint-9");
        assert_eq!(
            ApiEndpoint::default().claims(&given[0]).take,
            [of_creator.clone(), of_workspace.clone()]
        );
        let deleted = ApiEndpointDeleted {
            id: ApiEndpointId(9),
            cascade: false,
        }
        .into();
        assert_eq!(fold::<ApiEndpoint>(&given).claims(&deleted).release, [of_workspace]);
        let shared = when::<ApiEndpoint>(
            &[],
            DefineApiEndpoint {
                workspace: None,
                ..define()
            },
        )
        .unwrap();
        assert_eq!(ApiEndpoint::default().claims(&shared[0]).take, [of_creator]);
    }
}
