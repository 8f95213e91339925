//! Reads `ErrorHandling.waitForSignal`: what a step waits for after its call has succeeded.

use serde_json::Value;

use crate::field_errors::{FieldErrors, pointer_segment};

/// Longest name of a signal in characters.
const LONGEST_NAME: usize = 100;

/// Longest wait: a year.
const LONGEST_WAIT_SECONDS: u32 = 366 * 86_400;

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalWait {
    /// Name of the signal.
    pub name: String,
    /// After so many seconds the step fails; it waits without end when absent.
    pub timeout_seconds: Option<u32>,
}

/// Whether a signal may have this name: letters, digits, `-`, `_` and `.`, at most 100 of them.
#[must_use]
pub fn is_signal_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl SignalWait {
    /// Reads the object; notes everything wrong below `/waitForSignal`.
    pub(super) fn parse(errors: &mut FieldErrors, value: &Value) -> Option<Self> {
        let Some(members) = value.as_object() else {
            errors.add("/waitForSignal", "must be a JSON object");
            return None;
        };
        let name = members
            .get("name")
            .and_then(Value::as_str)
            .filter(|name| is_signal_name(name));
        if name.is_none() {
            errors.add(
                "/waitForSignal/name",
                format!("must consist of 1 to {LONGEST_NAME} letters, digits, '-', '_' and '.'"),
            );
        }
        let timeout = members.get("timeoutSeconds").filter(|value| !value.is_null());
        let seconds = timeout
            .and_then(Value::as_u64)
            .and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = seconds.filter(|seconds| (1..=LONGEST_WAIT_SECONDS).contains(seconds));
        if timeout.is_some() && seconds.is_none() {
            errors.add(
                "/waitForSignal/timeoutSeconds",
                format!("must be an integer from 1 to {LONGEST_WAIT_SECONDS}"),
            );
        }
        for key in members.keys() {
            if !matches!(key.as_str(), "name" | "timeoutSeconds") {
                let at = format!("/waitForSignal{}", pointer_segment(key));
                errors.add(at, "is unknown; known are name, timeoutSeconds");
            }
        }
        Some(Self {
            name: name?.to_owned(),
            timeout_seconds: seconds,
        })
    }
}
