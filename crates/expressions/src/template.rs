//! Templates: JSON values with placeholders, compiled once and rendered against a scope.
//!
//! Invariant: a placeholder that is the whole value keeps the type and the number text of what it names; a value of a
//! secret variable never enters what is rendered (see [`Rendered`]).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::allowed::{Allowed, Problem};
use crate::cel::CelExpression;
use crate::error::RenderError;
use crate::path::push_pointer_segment;
use crate::placeholder::Fallback;
use crate::rendered::{Late, Rendered, RenderedText, is_too_deep, too_deep};
use crate::scope::Scope;
use crate::text::TextEncoding;
use crate::text_template::{ParameterValues, Placeholder, TextPart, TextTemplate, late_at_root, late_cel};

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

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Whole(Placeholder),
    Cel(Arc<CelExpression>),
    Text(TextTemplate),
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
                    problems.extend(details.into_iter().map(|detail| Problem::new(pointer.clone(), detail)));
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
                        problems.push(Problem::new(pointer.clone(), "'$literal' stands alone in its object"));
                    }
                    if is_too_deep(literal) {
                        problems.push(Problem::new(pointer.clone(), "the literal is nested too deeply"));
                    }
                    return Self::Constant(literal.clone());
                }
                let nodes: Vec<(String, Self)> = object
                    .iter()
                    .map(|(key, value)| (key.clone(), child(key, value, problems)))
                    .collect();
                if nodes.iter().all(|(_, node)| matches!(node, Self::Constant(_))) {
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
            Some(TextPart::Cel(cel)) => match cel.constant() {
                Some(value) => Self::Constant(value.clone()),
                None => Self::Cel(cel),
            },
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

/// Pointers are built from the inside out, so that nothing is built where there is no secret.
fn move_inside(late: &mut [Late], segment: &str) {
    for entry in late {
        let mut pointer = String::new();
        push_pointer_segment(&mut pointer, segment);
        entry.pointer.insert_str(0, &pointer);
    }
}
