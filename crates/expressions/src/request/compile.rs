//! Compiles an endpoint and what a step maps to it, and reports everything wrong with them.
//!
//! Invariant: every parameter has exactly one target.

use serde_json::Value;

use super::render::check_header_text;
use super::{BodyKind, CompiledEnvelope, CompiledParameter, CompiledRequest, EndpointDefinition, Target};
use crate::allowed::{Allowed, Problem};
use crate::authentication::CompiledAuthentication;
use crate::name::normal_name;
use crate::parameter::ParameterDefinition;
use crate::path::push_pointer_segment;
use crate::response::is_json;
use crate::soap::{self, SoapSettings, SoapVersion};
use crate::template::Node;
use crate::text::TextEncoding;
use crate::text_template::{TextPart, TextTemplate};
use crate::url_template;
use crate::validation::{Place, Rules};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Framing belongs to the connection: a header of these could smuggle a second request.
const FORBIDDEN_HEADERS: [&str; 6] = [
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl EndpointDefinition {
    /// What is wrong with the endpoint itself, whatever step uses it.
    pub fn check(&self) -> Vec<Problem> {
        Compiler {
            endpoint: self,
            allowed: &Allowed::checked_before(),
            is_definition_only: true,
            problems: Vec::new(),
        }
        .compile(None)
        .err()
        .unwrap_or_default()
    }
}

impl CompiledRequest {
    /// Compiles. Pointers: `/inputMapping/…`, `/method`, `/url`, `/headers/NAME`, `/authentication/…`,
    /// `/parameters/INDEX/…`.
    pub fn compile(
        endpoint: &EndpointDefinition,
        input_mapping: Option<&Value>,
        allowed: &Allowed,
    ) -> Result<Self, Vec<Problem>> {
        Compiler {
            endpoint,
            allowed,
            is_definition_only: false,
            problems: Vec::new(),
        }
        .compile(input_mapping)
    }
}

pub(super) struct Compiler<'a> {
    pub(super) endpoint: &'a EndpointDefinition,
    pub(super) allowed: &'a Allowed,
    is_definition_only: bool,
    pub(super) problems: Vec<Problem>,
}

fn pointer(segments: &[&str]) -> String {
    let mut pointer = String::new();
    segments
        .iter()
        .for_each(|segment| push_pointer_segment(&mut pointer, segment));
    pointer
}

impl Compiler<'_> {
    pub(super) fn problem(&mut self, segments: &[&str], detail: impl Into<String>) {
        self.problems.push(Problem::new(pointer(segments), detail));
    }

    pub(super) fn inside(&mut self, segments: &[&str], problems: Vec<Problem>) {
        let prefix = pointer(segments);
        self.problems
            .extend(problems.into_iter().map(|problem| problem.inside(&prefix)));
    }

    fn compile(mut self, mapping: Option<&Value>) -> Result<CompiledRequest, Vec<Problem>> {
        let endpoint = self.endpoint;
        let method = endpoint.method.trim().to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            self.problem(&["method"], format!("the method is one of {}", METHODS.join(", ")));
        }
        let with_parameters = self
            .allowed
            .clone()
            .with_parameters(endpoint.parameters.iter().map(|parameter| parameter.name.as_str()));
        let url = url_template::compile(&endpoint.url, &with_parameters).unwrap_or_else(|details| {
            details.into_iter().for_each(|detail| self.problem(&["url"], detail));
            TextTemplate { parts: Vec::new() }
        });
        let mut headers = self.headers(&with_parameters);
        if let Some(soap) = &endpoint.soap {
            if method != "POST" {
                self.problem(&["method"], "SOAP calls are sent with POST");
            }
            headers.extend(soap_headers(soap));
        }
        let headers = headers;
        let mut problems = Vec::new();
        let authentication = CompiledAuthentication::compile(&endpoint.authentication, self.allowed, &mut problems);
        self.inside(&["authentication"], problems);
        self.authentication_header(&authentication, &headers);

        let body_kind = self.body_kind(&headers);
        let sends_query = matches!(method.as_str(), "GET" | "HEAD" | "DELETE");
        let in_url: Vec<usize> = url.parameters().collect();
        let in_headers: Vec<usize> = headers.iter().flat_map(|(_, template)| template.parameters()).collect();
        let mut parameters: Vec<CompiledParameter> = Vec::with_capacity(endpoint.parameters.len());
        for (index, definition) in endpoint.parameters.iter().enumerate() {
            if parameters.iter().any(|earlier| earlier.name == definition.name) {
                self.problem(
                    &["parameters", &index.to_string(), "name"],
                    "two parameters have this name",
                );
            }
            let uses = Uses {
                in_url: in_url.contains(&index),
                in_header: in_headers.contains(&index),
                sends_query,
            };
            let parameter = self.parameter(index, definition, &uses);
            let takes_place = match parameter.target {
                Target::Header => authentication.is_header(&parameter.wire_name),
                Target::Query => authentication.is_query(&parameter.wire_name),
                Target::Template | Target::Body => false,
            };
            if takes_place {
                let detail = format!("the authentication of the endpoint sends '{}'", parameter.wire_name);
                self.problem(&["parameters", &index.to_string(), "name"], detail);
            }
            parameters.push(parameter);
        }
        let mut compiled = CompiledRequest {
            has_body_fields: parameters.iter().any(|parameter| parameter.target == Target::Body),
            method,
            url,
            headers,
            authentication,
            parameters,
            extra_query: Vec::new(),
            extra_body: Vec::new(),
            whole_body: None,
            body_kind,
            envelope: endpoint.soap.as_ref().map(|soap| CompiledEnvelope {
                version: soap.version,
                namespaces: soap.namespaces.clone(),
                operation: soap.operation.clone(),
                header: soap
                    .header
                    .as_ref()
                    .map(|header| self.node(&["soap", "header"], header, TextEncoding::Raw)),
            }),
        };
        if let Some(mapping) = mapping.filter(|mapping| !mapping.is_null()) {
            self.mapping(mapping, sends_query, &mut compiled);
        }
        if let Some(soap) = &endpoint.soap {
            self.soap(soap, mapping, &compiled);
        }
        if !self.is_definition_only {
            for parameter in &compiled.parameters {
                if parameter.is_required && parameter.mapping.is_none() && parameter.default.is_none() {
                    self.problem(
                        &["inputMapping", &parameter.name],
                        format!(
                            "the required parameter '{}' has neither a mapping nor a default value",
                            parameter.name
                        ),
                    );
                }
            }
        }
        if !self.is_definition_only && self.problems.is_empty() {
            for (name, detail) in compiled.impossible_parameters() {
                self.problem(&["inputMapping", &name], detail);
            }
        }
        if (compiled.has_body_fields || compiled.whole_body.is_some())
            && matches!(compiled.method.as_str(), "GET" | "HEAD")
        {
            self.problem(&["method"], format!("a {} request has no body", compiled.method));
        }
        if self.problems.is_empty() {
            Ok(compiled)
        } else {
            Err(self.problems)
        }
    }

    fn headers(&mut self, allowed: &Allowed) -> Vec<(String, TextTemplate)> {
        let mut headers: Vec<(String, TextTemplate)> = Vec::new();
        // Version and action have settled these of a SOAP endpoint.
        let is_settled = |name: &str| {
            self.endpoint.soap.is_some()
                && (name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("soapaction"))
        };
        let endpoint = self.endpoint;
        for (name, value) in endpoint.headers.iter().filter(|(name, _)| !is_settled(name)) {
            self.header_name(&["headers", name], name);
            if headers.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                self.problem(&["headers", name], "the header is set twice");
            }
            match TextTemplate::compile(value, allowed, TextEncoding::Raw) {
                Ok(template) => {
                    let refusals = template.refusals(check_header_text);
                    refusals
                        .into_iter()
                        .for_each(|detail| self.problem(&["headers", name], detail));
                    headers.push((name.clone(), template));
                }
                Err(details) => details
                    .into_iter()
                    .for_each(|detail| self.problem(&["headers", name], detail)),
            }
        }
        headers
    }

    fn header_name(&mut self, segments: &[&str], name: &str) {
        let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            self.problem(segments, "this is not the name of a header");
        } else if FORBIDDEN_HEADERS
            .iter()
            .any(|forbidden| name.eq_ignore_ascii_case(forbidden))
        {
            self.problem(
                segments,
                format!("the header {name} belongs to the connection and cannot be set"),
            );
        } else if name.eq_ignore_ascii_case("idempotency-key") {
            self.problem(segments, "every call carries the key of its step in this header");
        } else if ["traceparent", "tracestate"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
        {
            self.problem(segments, "every call carries the trace of its run in this header");
        }
    }

    fn authentication_header(&mut self, authentication: &CompiledAuthentication, headers: &[(String, TextTemplate)]) {
        if let Some(name) = authentication.header_name() {
            if matches!(authentication, CompiledAuthentication::Header { .. }) {
                self.header_name(&["authentication", "name"], name);
            }
            if let Some((header, _)) = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)) {
                self.problem(
                    &["headers", header],
                    "the authentication of the endpoint sets this header",
                );
            }
        }
    }

    /// What has no place in an envelope, as far as it is written out.
    fn soap(&mut self, soap: &SoapSettings, mapping: Option<&Value>, compiled: &CompiledRequest) {
        if let Some(header) = &soap.header {
            let mut problems = Vec::new();
            soap::check_keys(header, &soap.namespaces, &mut problems);
            self.inside(&["soap", "header"], problems);
        }
        let in_body = |parameter: &&CompiledParameter| parameter.target == Target::Body;
        for (index, parameter) in compiled.parameters.iter().enumerate() {
            if in_body(&parameter)
                && let Err(detail) = soap::check_wire_name(&parameter.wire_name, &soap.namespaces)
            {
                self.problem(&["parameters", &index.to_string(), "name"], detail);
            }
        }
        let content = mapping.map(|mapping| mapping.get("$body").unwrap_or(mapping));
        let mut problems = Vec::new();
        if let Some(content) = content {
            let sent = match content {
                Value::Object(members) => {
                    // What names a parameter is sent under the parameter's name.
                    let is_parameter = |key: &String| {
                        compiled
                            .parameters
                            .iter()
                            .any(|parameter| parameter.name == normal_name(key))
                    };
                    let members = members.iter().filter(|(key, _)| !is_parameter(key));
                    Value::Object(members.map(|(key, value)| (key.clone(), value.clone())).collect())
                }
                other => other.clone(),
            };
            soap::check_keys(&sent, &soap.namespaces, &mut problems);
        }
        let place: &[&str] = match mapping.and_then(|mapping| mapping.get("$body")) {
            Some(_) => &["inputMapping", "$body"],
            None => &["inputMapping"],
        };
        self.inside(place, problems);
        if soap.operation.is_none() && !self.is_definition_only {
            let elements = match &compiled.whole_body {
                Some(Node::Object(members)) => members.len(),
                Some(Node::Constant(Value::Object(members))) => members.len(),
                Some(Node::Constant(_) | Node::Array(_) | Node::Text(_)) => 0,
                // Known only when it is rendered.
                Some(Node::Whole(_) | Node::Cel(_)) => 1,
                None => compiled.parameters.iter().filter(in_body).count() + compiled.extra_body.len(),
            };
            if elements != 1 {
                self.problem(
                    &["inputMapping"],
                    "without soap.operation the input is one element, the one inside the Body",
                );
            }
        }
    }

    fn body_kind(&mut self, headers: &[(String, TextTemplate)]) -> BodyKind {
        if self.endpoint.soap.is_some() {
            return BodyKind::Soap;
        }
        let Some((name, template)) = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        else {
            return BodyKind::Json;
        };
        let Some(content_type) = template.constant() else {
            return BodyKind::Json;
        };
        let essence = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if essence.starts_with("multipart/") {
            self.problem(&["headers", name], "multipart bodies are not supported");
        }
        match essence.as_str() {
            "application/x-www-form-urlencoded" => BodyKind::Form,
            json if json.is_empty() || is_json(json) => BodyKind::Json,
            _ => BodyKind::Text,
        }
    }

    fn parameter(&mut self, index: usize, definition: &ParameterDefinition, uses: &Uses) -> CompiledParameter {
        let place = ["parameters", &index.to_string()];
        let at = |last: &'static str| [place[0], place[1], last];
        if definition.name.is_empty() || definition.name == "$body" {
            self.problem(&at("name"), "this is not the name of a parameter");
        }
        let mut problems = Vec::new();
        let rules = Rules::compile(
            definition.validation_rules.as_ref(),
            definition.parameter_type,
            &mut problems,
        );
        self.inside(&at("validationRules"), problems);
        let wire_name = rules.wire_name.clone().unwrap_or_else(|| definition.name.clone());
        let target = match rules.place {
            Some(Place::Path) if !uses.in_url => {
                self.problem(
                    &at("validationRules"),
                    format!("the URL has no {{{}}}", definition.name),
                );
                Target::Template
            }
            Some(Place::Path) => Target::Template,
            Some(Place::Query) => Target::Query,
            Some(Place::Header) => Target::Header,
            Some(Place::Body) => Target::Body,
            None if uses.in_url || uses.in_header => Target::Template,
            None if uses.sends_query => Target::Query,
            None => Target::Body,
        };
        if target == Target::Header {
            self.header_name(&at("validationRules"), &wire_name);
        }
        let default = definition.default_value.as_ref().and_then(|text| {
            let parsed = definition
                .parameter_type
                .parse(text)
                .and_then(|value| rules.check(&value).map(|()| value));
            parsed
                .map_err(|detail| self.problem(&at("defaultValue"), format!("the default value: {detail}")))
                .ok()
        });
        CompiledParameter {
            name: definition.name.clone(),
            wire_name,
            parameter_type: definition.parameter_type,
            is_required: definition.is_required,
            default,
            rules,
            written_rules: definition.validation_rules.clone(),
            target,
            mapping: None,
        }
    }
}

/// The media type and the action, as the version wants them.
fn soap_headers(soap: &SoapSettings) -> Vec<(String, TextTemplate)> {
    let header = |name: &str, text: String| {
        (
            name.to_owned(),
            TextTemplate {
                parts: vec![TextPart::Text(text)],
            },
        )
    };
    let action = soap.action.as_deref().unwrap_or_default();
    match soap.version {
        SoapVersion::V1_1 => vec![
            header("content-type", "text/xml; charset=utf-8".to_owned()),
            header("soapaction", format!("\"{action}\"")),
        ],
        SoapVersion::V1_2 => {
            let mut content_type = "application/soap+xml; charset=utf-8".to_owned();
            if !action.is_empty() {
                content_type.push_str(&format!("; action=\"{action}\""));
            }
            vec![header("content-type", content_type)]
        }
    }
}

/// Where templates use a parameter.
struct Uses {
    in_url: bool,
    in_header: bool,
    sends_query: bool,
}
