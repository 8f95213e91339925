//! Conditions of a listing, as many as the caller has.

use crate::parameter::Parameter;

/// A condition list with its parameters, `@P1` being taken by the limit.
pub(crate) struct Conditions<'value> {
    /// `WHERE …`, or empty.
    pub(crate) text: String,
    /// The limit, then a value for each condition.
    pub(crate) parameters: Vec<Parameter<'value>>,
}

impl<'value> Conditions<'value> {
    /// No condition yet.
    pub(crate) fn limited(limit: u32) -> Self {
        Self {
            text: String::new(),
            parameters: vec![limit.into()],
        }
    }

    /// Adds `column operator value`.
    pub(crate) fn add(&mut self, comparison: &str, value: impl Into<Parameter<'value>>) {
        self.parameters.push(value.into());
        let word = if self.text.is_empty() { "WHERE" } else { " AND" };
        self.text
            .push_str(&format!("{word} {comparison} @P{}", self.parameters.len()));
    }
}
