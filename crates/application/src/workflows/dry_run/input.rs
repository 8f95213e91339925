//! The body of a dry run: what the run is given, and what the targets would answer.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use wfm_domain::{field_errors::pointer_segment, refusal::Refusal, workflow::Definition};
use wfm_expressions::normal_name;

use crate::executions::{
    outcome::{Answer, CallFailure},
    rehearsal::{Mock, Mocks},
};

/// Answers that a step may be given.
const MOST_ANSWERS: usize = 101;

/// Body of `POST /workflows/{id}/test`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DryRunInput {
    /// An object that the steps read as `input`; empty when omitted.
    #[schema(value_type = Option<Object>)]
    pub input_parameters: Option<Value>,
    /// The caller's business key, at most 500 characters.
    pub execution_context: Option<String>,
    /// `draft` (default) or the number of a published version.
    #[schema(value_type = Value, required = false)]
    pub version: Option<Value>,
    /// By step name, what its call is answered with: `{"status", "headers"?, "body"?}`, `{"error", "message"?}` with `timeout`,
    /// `connect` or `interrupted`, or an array of these, one an attempt. A step without gets status 200 and no body.
    #[schema(value_type = Object)]
    pub mocks: Map<String, Value>,
    /// The same for the calls that undo steps.
    #[schema(value_type = Object)]
    pub compensation_mocks: Map<String, Value>,
    /// By name, signals that are there from the beginning, with what they bring.
    #[schema(value_type = Object)]
    pub signals: Map<String, Value>,
}

/// Which definition is played through.
pub(super) enum WantedVersion {
    Draft,
    Number(u32),
}

/// The answers and signals, read.
pub(super) struct ScriptParts {
    pub mocks: Mocks,
    pub undo_mocks: Mocks,
    pub signals: Vec<(String, Value)>,
}

impl DryRunInput {
    pub(super) fn parameters(&self) -> Value {
        self.input_parameters
            .clone()
            .unwrap_or_else(|| Value::Object(Map::new()))
    }

    pub(super) fn wanted_version(&self) -> Result<WantedVersion, Refusal> {
        let wrong = || Refusal::field("/version", "must be \"draft\" or the number of a published version");
        match &self.version {
            None | Some(Value::Null) => Ok(WantedVersion::Draft),
            Some(Value::String(text)) if text == "draft" => Ok(WantedVersion::Draft),
            Some(Value::String(text)) => text.parse().map(WantedVersion::Number).map_err(|_| wrong()),
            Some(Value::Number(number)) => {
                let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
                number.map(WantedVersion::Number).ok_or_else(wrong)
            }
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(wrong()),
        }
    }

    pub(super) fn script_parts(&self, definition: &Definition) -> Result<ScriptParts, Refusal> {
        Ok(ScriptParts {
            mocks: read_mocks("/mocks", &self.mocks, definition)?,
            undo_mocks: read_mocks("/compensationMocks", &self.compensation_mocks, definition)?,
            signals: self
                .signals
                .iter()
                .map(|(name, payload)| (name.clone(), payload.clone()))
                .collect(),
        })
    }
}

fn read_mocks(pointer: &str, mocks: &Map<String, Value>, definition: &Definition) -> Result<Mocks, Refusal> {
    let mut read = Mocks::new();
    for (name, given) in mocks {
        let pointer = format!("{pointer}{}", pointer_segment(name));
        let name = normal_name(name);
        if !definition.steps.iter().any(|step| step.name == name) {
            return Err(Refusal::field(pointer, format!("the workflow has no step \"{name}\"")));
        }
        let answers = match given {
            Value::Array(list) if (1..=MOST_ANSWERS).contains(&list.len()) => list
                .iter()
                .enumerate()
                .map(|(place, given)| read_mock(&format!("{pointer}/{place}"), given))
                .collect::<Result<Vec<_>, _>>()?,
            Value::Array(_) => {
                return Err(Refusal::field(
                    pointer,
                    format!("must have 1 to {MOST_ANSWERS} answers"),
                ));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                vec![read_mock(&pointer, given)?]
            }
        };
        read.insert(name.into_owned(), answers);
    }
    Ok(read)
}

fn read_mock(pointer: &str, given: &Value) -> Result<Mock, Refusal> {
    let Value::Object(members) = given else {
        return Err(Refusal::field(pointer, "an object with status or error is expected"));
    };
    let known: &[&str] = if members.contains_key("error") {
        &["error", "message"]
    } else {
        &["status", "headers", "body"]
    };
    if let Some(unknown) = members.keys().find(|key| !known.contains(&key.as_str())) {
        let pointer = format!("{pointer}{}", pointer_segment(unknown));
        return Err(Refusal::field(
            pointer,
            format!("is unknown here; known are {}", known.join(", ")),
        ));
    }
    if let Some(error) = members.get("error") {
        return read_failure(pointer, error, members.get("message")).map(Err);
    }
    let status = match members.get("status") {
        None => Some(200),
        Some(status) => status
            .as_u64()
            .filter(|status| (100..=599).contains(status))
            .and_then(|status| u16::try_from(status).ok()),
    };
    let Some(status) = status else {
        return Err(Refusal::field(
            format!("{pointer}/status"),
            "must be a status from 100 to 599",
        ));
    };
    let mut headers = read_headers(pointer, members.get("headers"))?;
    let content_type = headers.iter().find(|(name, _)| name == "content-type");
    let is_text = content_type.is_some_and(|(_, value)| !value.contains("json"));
    let body = match members.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if is_text => text.clone().into_bytes(),
        Some(body) => {
            if content_type.is_none() {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            body.to_string().into_bytes()
        }
    };
    Ok(Ok(Answer {
        status,
        headers,
        body,
        secrets: Vec::new(),
    }))
}

fn read_headers(pointer: &str, headers: Option<&Value>) -> Result<Vec<(String, String)>, Refusal> {
    let headers = match headers {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(headers)) => headers,
        Some(_) => {
            let detail = "an object of texts is expected";
            return Err(Refusal::field(format!("{pointer}/headers"), detail));
        }
    };
    let read = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.to_lowercase(), text)
    };
    Ok(headers.iter().map(read).collect())
}

fn read_failure(pointer: &str, error: &Value, message: Option<&Value>) -> Result<CallFailure, Refusal> {
    let (kind, usual) = match error.as_str() {
        Some("timeout") => ("timeout", "the endpoint did not answer in time"),
        Some("connect") => ("connect", "the endpoint could not be reached"),
        Some("interrupted") => ("interrupted", "the connection broke while the answer was due"),
        _ => {
            let detail = "must be timeout, connect or interrupted";
            return Err(Refusal::field(format!("{pointer}/error"), detail));
        }
    };
    let message = match message {
        None => usual,
        Some(Value::String(text)) => text,
        Some(_) => return Err(Refusal::field(format!("{pointer}/message"), "a text is expected")),
    };
    Ok(CallFailure {
        kind,
        message: message.to_owned(),
    })
}
