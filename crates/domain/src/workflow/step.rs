//! Checks one step as written: a row of `WorkflowSteps`.

use serde::Deserialize;
use serde_json::Value;

use super::{ErrorHandling, OnError, Step};
use crate::{
    field_errors::FieldErrors,
    ids::{ApiEndpointId, StepId},
    instant::Instant,
    json, text,
};

/// A step as written in `steps`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StepInput {
    /// Id of a present step that this one replaces; one of the same name is replaced without it.
    pub id: Option<StepId>,
    /// `name`, required, at most 200 UTF-16 units; any text, since expressions can say `steps["any name"]`.
    pub name: String,
    /// `description`, at most 1000 UTF-16 units.
    pub description: Option<String>,
    /// `order`; absent means after the steps before it in the list.
    pub order: Option<i64>,
    /// `apiEndpointId`, required.
    pub api_endpoint_id: Option<ApiEndpointId>,
    /// `inputMapping`: an object, the template of the call's parameters.
    pub input_mapping: Option<Value>,
    /// `outputMapping`: the template of the step's output.
    pub output_mapping: Option<Value>,
    /// `errorHandling`: see [`ErrorHandling`].
    pub error_handling: Option<Value>,
    /// `isOptional`; absent is what `onError` says: true for `continue`, else the documented default, false.
    pub is_optional: Option<bool>,
    /// `timeoutSeconds`, 1 to 86,400; absent is the documented default, 30.
    pub timeout_seconds: Option<i64>,
    /// `retryCount`, 0 to 100; absent means the environment's `retries`, filled in at publish.
    pub retry_count: Option<i64>,
    /// `retryDelaySeconds`, 0 to 86,400; absent is the documented default, 1.
    pub retry_delay_seconds: Option<i64>,
    /// `condition`: CEL, at most 1000 UTF-16 units.
    pub condition: Option<String>,
}

impl Step {
    /// The endpoints it calls, with where it names them: the step's own, then the one that undoes it.
    #[must_use]
    pub fn endpoints(&self) -> Vec<(&'static str, ApiEndpointId)> {
        let mut endpoints = vec![("/apiEndpointId", self.api_endpoint_id)];
        let handling = self
            .error_handling
            .as_ref()
            .and_then(|written| ErrorHandling::parse(written).ok());
        if let Some(compensation) = handling.and_then(|handling| handling.compensation) {
            endpoints.push((
                "/errorHandling/compensation/apiEndpointId",
                compensation.api_endpoint_id,
            ));
        }
        endpoints
    }
}

/// Whether the step's error handling says that the run goes on after its failure.
fn continues(step: &Step) -> bool {
    let written = step.error_handling.as_ref().map(ErrorHandling::parse);
    matches!(written, Some(Ok(handling)) if handling.on_error == Some(OnError::Continue))
}

impl StepInput {
    /// The step as it would be written.
    pub(super) fn of(step: &Step) -> Self {
        Self {
            id: Some(step.id),
            name: step.name.clone(),
            description: step.description.clone(),
            order: Some(step.order.into()),
            api_endpoint_id: Some(step.api_endpoint_id),
            input_mapping: step.input_mapping.clone(),
            output_mapping: step.output_mapping.clone(),
            error_handling: step.error_handling.clone(),
            // One that was optional by its `onError` is what the next `onError` says.
            is_optional: (step.is_optional && !continues(step)).then_some(true),
            timeout_seconds: Some(step.timeout_seconds.into()),
            retry_count: step.retry_count.map(Into::into),
            retry_delay_seconds: Some(step.retry_delay_seconds.into()),
            condition: step.condition.clone(),
        }
    }

    /// The step, normalised; notes everything wrong below `pointer`. `next_order` stands in for an absent order.
    pub(super) fn check(
        &self,
        errors: &mut FieldErrors,
        pointer: &str,
        id: StepId,
        next_order: i64,
        now: Instant,
    ) -> Step {
        let at = |field: &str| format!("{pointer}{field}");
        let error_handling = json::object(errors, &at("/errorHandling"), self.error_handling.as_ref());
        let mut is_optional = self.is_optional.unwrap_or_default();
        if error_handling.as_ref().is_none_or(Value::is_object) {
            match ErrorHandling::of_step(error_handling.as_ref(), is_optional) {
                Ok(handling) if handling.on_error() != OnError::Continue => {}
                Ok(_) if self.is_optional == Some(false) => {
                    errors.add(
                        at("/isOptional"),
                        "contradicts errorHandling, whose onError is continue",
                    );
                }
                Ok(_) => is_optional = true,
                Err(wrong) => errors.extend_below(pointer, wrong),
            }
        }
        match self.api_endpoint_id {
            None => errors.add(at("/apiEndpointId"), "is required"),
            // What stands for one that was left out is the id of none.
            Some(ApiEndpointId(0)) => errors.add(at("/apiEndpointId"), "API endpoint 0 does not exist"),
            Some(_) => {}
        }
        let order = i32::try_from(self.order.unwrap_or(next_order)).unwrap_or_else(|_| {
            errors.add(at("/order"), "must be an integer of 32 bits");
            0
        });
        let mut whole = |field: &str, value: i64, minimum: i64, maximum: i64| {
            if !(minimum..=maximum).contains(&value) {
                errors.add(at(field), format!("must be an integer from {minimum} to {maximum}"));
            }
            u32::try_from(value).unwrap_or_default()
        };
        let timeout_seconds = whole("/timeoutSeconds", self.timeout_seconds.unwrap_or(30), 1, 86_400);
        let retry_count = self.retry_count.map(|count| whole("/retryCount", count, 0, 100));
        let retry_delay_seconds = whole("/retryDelaySeconds", self.retry_delay_seconds.unwrap_or(1), 0, 86_400);
        let condition = self.condition.as_deref().map(str::trim);
        Step {
            id,
            name: text::name(errors, &at("/name"), &self.name, 200),
            description: text::block(errors, &at("/description"), self.description.as_deref(), Some(1000)),
            order,
            api_endpoint_id: self.api_endpoint_id.unwrap_or_default(),
            input_mapping: json::object(errors, &at("/inputMapping"), self.input_mapping.as_ref()),
            output_mapping: json::any(errors, &at("/outputMapping"), self.output_mapping.as_ref()),
            error_handling,
            is_optional,
            timeout_seconds,
            retry_count,
            retry_delay_seconds,
            condition: text::block(errors, &at("/condition"), condition, Some(1000)),
            created_at: now,
            updated_at: None,
        }
    }
}
