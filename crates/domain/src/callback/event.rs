//! What becomes of a callback. Only how it went: what was told stands in the run.

use serde::{Deserialize, Serialize};

use super::Notice;
use crate::{events, instant::Instant, protected_fields};

/// An attempt failed; another one follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackAttemptFailed {
    /// What was to be told to whom.
    pub notice: Notice,
    /// 1 for the first.
    pub attempt: u32,
    /// `status`, or why there was no answer: `connect`, `timeout`, `interrupted`, `policy`, `mapping`, ….
    pub error_kind: String,
    /// HTTP status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// Not before this instant.
    pub next_attempt_at: Instant,
}

/// It was told: the answer's status was 2xx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackDelivered {
    /// What was told to whom.
    pub notice: Notice,
    /// 1 for the first.
    pub attempt: u32,
    /// HTTP status of the answer.
    pub status_code: u16,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
}

/// Why no further attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GivenUpReason {
    /// The other side says that it wants no more (410).
    Gone,
    /// It has been tried for a day.
    TimeOver,
    /// What was to be told has been erased.
    Erased,
}

/// It was not told, and no further attempt is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackGivenUp {
    /// What was to be told to whom.
    pub notice: Notice,
    /// Attempts that were made.
    pub attempts: u32,
    /// Why.
    pub reason: GivenUpReason,
    /// What was wrong with the last attempt, if it was made just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<String>,
    /// HTTP status of its answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
}

protected_fields!(CallbackAttemptFailed, CallbackDelivered, CallbackGivenUp);

events! {
    /// Events of a callback, stream `callback-{delivery}`.
    CallbackEvent {
        /// Not told yet.
        CallbackAttemptFailed = 1,
        /// Told.
        CallbackDelivered = 1,
        /// Not to be told.
        CallbackGivenUp = 1,
    }
}

impl CallbackEvent {
    /// What is told to whom.
    #[must_use]
    pub fn notice(&self) -> &Notice {
        match self {
            Self::CallbackAttemptFailed(event) => &event.notice,
            Self::CallbackDelivered(event) => &event.notice,
            Self::CallbackGivenUp(event) => &event.notice,
        }
    }
}
