//! What is asked of a run that exists: cancel, pause, resume, redrive, a signal.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wfm_application::{error::ApplicationError, executions::control::InDoubt, security::permission::Permission};
use wfm_domain::refusal::Refusal;
use wfm_projections::queries::resources::ExecutionRow;

use super::{Access, Route, executions::execution_id, post};
use crate::{
    answer::{Done, carry},
    context::Api,
    error::Problem,
    extract::{Command, Maybe, Nothing, Path},
};

const RUN: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/executions/{id}/cancel", RUN, cancel)
            .says("Stops a run, whatever it is doing")
            .may_take::<ReasonBody>()
            .records::<ExecutionRow>(200),
        post("/api/v1/executions/{id}/pause", RUN, pause)
            .says("Lets a run begin no further call and give its place back; calls that are under way end")
            .may_take::<ReasonBody>()
            .records::<ExecutionRow>(200),
        post("/api/v1/executions/{id}/resume", RUN, resume)
            .says("Lets a paused run go on as soon as it gets a place")
            .records::<ExecutionRow>(200),
        post("/api/v1/executions/{id}/redrive", RUN, redrive)
            .says("Lets a failed run go on from what failed: same id, same definition, finished steps kept")
            .may_take::<RedriveBody>()
            .records::<ExecutionRow>(200),
        post("/api/v1/executions/{id}/signals/{name}", RUN, signal)
            .says("Sends a signal with a JSON object as its payload; it is kept until a step waits for one of its name")
            .may_take::<SignalBody>()
            .records::<ExecutionRow>(200),
    ]
}

/// Body of `POST /executions/{id}/cancel` and `pause`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ReasonBody {
    /// Why, at most 1000 characters.
    reason: Option<String>,
}

/// What became of steps in doubt.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum InDoubtName {
    /// They are sent again.
    Repeat,
    /// They took effect.
    Succeeded,
}

/// Body of `POST /executions/{id}/redrive`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RedriveBody {
    /// `repeat` or `succeeded`; required when a step is in doubt.
    in_doubt: Option<InDoubtName>,
    /// Output of the steps in doubt that took effect.
    #[schema(value_type = Value, required = false)]
    output: Option<Value>,
}

/// Body of `POST /executions/{id}/signals/{name}`: any JSON object.
#[derive(Default, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
struct SignalBody(Value);

async fn cancel(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<ReasonBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let recorded = carry!(api, app => async move { app.runs.cancel(&context, &id, body.reason.as_deref()).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}

async fn pause(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<ReasonBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let recorded = carry!(api, app => async move { app.runs.pause(&context, &id, body.reason.as_deref()).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}

async fn resume(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let recorded = carry!(api, app => async move { app.runs.resume(&context, &id).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}

async fn redrive(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<RedriveBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let in_doubt = match (body.in_doubt, body.output) {
        (None, None) => None,
        (Some(InDoubtName::Repeat), None) => Some(InDoubt::Repeat),
        (Some(InDoubtName::Succeeded), output) => Some(InDoubt::Succeeded(output.unwrap_or_default())),
        (None | Some(InDoubtName::Repeat), Some(_)) => {
            let refusal = Refusal::field("/output", "is given, but inDoubt is not succeeded");
            return Err(ApplicationError::from(refusal).into());
        }
    };
    let recorded = carry!(api, app => async move { app.runs.redrive(&context, &id, in_doubt.as_ref()).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}

async fn signal(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(String, String)>,
    Command {
        context,
        body: Maybe(SignalBody(payload)),
        preference,
    }: Command<Maybe<SignalBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let recorded = carry!(api, app => async move { app.runs.signal(&context, &id, &name, &payload).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}
