//! Templates: JSON values with placeholders, compiled once and rendered against a scope.
//!
//! Invariant: a placeholder that is the whole value keeps the type and the number text of what it names; a value of a
//! secret variable never enters what is rendered (see [`Rendered`]).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::allowed::{Allowed, Problem};
use crate::cel::CelExpression;
use crate::error::{RenderError, RenderErrorKind};
use crate::path::{Found, Reference, push_pointer_segment};
use crate::placeholder::{Fallback, Piece, pieces};
use crate::rendered::{Late, LateCel, LatePart, Rendered, RenderedText, is_too_deep, too_deep};
use crate::scope::Scope;
use crate::text::TextEncoding;

/// How deep a template may nest.
const MAXIMUM_TEMPLATE_DEPTH: usize = 48;

/// A compiled JSON template (a mapping, or the `output` of a workflow).
#[derive(Debug)]
pub struct Template {
    root: Node,
}

impl Template {
    /// Compiles a template; reports every problem with its JSON pointer in the template.
    pub fn compile(template: &Value, allowed: &Allowed) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let root = Node::compile(template, allowed, TextEncoding::Raw, &mut problems);
        if root.omits() {
            problems.push(Problem::new(
                "",
                "'?? omit' drops a key, so it cannot stand for the whole template",
            ));
        }
        if problems.is_empty() {
            Ok(Self { root })
        } else {
            Err(problems)
        }
    }

    /// Renders the durable form.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Rendered, RenderError> {
        self.root
            .render_whole(scope, &[])
            .map(Option::unwrap_or_default)
            .map_err(|error| *error)
    }
}

impl Default for Rendered {
    fn default() -> Self {
        Self::plain(Value::Null)
    }
}

/// The rendered values of an endpoint's parameters, by their index; `None` where there is no value.
pub(crate) type ParameterValues = [Option<Rendered>];

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Whole(Placeholder),
    Cel(Arc<CelExpression>),
    Text(TextTemplate),
}

#[derive(Debug)]
pub(crate) struct Placeholder {
    source: String,
    pub(crate) reference: Reference,
    fallback: Fallback,
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

impl Node {
    pub(crate) fn compile(
        value: &Value,
        allowed: &Allowed,
        encoding: TextEncoding,
        problems: &mut Vec<Problem>,
    ) -> Self {
        Self::compile_at(value, allowed, encoding, problems, &mut String::new(), 0)
    }

    fn compile_at(
        value: &Value,
        allowed: &Allowed,
        encoding: TextEncoding,
        problems: &mut Vec<Problem>,
        pointer: &mut String,
        depth: usize,
    ) -> Self {
        if depth > MAXIMUM_TEMPLATE_DEPTH {
            problems.push(Problem::new(
                pointer.clone(),
                format!("nested deeper than {MAXIMUM_TEMPLATE_DEPTH}"),
            ));
            return Self::Constant(Value::Null);
        }
        let mut child = |segment: &str, value: &Value, problems: &mut Vec<Problem>| {
            let length = pointer.len();
            push_pointer_segment(pointer, segment);
            let node = Self::compile_at(value, allowed, encoding, problems, pointer, depth + 1);
            pointer.truncate(length);
            node
        };
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Constant(value.clone()),
            Value::String(text) => {
                let text = TextTemplate::compile(text, allowed, encoding).map_err(|details| {
                    problems.extend(
                        details
                            .into_iter()
                            .map(|detail| Problem::new(pointer.clone(), detail)),
                    );
                });
                text.map_or(Self::Constant(Value::Null), Self::from_text)
            }
            Value::Array(items) => {
                let nodes: Vec<Self> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| child(&index.to_string(), item, problems))
                    .collect();
                if nodes.iter().all(|node| matches!(node, Self::Constant(_))) {
                    return Self::Constant(Value::Array(
                        nodes.into_iter().filter_map(Self::into_constant).collect(),
                    ));
                }
                Self::Array(nodes)
            }
            Value::Object(object) => {
                if let Some(literal) = object.get("$literal") {
                    if object.len() > 1 {
                        problems.push(Problem::new(
                            pointer.clone(),
                            "'$literal' stands alone in its object",
                        ));
                    }
                    if is_too_deep(literal) {
                        problems.push(Problem::new(
                            pointer.clone(),
                            "the literal is nested too deeply",
                        ));
                    }
                    return Self::Constant(literal.clone());
                }
                let nodes: Vec<(String, Self)> = object
                    .iter()
                    .map(|(key, value)| (key.clone(), child(key, value, problems)))
                    .collect();
                if nodes
                    .iter()
                    .all(|(_, node)| matches!(node, Self::Constant(_)))
                {
                    let entries = nodes
                        .into_iter()
                        .filter_map(|(key, node)| Some((key, node.into_constant()?)));
                    return Self::Constant(Value::Object(entries.collect()));
                }
                Self::Object(nodes)
            }
        }
    }

    fn from_text(mut text: TextTemplate) -> Self {
        if text.parts.len() > 1 {
            return Self::Text(text);
        }
        match text.parts.pop() {
            None => Self::Constant(Value::String(String::new())),
            Some(TextPart::Text(literal)) => Self::Constant(Value::String(literal)),
            Some(TextPart::Cel(cel)) => Self::Cel(cel),
            Some(TextPart::Placeholder(placeholder)) => Self::Whole(placeholder),
        }
    }

    fn into_constant(self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn omits(&self) -> bool {
        match self {
            Self::Whole(placeholder) => placeholder.fallback == Fallback::Omit,
            Self::Text(text) => text.omits(),
            Self::Constant(_) | Self::Object(_) | Self::Array(_) | Self::Cel(_) => false,
        }
    }

    /// Renders; `None` if the key is to be dropped.
    pub(crate) fn render_whole(
        &self,
        scope: &Scope<'_>,
        parameters: &ParameterValues,
    ) -> Result<Option<Rendered>, Box<RenderError>> {
        let mut late = Vec::new();
        let Some(value) = self.render(scope, parameters, &mut late)? else {
            return Ok(None);
        };
        if is_too_deep(&value) {
            return Err(too_deep());
        }
        Ok(Some(Rendered { value, late }))
    }

    fn render(
        &self,
        scope: &Scope<'_>,
        parameters: &ParameterValues,
        late: &mut Vec<Late>,
    ) -> Result<Option<Value>, Box<RenderError>> {
        match self {
            Self::Constant(value) => Ok(Some(value.clone())),
            Self::Object(entries) => {
                let mut object = Map::with_capacity(entries.len());
                for (key, node) in entries {
                    let before = late.len();
                    if let Some(value) = node
                        .render(scope, parameters, late)
                        .map_err(|error| error.inside(key))?
                    {
                        object.insert(key.clone(), value);
                    }
                    move_inside(&mut late[before..], key);
                }
                Ok(Some(Value::Object(object)))
            }
            Self::Array(nodes) => {
                let mut array = Vec::with_capacity(nodes.len());
                for (index, node) in nodes.iter().enumerate() {
                    let before = late.len();
                    let value = node
                        .render(scope, parameters, late)
                        .map_err(|error| error.inside(&index.to_string()))?;
                    if late.len() > before {
                        move_inside(&mut late[before..], &array.len().to_string());
                    }
                    array.extend(value);
                }
                Ok(Some(Value::Array(array)))
            }
            Self::Whole(placeholder) => placeholder.render_whole(scope, parameters, late),
            Self::Cel(cel) => {
                if cel.names_secret(scope) {
                    late.push(late_at_root(vec![late_cel(cel)]));
                    return Ok(Some(Value::Null));
                }
                cel.evaluate(scope).map(Some)
            }
            Self::Text(text) => Ok(match text.render(scope, parameters)? {
                None => None,
                Some(RenderedText::Plain(text)) => Some(Value::String(text)),
                Some(RenderedText::Late(parts)) => {
                    late.push(late_at_root(parts));
                    Some(Value::Null)
                }
            }),
        }
    }
}

fn late_at_root(parts: Vec<LatePart>) -> Late {
    Late {
        pointer: String::new(),
        parts,
        parameter_type: None,
    }
}

fn late_cel(cel: &Arc<CelExpression>) -> LatePart {
    LatePart::Cel(LateCel {
        source: cel.source().to_owned(),
        compiled: Some(Arc::clone(cel)),
    })
}

/// Pointers are built from the inside out, so that nothing is built where there is no secret.
fn move_inside(late: &mut [Late], segment: &str) {
    for entry in late {
        let mut pointer = String::new();
        push_pointer_segment(&mut pointer, segment);
        entry.pointer.insert_str(0, &pointer);
    }
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
        let reference = Reference::compile(path, allowed)
            .map_err(|detail| format!("{{{source}}}: {detail}"))?;
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

    fn render_whole(
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

impl TextTemplate {
    pub(crate) fn compile(
        text: &str,
        allowed: &Allowed,
        encoding: TextEncoding,
    ) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut parts = Vec::new();
        for piece in pieces(text).map_err(|detail| vec![detail])? {
            let part = match piece {
                Piece::Text(literal) => Ok(TextPart::Text(literal)),
                Piece::Placeholder {
                    path,
                    fallback,
                    source,
                } => Placeholder::compile(path, fallback, source, allowed, encoding)
                    .map(TextPart::Placeholder),
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
        self.parts.iter().any(|part| matches!(part, TextPart::Placeholder(placeholder) if placeholder.fallback == Fallback::Omit))
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
                TextPart::Cel(cel) if cel.names_secret(scope) => {
                    keep(&mut text, &mut late, late_cel(cel))
                }
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
