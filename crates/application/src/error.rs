//! Why a use case did not succeed: the few kinds that a caller can act on.

use thiserror::Error;
use wfm_domain::{aggregate::Claim, refusal::Refusal, scopes};
use wfm_projections::queries::DecodeError;
use wfm_storage::append::{AppendError, AppendRefusal, StorageError};

use crate::{projection::ProjectionError, security::lockout::Locked};

/// Why a use case did not succeed.
#[derive(Debug, Clone, Error)]
pub enum ApplicationError {
    /// A rule of the domain says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody, or nobody known, asks.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may see the thing but not do this; names the role that may.
    #[error("{0}")]
    Forbidden(String),
    /// The thing does not exist, or the caller may not know that it does.
    #[error("{0} does not exist")]
    NotFound(String),
    /// `If-Match` names another version than the present one.
    #[error("the present version is {current}")]
    PreconditionFailed {
        /// Present version of the entity's stream.
        current: u64,
    },
    /// The idempotency key was used with another request.
    #[error("this Idempotency-Key was used with another request")]
    IdempotencyMismatch,
    /// Too many attempts or too much work; trying again after so many seconds may help.
    #[error("{detail}")]
    TooMany {
        /// What there is too much of.
        detail: String,
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The same entity was changed by others again and again meanwhile.
    #[error("the entity was changed by others at the same time; try again")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A bug or a broken invariant; the text is for the log, not for callers.
    #[error("internal error: {0}")]
    Internal(String),
}

impl ApplicationError {
    /// Something that must not happen, with what is known about it.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// The same for something that the field at `pointer` of a request's body names: what is missing there is told as a
    /// fault of the field.
    #[must_use]
    pub fn at(self, pointer: &str) -> Self {
        let Self::NotFound(_) = &self else { return self };
        Self::Refused(Refusal::not_found_at(pointer, self.to_string()))
    }

    /// A thing of this kind and id that is not there.
    pub fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("{kind} {id}"))
    }
}

impl From<Locked> for ApplicationError {
    fn from(locked: Locked) -> Self {
        Self::TooMany {
            detail: format!(
                "too many failed attempts; try again in {} s",
                locked.retry_after_seconds
            ),
            retry_after_seconds: locked.retry_after_seconds,
        }
    }
}

impl From<ProjectionError> for ApplicationError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Storage(error) => Self::Storage(error),
            ProjectionError::Moved(_) => Self::Contended,
            ProjectionError::Refused(_) => Self::Storage(StorageError::Corrupt(error.to_string())),
            ProjectionError::Busy => Self::Storage(StorageError::Unavailable(error.to_string())),
        }
    }
}

impl From<DecodeError> for ApplicationError {
    fn from(error: DecodeError) -> Self {
        Self::internal(error)
    }
}

impl From<AppendError> for ApplicationError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Refused(refusal) => refused(refusal),
            AppendError::Malformed(detail) => Self::Internal(format!("malformed append: {detail}")),
            AppendError::Storage(error) => Self::Storage(error),
        }
    }
}

/// A refusal of the log that no use case translated into its own terms.
fn refused(refusal: AppendRefusal) -> ApplicationError {
    match refusal {
        AppendRefusal::VersionConflict { .. } | AppendRefusal::GuardFailed { .. } | AppendRefusal::Duplicate(_) => {
            ApplicationError::Contended
        }
        AppendRefusal::CommandMismatch => ApplicationError::IdempotencyMismatch,
        AppendRefusal::ScopeNotEmpty { scope, .. } => scopes::not_empty(&scope).into(),
        AppendRefusal::ScopeFull { scope, limit, .. } => {
            Refusal::conflict("limit-reached", format!("no more than {limit} are allowed in {scope}")).into()
        }
        AppendRefusal::ScopeTooSmall { scope, .. } => scopes::too_few(&scope).into(),
        AppendRefusal::ClaimTaken { key, .. } => {
            scopes::taken(&Claim::new(key.scope.to_string(), key.key.to_string())).into()
        }
    }
}
