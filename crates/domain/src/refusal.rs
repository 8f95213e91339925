//! Why a command was refused: the only error of the domain.

use serde::Serialize;
use thiserror::Error;

/// What is wrong with one field, at its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer into the command, for example `/steps/2/timeoutSeconds`.
    pub pointer: String,
    /// What is wrong and what would be accepted.
    pub detail: String,
}

/// The class of a refusal; callers translate it into their own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RefusalKind {
    /// The command breaks a rule on its own: lengths, enums, shapes.
    Invalid,
    /// The command does not fit the present state: already deleted, not published, name taken.
    Conflict,
    /// What the command addresses does not exist.
    NotFound,
    /// The actor may not do this, whatever the state.
    Forbidden,
}

/// A refused command: nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Class of the refusal.
    pub kind: RefusalKind,
    /// Stable, machine-readable name, for example `workspace-name-taken`.
    pub code: &'static str,
    /// What is wrong and how to put it right, for people.
    pub detail: String,
    /// The fields at fault, where there are any.
    pub errors: Vec<FieldError>,
}

impl Refusal {
    /// A refusal because the state does not allow the command.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Conflict,
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// A refusal because what is addressed does not exist.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::NotFound,
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// A refusal because what the field at `pointer` names does not exist.
    pub fn not_found_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let field = FieldError {
            pointer: pointer.into(),
            detail: detail.clone(),
        };
        Self {
            errors: vec![field],
            ..Self::not_found("not-found", detail)
        }
    }

    /// A refusal because of who asks.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Forbidden,
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// A refusal of one field.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::fields(vec![FieldError {
            pointer: pointer.into(),
            detail,
        }])
    }

    /// A refusal of several fields at once, so that a caller can mend them in one go.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.detail))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            kind: RefusalKind::Invalid,
            code: "invalid-field",
            detail,
            errors,
        }
    }
}
