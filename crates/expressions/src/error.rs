//! The failure of an evaluation: where, at which path, and why.
//!
//! Invariant: an error never quotes a value, only names and types, so that it can be logged whatever the value was.

use crate::path::push_pointer_segment;

/// The kind of a [`RenderError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderErrorKind {
    /// A value that is needed is not there.
    Missing,
    /// A value has the wrong type or breaks a validation rule.
    Invalid,
    /// A CEL expression failed.
    Evaluation,
    /// A bound on cost, size or depth was reached.
    Limit,
    /// The value may not stand in that place (a line break in a header, `..` in a path).
    Refused,
}

/// A value could not be rendered or a condition not decided. Never worth a retry: the same scope gives the same error.
///
/// The caller adds the name of the step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", location(place, path))]
pub struct RenderError {
    /// What kind of failure.
    pub kind: RenderErrorKind,
    /// JSON pointer to the place in the template or request, for example `/inputMapping/userId`.
    pub place: String,
    /// The path or expression as written, without braces; empty if none is concerned.
    pub path: String,
    /// What went wrong, in words.
    pub detail: String,
}

/// `at /place {path}: `, as far as they are known.
fn location(place: &str, path: &str) -> String {
    match (place, path) {
        ("", "") => String::new(),
        ("", path) => format!("{{{path}}}: "),
        (place, "") => format!("at {place}: "),
        (place, path) => format!("at {place} {{{path}}}: "),
    }
}

impl RenderError {
    pub(crate) fn new(kind: RenderErrorKind, path: &str, detail: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind,
            place: String::new(),
            path: path.to_owned(),
            detail: detail.into(),
        })
    }

    /// The same error seen from one level further out.
    pub(crate) fn inside(mut self: Box<Self>, segment: &str) -> Box<Self> {
        let mut place = String::new();
        push_pointer_segment(&mut place, segment);
        place.push_str(&self.place);
        self.place = place;
        self
    }
}
