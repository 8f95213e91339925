//! Texts with placeholders: compiled once, rendered to a text that may wait for secrets.
//!
//! Invariant: the value of a secret variable never enters what is rendered; every placeholder is written in the encoding
//! of the place it stands in.

use std::sync::Arc;

use serde_json::Value;

use crate::allowed::Allowed;
use crate::cel::CelExpression;
use crate::error::{RenderError, RenderErrorKind};
use crate::path::{Found, Reference};
use crate::placeholder::{Fallback, Piece, pieces};
use crate::rendered::{Late, LateCel, LatePart, Rendered, RenderedText};
use crate::scope::Scope;
use crate::text::TextEncoding;

/// The rendered values of an endpoint's parameters, by their index; `None` where there is no value.
pub(crate) type ParameterValues = [Option<Rendered>];

#[derive(Debug)]
pub(crate) struct Placeholder {
    source: String,
    pub(crate) reference: Reference,
    pub(crate) fallback: Fallback,
    pub(crate) encoding: TextEncoding,
}

#[derive(Debug)]
pub(crate) enum TextPart {
    Text(String),
    Placeholder(Placeholder),
    /// Always the only part.
    Cel(Arc<CelExpression>),
}

/// A text with placeholders.
#[derive(Debug)]
pub(crate) struct TextTemplate {
    pub(crate) parts: Vec<TextPart>,
}

pub(crate) fn late_at_root(parts: Vec<LatePart>) -> Late {
    Late {
        pointer: String::new(),
        parts,
        parameter_type: None,
        rules: None,
    }
}

pub(crate) fn late_cel(cel: &Arc<CelExpression>) -> LatePart {
    LatePart::Cel(LateCel {
        source: cel.source().to_owned(),
        compiled: Some(Arc::clone(cel)),
    })
}

/// What a placeholder stands for.
enum Meaning<'v> {
    Value(&'v Value),
    Text(&'v str),
    Secret(&'v str),
    Parameter(&'v Rendered),
    Omitted,
}

impl Placeholder {
    fn compile(
        path: crate::path::Path,
        fallback: Fallback,
        source: String,
        allowed: &Allowed,
        encoding: TextEncoding,
    ) -> Result<Self, String> {
        let reference = Reference::compile(path, allowed).map_err(|detail| format!("{{{source}}}: {detail}"))?;
        if let Reference::StepItself(_) = reference {
            return Err(format!(
                "{{{source}}}: a step must be followed by .status, .output or .error"
            ));
        }
        Ok(Self {
            source,
            reference,
            fallback,
            encoding,
        })
    }

    /// Follows the path. Missing and null take the fallback, if there is one.
    fn meaning<'v>(
        &'v self,
        scope: &Scope<'v>,
        parameters: &'v ParameterValues,
    ) -> Result<Meaning<'v>, Box<RenderError>> {
        let found = match &self.reference {
            Reference::Parameter(index) => match parameters.get(*index).and_then(Option::as_ref) {
                Some(rendered) if !rendered.late.is_empty() => {
                    return Ok(Meaning::Parameter(rendered));
                }
                Some(rendered) => Found::Value(&rendered.value),
                None => Found::Missing,
            },
            reference => reference.find(scope),
        };
        match found {
            Found::Text(text) => return Ok(Meaning::Text(text)),
            Found::Secret(_) => {
                if let Reference::Environment(name) = &self.reference {
                    return Ok(Meaning::Secret(name));
                }
            }
            Found::Value(value) if !value.is_null() || self.fallback == Fallback::None => {
                return Ok(Meaning::Value(value));
            }
            Found::Value(_) | Found::Missing => {}
        }
        match &self.fallback {
            Fallback::Literal(value) => Ok(Meaning::Value(value)),
            Fallback::Omit => Ok(Meaning::Omitted),
            Fallback::None => Err(RenderError::new(
                RenderErrorKind::Missing,
                &self.source,
                "the value is missing",
            )),
        }
    }

    pub(crate) fn render_whole(
        &self,
        scope: &Scope<'_>,
        parameters: &ParameterValues,
        late: &mut Vec<Late>,
    ) -> Result<Option<Value>, Box<RenderError>> {
        Ok(Some(match self.meaning(scope, parameters)? {
            Meaning::Value(value) => value.clone(),
            Meaning::Text(text) => Value::String(text.to_owned()),
            Meaning::Secret(name) => {
                late.push(late_at_root(vec![LatePart::Env {
                    name: name.to_owned(),
                    encoding: TextEncoding::Raw,
                }]));
                Value::Null
            }
            Meaning::Parameter(rendered) => {
                late.extend(rendered.late.iter().cloned());
                rendered.value.clone()
            }
            Meaning::Omitted => return Ok(None),
        }))
    }
}

/// What is wrong with a text that was made, or why there is none; `Ok(None)` is left out.
pub(crate) fn checked(
    made: Result<Option<String>, String>,
    check: fn(&str) -> Result<(), &'static str>,
) -> Result<(), String> {
    made?.map_or(Ok(()), |text| Ok(check(&text)?))
}

impl TextTemplate {
    pub(crate) fn compile(text: &str, allowed: &Allowed, encoding: TextEncoding) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut parts = Vec::new();
        for piece in pieces(text).map_err(|detail| vec![detail])? {
            let part = match piece {
                Piece::Text(literal) => Ok(TextPart::Text(literal)),
                Piece::Placeholder { path, fallback, source } => {
                    Placeholder::compile(path, fallback, source, allowed, encoding).map(TextPart::Placeholder)
                }
                Piece::Cel(source) => CelExpression::compile(&source, allowed)
                    .map(|cel| TextPart::Cel(Arc::new(cel)))
                    .map_err(|problems| {
                        problems
                            .into_iter()
                            .map(|problem| problem.detail)
                            .collect::<Vec<_>>()
                            .join("; ")
                    }),
            };
            match part {
                Ok(part) => parts.push(part),
                Err(detail) => problems.push(detail),
            }
        }
        if problems.is_empty() {
            Ok(Self { parts })
        } else {
            Err(problems)
        }
    }

    pub(crate) fn omits(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, TextPart::Placeholder(placeholder) if placeholder.fallback == Fallback::Omit))
    }

    /// The text, if it has no placeholders.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn prepend(&mut self, text: &str) {
        self.parts.insert(0, TextPart::Text(text.to_owned()));
    }

    /// The endpoint parameters it uses.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().filter_map(|part| match part {
            TextPart::Placeholder(Placeholder {
                reference: Reference::Parameter(index),
                ..
            }) => Some(*index),
            TextPart::Text(_) | TextPart::Placeholder(_) | TextPart::Cel(_) => None,
        })
    }

    /// The text with this value (`None`: without one) in the placeholders chosen, and something that fits everywhere in
    /// place of whatever only a run tells. The inner `None`: it is left out.
    pub(crate) fn with(
        &self,
        is_chosen: impl Fn(&Placeholder) -> bool,
        value: Option<&Value>,
    ) -> Result<Option<String>, String> {
        let mut text = String::new();
        for part in &self.parts {
            let placeholder = match part {
                TextPart::Text(literal) => {
                    text.push_str(literal);
                    continue;
                }
                TextPart::Placeholder(placeholder) if is_chosen(placeholder) => placeholder,
                // What a URL begins with is another one.
                TextPart::Placeholder(_) | TextPart::Cel(_) => {
                    text.push_str(if text.is_empty() { "http://x" } else { "x" });
                    continue;
                }
            };
            let value = match (value.filter(|value| !value.is_null()), &placeholder.fallback) {
                (Some(value), _) | (None, Fallback::Literal(value)) => value,
                (None, Fallback::Omit) => return Ok(None),
                (None, Fallback::None) => value.ok_or("the value is missing")?,
            };
            placeholder.encoding.append_value(value, &mut text)?;
        }
        Ok(Some(text))
    }

    /// What is wrong with the text that it always has, or has with each use of a fallback.
    pub(crate) fn refusals(&self, check: fn(&str) -> Result<(), &'static str>) -> Vec<String> {
        let uses = self.parts.iter().filter_map(|part| match part {
            TextPart::Placeholder(used) if matches!(used.fallback, Fallback::Literal(_)) => {
                Some(self.with(|placeholder| std::ptr::eq(placeholder, used), None))
            }
            TextPart::Text(_) | TextPart::Placeholder(_) | TextPart::Cel(_) => None,
        });
        let constant = self.constant().map(|text| Ok(Some(text.to_owned())));
        let made = constant.into_iter().chain(uses);
        made.filter_map(|text| checked(text, check).err()).collect()
    }

    /// Renders; `None` if the key is to be dropped.
    pub(crate) fn render(
        &self,
        scope: &Scope<'_>,
        parameters: &ParameterValues,
    ) -> Result<Option<RenderedText>, Box<RenderError>> {
        let mut text = String::new();
        let mut late = Vec::new();
        let keep = |text: &mut String, late: &mut Vec<LatePart>, part| {
            if !text.is_empty() {
                late.push(LatePart::Text(std::mem::take(text)));
            }
            late.push(part);
        };
        for part in &self.parts {
            match part {
                TextPart::Text(literal) => text.push_str(literal),
                TextPart::Cel(cel) if cel.names_secret(scope) => keep(&mut text, &mut late, late_cel(cel)),
                TextPart::Cel(cel) => {
                    let value = cel.evaluate(scope)?;
                    TextEncoding::Raw
                        .append_value(&value, &mut text)
                        .map_err(|detail| invalid(cel.source(), detail))?;
                }
                TextPart::Placeholder(placeholder) => {
                    let encoding = placeholder.encoding;
                    match placeholder.meaning(scope, parameters)? {
                        Meaning::Omitted => return Ok(None),
                        Meaning::Value(value) => encoding
                            .append_value(value, &mut text)
                            .map_err(|detail| invalid(&placeholder.source, detail))?,
                        Meaning::Text("") if encoding == TextEncoding::Path => {
                            return Err(invalid(
                                &placeholder.source,
                                "an empty text cannot stand in the path of a URL",
                            ));
                        }
                        Meaning::Text(plain) => encoding.append(plain, &mut text),
                        Meaning::Secret(name) => {
                            keep(
                                &mut text,
                                &mut late,
                                LatePart::Env {
                                    name: name.to_owned(),
                                    encoding,
                                },
                            );
                        }
                        Meaning::Parameter(rendered) => {
                            keep(
                                &mut text,
                                &mut late,
                                LatePart::Value {
                                    value: rendered.clone(),
                                    encoding,
                                },
                            );
                        }
                    }
                }
            }
        }
        if late.is_empty() {
            return Ok(Some(RenderedText::Plain(text)));
        }
        if !text.is_empty() {
            late.push(LatePart::Text(text));
        }
        Ok(Some(RenderedText::Late(late)))
    }
}

fn invalid(path: &str, detail: &str) -> Box<RenderError> {
    RenderError::new(RenderErrorKind::Invalid, path, detail)
}
