//! Rendered values: what is stored before a request is sent, with the places of secrets kept aside.
//!
//! Invariant: the durable form never holds the value of a secret. Where a secret belongs, the value holds null, and a side
//! list says by JSON pointer what is to be filled in; nothing inside a value is ever read as a placeholder again, so that
//! user data which looks like one stays data.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::allowed::Allowed;
use crate::cel::CelExpression;
use crate::error::{RenderError, RenderErrorKind};
use crate::parameter::ParameterType;
use crate::scope::{EnvValue, Scope};
use crate::text::TextEncoding;
use crate::validation::Rules;

/// How deep a value may nest. Far below the depth at which JSON readers refuse (128), so that whatever is rendered can be
/// stored inside an event and read back.
pub const MAXIMUM_DEPTH: usize = 64;

/// A rendered JSON value and the secrets still to be filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The value; null wherever `late` points.
    #[serde(rename = "v")]
    pub value: Value,
    /// What is filled in just before sending.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Late>,
}

/// One place that is filled in just before sending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// JSON pointer into the rendered value.
    #[serde(rename = "at")]
    pub pointer: String,
    /// The parts of the value: a single variable or expression is the whole value, several make a text.
    pub parts: Vec<LatePart>,
    /// The declared type that the value is converted to, for the value of a parameter.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub parameter_type: Option<ParameterType>,
    /// The validation rules that the converted value must keep, for the value of a parameter.
    #[serde(rename = "rules", default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Value>,
}

/// One part of a value or text that holds secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LatePart {
    /// Text known already (and encoded already).
    Text(String),
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
        /// How its text is written.
        encoding: TextEncoding,
    },
    /// A CEL expression that names a secret variable.
    Cel(LateCel),
    /// The value of a parameter that holds secrets, as text.
    Value {
        /// The value.
        value: Rendered,
        /// How its text is written.
        encoding: TextEncoding,
    },
    /// The credentials of HTTP Basic authentication (RFC 7617), base64 over `username:password`.
    Basic {
        /// The parts of the user name.
        username: Vec<LatePart>,
        /// The parts of the password.
        password: Vec<LatePart>,
    },
}

/// A CEL expression kept whole. It must be evaluated with the scope it was rendered with: same input, steps and `utcNow`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LateCel {
    /// The source, without `{=` and `}`.
    pub source: String,
    /// The compiled form, while the process that rendered it still has it.
    #[serde(skip)]
    pub(crate) compiled: Option<Arc<CelExpression>>,
}

/// Two are the same if their sources are: one read back has no compiled form.
impl PartialEq for LateCel {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Derived texts shorter than this are not treated as secrets: they may be plain words chosen by an expression.
const MINIMUM_DERIVED_SECRET_BYTES: usize = 16;

impl Default for Rendered {
    fn default() -> Self {
        Self::plain(Value::Null)
    }
}

impl Rendered {
    /// A value without secrets.
    pub fn plain(value: Value) -> Self {
        Self {
            value,
            late: Vec::new(),
        }
    }

    /// Fills the secrets in. Nothing is copied if there are none.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Cow<'_, Value>, RenderError> {
        Resolver::new(scope).value(self).map_err(|error| *error)
    }
}

/// A rendered text (URL, header value), which may hold secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RenderedText {
    /// Complete.
    #[serde(rename = "t")]
    Plain(String),
    /// To be completed just before sending.
    #[serde(rename = "l")]
    Late(Vec<LatePart>),
}

impl RenderedText {
    pub(crate) fn into_parts(self) -> Vec<LatePart> {
        match self {
            Self::Plain(text) => vec![LatePart::Text(text)],
            Self::Late(parts) => parts,
        }
    }

    /// As a JSON value: a string.
    pub(crate) fn into_rendered(self) -> Rendered {
        match self {
            Self::Plain(text) => Rendered::plain(Value::String(text)),
            Self::Late(parts) => Rendered {
                value: Value::Null,
                late: vec![Late {
                    pointer: String::new(),
                    parts,
                    parameter_type: None,
                    rules: None,
                }],
            },
        }
    }
}

/// Fills secrets in, and remembers which it used.
pub(crate) struct Resolver<'s> {
    scope: &'s Scope<'s>,
    pub(crate) secrets: Vec<String>,
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(scope: &'s Scope<'_>) -> Self {
        Self {
            scope,
            secrets: Vec::new(),
        }
    }

    pub(crate) fn value<'r>(&mut self, rendered: &'r Rendered) -> Result<Cow<'r, Value>, Box<RenderError>> {
        if rendered.late.is_empty() {
            return Ok(Cow::Borrowed(&rendered.value));
        }
        let mut value = rendered.value.clone();
        for late in &rendered.late {
            let filled = self.late_value(late).map_err(|mut error| {
                error.place.insert_str(0, &late.pointer);
                error
            })?;
            let place = value.pointer_mut(&late.pointer).ok_or_else(|| {
                RenderError::new(
                    RenderErrorKind::Missing,
                    &late.pointer,
                    "the stored request has no such place",
                )
            })?;
            *place = filled;
        }
        if is_too_deep(&value) {
            return Err(too_deep());
        }
        Ok(Cow::Owned(value))
    }

    fn late_value(&mut self, late: &Late) -> Result<Value, Box<RenderError>> {
        let value = match late.parts.as_slice() {
            [LatePart::Cel(cel)] => self.cel(cel)?,
            parts => Value::String(self.parts(parts)?),
        };
        let Some(parameter_type) = late.parameter_type else {
            return Ok(value);
        };
        // They were checked when the request was compiled.
        let rules = Rules::compile(late.rules.as_ref(), parameter_type, &mut Vec::new());
        parameter_type
            .convert(value)
            .and_then(|value| rules.check(&value).map(|()| value))
            .map_err(|detail| RenderError::new(RenderErrorKind::Invalid, "", detail))
    }

    pub(crate) fn text(&mut self, text: &RenderedText) -> Result<String, Box<RenderError>> {
        match text {
            RenderedText::Plain(text) => Ok(text.clone()),
            RenderedText::Late(parts) => self.parts(parts),
        }
    }

    fn parts(&mut self, parts: &[LatePart]) -> Result<String, Box<RenderError>> {
        let mut text = String::new();
        for part in parts {
            match part {
                LatePart::Text(literal) => text.push_str(literal),
                LatePart::Env { name, encoding } => {
                    let (secret, is_secret) = self.variable(name)?;
                    self.append(&Value::String(secret), *encoding, is_secret, &mut text, name)?;
                }
                LatePart::Cel(cel) => {
                    let value = self.cel(cel)?;
                    self.append(&value, TextEncoding::Raw, false, &mut text, &cel.source)?;
                }
                LatePart::Value { value, encoding } => {
                    let value = self.value(value)?;
                    self.append(&value, *encoding, true, &mut text, "")?;
                }
                LatePart::Basic { username, password } => {
                    let (username, password) = (self.parts(username)?, self.parts(password)?);
                    let encoded = basic_credentials(&username, &password)?;
                    text.push_str(&encoded);
                    self.secrets.push(encoded);
                }
            }
        }
        Ok(text)
    }

    fn append(
        &mut self,
        value: &Value,
        encoding: TextEncoding,
        is_secret: bool,
        text: &mut String,
        path: &str,
    ) -> Result<(), Box<RenderError>> {
        let start = text.len();
        encoding
            .append_value(value, text)
            .map_err(|detail| RenderError::new(RenderErrorKind::Invalid, path, detail))?;
        // A server that echoes the request echoes the encoded form.
        if is_secret && encoding != TextEncoding::Raw && !self.secrets.iter().any(|secret| *secret == text[start..]) {
            self.secrets.push(text[start..].to_owned());
        }
        Ok(())
    }

    fn remember(&mut self, secret: &str) {
        if !self.secrets.iter().any(|known| known == secret) {
            self.secrets.push(secret.to_owned());
        }
    }

    fn variable(&mut self, name: &str) -> Result<(String, bool), Box<RenderError>> {
        match self.scope.env.variable(name) {
            EnvValue::Plain(text) => Ok((text.to_owned(), false)),
            EnvValue::Secret(Some(secret)) => {
                self.remember(secret);
                Ok((secret.to_owned(), true))
            }
            EnvValue::Secret(None) => Err(RenderError::new(
                RenderErrorKind::Missing,
                &format!("env.{name}"),
                "the secret cannot be read here",
            )),
            EnvValue::Missing => Err(RenderError::new(
                RenderErrorKind::Missing,
                &format!("env.{name}"),
                "the environment has no such variable",
            )),
        }
    }

    fn cel(&mut self, cel: &LateCel) -> Result<Value, Box<RenderError>> {
        let parsed;
        let expression = match &cel.compiled {
            Some(compiled) => compiled.as_ref(),
            None => {
                parsed = CelExpression::compile(&cel.source, &Allowed::checked_before()).map_err(|problems| {
                    let detail = problems
                        .into_iter()
                        .next()
                        .map_or_else(String::new, |problem| problem.detail);
                    RenderError::new(RenderErrorKind::Evaluation, &cel.source, detail)
                })?;
                &parsed
            }
        };
        for name in expression.variables() {
            if let EnvValue::Secret(Some(secret)) = self.scope.env.variable(name) {
                self.remember(secret);
            }
        }
        let value = expression.evaluate(self.scope)?;
        if let Value::String(text) = &value
            && text.len() >= MINIMUM_DERIVED_SECRET_BYTES
        {
            self.remember(text);
        }
        Ok(value)
    }
}

/// The credentials of HTTP Basic authentication. A user name cannot hold a colon (RFC 7617).
pub(crate) fn basic_credentials(username: &str, password: &str) -> Result<String, Box<RenderError>> {
    if username.contains(':') {
        return Err(RenderError::new(
            RenderErrorKind::Refused,
            "",
            "a user name for Basic authentication cannot hold ':'",
        ));
    }
    Ok(STANDARD.encode(format!("{username}:{password}")))
}

/// Whether a value nests deeper than [`MAXIMUM_DEPTH`].
pub(crate) fn is_too_deep(value: &Value) -> bool {
    fn deeper(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
            Value::Object(object) => left == 0 || object.values().any(|item| deeper(item, left - 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    deeper(value, MAXIMUM_DEPTH)
}

pub(crate) fn too_deep() -> Box<RenderError> {
    RenderError::new(
        RenderErrorKind::Limit,
        "",
        format!("the value is nested deeper than {MAXIMUM_DEPTH}"),
    )
}
