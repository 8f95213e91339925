//! What a call's answer means for its step: success with an output, or a failure that may be tried again.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use wfm_domain::instant::Instant;
use wfm_expressions::{CompiledRequest, MAXIMUM_OUTPUT_BYTES, SoapAnswer, parse_body, read_soap, redact};

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
    /// Secrets that only the connector knows, such as the token that it fetched: kept out of outputs and messages.
    pub secrets: Vec<String>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// `connect` (not sent), `timeout`, `interrupted` (the connection broke), `circuit-open` (not sent, because calls failed
    /// before), `response` (unreadable or too large),
    /// `authentication` (no token, no usable certificate), `policy` (refused before sending), `mapping`.
    pub kind: &'static str,
    /// What went wrong, without secrets.
    pub message: String,
}

impl CallFailure {
    /// The call was not sent, because this node may not act for the run any more: nothing is to be reported.
    #[must_use]
    pub fn held_back() -> Self {
        Self {
            kind: HELD_BACK,
            message: "not sent: the node's lease ran out".to_owned(),
        }
    }

    /// Whether it is [`Self::held_back`].
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.kind == HELD_BACK
    }
}

/// The kind of a failure that nobody records.
const HELD_BACK: &str = "held-back";

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
    /// The status that decides over a retry, for a fault; `None` when it is never worth one.
    pub retried_as: Option<u16>,
    /// Milliseconds that the answer asks to wait (`Retry-After`).
    pub retry_after_ms: Option<i64>,
}

impl From<CallFailure> for Failure {
    fn from(failure: CallFailure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            status: None,
            retried_as: None,
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
        retried_as: None,
        retry_after_ms: answer.header("retry-after").and_then(|text| retry_after_ms(text, now)),
    };
    let secrets = &known_secrets(answer, secrets)[..];
    let good_status = (200..300).contains(&status);
    let body = match read_body(&step.request, answer, secrets) {
        Ok(body) => body,
        Err(Unread::Fault(told)) => return Err(told.failure(fail)),
        Err(Unread::Malformed(_)) if !good_status && step.success_when.is_none() => Value::Null,
        Err(Unread::Malformed(detail)) => return Err(fail("response", detail)),
    };
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

/// Judges the answer to a call that undoes a step: its status alone counts, and whether it is a fault of SOAP.
///
/// # Errors
/// The failure of the attempt.
pub fn judge_status(step: &CompiledStep, answer: &Answer, secrets: &[String], now: Instant) -> Result<u16, Failure> {
    let request = step
        .compensation
        .as_ref()
        .map_or(&step.request, |undoing| &undoing.request);
    let secrets = &known_secrets(answer, secrets)[..];
    let fail = |kind: &'static str, message: String| Failure {
        kind,
        message,
        status: Some(answer.status),
        retried_as: None,
        retry_after_ms: answer.header("retry-after").and_then(|text| retry_after_ms(text, now)),
    };
    let body = match read_body(request, answer, secrets) {
        Ok(body) => body,
        Err(Unread::Fault(told)) => return Err(told.failure(fail)),
        Err(Unread::Malformed(_)) => Value::Null,
    };
    if (200..300).contains(&answer.status) {
        return Ok(answer.status);
    }
    Err(fail(
        "status",
        format!("the endpoint answered {}{}", answer.status, excerpt(&body)),
    ))
}

/// The secrets of the request and those that the connector found out.
fn known_secrets<'a>(answer: &'a Answer, secrets: &'a [String]) -> Cow<'a, [String]> {
    if answer.secrets.is_empty() {
        Cow::Borrowed(secrets)
    } else {
        Cow::Owned(secrets.iter().chain(&answer.secrets).cloned().collect())
    }
}

/// Why an answer has no body that a step could use.
enum Unread {
    /// It cannot be read.
    Malformed(String),
    /// It is a fault.
    Fault(ToldFault),
}

/// A fault of SOAP, without secrets.
struct ToldFault {
    message: String,
    status: u16,
    is_final: bool,
}

impl ToldFault {
    fn failure(self, fail: impl FnOnce(&'static str, String) -> Failure) -> Failure {
        Failure {
            // A receiver that fails answers 500 in either version; some send other statuses.
            retried_as: (!self.is_final).then_some(self.status.max(500)),
            ..fail("fault", self.message)
        }
    }
}

/// The body of an answer, without secrets.
fn read_body(request: &CompiledRequest, answer: &Answer, secrets: &[String]) -> Result<Value, Unread> {
    let content_type = answer.header("content-type");
    if !request.is_soap() {
        let mut body = parse_body(content_type, &answer.body).map_err(Unread::Malformed)?;
        redact(&mut body, secrets);
        return Ok(body);
    }
    let SoapAnswer { mut body, fault } = read_soap(content_type, &answer.body).map_err(Unread::Malformed)?;
    let Some(fault) = fault else {
        redact(&mut body, secrets);
        return Ok(body);
    };
    let mut told = Value::from(vec![fault.code, fault.reason]);
    redact(&mut told, secrets);
    let text = |index: usize| shortened(told[index].as_str().unwrap_or_default());
    Err(Unread::Fault(ToldFault {
        message: format!("SOAP fault {}: {}", text(0), text(1)),
        status: answer.status,
        is_final: fault.is_final,
    }))
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
    let text = match body {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => body.to_string(),
    };
    match shortened(&text) {
        excerpt if excerpt.is_empty() => excerpt,
        excerpt => format!(": {excerpt}"),
    }
}

/// The beginning of a text in one line.
fn shortened(text: &str) -> String {
    const LENGTH: usize = 200;
    let mut excerpt: String = text
        .chars()
        .take(LENGTH)
        .filter(|character| !character.is_control())
        .collect();
    if !excerpt.is_empty() && text.chars().nth(LENGTH).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// `Retry-After` (RFC 9110): seconds, however many, or an HTTP date in any of its three forms.
pub(crate) fn retry_after_ms(text: &str, now: Instant) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = text.parse().unwrap_or(i64::MAX);
        return Some(seconds.saturating_mul(1000));
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some(Instant::new(at).microseconds_since(now).max(0) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_in_every_form_when_to_try_again() {
        let now = "1994-11-06T08:49:30Z"
            .parse::<DateTime<Utc>>()
            .map(Instant::new)
            .unwrap();
        for (text, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120_000)),
            ("5000000000", Some(5_000_000_000_000)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(7_000)),
            ("Sun Nov  6 08:49:37 1994", Some(7_000)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after_ms(text, now), expected, "{text}");
        }
    }
}
