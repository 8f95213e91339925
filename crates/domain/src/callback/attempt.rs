//! What follows from an attempt: the end of it, or another attempt later.

use super::{
    Callback, CallbackAttemptFailed, CallbackDelivered, CallbackEvent, CallbackGivenUp, CallbackStatus, GivenUpReason,
    Notice,
};
use crate::{instant::Instant, refusal::Refusal};

/// How long after the run's end it is tried.
pub const TRIED_FOR_SECONDS: i64 = 24 * 60 * 60;

/// Longest wait that the growing intervals come to.
pub const LONGEST_DELAY_SECONDS: f64 = 4.0 * 60.0 * 60.0;

/// First wait; each further one is so many times as long.
const FIRST_DELAY_SECONDS: f64 = 5.0;
const DELAY_GROWTH: f64 = 3.0;

/// Note what became of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordAttempt {
    /// What was told to whom.
    pub notice: Notice,
    /// The answer's status, or why there was none.
    pub outcome: Result<u16, String>,
    /// Milliseconds that the answer asks to wait.
    pub retry_after_ms: Option<i64>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// When the run ended.
    pub ended_at: Instant,
    /// Chance in `0.0..1.0`, so that those who failed together do not come back together.
    pub fraction: f64,
    /// Now.
    pub now: Instant,
}

impl RecordAttempt {
    pub(super) fn decide(self, state: &Callback) -> Result<Vec<CallbackEvent>, Refusal> {
        open(state)?;
        let attempt = state.attempts + 1;
        let (error_kind, status_code) = match self.outcome {
            Ok(status_code) if (200..300).contains(&status_code) => {
                let delivered = CallbackDelivered {
                    notice: self.notice,
                    attempt,
                    status_code,
                    duration_ms: self.duration_ms,
                };
                return Ok(vec![delivered.into()]);
            }
            Ok(status_code) => ("status".to_owned(), Some(status_code)),
            Err(kind) => (kind, None),
        };
        let last_at = self.ended_at.plus_milliseconds(TRIED_FOR_SECONDS * 1000);
        let reason = if status_code == Some(410) {
            Some(GivenUpReason::Gone)
        } else if self.now >= last_at {
            Some(GivenUpReason::TimeOver)
        } else {
            None
        };
        if let Some(reason) = reason {
            let given_up = CallbackGivenUp {
                notice: self.notice,
                attempts: attempt,
                reason,
                error_kind: Some(error_kind),
                status_code,
            };
            return Ok(vec![given_up.into()]);
        }
        let wait = delay_ms(attempt, self.fraction).max(self.retry_after_ms.unwrap_or(0));
        let failed = CallbackAttemptFailed {
            notice: self.notice,
            attempt,
            error_kind,
            status_code,
            duration_ms: self.duration_ms,
            // The last attempt is made when the time is over, whatever the other side asks for.
            next_attempt_at: self
                .now
                .plus_milliseconds(wait.min(TRIED_FOR_SECONDS * 1000))
                .min(last_at),
        };
        Ok(vec![failed.into()])
    }
}

/// Milliseconds before the attempt after this one: a growing interval, of which chance takes up to a half.
#[allow(clippy::cast_possible_truncation, reason = "bounded by the longest delay")]
fn delay_ms(attempt: u32, fraction: f64) -> i64 {
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = (FIRST_DELAY_SECONDS * DELAY_GROWTH.powi(exponent)).min(LONGEST_DELAY_SECONDS);
    (seconds * 1000.0 * (1.0 - fraction.clamp(0.0, 1.0) / 2.0)) as i64
}

/// Try no more.
#[derive(Debug, Clone, PartialEq)]
pub struct GiveUpCallback {
    /// What was to be told to whom.
    pub notice: Notice,
    /// Why.
    pub reason: GivenUpReason,
}

impl GiveUpCallback {
    pub(super) fn decide(self, state: &Callback) -> Result<Vec<CallbackEvent>, Refusal> {
        open(state)?;
        let given_up = CallbackGivenUp {
            notice: self.notice,
            attempts: state.attempts,
            reason: self.reason,
            error_kind: None,
            status_code: None,
        };
        Ok(vec![given_up.into()])
    }
}

fn open(state: &Callback) -> Result<(), Refusal> {
    match state.status {
        CallbackStatus::Pending => Ok(()),
        CallbackStatus::Delivered | CallbackStatus::GivenUp => {
            Err(Refusal::conflict("callback-settled", "the callback is settled"))
        }
    }
}
