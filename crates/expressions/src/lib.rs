//! Templates, CEL conditions and request rendering for workflow steps: compiled once at publish, cheap to evaluate.
//!
//! Invariant: pure. Nothing here reads a clock, a file or the network, nothing panics on any input, and a rendered durable
//! form never holds the value of a secret environment variable: see [`Rendered`].
//!
//! - [`Template`]: a JSON value with `{path}` placeholders (mappings, the `output` template of a workflow).
//! - [`Condition`], [`CelExpression`]: CEL over the same [`Scope`]; its rules are described in [`cel`].
//! - [`CompiledRequest`]: an endpoint and a step's mapping, turned into an HTTP request.
//! - [`parse_body`], [`redact`]: what comes back.

pub mod cel;

mod allowed;
mod authentication;
mod charset;
mod condition;
mod credentials;
mod echo;
mod error;
mod name;
mod number;
mod parameter;
mod path;
mod placeholder;
mod rendered;
mod request;
mod response;
mod scope;
mod soap;
mod template;
mod text;
mod text_template;
mod url_template;
mod validation;

pub use allowed::{Allowed, Problem};
pub use authentication::{ApiKeyLocation, Authentication};
pub use cel::CelExpression;
pub use condition::Condition;
pub use credentials::{ClientCertificate, ClientCredentials, Credentials, RenderedCredentials};
pub use error::{RenderError, RenderErrorKind};
pub use name::normal_name;
pub use parameter::{ParameterDefinition, ParameterType};
pub use path::{Path, Segment};
pub use rendered::{Late, LateCel, LatePart, MAXIMUM_DEPTH, Rendered, RenderedText};
pub use request::{
    BodyKind, CompiledRequest, EndpointDefinition, OutgoingRequest, RenderedBody, RenderedRequest, encoded_forms,
};
pub use response::{MAXIMUM_OUTPUT_BYTES, MINIMUM_SECRET_BYTES, REDACTED, parse_body, redact};
pub use scope::{EnvValue, Environment, Scope, StepOutcome, Steps};
pub use soap::{Envelope, SoapAnswer, SoapFault, SoapSettings, SoapVersion, read_soap};
pub use template::Template;
pub use text::TextEncoding;
