//! Schedules of workflows: set, show, pause, resume, trigger, remove; and when an expression fires.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wfm_application::{
    history::EventView,
    schedules::{ScheduleInput, preview, shown},
    security::permission::Permission,
};
use wfm_domain::{
    ids::{ScheduleId, WorkflowId},
    instant::Instant,
};
use wfm_projections::queries::resources::ScheduleRow;

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, post, put,
    start::{StartedAnswer, begun},
};
use crate::{
    answer::{Done, carry, json},
    context::Api,
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Query, Reader},
    pages::Wanted,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const EDIT: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/schedules", Access::SignedIn, list)
            .says("Lists schedules")
            .lists::<ScheduleRow>(),
        get("/api/v1/schedules/preview", Access::SignedIn, show_preview)
            .says("The next instants at which a cron expression fires: a JSON array of RFC 3339 instants in UTC")
            .query::<PreviewParameters>()
            .refuses(&[422])
            .answers::<Vec<String>>(200),
        put("/api/v1/workflows/{id}/schedule", EDIT, set)
            .says("Sets the schedule of a workflow; one that it has is replaced whole")
            .takes::<ScheduleInput>()
            .records::<ScheduleRow>(200),
        get("/api/v1/workflows/{id}/schedule", READ, show)
            .says("Shows the schedule of a workflow, with its next and its last run")
            .shows::<ScheduleRow>(),
        delete("/api/v1/workflows/{id}/schedule", EDIT, remove)
            .says("Removes the schedule of a workflow; runs that it started go on")
            .records_only(200),
        post("/api/v1/workflows/{id}/schedule/pause", EDIT, pause)
            .says("Pauses a schedule: its ticks start no runs and are not made up for")
            .records::<ScheduleRow>(200),
        post("/api/v1/workflows/{id}/schedule/resume", EDIT, resume)
            .says("Resumes a schedule from now on")
            .records::<ScheduleRow>(200),
        post("/api/v1/workflows/{id}/schedule/trigger", EDIT, trigger)
            .says("Starts a run of a schedule now, paused or not, whatever its overlap policy")
            .answers::<StartedAnswer>(202),
        get(
            "/api/v1/workflows/{id}/schedule/history",
            READ,
            |api, Path(id): Path<WorkflowId>, reader, parameters| {
                history(api, ScheduleId(id.0).stream(), reader, parameters)
            },
        )
        .says("Events of a schedule: what became of each tick, and why")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

fn named(id: WorkflowId) -> String {
    format!("schedule of workflow {id}")
}

/// What a preview shows.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PreviewParameters {
    /// Cron with five fields, or six with seconds first.
    cron_expression: String,
    /// IANA zone; `UTC` when omitted.
    time_zone: Option<String>,
    /// RFC 3339 instant after which to begin, not shown itself; now when omitted.
    from: Option<String>,
    /// How many, 1 to 1000; 10 when omitted.
    count: Option<u32>,
}

async fn show_preview(
    State(api): State<Arc<Api>>,
    Reader { .. }: Reader,
    Query(parameters): Query<PreviewParameters>,
) -> Result<Response, Problem> {
    let from = match &parameters.from {
        None => api.now(),
        Some(text) => {
            Instant::parse(text).ok_or_else(|| Problem::bad_parameter("from", "an RFC 3339 instant is expected"))?
        }
    };
    let time_zone = parameters.time_zone.as_deref();
    let ticks = preview(
        &parameters.cron_expression,
        time_zone,
        from,
        parameters.count.unwrap_or(10),
    )
    .map_err(wfm_application::error::ApplicationError::from)?;
    json(StatusCode::OK, &ticks.into_iter().map(shown).collect::<Vec<_>>())
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ScheduleRow>(&context, Wanted::new(pairs)).await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<ScheduleRow>(&context, id.0, || named(id)).await
}

async fn set(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<ScheduleInput>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.set_schedule(&context, id, &input));
    Done::changed(recorded, preference)
        .answer_with::<ScheduleRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.remove_schedule(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn pause(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.pause_schedule(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<ScheduleRow>(&api)
        .await
}

async fn resume(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.resume_schedule(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<ScheduleRow>(&api)
        .await
}

async fn trigger(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let started = carry!(api, app => app.trigger_schedule(&context, id));
    begun(&api, id, started, preference).await
}
