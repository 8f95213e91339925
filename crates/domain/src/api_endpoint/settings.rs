//! Checks an endpoint's definition: everything but its parameters.

use serde_json::{Map, Value};

use super::{CallLimits, EndpointSettings, EndpointType, authentication::check_authentication, url::check_url};
use crate::{
    choice::Choice,
    field_errors::{FieldErrors, pointer_segment},
    text,
};

/// The most redirects that a call follows.
const MAXIMUM_REDIRECTS: u8 = 5;

/// A definition as written.
pub(super) struct WrittenSettings {
    pub name: String,
    pub description: Option<String>,
    pub url: String,
    pub method: String,
    pub endpoint_type: Option<Choice<EndpointType>>,
    pub headers: Option<Value>,
    pub authentication_method: Option<String>,
    pub authentication: Option<Value>,
    pub soap: Option<Value>,
    pub limits: Option<Value>,
    pub follow_redirects: Option<u8>,
    pub documentation: Option<String>,
    pub is_active: bool,
}

impl WrittenSettings {
    /// The definition, normalised; notes everything that `ApiEndpoints` does not take.
    pub(super) fn check(self, errors: &mut FieldErrors) -> EndpointSettings {
        let endpoint_type = match self.endpoint_type {
            None => EndpointType::default(),
            Some(choice) => choice.resolve(errors, "/type").unwrap_or_default(),
        };
        let (authentication_method, authentication) = check_authentication(
            errors,
            self.authentication_method.as_deref(),
            self.authentication.as_ref(),
        );
        EndpointSettings {
            name: text::name(errors, "/name", &self.name, 200),
            description: text::block(errors, "/description", self.description.as_deref(), Some(1000)),
            url: check_url(errors, "/url", &self.url),
            method: check_method(errors, &self.method, endpoint_type),
            endpoint_type,
            headers: check_headers(errors, self.headers.as_ref()),
            authentication_method,
            authentication,
            soap: check_soap(errors, self.soap, endpoint_type),
            limits: CallLimits::check(errors, self.limits),
            follow_redirects: check_redirects(errors, self.follow_redirects),
            documentation: text::block(errors, "/documentation", self.documentation.as_deref(), None),
            is_active: self.is_active,
        }
    }
}

fn check_method(errors: &mut FieldErrors, written: &str, endpoint_type: EndpointType) -> String {
    let method = written.trim().to_ascii_uppercase();
    if method.is_empty() || method.len() > 10 || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        errors.add(
            "/method",
            "must be an HTTP method of at most 10 letters, such as GET or POST",
        );
    } else if method == "CONNECT" || method == "TRACE" {
        errors.add("/method", "must not be CONNECT or TRACE");
    } else if endpoint_type == EndpointType::Soap && method != "POST" {
        errors.add("/method", "must be POST for a SOAP endpoint");
    }
    method
}

/// What only the expressions can judge (names, namespaces, templates) is checked when the definition is compiled.
fn check_soap(errors: &mut FieldErrors, written: Option<Value>, endpoint_type: EndpointType) -> Option<Value> {
    let written = written.filter(|value| !value.is_null())?;
    match endpoint_type {
        EndpointType::Rest => errors.add("/soap", "is for endpoints of type SOAP"),
        EndpointType::Soap if !written.is_object() => errors.add("/soap", "must be a JSON object"),
        EndpointType::Soap => {}
    }
    Some(written)
}

fn check_redirects(errors: &mut FieldErrors, written: Option<u8>) -> Option<u8> {
    if written.is_some_and(|redirects| redirects > MAXIMUM_REDIRECTS) {
        errors.add(
            "/followRedirects",
            format!("must be an integer from 0 to {MAXIMUM_REDIRECTS}"),
        );
    }
    written
}

fn check_headers(errors: &mut FieldErrors, written: Option<&Value>) -> Option<Map<String, Value>> {
    let written = written.filter(|value| !value.is_null())?;
    let Some(members) = written.as_object() else {
        errors.add("/headers", "must be a JSON object of texts by header name");
        return None;
    };
    let mut names = std::collections::BTreeSet::new();
    for (name, value) in members {
        let at = format!("/headers{}", pointer_segment(name));
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            errors.add(at.clone(), "is not a header name");
        }
        if !names.insert(name.to_ascii_lowercase()) {
            errors.add(at.clone(), "is named twice (header names ignore case)");
        }
        match value.as_str() {
            None => errors.add(at, "must be a text"),
            Some(text) if text.contains(['\r', '\n', '\0']) => errors.add(at, "must not contain line breaks or U+0000"),
            Some(_) => {}
        }
    }
    Some(members.clone())
}
