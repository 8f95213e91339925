//! Paths into a scope: `.name`, `[0]`, `["any name"]`, starting at a root.
//!
//! Invariant: a [`Reference`] was checked against an [`Allowed`]; looking it up cannot fail other than by a missing value.

use serde_json::{Map, Value};

use crate::allowed::Allowed;
use crate::name::{is_of_word, normal_name};
use crate::scope::{EnvValue, Scope};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// `.name` or `["name"]`.
    Name(String),
    /// `[0]`.
    Index(usize),
}

/// A parsed path: a root name and the segments after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The first name.
    pub root: String,
    /// What follows it.
    pub segments: Vec<Segment>,
}

impl Path {
    /// Parses a whole text as a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, rest) = Self::parse_prefix(text)?;
        match rest.chars().next() {
            None => Ok(path),
            Some(character) => Err(format!("'{character}' is not expected in a path")),
        }
    }

    /// Parses the path a text begins with; gives the rest of the text.
    pub(crate) fn parse_prefix(text: &str) -> Result<(Self, &str), String> {
        let (root, mut rest) = name_prefix(text).ok_or("a path begins with a name")?;
        let mut segments = Vec::new();
        loop {
            if let Some(after) = rest.strip_prefix('.') {
                let (name, after) = name_prefix(after).ok_or("a name is expected after '.'")?;
                segments.push(Segment::Name(name.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (segment, after) = bracket(after.trim_start())?;
                segments.push(segment);
                rest = after;
            } else {
                return Ok((
                    Self {
                        root: root.to_owned(),
                        segments,
                    },
                    rest,
                ));
            }
        }
    }
}

fn name_prefix(text: &str) -> Option<(&str, &str)> {
    let end = text
        .char_indices()
        .find(|(_, character)| !(is_of_word(*character) || matches!(character, '_' | '-' | '$')))
        .map_or(text.len(), |(index, _)| index);
    let first = text.chars().next()?;
    (end > 0 && first != '-').then(|| text.split_at(end))
}

fn bracket(text: &str) -> Result<(Segment, &str), String> {
    let (segment, rest) = if text.starts_with('"') || text.starts_with('\'') {
        let (name, rest) = quoted_prefix(text)?;
        (Segment::Name(name), rest)
    } else {
        let end = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let index = text[..end].parse().map_err(|_| "'[' needs an index or a quoted name")?;
        (Segment::Index(index), &text[end..])
    };
    let rest = rest.trim_start().strip_prefix(']').ok_or("']' is missing")?;
    Ok((segment, rest))
}

/// Reads a quoted string: JSON rules for `"`, and `\\` `\'` escapes for `'`. Gives the rest of the text.
pub(crate) fn quoted_prefix(text: &str) -> Result<(String, &str), String> {
    let quote = text.chars().next().ok_or("a quoted text is expected")?;
    let mut escaped = false;
    let end = text[1..]
        .char_indices()
        .find_map(|(index, character)| {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == quote {
                return Some(index + 1);
            }
            None
        })
        .ok_or("a quoted text is not closed")?;
    let content = if quote == '"' {
        serde_json::from_str(&text[..=end]).map_err(|_| "a quoted text is not valid JSON")?
    } else {
        text[1..end].replace("\\'", "'").replace("\\\\", "\\")
    };
    Ok((content, &text[end + 1..]))
}

/// Appends `/segment` to a JSON pointer (RFC 6901).
pub(crate) fn push_pointer_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for character in segment.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Which part of a step's outcome a reference reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepField {
    Status,
    Output,
    Error,
}

/// A path whose root, step and fixed fields were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Input(Vec<Segment>),
    System(Vec<Segment>),
    Response(Vec<Segment>),
    Environment(String),
    Step {
        name: String,
        field: StepField,
        segments: Vec<Segment>,
    },
    /// Whether a step has an outcome: only `has(steps.NAME)` makes one.
    StepItself(String),
    Parameter(usize),
}

/// What a reference leads to.
pub(crate) enum Found<'a> {
    Value(&'a Value),
    Text(&'a str),
    Secret(Option<&'a str>),
    Missing,
}

const SYSTEM_FIELDS: [&str; 5] = [
    "utcNow",
    "executionId",
    "workflowId",
    "workflowVersion",
    "executionContext",
];
const RESPONSE_FIELDS: [&str; 3] = ["status", "headers", "body"];

/// Whether a name is one of the roots of a scope.
pub(crate) fn is_root(name: &str) -> bool {
    matches!(name, "input" | "env" | "system" | "steps" | "response")
}

impl Reference {
    /// Checks a path against what its place may read.
    pub(crate) fn compile(path: Path, allowed: &Allowed) -> Result<Self, String> {
        let Path { root, mut segments } = path;
        if segments.is_empty()
            && let Some(parameter) = allowed.parameter_index(&root)
        {
            return parameter.map(Self::Parameter);
        }
        match root.as_str() {
            "input" => {
                no_elements(segments.first(), "the input")?;
                Ok(Self::Input(segments))
            }
            "system" => {
                check_field(&segments, "system", &SYSTEM_FIELDS)?;
                no_members(&segments[1..], "what 'system' tells")?;
                Ok(Self::System(segments))
            }
            "response" => {
                allowed.check_response()?;
                if !segments.is_empty() {
                    check_field(&segments, "response", &RESPONSE_FIELDS)?;
                    // Header names are case-insensitive (RFC 9110); the scope holds them in lower case.
                    if segments[0] == Segment::Name("headers".to_owned()) {
                        no_elements(segments.get(1), "what 'response.headers' tells")?;
                        if let Some(Segment::Name(header)) = segments.get_mut(1) {
                            *header = header.to_ascii_lowercase();
                            no_members(&segments[2..], "a header")?;
                        }
                    }
                    if segments[0] == Segment::Name("status".to_owned()) {
                        no_members(&segments[1..], "the status of a response")?;
                    }
                }
                Ok(Self::Response(segments))
            }
            "env" => {
                allowed.check_environment()?;
                match (segments.pop(), segments.is_empty()) {
                    (Some(Segment::Name(name)), true) => Ok(Self::Environment(name)),
                    _ => Err("'env' must be followed by the name of one variable, and nothing more".to_owned()),
                }
            }
            "steps" => {
                let mut rest = segments.into_iter();
                let Some(Segment::Name(name)) = rest.next() else {
                    return Err("'steps' must be followed by the name of a step".to_owned());
                };
                let name = normal_name(&name).into_owned();
                allowed.check_step(&name)?;
                let field = match rest.next() {
                    Some(Segment::Name(field)) => match field.as_str() {
                        "status" => StepField::Status,
                        "output" => StepField::Output,
                        "error" => StepField::Error,
                        other => {
                            return Err(format!("a step has status, output and error, but no '{other}'"));
                        }
                    },
                    Some(Segment::Index(_)) => {
                        return Err("a step has status, output and error".to_owned());
                    }
                    None => return Ok(Self::StepItself(name)),
                };
                let segments: Vec<Segment> = rest.collect();
                if field == StepField::Status {
                    no_members(&segments, "the status of a step")?;
                }
                Ok(Self::Step { name, field, segments })
            }
            other => Err(format!(
                "unknown root '{other}': the roots are input, env, system, steps and response"
            )),
        }
    }

    /// A value of the type that it always leads to, if there is one such type.
    pub(crate) fn example(&self) -> Option<Value> {
        match self {
            Self::System(segments) => match segments.first() {
                Some(Segment::Name(field)) => match field.as_str() {
                    "utcNow" => Some("2026-01-31T12:00:00.000Z".into()),
                    "executionId" => Some("00000000-0000-0000-0000-000000000000".into()),
                    "workflowId" | "workflowVersion" => Some(1.into()),
                    _ => None,
                },
                _ => None,
            },
            Self::Response(segments) => match segments.as_slice() {
                [] => Some(Value::Object(Map::new())),
                [Segment::Name(field)] if field == "status" => Some(200.into()),
                [Segment::Name(field)] if field == "headers" => Some(Value::Object(Map::new())),
                _ => None,
            },
            Self::Input(segments) if segments.is_empty() => Some(Value::Object(Map::new())),
            Self::Step {
                field: StepField::Status,
                ..
            }
            | Self::StepItself(_) => Some("Succeeded".into()),
            Self::Input(_) | Self::Environment(_) | Self::Step { .. } | Self::Parameter(_) => None,
        }
    }

    /// Follows the reference. A parameter is never found here: its value is not part of the scope.
    pub(crate) fn find<'a>(&self, scope: &Scope<'a>) -> Found<'a> {
        match self {
            Self::Input(segments) => descend(scope.input, segments),
            Self::System(segments) => descend(scope.system, segments),
            Self::Response(segments) => scope
                .response
                .map_or(Found::Missing, |response| descend(response, segments)),
            Self::Environment(name) => match scope.env.variable(name) {
                EnvValue::Plain(text) => Found::Text(text),
                EnvValue::Secret(secret) => Found::Secret(secret),
                EnvValue::Missing => Found::Missing,
            },
            Self::Step { name, field, segments } => match scope.steps.step(name) {
                None => Found::Missing,
                Some(outcome) => match field {
                    StepField::Status => Found::Text(outcome.status),
                    StepField::Output => descend(outcome.output, segments),
                    StepField::Error => descend(outcome.error, segments),
                },
            },
            Self::StepItself(name) => match scope.steps.step(name) {
                None => Found::Missing,
                Some(outcome) => Found::Text(outcome.status),
            },
            Self::Parameter(_) => Found::Missing,
        }
    }
}

fn check_field(segments: &[Segment], root: &str, known: &[&str]) -> Result<(), String> {
    match segments.first() {
        Some(Segment::Name(name)) if known.contains(&name.as_str()) => Ok(()),
        _ => Err(format!("'{root}' must be followed by one of {}", known.join(", "))),
    }
}

/// Refuses a path that goes on behind a plain value: nothing is ever there.
fn no_members(segments: &[Segment], what: &str) -> Result<(), String> {
    if segments.is_empty() {
        Ok(())
    } else {
        Err(format!("{what} is a plain value without members"))
    }
}

/// Refuses a position in what is always an object: nothing is ever there.
fn no_elements(segment: Option<&Segment>, what: &str) -> Result<(), String> {
    match segment {
        Some(Segment::Index(_)) => Err(format!("{what} is an object: its members have names")),
        Some(Segment::Name(_)) | None => Ok(()),
    }
}

fn descend<'a>(mut value: &'a Value, segments: &[Segment]) -> Found<'a> {
    for segment in segments {
        let next = match (segment, value) {
            (Segment::Name(name), Value::Object(object)) => object.get(name),
            (Segment::Index(index), Value::Array(array)) => array.get(*index),
            _ => None,
        };
        match next {
            Some(found) => value = found,
            None => return Found::Missing,
        }
    }
    Found::Value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_indexes_and_quoted_names() {
        let path = Path::parse(r#"steps["Check stock"].output.items[0].a-b['it\'s']"#).unwrap();
        assert_eq!(path.root, "steps");
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Name(name) => name.clone(),
                Segment::Index(index) => format!("#{index}"),
            })
            .collect();
        assert_eq!(names, ["Check stock", "output", "items", "#0", "a-b", "it's"]);
    }

    #[test]
    fn broken_paths_are_refused() {
        for text in [
            "",
            ".a",
            "a.",
            "a[",
            "a[x]",
            "a[\"x]",
            "a[1",
            "a b",
            "a..b",
            "a[99999999999999999999999]",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
