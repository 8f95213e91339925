//! The log: events by position or by stream, and the histories of entities.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wfm_application::{history::EventView, security::permission::Permission};
use wfm_domain::ids::WorkspaceId;
use wfm_projections::queries::resources::AccessLogRow;
use wfm_storage::event::{Position, StreamId};

use super::{Access, Route, get};
use crate::{
    context::Api,
    error::Problem,
    extract::{Pairs, Path, Query, Reader},
    pages::{DEFAULT_LIMIT, Wanted, events, items, limit},
};

const READ: Access = Access::Workspace(Permission::ReadWorkspaceLog);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/events", READ, list)
            .says("Events by position: of a workspace, or (Admin) of the whole log")
            .query::<EventParameters>()
            .refuses(&[404])
            .pages::<EventView>(),
        get("/api/v1/streams", READ, streams)
            .says("Streams by name: of a workspace, or (Admin) of the whole log")
            .query::<StreamParameters>()
            .refuses(&[404])
            .pages::<StreamAnswer>(),
        get("/api/v1/streams/{id}", READ, stream)
            .says("Events of a stream by version")
            .query::<HistoryParameters>()
            .pages::<EventView>(),
        get("/api/v1/access-log", Access::Global(Permission::Operate), access_log)
            .says("Lists logins and refused logins")
            .lists::<AccessLogRow>(),
    ]
}

/// A page of a stream.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParameters {
    /// Events of a page, 1 to 200; 50 when omitted.
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Version after which to begin.
    after: Option<u64>,
}

/// A page of the log.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventParameters {
    /// Events of a page, 1 to 200; 50 when omitted.
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Position after which to begin.
    after: Option<u64>,
    /// The workspace; the whole log when omitted.
    workspace_id: Option<i64>,
}

/// A page of the list of streams.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamParameters {
    /// Streams of a page, 1 to 200; 50 when omitted.
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// The workspace; the whole log when omitted.
    workspace_id: Option<i64>,
}

/// A stream without its events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StreamAnswer {
    /// Its name.
    id: String,
    /// Type of its aggregate.
    aggregate: String,
    /// Workspace it belongs to.
    workspace_id: Option<i64>,
    /// Number of its events.
    version: u64,
}

fn page_limit(written: Option<&str>) -> Result<u32, Problem> {
    written.map_or(Ok(DEFAULT_LIMIT), limit)
}

/// Where a page begins: the cursor, or the number the caller gives.
fn begin(cursor: Option<&str>, after: Option<u64>) -> Result<u64, Problem> {
    let Some(cursor) = cursor else {
        return Ok(after.unwrap_or(0));
    };
    cursor
        .parse()
        .map_err(|_| Problem::bad_parameter("cursor", "the cursor does not belong to this list"))
}

/// The history of an entity.
pub(crate) async fn history(
    State(api): State<Arc<Api>>,
    stream: String,
    Reader { context }: Reader,
    Query(parameters): Query<HistoryParameters>,
) -> Result<Response, Problem> {
    let after = begin(parameters.cursor.as_deref(), parameters.after)?;
    let limit = page_limit(parameters.limit.as_deref())?;
    events(api.app.history(&context, &stream, after, limit).await?)
}

async fn stream(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Reader { context }: Reader,
    Query(parameters): Query<HistoryParameters>,
) -> Result<Response, Problem> {
    let stream = StreamId::parse(&id).ok_or_else(|| Problem::not_found(format!("stream {id}")))?;
    let after = begin(parameters.cursor.as_deref(), parameters.after)?;
    let limit = page_limit(parameters.limit.as_deref())?;
    events(api.app.stream_events(&context, stream.as_str(), after, limit).await?)
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Query(parameters): Query<EventParameters>,
) -> Result<Response, Problem> {
    let after = begin(parameters.cursor.as_deref(), parameters.after)?;
    let limit = page_limit(parameters.limit.as_deref())?;
    let workspace = parameters.workspace_id.map(WorkspaceId);
    events(api.app.events(&context, Position(after), limit, workspace).await?)
}

async fn streams(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Query(parameters): Query<StreamParameters>,
) -> Result<Response, Problem> {
    let limit = page_limit(parameters.limit.as_deref())?;
    let workspace = parameters.workspace_id.map(WorkspaceId);
    match workspace {
        Some(id) => api
            .app
            .demand_in(&context, Permission::ReadWorkspaceLog, id, || format!("workspace {id}"))?,
        None => api.app.demand(&context, Permission::Operate)?,
    }
    let log = &api.app.store.log;
    let found = log
        .streams(workspace.map(|id| id.0), parameters.cursor.as_deref(), limit + 1)
        .await?;
    let more = found.len() > limit as usize;
    let page: Vec<StreamAnswer> = found
        .into_iter()
        .take(limit as usize)
        .map(|stream| StreamAnswer {
            id: stream.stream.to_string(),
            aggregate: stream.aggregate.to_string(),
            workspace_id: stream.workspace,
            version: stream.version.0,
        })
        .collect();
    let next = page.last().filter(|_| more).map(|stream| stream.id.clone());
    items(page, next)
}

async fn access_log(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<AccessLogRow>(&context, Wanted::new(pairs)).await
}
