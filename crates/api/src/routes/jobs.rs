//! Jobs: one thing asked of many executions.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header::LOCATION};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wfm_application::{
    history::EventView,
    jobs::{Bulk, BulkInput, ItemView, JobView},
    security::permission::Permission,
};
use wfm_domain::ids::{JobId, WorkspaceId};

use super::{
    Access, Route,
    events::{HistoryParameters, history},
    get, post,
};
use crate::{
    answer::{carry, json, mark_repeated},
    context::Api,
    error::{Problem, etag},
    extract::{Command, Json, Nothing, Path, Query, Reader},
    pages::{DEFAULT_LIMIT, items, limit},
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const EDIT: Access = Access::Workspace(Permission::EditWorkflows);

/// Executions that a dry run names.
const NAMED: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/executions/bulk", EDIT, bulk)
            .says("Redrives, reruns, cancels, pauses or resumes every execution that matches, as a job that survives restarts")
            .takes::<BulkInput>()
            .refuses(&[404])
            .answers::<MatchedAnswer>(200)
            .answers::<JobAnswer>(202),
        get("/api/v1/jobs", READ, list)
            .says("Lists the jobs of a workspace, the newest first")
            .query::<ListParameters>()
            .refuses(&[404])
            .pages::<JobView>(),
        get("/api/v1/jobs/{id}", READ, show)
            .says("Shows a job")
            .tagged()
            .answers::<JobView>(200),
        get("/api/v1/jobs/{id}/items", READ, list_items)
            .says("Lists what became of a job's executions, in order, at most 100 a page")
            .query::<ItemParameters>()
            .pages::<ItemView>(),
        post("/api/v1/jobs/{id}/cancel", EDIT, cancel)
            .says("Stops a job; executions that are not dealt with yet are left alone")
            .answers::<JobView>(200),
        get(
            "/api/v1/jobs/{id}/history",
            READ,
            |api, Path(id): Path<JobId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of a job")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

/// A job that begins.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobAnswer {
    /// The job; `GET /jobs/{id}` tells how it stands.
    job_id: i64,
    /// Position of its first events.
    position: u64,
    /// Executions that it concerns; absent when an earlier request with the same idempotency key started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
}

/// What a dry run found.
#[derive(Serialize, ToSchema)]
struct MatchedAnswer {
    /// Executions that match.
    matched: usize,
    /// The first of them, at most 100.
    executions: Vec<String>,
}

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParameters {
    /// Of this workspace.
    workspace_id: i64,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Jobs at most, 1 to 200.
    limit: Option<String>,
}

/// Which results.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemParameters {
    /// Where the page before ended.
    cursor: Option<u64>,
}

async fn bulk(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        ..
    }: Command<Json<BulkInput>>,
) -> Result<Response, Problem> {
    let (recorded, total) = match carry!(api, app => async move { app.bulk(&context, &input).await }) {
        Bulk::Started(recorded, total) => (recorded, total),
        Bulk::Matched(executions) => {
            let answer = MatchedAnswer {
                matched: executions.len(),
                executions: executions.into_iter().take(NAMED).map(|id| id.0).collect(),
            };
            return json(StatusCode::OK, &answer);
        }
    };
    let job_id = recorded.id.as_i64().unwrap_or_default();
    let answer = JobAnswer {
        job_id,
        position: recorded.position.0,
        total,
    };
    let mut response = json(StatusCode::ACCEPTED, &answer)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/jobs/{job_id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    if recorded.repeated {
        mark_repeated(response.headers_mut());
    }
    Ok(response)
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Query(parameters): Query<ListParameters>,
) -> Result<Response, Problem> {
    let most = parameters.limit.as_deref().map_or(Ok(DEFAULT_LIMIT), limit)?;
    let workspace = WorkspaceId(parameters.workspace_id);
    let page = api
        .app
        .jobs(&context, workspace, parameters.cursor.as_deref(), most)
        .await?;
    items(page.items, page.next)
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<JobId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    answer(&api.app.job(&context, id).await?)
}

async fn list_items(
    State(api): State<Arc<Api>>,
    Path(id): Path<JobId>,
    Reader { context }: Reader,
    Query(parameters): Query<ItemParameters>,
) -> Result<Response, Problem> {
    let page = api
        .app
        .job_items(&context, id, parameters.cursor.unwrap_or_default())
        .await?;
    items(page.items, page.next)
}

async fn cancel(
    State(api): State<Arc<Api>>,
    Path(id): Path<JobId>,
    Command { context, .. }: Command<Nothing>,
) -> Result<Response, Problem> {
    let shown = context.clone();
    carry!(api, app => async move { app.cancel_job(&context, id).await });
    answer(&api.app.job(&shown, id).await?)
}

fn answer(job: &JobView) -> Result<Response, Problem> {
    let mut response = json(StatusCode::OK, job)?;
    response.headers_mut().insert(http::header::ETAG, etag(job.version));
    Ok(response)
}
