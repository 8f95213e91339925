//! Turns an endpoint and a step's mapping into HTTP requests: checked and compiled once, rendered for every attempt.
//!
//! Invariant: whatever the values are, they stay in the place their parameter has: a path segment, a query value, one
//! header line, a field of the body.

mod compile;
mod known;
mod mapping;
mod outgoing;
mod places;
mod render;

use serde::{Deserialize, Serialize};

use crate::authentication::{Authentication, CompiledAuthentication};
use crate::credentials::RenderedCredentials;
use crate::parameter::{ParameterDefinition, ParameterType};
use crate::rendered::{Rendered, RenderedText};
use crate::soap::{Envelope, SoapSettings, SoapVersion};
use crate::template::Node;
use crate::text_template::TextTemplate;
use crate::validation::Rules;

pub use outgoing::{OutgoingRequest, encoded_forms};

/// An endpoint as it is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointDefinition {
    /// The HTTP method.
    pub method: String,
    /// The URL, a template: `{token}` is a parameter, `{env.X}`, `{input.x}` … are roots.
    pub url: String,
    /// Header names and values, templates as well.
    pub headers: Vec<(String, String)>,
    /// How requests authenticate.
    pub authentication: Authentication,
    /// The parameters.
    pub parameters: Vec<ParameterDefinition>,
    /// How calls are wrapped, if it is a SOAP endpoint.
    pub soap: Option<SoapSettings>,
}

/// An endpoint and a mapping, compiled.
#[derive(Debug)]
pub struct CompiledRequest {
    method: String,
    url: TextTemplate,
    headers: Vec<(String, TextTemplate)>,
    authentication: CompiledAuthentication,
    parameters: Vec<CompiledParameter>,
    /// Keys of the mapping that name no parameter, for the query.
    extra_query: Vec<(String, Node)>,
    /// The same for the body.
    extra_body: Vec<(String, Node)>,
    /// `$body`, or the whole mapping of an endpoint without parameters.
    whole_body: Option<Node>,
    has_body_fields: bool,
    body_kind: BodyKind,
    envelope: Option<CompiledEnvelope>,
}

/// What goes around the body of a SOAP call.
#[derive(Debug)]
struct CompiledEnvelope {
    version: SoapVersion,
    namespaces: Vec<(String, String)>,
    operation: Option<String>,
    header: Option<Node>,
}

#[derive(Debug)]
struct CompiledParameter {
    name: String,
    wire_name: String,
    parameter_type: ParameterType,
    /// The rules as they are written, for values that are known only when the request is sent.
    written_rules: Option<serde_json::Value>,
    is_required: bool,
    default: Option<serde_json::Value>,
    rules: Rules,
    target: Target,
    mapping: Option<Node>,
}

/// Where a parameter's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Only where the URL or a header names it.
    Template,
    Query,
    Header,
    Body,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyKind {
    /// JSON.
    #[serde(rename = "json")]
    Json,
    /// `application/x-www-form-urlencoded`.
    #[serde(rename = "form")]
    Form,
    /// The text of the value (XML, plain text).
    #[serde(rename = "text")]
    Text,
    /// XML in a SOAP envelope.
    #[serde(rename = "soap")]
    Soap,
}

/// A rendered body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderedBody {
    /// How it is written.
    #[serde(rename = "k")]
    pub kind: BodyKind,
    /// Its value.
    #[serde(rename = "c")]
    pub content: Rendered,
    /// What goes around it, for SOAP.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Box<Envelope>>,
}

/// The durable form of a request: complete but for the secrets, and safe to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenderedRequest {
    /// The HTTP method.
    #[serde(rename = "m")]
    pub method: String,
    /// The URL; with the query, unless that holds secrets.
    #[serde(rename = "u")]
    pub url: RenderedText,
    /// The query, an object, if it is appended only when the secrets are known.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Rendered>,
    /// The headers.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, RenderedText)>,
    /// The body.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RenderedBody>,
    /// What the connection authenticates with.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Box<RenderedCredentials>>,
}
