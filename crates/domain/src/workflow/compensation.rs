//! Reads `ErrorHandling.compensation`: the call that undoes a finished step when the run fails later.

use serde_json::{Map, Value};

use crate::{
    field_errors::{FieldErrors, pointer_segment},
    ids::ApiEndpointId,
};

/// The call that undoes a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Compensation {
    /// What it calls.
    pub api_endpoint_id: ApiEndpointId,
    /// Template of the call's parameters; reads what the step itself may read, and the step's own output.
    pub input_mapping: Option<Value>,
    /// Seconds one attempt may take; the step's when absent.
    pub timeout_seconds: Option<u32>,
    /// Attempts after the first; the step's when absent.
    pub retry_count: Option<u32>,
    /// Seconds before the first retry; the step's when absent.
    pub retry_delay_seconds: Option<u32>,
}

impl Compensation {
    /// Reads the object; notes everything wrong below `/compensation`.
    pub(super) fn parse(errors: &mut FieldErrors, value: &Value) -> Option<Self> {
        let Some(members) = value.as_object() else {
            errors.add("/compensation", "must be a JSON object");
            return None;
        };
        let endpoint = members
            .get("apiEndpointId")
            .and_then(Value::as_i64)
            .filter(|id| *id > 0);
        if endpoint.is_none() {
            errors.add("/compensation/apiEndpointId", "must be the id of an API endpoint");
        }
        let mapping = members.get("inputMapping").filter(|mapping| !mapping.is_null());
        if mapping.is_some_and(|mapping| !mapping.is_object()) {
            errors.add("/compensation/inputMapping", "must be a JSON object");
        }
        let parsed = Self {
            api_endpoint_id: ApiEndpointId(endpoint.unwrap_or_default()),
            input_mapping: mapping.cloned(),
            timeout_seconds: whole(errors, members, "timeoutSeconds", 1, 86_400),
            retry_count: whole(errors, members, "retryCount", 0, 100),
            retry_delay_seconds: whole(errors, members, "retryDelaySeconds", 0, 86_400),
        };
        for key in members.keys() {
            if !KEYS.contains(&key.as_str()) {
                let at = format!("/compensation{}", pointer_segment(key));
                errors.add(at, format!("is unknown; known are {}", KEYS.join(", ")));
            }
        }
        Some(parsed)
    }
}

const KEYS: [&str; 5] = [
    "apiEndpointId",
    "inputMapping",
    "timeoutSeconds",
    "retryCount",
    "retryDelaySeconds",
];

fn whole(errors: &mut FieldErrors, members: &Map<String, Value>, key: &str, least: u32, most: u32) -> Option<u32> {
    let value = members.get(key).filter(|value| !value.is_null())?;
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        errors.add(
            format!("/compensation/{key}"),
            format!("must be an integer from {least} to {most}"),
        );
    }
    number
}
