//! Collects everything that is wrong with a command, so that one refusal names it all.
//!
//! Invariant: a decision builds no event from a value whose check left an error here; [`FieldErrors::finish`] stands
//! between the checks and the events.

use crate::refusal::{FieldError, Refusal};

/// The field errors of one command so far.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// No errors yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that the field at the JSON `pointer` is wrong, and what would be accepted.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }

    /// Takes over errors found elsewhere, their pointers put below `prefix`.
    pub fn extend_below(&mut self, prefix: &str, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors.into_iter().map(|error| FieldError {
            pointer: format!("{prefix}{}", error.pointer),
            ..error
        }));
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, for a caller that refuses on its own.
    #[must_use]
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    /// Refuses when anything was noted.
    ///
    /// # Errors
    /// One refusal with every error.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::fields(self.0))
        }
    }
}

/// One more level of a JSON pointer: `/` and the escaped key (RFC 6901).
#[must_use]
pub fn pointer_segment(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_travel_in_one_refusal() {
        let mut errors = FieldErrors::new();
        errors.add("/name", "must not be empty");
        errors.extend_below(
            "/steps/0",
            vec![FieldError {
                pointer: "/order".into(),
                detail: "is taken".into(),
            }],
        );
        let refusal = errors.finish().unwrap_err();
        assert_eq!(refusal.errors.len(), 2);
        assert_eq!(refusal.detail, "name: must not be empty; steps/0/order: is taken");
    }

    #[test]
    fn pointer_segments_are_escaped() {
        assert_eq!(pointer_segment("a/b~c"), "/a~1b~0c");
    }
}
