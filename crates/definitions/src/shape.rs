//! The shapes that definitions have: checked in a file, brought to one form, described as JSON Schema.
//!
//! Invariant: one table says all three. In the one form, members stand in the table's order and those that equal their
//! default are left out, so that two definitions are equal exactly when they mean the same.

use serde_json::{Map, Value};
use wfm_domain::{field_errors::FieldErrors, instant::Instant, schedule::CronExpression, text};

use crate::{
    secrets::{is_withheld, withheld},
    yaml::{Fault, Node, Tree},
};

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A text.
    Text(Text),
    /// An integer within bounds.
    Integer(i64, i64),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any value.
    Any,
    /// An object with any members.
    Object,
    /// A text, or a list of texts that are joined by commas.
    Tags,
    /// An object with these members and no others.
    Record(&'static [Field]),
    /// An object with members of one shape under any name.
    Named(&'static Shape),
    /// A list of one shape.
    List(&'static Shape),
}

/// How a text is brought to one form, as the server does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Trimmed and composed, not empty, at most so many UTF-16 units.
    Name(usize),
    /// As it is, or [`withheld`]; an empty one counts as absent.
    Block,
    /// In capitals.
    Capitals,
    /// An RFC 3339 instant.
    Instant,
    /// A cron expression.
    Cron,
    /// Trimmed, or [`withheld`].
    Trimmed,
}

/// A member of a record.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// What it says, for the schema.
    pub about: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// JSON of what its absence means, besides `null`.
    pub default: Option<&'static str>,
}

impl Field {
    /// A member that may be absent.
    #[must_use]
    pub const fn may(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self {
            name,
            about,
            shape,
            required: false,
            default: None,
        }
    }

    /// A member that must be there.
    #[must_use]
    pub const fn must(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self {
            required: true,
            ..Self::may(name, shape, about)
        }
    }

    /// The JSON of what its absence means.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    /// What its absence means; null when it means nothing.
    #[must_use]
    pub fn default_value(&self) -> Value {
        self.default.map_or(Value::Null, |json| {
            serde_json::from_str(json).expect("the tables of fields hold JSON, which a test reads")
        })
    }
}

/// Checks a value of a file; notes everything that is not as it must be.
pub(crate) fn check(shape: Shape, node: &Node, at: &str, faults: &mut Vec<Fault>) {
    let mut expected = |what: &str| {
        faults.push(Fault::new(
            node.line,
            format!("{at}: {what} is expected, not {}", node.what()),
        ));
    };
    match (shape, &node.tree) {
        (Shape::Any, _) | (Shape::Object, Tree::Map(_)) | (Shape::Boolean, Tree::Bool(_)) => {}
        (Shape::Text(Text::Block | Text::Trimmed), Tree::Map(_)) if is_withheld(&node.to_json()) => {}
        (Shape::Text(kind), Tree::Text(text)) => {
            if let Err(wrong) = kind.normal(text) {
                faults.push(Fault::new(node.line, format!("{at}: {wrong}")));
            }
        }
        (Shape::Text(_), _) => expected("a text"),
        (Shape::Integer(least, most), tree) => {
            let number = match tree {
                Tree::Number(number) => number.as_i64(),
                Tree::Null | Tree::Bool(_) | Tree::Text(_) | Tree::List(_) | Tree::Map(_) => None,
            };
            if !number.is_some_and(|number| (least..=most).contains(&number)) {
                expected(&format!("an integer from {least} to {most}"));
            }
        }
        (Shape::Boolean, _) => expected("true or false"),
        (Shape::Word(words), tree) => {
            if !matches!(tree, Tree::Text(text) if words.contains(&text.as_str())) {
                let found = node
                    .text()
                    .map_or_else(|| node.what().to_owned(), |text| format!("{text:?}"));
                let detail = format!("{at}: one of {} is expected, not {found}", words.join(", "));
                faults.push(Fault::new(node.line, detail));
            }
        }
        (Shape::Tags, Tree::Text(_)) => {}
        (Shape::Tags, Tree::List(items)) => {
            for item in items {
                let tag = item.text().map(str::trim);
                if !tag.is_some_and(|tag| !tag.is_empty() && !tag.contains(',')) {
                    faults.push(Fault::new(
                        item.line,
                        format!("{at}: a text without commas is expected"),
                    ));
                }
            }
        }
        (Shape::Tags, _) => expected("a text or a list of texts"),
        (Shape::Object, _) => expected("a mapping"),
        (Shape::Record(fields), Tree::Map(members)) => {
            check_record(fields, members, node.line, at, faults);
        }
        (Shape::Named(shape), Tree::Map(members)) => {
            for (key, member) in members {
                check(*shape, member, &format!("{at}/{}", key.text), faults);
            }
        }
        (Shape::Record(_) | Shape::Named(_), _) => expected("a mapping"),
        (Shape::List(shape), Tree::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                check(*shape, item, &format!("{at}/{index}"), faults);
            }
        }
        (Shape::List(_), _) => expected("a list"),
    }
}

fn check_record(
    fields: &[Field],
    members: &[(crate::yaml::Key, Node)],
    line: usize,
    at: &str,
    faults: &mut Vec<Fault>,
) {
    for (key, member) in members {
        match fields.iter().find(|field| field.name == key.text) {
            // Null is the same as leaving it out.
            Some(_) if member.tree == Tree::Null => {}
            Some(field) => check(field.shape, member, &format!("{at}/{}", key.text), faults),
            None => {
                let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let detail = format!("{at}/{}: unknown key; known are {}", key.text, known.join(", "));
                faults.push(Fault::new(key.line, detail));
            }
        }
    }
    for field in fields.iter().filter(|field| field.required) {
        let given = members
            .iter()
            .any(|(key, member)| key.text == field.name && member.tree != Tree::Null);
        if !given {
            faults.push(Fault::new(line, format!("{at}/{}: is required", field.name)));
        }
    }
}

impl Text {
    /// The text in its one form.
    fn normal(self, written: &str) -> Result<String, String> {
        match self {
            Self::Name(longest) => {
                let mut errors = FieldErrors::new();
                let normal = text::name(&mut errors, "", written, longest);
                errors.into_errors().pop().map_or(Ok(normal), |error| Err(error.detail))
            }
            Self::Block => Ok(written.to_owned()),
            Self::Capitals => Ok(written.trim().to_ascii_uppercase()),
            Self::Trimmed => Ok(written.trim().to_owned()),
            Self::Instant => Instant::parse(written)
                .map(|instant| instant.to_string())
                .ok_or_else(|| "an RFC 3339 instant is expected".to_owned()),
            Self::Cron => CronExpression::parse(written).map(|expression| expression.text().to_owned()),
        }
    }
}

/// A value in its one form; `None` when it means the same as its absence.
#[must_use]
pub fn canonical(shape: Shape, value: &Value) -> Option<Value> {
    match (shape, value) {
        (_, Value::Null) => None,
        (Shape::Text(kind), Value::String(text)) => {
            let normal = kind.normal(text).unwrap_or_else(|_| text.clone());
            (!normal.is_empty()).then_some(Value::String(normal))
        }
        (Shape::Text(_), value) if is_withheld(value) => Some(withheld()),
        (Shape::Tags, Value::Array(tags)) => {
            let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).map(str::trim).collect();
            canonical(Shape::Text(Text::Trimmed), &Value::String(tags.join(",")))
        }
        (Shape::Tags, value) => canonical(Shape::Text(Text::Trimmed), value),
        (Shape::Record(fields), Value::Object(members)) => Some(record(fields, members).into()),
        (Shape::Named(shape), Value::Object(members)) => {
            let members = members
                .iter()
                .map(|(key, value)| (key.clone(), canonical(*shape, value).unwrap_or(Value::Null)));
            Some(Value::Object(members.collect()))
        }
        (Shape::List(shape), Value::Array(items)) => {
            let items = items.iter().map(|item| canonical(*shape, item).unwrap_or(Value::Null));
            Some(items.collect())
        }
        (
            Shape::Text(_)
            | Shape::Integer(..)
            | Shape::Boolean
            | Shape::Word(_)
            | Shape::Any
            | Shape::Object
            | Shape::Record(_)
            | Shape::Named(_)
            | Shape::List(_),
            value,
        ) => Some(value.clone()),
    }
}

/// The members that these fields name, in their one form.
#[must_use]
pub fn record(fields: &[Field], members: &Map<String, Value>) -> Map<String, Value> {
    let mut normal = Map::new();
    for field in fields {
        let Some(value) = members.get(field.name).and_then(|value| canonical(field.shape, value)) else {
            continue;
        };
        if field.default.is_none() || value != field.default_value() {
            normal.insert(field.name.to_owned(), value);
        }
    }
    normal
}
