//! Starts of runs by signed requests.
//!
//! Invariant: until the signature holds, every answer is the same, or says no more than how often one may ask.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use wfm_application::{
    error::ApplicationError,
    hooks::signature::{DELIVERY_HEADER, SIGNATURE_HEADER},
};
use wfm_domain::ids::WorkflowId;

use super::{Access, Route, post};
use crate::{
    answer::{carry, json, mark_repeated},
    context::Api,
    error::Problem,
    extract::{Path, Raw, json_object},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/webhooks/workflows/{id}", Access::Signed, deliver)
            .says("Starts a run of a workflow that has a webhook; a delivery that came before is answered with its run")
            .headers::<DeliveryHeaders>()
            .may_take::<DeliveryBody>()
            .answers::<DeliveryAnswer>(202),
    ]
}

/// Headers of a delivery.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "documentation of what the handler reads")]
struct DeliveryHeaders {
    /// `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 under the webhook's secret over the seconds, a dot and the body.
    #[param(rename = "X-WFM-Signature")]
    signature: String,
    /// The sender's name for the delivery, at most 200 characters; the signature when omitted.
    #[param(rename = "X-WFM-Delivery")]
    delivery: Option<String>,
}

/// Body of a delivery: the run's input parameters.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[allow(dead_code, reason = "documentation of what the handler reads")]
struct DeliveryBody(serde_json::Value);

/// A delivery that was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeliveryAnswer<'a> {
    /// The run that the delivery started, now or before.
    execution_id: &'a str,
    /// The name of the delivery; the run's execution key.
    delivery: &'a str,
    /// Position of the run's first events.
    position: u64,
    /// Whether it had started the run before.
    repeated: bool,
    /// False when the read models do not show the run yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    projected: Option<bool>,
}

async fn deliver(State(api): State<Arc<Api>>, Path(id): Path<String>, mut request: Raw) -> Result<Response, Problem> {
    // What is no number addresses nothing, as a workflow that does not exist.
    let workflow = WorkflowId(id.parse().unwrap_or_default());
    api.app.admit_webhook(&request.context, workflow)?;
    let body = request.body().await?;
    let signature = request.header(SIGNATURE_HEADER);
    let verified = match api.app.verify_webhook(workflow, signature, &body).await {
        Err(ApplicationError::Unauthenticated(detail)) => return Err(Problem::unsigned(detail)),
        verified => verified?,
    };
    let input = json_object(&body)?;
    let delivery = request.headers.get(DELIVERY_HEADER);
    let delivery = delivery.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let context = request.context;
    let delivered = carry!(api, app => async move {
        app.start_by_webhook(&context, &verified, delivery.as_deref(), input).await
    });
    let answer = DeliveryAnswer {
        execution_id: &delivered.execution.0,
        delivery: &delivered.delivery,
        position: delivered.position.0,
        repeated: delivered.repeated,
        projected: (!api.projected(delivered.position).await).then_some(false),
    };
    let mut response = json(StatusCode::ACCEPTED, &answer)?;
    if delivered.repeated {
        mark_repeated(response.headers_mut());
    }
    Ok(response)
}
