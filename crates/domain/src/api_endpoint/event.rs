//! What happens to an API endpoint and its parameters.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    events,
    ids::{ApiEndpointId, ParameterId, UserId, WorkspaceId},
    instant::Instant,
    protected_fields,
};

/// `ApiEndpointType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum EndpointType {
    /// 0
    #[default]
    #[serde(rename = "REST")]
    Rest,
    /// 1
    #[serde(rename = "SOAP")]
    Soap,
}

impl EndpointType {
    /// The documented enum value.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Rest => 0,
            Self::Soap => 1,
        }
    }
}

/// `ParameterType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ParameterType {
    /// 0
    #[default]
    String,
    /// 1
    Integer,
    /// 2
    Boolean,
    /// 3
    Decimal,
    /// 4
    DateTime,
    /// 5
    Object,
    /// 6
    Array,
}

impl ParameterType {
    /// All types in the order of their documented numbers.
    pub const ALL: [Self; 7] = [
        Self::String,
        Self::Integer,
        Self::Boolean,
        Self::Decimal,
        Self::DateTime,
        Self::Object,
        Self::Array,
    ];

    /// The documented enum value.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::String => 0,
            Self::Integer => 1,
            Self::Boolean => 2,
            Self::Decimal => 3,
            Self::DateTime => 4,
            Self::Object => 5,
            Self::Array => 6,
        }
    }
}

/// One parameter of an endpoint: a row of `ApiParameters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// `ApiParameters.Id`.
    pub id: ParameterId,
    /// Unique in the endpoint, at most 100 UTF-16 units.
    pub name: String,
    /// At most 500 UTF-16 units.
    pub description: Option<String>,
    /// Type of its value.
    #[serde(rename = "type")]
    pub parameter_type: ParameterType,
    /// Whether a call without a value fails.
    pub is_required: bool,
    /// Text, parsed by the type; at most 500 UTF-16 units.
    pub default_value: Option<String>,
    /// JSON object, at most 1000 UTF-16 units of text.
    pub validation_rules: Option<Value>,
    /// When it was added.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Option<Instant>,
}

/// An endpoint's definition without its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSettings {
    /// At most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Template, at most 2000 UTF-16 units.
    pub url: String,
    /// HTTP method, upper case, at most 10 characters.
    pub method: String,
    /// REST or SOAP.
    #[serde(rename = "type")]
    pub endpoint_type: EndpointType,
    /// Header templates by name; every value is a string.
    pub headers: Option<Map<String, Value>>,
    /// `None`, `Basic`, `Bearer`, `ApiKey`, …; at most 100 UTF-16 units.
    pub authentication_method: Option<String>,
    /// Settings of the method; its secrets are `{env.NAME}` placeholders.
    pub authentication: Option<Value>,
    /// How a SOAP call is wrapped; for endpoints of type SOAP only.
    pub soap: Option<Value>,
    /// What calls may take together: rate, concurrency, circuit breaker. See [`super::CallLimits`].
    pub limits: Option<Value>,
    /// How many redirects a call follows, at most 5; none when absent.
    pub follow_redirects: Option<u8>,
    /// Free text.
    pub documentation: Option<String>,
    /// Whether steps may use it.
    pub is_active: bool,
}

/// An endpoint exists from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiEndpointDefined {
    /// `ApiEndpoints.Id`.
    pub id: ApiEndpointId,
    /// Owning workspace; without one the endpoint is shared.
    pub workspace_id: Option<WorkspaceId>,
    /// Its definition.
    pub settings: EndpointSettings,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// Who created it.
    pub created_by: UserId,
}

/// The definition reads so from now on (all but the parameters).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiEndpointChanged {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// Definition after the change.
    pub settings: EndpointSettings,
}

/// A parameter more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterAdded {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// The new parameter.
    pub parameter: Parameter,
}

/// A parameter reads so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterChanged {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// The parameter after the change.
    pub parameter: Parameter,
}

/// A parameter less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterRemoved {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// The parameter that is gone.
    pub parameter_id: ParameterId,
    /// Its name.
    pub name: String,
}

/// Soft delete. Published workflows keep the definition they embed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiEndpointDeleted {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// Whether the deletion of the workspace caused it.
    pub cascade: bool,
}

protected_fields!(
    ApiEndpointDefined,
    ApiEndpointChanged,
    ParameterAdded,
    ParameterChanged,
    ParameterRemoved,
    ApiEndpointDeleted
);

events! {
    /// Events of an endpoint, stream `api-endpoint-{id}`.
    ApiEndpointEvent {
        /// Created.
        ApiEndpointDefined = 2,
        /// Changed.
        ApiEndpointChanged = 2,
        /// Parameter added.
        ParameterAdded = 1,
        /// Parameter changed.
        ParameterChanged = 1,
        /// Parameter removed.
        ParameterRemoved = 1,
        /// Soft-deleted.
        ApiEndpointDeleted = 1,
    }
}
