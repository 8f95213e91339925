//! Reads a step's `ErrorHandling`: what counts as success, what is tried again, what a failure leads to.
//!
//! Invariant: it refines, never adds attempts; those are 1 + the step's `RetryCount`. Unknown keys and contradictions
//! are refused, so that nothing written there is silently ignored.

use serde_json::{Map, Value};

use super::{Compensation, SignalWait};
use crate::{
    field_errors::{FieldErrors, pointer_segment},
    refusal::FieldError,
    text,
};

/// A failure that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOn {
    /// `"connect"`: no connection.
    Connect,
    /// `"timeout"`: no answer within the step's `TimeoutSeconds`.
    Timeout,
    /// One HTTP status.
    Status(u16),
    /// `"4xx"`: every status from 400 to 499.
    ClientErrors,
    /// `"5xx"`: every status from 500 to 599.
    ServerErrors,
}

impl RetryOn {
    fn covers_status(self, status: u16) -> bool {
        match self {
            Self::Status(one) => one == status,
            Self::ClientErrors => (400..500).contains(&status),
            Self::ServerErrors => (500..600).contains(&status),
            Self::Connect | Self::Timeout => false,
        }
    }
}

/// How the waits between attempts vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// `"full"`: anything between nothing and the whole wait.
    Full,
    /// `"none"`.
    None,
}

/// When and how an attempt is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// What is tried again.
    pub retry_on: Vec<RetryOn>,
    /// What is not, though `retry_on` covers it.
    pub never_retry_on: Vec<RetryOn>,
    /// Factor from one wait to the next, at least 1.
    pub backoff_rate: f64,
    /// No wait is longer.
    pub maximum_delay_seconds: Option<u32>,
    /// How waits vary.
    pub jitter: Jitter,
}

impl Default for RetryPolicy {
    /// Connection failures, timeouts, 429 and 5xx, each after the step's `RetryDelaySeconds`, as the column says.
    fn default() -> Self {
        Self {
            retry_on: vec![
                RetryOn::Connect,
                RetryOn::Timeout,
                RetryOn::Status(429),
                RetryOn::ServerErrors,
            ],
            never_retry_on: Vec::new(),
            backoff_rate: 1.0,
            maximum_delay_seconds: None,
            jitter: Jitter::None,
        }
    }
}

impl RetryPolicy {
    /// Whether an answer with this HTTP status is tried again.
    #[must_use]
    pub fn covers_status(&self, status: u16) -> bool {
        let names = |entries: &[RetryOn]| entries.iter().any(|entry| entry.covers_status(status));
        names(&self.retry_on) && !names(&self.never_retry_on)
    }

    /// Whether a failure without an answer is tried again: [`RetryOn::Connect`] or [`RetryOn::Timeout`].
    #[must_use]
    pub fn covers(&self, failure: RetryOn) -> bool {
        self.retry_on.contains(&failure) && !self.never_retry_on.contains(&failure)
    }

    /// Milliseconds to wait before the `retry`-th retry (from 1) of a step with this `RetryDelaySeconds`; `random` lies
    /// in 0..1 and matters under full jitter only.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn delay_milliseconds(&self, retry_delay_seconds: u32, retry: u32, random: f64) -> u64 {
        let exponent = i32::try_from(retry.saturating_sub(1)).unwrap_or(i32::MAX);
        // A wait never exceeds the longest RetryDelaySeconds, however long the backoff grows.
        let limit = f64::from(self.maximum_delay_seconds.unwrap_or(86_400));
        let seconds = (f64::from(retry_delay_seconds) * self.backoff_rate.powi(exponent)).min(limit);
        let share = match self.jitter {
            Jitter::Full => random.clamp(0.0, 1.0),
            Jitter::None => 1.0,
        };
        (seconds * share * 1000.0) as u64
    }
}

/// What follows when the step has failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnError {
    /// The run fails.
    #[default]
    Fail,
    /// The run goes on with the next step.
    Continue,
    /// The run goes on with the later step of this name.
    Goto(String),
}

/// A step's error handling, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorHandling {
    /// When and how an attempt is repeated.
    pub retry: RetryPolicy,
    /// What a failure leads to; `None` when nothing was written: then the step's `IsOptional` decides.
    pub on_error: Option<OnError>,
    /// Whether an attempt of unknown outcome may be sent again after a crash.
    pub repeatable: bool,
    /// CEL that decides over success instead of the status class.
    pub success_when: Option<String>,
    /// What undoes the step when the run fails later.
    pub compensation: Option<Compensation>,
    /// What the step waits for after its call has succeeded.
    pub wait_for_signal: Option<SignalWait>,
}

impl Default for ErrorHandling {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            on_error: None,
            repeatable: true,
            success_when: None,
            compensation: None,
            wait_for_signal: None,
        }
    }
}

impl ErrorHandling {
    /// Reads the column's JSON.
    ///
    /// # Errors
    /// Everything wrong with it, with pointers relative to the object.
    pub fn parse(value: &Value) -> Result<Self, Vec<FieldError>> {
        let mut errors = FieldErrors::new();
        let mut parsed = Self::default();
        if value.is_null() {
            return Ok(parsed);
        }
        let Some(members) = value.as_object() else {
            errors.add("", "must be a JSON object");
            return Err(errors.into_errors());
        };
        for (key, member) in members.iter().filter(|(_, member)| !member.is_null()) {
            let at = pointer_segment(key);
            match key.as_str() {
                "retry" => parse_retry(&mut errors, member, &mut parsed.retry),
                // Read together below.
                "onError" | "goto" => {}
                "repeatable" => match member.as_bool() {
                    Some(repeatable) => parsed.repeatable = repeatable,
                    None => errors.add(at, "must be true or false"),
                },
                "successWhen" => match member.as_str().map(str::trim).filter(|text| !text.is_empty()) {
                    Some(condition) => {
                        text::no_null(&mut errors, &at, condition);
                        text::within(&mut errors, &at, condition, 1000);
                        parsed.success_when = Some(condition.to_owned());
                    }
                    None => errors.add(at, "must be a CEL expression"),
                },
                "compensation" => parsed.compensation = Compensation::parse(&mut errors, member),
                "waitForSignal" => parsed.wait_for_signal = SignalWait::parse(&mut errors, member),
                _ => errors.add(
                    at,
                    "is unknown; known are retry, onError, goto, repeatable, successWhen, compensation, waitForSignal",
                ),
            }
        }
        parsed.on_error = parse_on_error(&mut errors, members);
        if errors.is_empty() {
            Ok(parsed)
        } else {
            Err(errors.into_errors())
        }
    }

    /// The error handling of a step: what is written, and `isOptional`, which equals `onError: continue`.
    ///
    /// # Errors
    /// Everything wrong with it, with pointers relative to the step; a contradiction between the two is an error.
    pub fn of_step(written: Option<&Value>, is_optional: bool) -> Result<Self, Vec<FieldError>> {
        let mut parsed = written
            .map_or_else(|| Ok(Self::default()), Self::parse)
            .map_err(|wrong| {
                let mut errors = FieldErrors::new();
                errors.extend_below("/errorHandling", wrong);
                errors.into_errors()
            })?;
        if !is_optional {
            return Ok(parsed);
        }
        match parsed.on_error {
            None | Some(OnError::Continue) => {
                parsed.on_error = Some(OnError::Continue);
                Ok(parsed)
            }
            Some(OnError::Fail | OnError::Goto(_)) => Err(vec![FieldError {
                pointer: "/errorHandling/onError".to_owned(),
                detail: "contradicts isOptional, which means continue".to_owned(),
            }]),
        }
    }

    /// What a failure leads to.
    #[must_use]
    pub fn on_error(&self) -> OnError {
        self.on_error.clone().unwrap_or_default()
    }
}

fn parse_on_error(errors: &mut FieldErrors, members: &Map<String, Value>) -> Option<OnError> {
    let written = |key: &str| members.get(key).filter(|value| !value.is_null());
    let target = written("goto");
    let on_error = match written("onError").map(|value| (value, value.as_str())) {
        None => None,
        Some((_, Some("fail"))) => Some(OnError::Fail),
        Some((_, Some("continue"))) => Some(OnError::Continue),
        Some((_, Some("goto"))) => match target
            .and_then(Value::as_str)
            .map(text::normal)
            .filter(|name| !name.is_empty())
        {
            Some(name) => return Some(OnError::Goto(name)),
            None => {
                errors.add("/goto", "must name a later step");
                return None;
            }
        },
        Some((_, _)) => {
            errors.add("/onError", "must be fail, continue or goto");
            return None;
        }
    };
    if target.is_some() {
        errors.add("/goto", "is given, but onError is not goto");
    }
    on_error
}

fn parse_retry(errors: &mut FieldErrors, value: &Value, policy: &mut RetryPolicy) {
    let Some(members) = value.as_object() else {
        errors.add("/retry", "must be a JSON object");
        return;
    };
    for (key, member) in members.iter().filter(|(_, member)| !member.is_null()) {
        let at = format!("/retry{}", pointer_segment(key));
        match key.as_str() {
            "retryOn" => policy.retry_on = parse_failures(errors, &at, member),
            "neverRetryOn" => policy.never_retry_on = parse_failures(errors, &at, member),
            "backoffRate" => match member.as_f64().filter(|rate| (1.0..=100.0).contains(rate)) {
                Some(rate) => policy.backoff_rate = rate,
                None => errors.add(at, "must be a number from 1 to 100"),
            },
            "maxDelaySeconds" => {
                let seconds = member.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
                match seconds.filter(|seconds| (1..=86_400).contains(seconds)) {
                    Some(seconds) => policy.maximum_delay_seconds = Some(seconds),
                    None => errors.add(at, "must be an integer from 1 to 86400"),
                }
            }
            "jitter" => match member.as_str() {
                Some("full") => policy.jitter = Jitter::Full,
                Some("none") => policy.jitter = Jitter::None,
                Some(_) | None => errors.add(at, "must be full or none"),
            },
            _ => errors.add(
                at,
                "is unknown; known are retryOn, neverRetryOn, backoffRate, maxDelaySeconds, jitter",
            ),
        }
    }
}

fn parse_failures(errors: &mut FieldErrors, at: &str, value: &Value) -> Vec<RetryOn> {
    let Some(entries) = value.as_array() else {
        errors.add(at, "must be an array");
        return Vec::new();
    };
    let read = |(index, entry)| {
        let failure = parse_retry_on(entry);
        if failure.is_none() {
            errors.add(
                format!("{at}/{index}"),
                r#"must be "connect", "timeout", "4xx", "5xx" or an HTTP status from 100 to 599"#,
            );
        }
        failure
    };
    entries.iter().enumerate().filter_map(read).collect()
}

fn parse_retry_on(entry: &Value) -> Option<RetryOn> {
    if let Some(status) = entry.as_u64() {
        return u16::try_from(status)
            .ok()
            .filter(|status| (100..600).contains(status))
            .map(RetryOn::Status);
    }
    match entry.as_str()? {
        "connect" => Some(RetryOn::Connect),
        "timeout" => Some(RetryOn::Timeout),
        "4xx" => Some(RetryOn::ClientErrors),
        "5xx" => Some(RetryOn::ServerErrors),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(value: &Value) -> Vec<String> {
        ErrorHandling::parse(value)
            .unwrap_err()
            .into_iter()
            .map(|error| error.pointer)
            .collect()
    }

    #[test]
    fn everything_documented_is_read() {
        let parsed = ErrorHandling::parse(&json!({
            "retry": {
                "retryOn": ["connect", "timeout", 429, "4xx", "5xx"],
                "backoffRate": 2.0,
                "maxDelaySeconds": 60,
                "jitter": "full"
            },
            "onError": "goto",
            "goto": "notify",
            "repeatable": false,
            "successWhen": " response.status < 300 "
        }))
        .unwrap();
        assert_eq!(parsed.retry.retry_on.len(), 5);
        assert_eq!(
            (parsed.retry.backoff_rate, parsed.retry.maximum_delay_seconds),
            (2.0, Some(60))
        );
        assert_eq!(parsed.retry.jitter, Jitter::Full);
        assert_eq!(parsed.on_error(), OnError::Goto("notify".into()));
        assert_eq!(
            (parsed.repeatable, parsed.success_when.as_deref()),
            (false, Some("response.status < 300"))
        );
    }

    #[test]
    fn a_compensation_a_signal_and_exceptions_from_retries_are_read() {
        let parsed = ErrorHandling::parse(&json!({
            "retry": {"neverRetryOn": [501, "timeout"]},
            "compensation": {"apiEndpointId": 7, "inputMapping": {"id": "{steps.a.output.id}"}, "retryCount": 5},
            "waitForSignal": {"name": "approved", "timeoutSeconds": 60}
        }))
        .unwrap();
        let compensation = parsed.compensation.unwrap();
        assert_eq!((compensation.api_endpoint_id.0, compensation.retry_count), (7, Some(5)));
        assert_eq!(parsed.wait_for_signal.unwrap().timeout_seconds, Some(60));
        assert!(parsed.retry.covers_status(500) && !parsed.retry.covers_status(501));
        assert!(parsed.retry.covers(RetryOn::Connect) && !parsed.retry.covers(RetryOn::Timeout));
    }

    #[test]
    fn nothing_written_means_the_defaults() {
        let parsed = ErrorHandling::parse(&json!({})).unwrap();
        assert_eq!(parsed, ErrorHandling::default());
        assert_eq!(parsed.on_error(), OnError::Fail);
        assert!(parsed.repeatable);
        for (status, covered) in [(429, true), (500, true), (599, true), (404, false), (600, false)] {
            assert_eq!(parsed.retry.covers_status(status), covered, "{status}");
        }
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_named() {
        let value = json!({
            "retry": {"retryOn": ["dns", 99, "5xx"], "backoffRate": 0.5, "maxDelaySeconds": 0, "jitter": 1, "attempts": 3},
            "onError": "stop",
            "repeatable": "no",
            "successWhen": " ",
            "compensation": {"apiEndpointId": "x", "retryCount": 101, "undo": 1},
            "waitForSignal": {"name": "a b", "timeoutSeconds": 0},
            "fallback": 1
        });
        assert_eq!(
            pointers(&value),
            [
                "/retry/retryOn/0",
                "/retry/retryOn/1",
                "/retry/backoffRate",
                "/retry/maxDelaySeconds",
                "/retry/jitter",
                "/retry/attempts",
                "/repeatable",
                "/successWhen",
                "/compensation/apiEndpointId",
                "/compensation/retryCount",
                "/compensation/undo",
                "/waitForSignal/name",
                "/waitForSignal/timeoutSeconds",
                "/fallback",
                "/onError"
            ]
        );
        assert_eq!(pointers(&json!([])), [""]);
    }

    #[test]
    fn a_jump_has_a_target_and_only_a_jump_has_one() {
        assert_eq!(pointers(&json!({"onError": "goto"})), ["/goto"]);
        assert_eq!(pointers(&json!({"onError": "continue", "goto": "x"})), ["/goto"]);
        assert_eq!(pointers(&json!({"goto": "x"})), ["/goto"]);
        assert_eq!(pointers(&json!({"onError": "goto", "goto": " "})), ["/goto"]);
        let decomposed = ErrorHandling::parse(&json!({"onError": "goto", "goto": " Pru\u{308}fen"}));
        assert_eq!(decomposed.unwrap().on_error(), OnError::Goto("Pr\u{fc}fen".to_owned()));
    }

    #[test]
    fn optional_equals_continue() {
        let of = |written: Value, is_optional| ErrorHandling::of_step(Some(&written), is_optional);
        assert_eq!(of(json!({}), true).unwrap().on_error(), OnError::Continue);
        assert_eq!(
            of(json!({"onError": "continue"}), true).unwrap().on_error(),
            OnError::Continue
        );
        assert_eq!(of(json!({}), false).unwrap().on_error(), OnError::Fail);
        assert_eq!(
            ErrorHandling::of_step(None, true).unwrap().on_error(),
            OnError::Continue
        );
        for contradiction in [json!({"onError": "fail"}), json!({"onError": "goto", "goto": "x"})] {
            assert_eq!(
                of(contradiction, true).unwrap_err()[0].pointer,
                "/errorHandling/onError"
            );
        }
    }

    #[test]
    fn waits_grow_up_to_their_limit() {
        let policy = RetryPolicy {
            backoff_rate: 2.0,
            maximum_delay_seconds: Some(60),
            ..RetryPolicy::default()
        };
        let waits = [1, 2, 3, 7, u32::MAX].map(|retry| policy.delay_milliseconds(1, retry, 0.5));
        assert_eq!(waits, [1000, 2000, 4000, 60_000, 60_000]);
        assert_eq!(RetryPolicy::default().delay_milliseconds(1, 9, 0.5), 1000);
        let jittered = RetryPolicy {
            jitter: Jitter::Full,
            ..RetryPolicy::default()
        };
        assert_eq!(jittered.delay_milliseconds(10, 1, 0.25), 2500);
    }
}
