//! Endpoints for tests.

use serde_json::json;

use super::*;
use crate::{
    facts::Standing,
    given::{now, user, workspace},
    ids::{ApiEndpointId, ParameterId},
};

pub fn parameter(name: &str) -> ParameterInput {
    ParameterInput {
        name: name.into(),
        ..ParameterInput::default()
    }
}

pub fn define() -> DefineApiEndpoint {
    DefineApiEndpoint {
        id: ApiEndpointId(9),
        workspace: Some(workspace(Standing::Active)),
        name: "Get order".into(),
        description: None,
        url: "https://api.example.com/orders/{id}".into(),
        method: "get".into(),
        endpoint_type: None,
        headers: Some(json!({"Accept": "application/json"})),
        authentication_method: Some("bearer".into()),
        authentication: Some(json!({"token": "{env.TOKEN}"})),
        soap: None,
        limits: None,
        follow_redirects: None,
        documentation: None,
        is_active: None,
        parameters: vec![parameter("id"), parameter("expand")],
        parameter_ids: vec![ParameterId(20), ParameterId(21)],
        created_by: user(1),
        now: now(),
    }
}

/// The history of endpoint 9 of workspace 3, with the parameters 20 (`id`) and 21 (`expand`).
pub fn defined() -> Vec<ApiEndpointEvent> {
    define().decide(&ApiEndpoint::default()).unwrap()
}
