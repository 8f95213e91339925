//! A rendered request as people read it: placeholders where secrets belong.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use wfm_domain::protected::Protected;
use wfm_expressions::{LatePart, Rendered, RenderedRequest, RenderedText};

/// A request that would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShownRequest {
    /// HTTP method.
    pub method: String,
    /// URL with its query; `{env.NAME}` where a secret belongs.
    pub url: String,
    /// Headers.
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    /// Body before it is encoded; null when there is none.
    #[schema(value_type = Value, required = false)]
    pub body: Value,
}

impl ShownRequest {
    /// The request of an event.
    pub fn of(request: &Protected) -> Option<Self> {
        let request: RenderedRequest = serde_json::from_str(request.text()?).ok()?;
        let mut url = text(&request.url);
        if let Some(Value::Object(fields)) = request.query.as_ref().map(value) {
            for (name, value) in &fields {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(name);
                url.push('=');
                url.push_str(&plain(value));
            }
        }
        let headers = request.headers.iter();
        Some(Self {
            url,
            headers: headers
                .map(|(name, value)| (name.clone(), text(value).into()))
                .collect(),
            body: request.body.as_ref().map_or(Value::Null, |body| value(&body.content)),
            method: request.method,
        })
    }
}

fn text(text: &RenderedText) -> String {
    match text {
        RenderedText::Plain(text) => text.clone(),
        RenderedText::Late(parts) => joined(parts),
    }
}

fn value(rendered: &Rendered) -> Value {
    let mut value = rendered.value.clone();
    for late in &rendered.late {
        if let Some(place) = value.pointer_mut(&late.pointer) {
            *place = joined(&late.parts).into();
        }
    }
    value
}

fn joined(parts: &[LatePart]) -> String {
    let part = |part: &LatePart| match part {
        LatePart::Text(text) => text.clone(),
        LatePart::Env { name, .. } => format!("{{env.{name}}}"),
        LatePart::Cel(cel) => format!("{{={}}}", cel.source),
        LatePart::Value { value: rendered, .. } => plain(&value(rendered)),
        LatePart::Basic { username, password } => format!("{{base64 {}:{}}}", joined(username), joined(password)),
    };
    parts.iter().map(part).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
