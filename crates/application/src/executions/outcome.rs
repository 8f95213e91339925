//! What a call's answer means for its step: success with an output, or a failure that may be tried again.

use serde_json::{Map, Value};
use wfm_domain::instant::Instant;
use wfm_expressions::{MAXIMUM_OUTPUT_BYTES, parse_body, redact};

use super::{
    definition::CompiledStep,
    environment::{Durable, EnvironmentValues, Sending},
    scope::RunScope,
};

/// An answer, as the connector read it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, decoded.
    pub body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// `connect`, `timeout`, `response` (unreadable or too large), `policy` (refused before sending), `mapping`.
    pub kind: &'static str,
    /// What went wrong, without secrets.
    pub message: String,
}

/// A step's success.
#[derive(Debug)]
pub struct Success {
    /// Output after the mapping.
    pub output: Value,
    /// Its JSON text.
    pub text: String,
    /// HTTP status.
    pub status: u16,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// See [`wfm_domain::execution::StepFailed::error_kind`].
    pub kind: &'static str,
    /// What went wrong.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Milliseconds that the answer asks to wait (`Retry-After`).
    pub retry_after_ms: Option<i64>,
}

impl From<CallFailure> for Failure {
    fn from(failure: CallFailure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            status: None,
            retry_after_ms: None,
        }
    }
}

/// Judges an answer: redaction first, then `successWhen` or the status, then the output mapping.
///
/// # Errors
/// The failure of the attempt.
pub fn judge(
    step: &CompiledStep,
    scope: &RunScope,
    environment: &EnvironmentValues,
    answer: &Answer,
    secrets: &[String],
    now: Instant,
) -> Result<Success, Failure> {
    let status = answer.status;
    let fail = |kind: &'static str, message: String| Failure {
        kind,
        message,
        status: Some(status),
        retry_after_ms: answer.header("retry-after").and_then(|text| retry_after_ms(text, now)),
    };
    let parsed = parse_body(answer.header("content-type"), &answer.body);
    let good_status = (200..300).contains(&status);
    let mut body = match parsed {
        Ok(body) => body,
        Err(_) if !good_status && step.success_when.is_none() => Value::Null,
        Err(detail) => return Err(fail("response", detail)),
    };
    redact(&mut body, secrets);
    if step.success_when.is_none() && !good_status {
        return Err(fail(
            "status",
            format!("the endpoint answered {status}{}", excerpt(&body)),
        ));
    }
    let response;
    let output = if step.success_when.is_none() && step.output.is_none() {
        body
    } else {
        response = response_value(answer, body, secrets);
        if let Some(condition) = &step.success_when {
            match condition.evaluate(&scope.scope(&Sending(environment), Some(&response))) {
                Ok(true) => {}
                Ok(false) => {
                    return Err(fail(
                        "rejected",
                        format!("successWhen is false for the answer {status}"),
                    ));
                }
                Err(error) => return Err(fail("rejected", format!("successWhen: {error}"))),
            }
        }
        match &step.output {
            Some(template) => {
                let rendered = template.render(&scope.scope(&Durable(environment), Some(&response)));
                rendered
                    .map_err(|error| fail("mapping", format!("outputMapping: {error}")))?
                    .value
            }
            None => response.get("body").cloned().unwrap_or_default(),
        }
    };
    let text = output.to_string();
    if text.len() > MAXIMUM_OUTPUT_BYTES {
        let detail = format!(
            "the output has {} bytes, more than {MAXIMUM_OUTPUT_BYTES}; select what is needed in outputMapping",
            text.len()
        );
        return Err(fail("response", detail));
    }
    Ok(Success { output, text, status })
}

/// Judges the answer to a call that undoes a step: its status alone counts.
///
/// # Errors
/// The failure of the attempt.
pub fn judge_status(answer: &Answer, secrets: &[String], now: Instant) -> Result<u16, Failure> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.status);
    }
    let mut body = parse_body(answer.header("content-type"), &answer.body).unwrap_or(Value::Null);
    redact(&mut body, secrets);
    Err(Failure {
        kind: "status",
        message: format!("the endpoint answered {}{}", answer.status, excerpt(&body)),
        status: Some(answer.status),
        retry_after_ms: answer.header("retry-after").and_then(|text| retry_after_ms(text, now)),
    })
}

fn response_value(answer: &Answer, body: Value, secrets: &[String]) -> Value {
    let mut headers = Map::with_capacity(answer.headers.len());
    for (name, value) in &answer.headers {
        headers.insert(name.clone(), value.as_str().into());
    }
    let mut headers = Value::Object(headers);
    redact(&mut headers, secrets);
    let mut response = Map::with_capacity(3);
    response.insert("status".to_owned(), answer.status.into());
    response.insert("headers".to_owned(), headers);
    response.insert("body".to_owned(), body);
    Value::Object(response)
}

/// The beginning of an answer's body, for the error message.
fn excerpt(body: &Value) -> String {
    const LENGTH: usize = 200;
    let text = match body {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => body.to_string(),
    };
    let mut excerpt: String = text
        .chars()
        .take(LENGTH)
        .filter(|character| !character.is_control())
        .collect();
    if excerpt.is_empty() {
        return excerpt;
    }
    if text.chars().nth(LENGTH).is_some() {
        excerpt.push('…');
    }
    format!(": {excerpt}")
}

/// `Retry-After` (RFC 9110): seconds or an HTTP date.
fn retry_after_ms(text: &str, now: Instant) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some(Instant::new(at.to_utc()).microseconds_since(now).max(0) / 1000)
}
