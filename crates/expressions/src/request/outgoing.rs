//! Fills the secrets into a rendered request, just before it is sent.
//!
//! Invariant: an [`OutgoingRequest`] is never stored, and its `Debug` form shows no secret.

use serde_json::Value;

use super::render::{check_header, check_url};
use super::{BodyKind, RenderedRequest};
use crate::credentials::Credentials;
use crate::error::{RenderError, RenderErrorKind};
use crate::rendered::Resolver;
use crate::response::REDACTED;
use crate::scope::Scope;
use crate::soap;
use crate::url_template;

/// What is wrong with another body under a form's content type.
pub(super) const FORM_IS_AN_OBJECT: &str = "the body of a form is an object: one key for each field";

/// A request ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingRequest {
    /// The HTTP method.
    pub method: String,
    /// The complete URL.
    pub url: String,
    /// The headers, `content-type` included if there is a body.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The plain secrets that went into the request, for [`redact`](crate::redact).
    pub secrets: Vec<String>,
    /// What the connection authenticates with.
    pub credentials: Option<Box<Credentials>>,
}

impl std::fmt::Debug for OutgoingRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self
            .secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(self.url.clone(), |url, secret| url.replace(secret.as_str(), REDACTED));
        formatter
            .debug_struct("OutgoingRequest")
            .field("method", &self.method)
            .field("url", &url)
            .field(
                "headers",
                &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

impl RenderedRequest {
    /// Fills the secrets in. The scope must give what it gave when the request was rendered, and secret variables now.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<OutgoingRequest, RenderError> {
        self.resolve_boxed(scope).map_err(|error| *error)
    }

    fn resolve_boxed(&self, scope: &Scope<'_>) -> Result<OutgoingRequest, Box<RenderError>> {
        let mut resolver = Resolver::new(scope);
        let mut url = resolver.text(&self.url).map_err(|error| error.inside("url"))?;
        check_url(&url)?;
        if let Some(query) = &self.query {
            let query = resolver.value(query).map_err(|error| error.inside("query"))?;
            if let Value::Object(fields) = query.as_ref() {
                url_template::append_query(&mut url, fields.iter().map(|(name, value)| (name.as_str(), value)));
            }
        }
        let mut headers = Vec::with_capacity(self.headers.len() + 1);
        for (name, text) in &self.headers {
            let text = resolver
                .text(text)
                .map_err(|error| error.inside(name).inside("headers"))?;
            check_header(name, &text)?;
            headers.push((name.clone(), text));
        }
        let body = match &self.body {
            None => None,
            Some(body) => {
                let content = resolver.value(&body.content).map_err(|error| error.inside("body"))?;
                let header = body.envelope.as_ref().and_then(|envelope| envelope.header.as_ref());
                let header = header
                    .map(|header| resolver.value(header))
                    .transpose()
                    .map_err(|error| error.inside("header").inside("soap"))?;
                let (bytes, content_type) = match &body.envelope {
                    Some(envelope) => {
                        soap::write(envelope, header.as_deref(), &content).map(|bytes| (bytes, "text/xml"))
                    }
                    None => encode(body.kind, &content),
                }
                .map_err(|error| error.inside("body"))?;
                if !headers
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                {
                    headers.push(("content-type".to_owned(), content_type.to_owned()));
                }
                Some(bytes)
            }
        };
        let credentials = self
            .credentials
            .as_ref()
            .map(|credentials| credentials.resolve(&mut resolver).map(Box::new))
            .transpose()?;
        let mut secrets = resolver.secrets;
        encoded_forms(&mut secrets);
        Ok(OutgoingRequest {
            method: self.method.clone(),
            url,
            headers,
            body,
            secrets,
            credentials,
        })
    }
}

fn encode(kind: BodyKind, content: &Value) -> Result<(Vec<u8>, &'static str), Box<RenderError>> {
    match (kind, content) {
        (BodyKind::Json, content) => Ok((content.to_string().into_bytes(), "application/json")),
        (BodyKind::Form, Value::Object(fields)) => {
            let mut form = String::from("?");
            url_template::append_query(&mut form, fields.iter().map(|(name, value)| (name.as_str(), value)));
            // Forms write a blank as '+'; every other '+' and '%20' was encoded.
            Ok((
                form[1..].replace("%20", "+").into_bytes(),
                "application/x-www-form-urlencoded",
            ))
        }
        (BodyKind::Form, _) => Err(RenderError::new(RenderErrorKind::Invalid, "", FORM_IS_AN_OBJECT)),
        (BodyKind::Text, Value::String(text)) => Ok((text.clone().into_bytes(), "text/plain; charset=utf-8")),
        (BodyKind::Soap, _) => Err(RenderError::new(
            RenderErrorKind::Invalid,
            "",
            "the stored request has no envelope",
        )),
        (BodyKind::Text, Value::Null) => Ok((Vec::new(), "text/plain; charset=utf-8")),
        (BodyKind::Text, other) => Ok((other.to_string().into_bytes(), "text/plain; charset=utf-8")),
    }
}

/// Adds the forms in which a server may echo a secret: percent-encoded as in a query, escaped as in the text of a JSON
/// document, with and without other characters than ASCII.
pub fn encoded_forms(secrets: &mut Vec<String>) {
    for index in 0..secrets.len() {
        let mut encoded = String::new();
        crate::text::TextEncoding::Url.append(&secrets[index], &mut encoded);
        let quoted = Value::from(secrets[index].as_str()).to_string();
        let escaped = quoted[1..quoted.len() - 1].to_owned();
        let ascii = ascii_only(&escaped);
        for form in [encoded, escaped, ascii] {
            if !secrets.contains(&form) {
                secrets.push(form);
            }
        }
    }
}

/// A JSON text with every character outside of ASCII as `\uXXXX`.
fn ascii_only(escaped: &str) -> String {
    let mut ascii = String::with_capacity(escaped.len());
    for character in escaped.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            ascii.push_str(&format!("\\u{unit:04x}"));
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_in_every_form_that_is_echoed() {
        let mut secrets = vec!["a\"b \u{e4}".to_owned(), "plain".to_owned()];
        encoded_forms(&mut secrets);
        let expected = [
            "a\"b \u{e4}",
            "plain",
            "a%22b%20%C3%A4",
            "a\\\"b \u{e4}",
            "a\\\"b \\u00e4",
        ];
        assert_eq!(secrets, expected);
    }
}
