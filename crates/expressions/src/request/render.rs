//! Renders the durable form of a request.
//!
//! Invariant: values are converted to their declared type and checked before they are placed; secrets stay out.

use serde_json::{Map, Value};

use super::{CompiledEnvelope, CompiledParameter, CompiledRequest, RenderedBody, RenderedRequest, Target};
use crate::error::{RenderError, RenderErrorKind};
use crate::path::push_pointer_segment;
use crate::rendered::{LatePart, Rendered, RenderedText, is_too_deep, too_deep};
use crate::scope::Scope;
use crate::soap::Envelope;
use crate::template::Node;
use crate::text::TextEncoding;
use crate::url_template;

type Rendering<T> = Result<T, Box<RenderError>>;

impl CompiledRequest {
    /// Renders the durable form. Errors are never worth a retry.
    pub fn render(&self, scope: &Scope<'_>) -> Result<RenderedRequest, RenderError> {
        self.render_boxed(scope).map_err(|error| *error)
    }

    /// Whether answers are SOAP envelopes.
    pub fn is_soap(&self) -> bool {
        self.envelope.is_some()
    }

    /// The HTTP method, in upper case.
    pub fn method(&self) -> &str {
        &self.method
    }

    fn render_boxed(&self, scope: &Scope<'_>) -> Rendering<RenderedRequest> {
        let mut values = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            let value = parameter
                .value(scope)
                .map_err(|error| error.inside(&parameter.name).inside("inputMapping"))?;
            values.push(value);
        }
        let url = self.url.render(scope, &values).map_err(|error| error.inside("url"))?;
        let mut url = url.unwrap_or_else(|| RenderedText::Plain(String::new()));
        if let RenderedText::Plain(text) = &url {
            check_url(text)?;
        }
        let mut headers = Vec::with_capacity(self.headers.len() + 2);
        for (name, template) in &self.headers {
            let value = template
                .render(scope, &values)
                .map_err(|error| error.inside(name).inside("headers"))?;
            if let Some(value) = value {
                push_header(&mut headers, name, value)?;
            }
        }
        let authentication = self
            .authentication
            .header(scope, &values)
            .map_err(|error| error.inside("authentication"))?;
        if let Some((name, value)) = authentication {
            push_header(&mut headers, &name, value)?;
        }

        let mut query: Vec<(&str, Rendered)> = Vec::new();
        let mut body = Fields::default();
        for (parameter, value) in self.parameters.iter().zip(values) {
            let Some(value) = value else { continue };
            match parameter.target {
                Target::Template => {}
                Target::Query => query.push((&parameter.wire_name, value)),
                Target::Header => {
                    if let Some(value) = header_text(value)? {
                        push_header(&mut headers, &parameter.wire_name, value)?;
                    }
                }
                Target::Body => body.insert(&parameter.wire_name, value),
            }
        }
        for (key, node) in &self.extra_query {
            if let Some(value) = extra(node, key, scope)? {
                query.push((key, value));
            }
        }
        if let super::CompiledAuthentication::Query { name, value } = &self.authentication
            && let Some(value) = value
                .render(scope, &[])
                .map_err(|error| error.inside("authentication"))?
        {
            query.push((name, value.into_rendered()));
        }
        let query = append_query(&mut url, query);
        Ok(RenderedRequest {
            method: self.method.clone(),
            url,
            query,
            headers,
            body: self.body(scope, body)?,
            credentials: match &self.authentication {
                super::CompiledAuthentication::Credentials(credentials) => Some(Box::new(credentials.render(scope)?)),
                super::CompiledAuthentication::None
                | super::CompiledAuthentication::Header { .. }
                | super::CompiledAuthentication::Query { .. }
                | super::CompiledAuthentication::Basic { .. } => None,
            },
        })
    }

    fn body(&self, scope: &Scope<'_>, mut fields: Fields) -> Rendering<Option<RenderedBody>> {
        let content = if let Some(node) = &self.whole_body {
            let rendered = node
                .render_whole(scope, &[])
                .map_err(|error| error.inside("inputMapping"))?;
            match (rendered, &self.envelope) {
                (Some(rendered), _) => rendered,
                (None, Some(_)) => fields.0,
                (None, None) => return Ok(None),
            }
        } else if self.has_body_fields || self.envelope.is_some() {
            for (key, node) in &self.extra_body {
                if let Some(value) = extra(node, key, scope)? {
                    fields.insert(key, value);
                }
            }
            fields.0
        } else {
            return Ok(None);
        };
        if is_too_deep(&content.value) {
            return Err(too_deep().inside("body"));
        }
        Ok(Some(RenderedBody {
            kind: self.body_kind,
            content,
            envelope: match &self.envelope {
                Some(envelope) => Some(Box::new(envelope.render(scope)?)),
                None => None,
            },
        }))
    }
}

impl CompiledEnvelope {
    fn render(&self, scope: &Scope<'_>) -> Rendering<Envelope> {
        let header = match &self.header {
            Some(node) => node
                .render_whole(scope, &[])
                .map_err(|error| error.inside("header").inside("soap"))?,
            None => None,
        };
        Ok(Envelope {
            version: self.version,
            namespaces: self.namespaces.clone(),
            operation: self.operation.clone(),
            header,
        })
    }
}

impl CompiledParameter {
    /// Mapping, else default, else an error if the parameter is required.
    fn value(&self, scope: &Scope<'_>) -> Rendering<Option<Rendered>> {
        let mapped = match &self.mapping {
            Some(node) => node.render_whole(scope, &[])?,
            None => None,
        };
        let missing = |detail: String| Err(RenderError::new(RenderErrorKind::Missing, "", detail));
        let Some(mut rendered) = mapped else {
            return match &self.default {
                // Checked when it was compiled.
                Some(default) => Ok(Some(Rendered::plain(default.clone()))),
                None if self.is_required => missing(format!("the required parameter '{}' has no value", self.name)),
                None => Ok(None),
            };
        };
        if let Some(late) = rendered.late.iter_mut().find(|late| late.pointer.is_empty()) {
            late.parameter_type = Some(self.parameter_type);
            late.rules.clone_from(&self.written_rules);
            return Ok(Some(rendered));
        }
        if self.is_required && rendered.value.is_null() {
            return missing(format!("the required parameter '{}' is null", self.name));
        }
        let invalid = |detail: String| {
            RenderError::new(
                RenderErrorKind::Invalid,
                "",
                format!("parameter '{}': {detail}", self.name),
            )
        };
        rendered.value = self.parameter_type.convert(rendered.value).map_err(invalid)?;
        self.rules.check(&rendered.value).map_err(invalid)?;
        Ok(Some(rendered))
    }
}

/// An object of rendered fields.
struct Fields(Rendered);

impl Default for Fields {
    fn default() -> Self {
        Self(Rendered::plain(Value::Object(Map::new())))
    }
}

impl Fields {
    fn insert(&mut self, name: &str, field: Rendered) {
        for mut late in field.late {
            let mut pointer = String::new();
            push_pointer_segment(&mut pointer, name);
            late.pointer.insert_str(0, &pointer);
            self.0.late.push(late);
        }
        if let Value::Object(object) = &mut self.0.value {
            object.insert(name.to_owned(), field.value);
        }
    }
}

fn extra(node: &Node, key: &str, scope: &Scope<'_>) -> Rendering<Option<Rendered>> {
    node.render_whole(scope, &[])
        .map_err(|error| error.inside(key).inside("inputMapping"))
}

/// Appends the query to the URL; gives it back if that must wait for secrets.
fn append_query(url: &mut RenderedText, query: Vec<(&str, Rendered)>) -> Option<Rendered> {
    if query.is_empty() {
        return None;
    }
    if let RenderedText::Plain(url) = url
        && query.iter().all(|(_, value)| value.late.is_empty())
    {
        url_template::append_query(url, query.iter().map(|(name, value)| (*name, &value.value)));
        return None;
    }
    let mut fields = Fields::default();
    for (name, value) in query {
        fields.insert(name, value);
    }
    Some(fields.0)
}

/// The text of a header parameter; null has none.
fn header_text(value: Rendered) -> Rendering<Option<RenderedText>> {
    if !value.late.is_empty() {
        return Ok(Some(RenderedText::Late(vec![LatePart::Value {
            value,
            encoding: TextEncoding::Raw,
        }])));
    }
    if value.value.is_null() {
        return Ok(None);
    }
    let mut text = String::new();
    TextEncoding::Raw
        .append_value(&value.value, &mut text)
        .map_err(|detail| RenderError::new(RenderErrorKind::Invalid, "", detail))?;
    Ok(Some(RenderedText::Plain(text)))
}

/// A later header of the same name replaces an earlier one.
fn push_header(headers: &mut Vec<(String, RenderedText)>, name: &str, value: RenderedText) -> Rendering<()> {
    if let RenderedText::Plain(text) = &value {
        check_header(name, text)?;
    }
    match headers
        .iter_mut()
        .find(|(earlier, _)| earlier.eq_ignore_ascii_case(name))
    {
        Some((_, earlier)) => *earlier = value,
        None => headers.push((name.to_owned(), value)),
    }
    Ok(())
}

pub(super) fn check_header(name: &str, text: &str) -> Rendering<()> {
    check_header_text(text).map_err(|detail| {
        RenderError::new(RenderErrorKind::Refused, "", detail)
            .inside(name)
            .inside("headers")
    })
}

/// Refuses CR, LF, NUL and the other control characters, except the tab.
pub(super) fn check_header_text(text: &str) -> Result<(), &'static str> {
    let is_forbidden = |character: char| character.is_control() && character != '\t';
    if text.contains(is_forbidden) {
        return Err("a header cannot hold line breaks or control characters");
    }
    Ok(())
}

pub(super) fn check_url(url: &str) -> Rendering<()> {
    url_template::check(url).map_err(|detail| RenderError::new(RenderErrorKind::Refused, "", detail).inside("url"))
}
