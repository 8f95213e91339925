//! Workflows: the draft, publishing, versions, metrics.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use utoipa::{IntoParams, ToSchema};
use wfm_application::{
    history::EventView,
    security::permission::Permission,
    workflows::{NewWorkflow, WorkflowContent, WorkflowPatch},
};
use wfm_domain::{
    ids::{ApiEndpointId, WorkflowId},
    instant::Instant,
};
use wfm_projections::queries::{
    WorkflowMetricsRow,
    resources::{WorkflowRow, WorkflowVersionRow},
    workflow_metrics,
};

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, patch, post,
};
use crate::{
    answer::{Done, carry, entity_tag, json},
    conditional::ChangesByItself,
    context::Api,
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Query, Reader},
    pages::Wanted,
    rows::Entity,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const EDIT: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/workflows", Access::SignedIn, list)
            .says("Lists workflows: the version in force of each, or the draft before the first publish")
            .lists::<WorkflowRow>(),
        post("/api/v1/workflows", EDIT, create)
            .says("Creates a workflow as a draft, with its steps")
            .takes::<NewWorkflow>()
            .refuses(&[404])
            .records::<WorkflowRow>(201),
        get("/api/v1/workflows/{id}", READ, show)
            .says("Shows a workflow with its steps: the version in force, the draft, or any published version")
            .query::<VersionParameter>()
            .shows_more_or::<WorkflowRow, WorkflowState, WorkflowContent>(),
        patch("/api/v1/workflows/{id}", EDIT, change)
            .says("Changes the draft; steps are replaced whole")
            .takes::<WorkflowPatch>()
            .records::<WorkflowRow>(200),
        delete(
            "/api/v1/workflows/{id}",
            Access::Workspace(Permission::WriteProjects),
            remove,
        )
        .says("Deletes a workflow softly; running executions finish")
        .records_only(200),
        post("/api/v1/workflows/{id}/publish", EDIT, publish)
            .says("Publishes the draft; everything its runs will do is checked now")
            .records::<WorkflowRow>(200),
        post("/api/v1/workflows/{id}/deactivate", EDIT, deactivate)
            .says("Takes a workflow out of force: no new runs, running ones finish")
            .records::<WorkflowRow>(200),
        delete("/api/v1/workflows/{id}/draft", EDIT, discard)
            .says("Drops the draft's changes")
            .records::<WorkflowRow>(200),
        get("/api/v1/workflows/{id}/versions", READ, versions)
            .says("Lists the published versions")
            .lists::<WorkflowVersionRow>(),
        get("/api/v1/workflows/{id}/metrics", READ, metrics)
            .says("Executions of a period in numbers; the 30 days up to now when none is given")
            .query::<MetricsParameters>()
            .answers::<WorkflowMetrics>(200),
        get(
            "/api/v1/workflows/{id}/history",
            READ,
            |api, Path(id): Path<WorkflowId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of a workflow itself")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

pub(super) fn named(id: WorkflowId) -> String {
    format!("workflow {id}")
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<WorkflowRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewWorkflow>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.create_workflow(&context, &input));
    Done::created(recorded, preference, "/api/v1/workflows")
        .answer_with::<WorkflowRow>(&api)
        .await
}

/// Which version of a workflow is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionParameter {
    /// `draft`, or the number of a published version; the version in force when omitted.
    pub(super) version: Option<String>,
}

pub(super) enum Wished {
    InForce,
    Draft,
    Number(u32),
}

impl VersionParameter {
    pub(super) fn wished(&self) -> Result<Wished, Problem> {
        match self.version.as_deref() {
            None => Ok(Wished::InForce),
            Some("draft") => Ok(Wished::Draft),
            Some(number) => number
                .parse()
                .map(Wished::Number)
                .map_err(|_| Problem::bad_parameter("version", "draft or the number of a version is expected")),
        }
    }
}

/// What a workflow shows beside its row.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of what Shown adds")]
struct WorkflowState {
    /// Whether the draft differs from the version in force.
    has_draft_changes: bool,
    /// Endpoints that changed or were deleted since the version in force was published.
    outdated_endpoints: Vec<i64>,
}

/// A workflow as its row shows it, with what the log knows beside.
struct Shown<'a> {
    entity: &'a Entity,
    has_draft_changes: bool,
    outdated_endpoints: &'a [ApiEndpointId],
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.entity.members(&mut map)?;
        map.serialize_entry("hasDraftChanges", &self.has_draft_changes)?;
        map.serialize_entry("outdatedEndpoints", self.outdated_endpoints)?;
        map.end()
    }
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
    Query(parameters): Query<VersionParameter>,
) -> Result<Response, Problem> {
    let content = match parameters.wished()? {
        Wished::InForce => {
            let row = api.seen::<WorkflowRow>(&context, id.0, || named(id)).await?;
            let entity = api.entity::<WorkflowRow>(row).await?;
            let shown = Shown {
                entity: &entity,
                has_draft_changes: api.app.workflow_draft(&context, id).await?.has_draft_changes,
                outdated_endpoints: &api.app.outdated_endpoints(&context, id).await?,
            };
            let mut response = entity_tag(json(StatusCode::OK, &shown)?, entity.row.stream_version());
            if !shown.outdated_endpoints.is_empty() {
                response.extensions_mut().insert(ChangesByItself);
            }
            return Ok(response);
        }
        Wished::Draft => api.app.workflow_draft(&context, id).await?,
        Wished::Number(version) => api.app.workflow_version(&context, id, version).await?,
    };
    Ok(entity_tag(
        json(StatusCode::OK, &content)?,
        Some(content.stream_version),
    ))
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<WorkflowPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_workflow(&context, id, &patch));
    Done::changed(recorded, preference)
        .answer_with::<WorkflowRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_workflow(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn publish(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.publish_workflow(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<WorkflowRow>(&api)
        .await
}

async fn deactivate(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.deactivate_workflow(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<WorkflowRow>(&api)
        .await
}

async fn discard(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.discard_draft(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<WorkflowRow>(&api)
        .await
}

async fn versions(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.seen::<WorkflowRow>(&context, id.0, || named(id)).await?;
    api.list::<WorkflowVersionRow>(&context, Wanted::new(pairs).only("workflowId", id.0))
        .await
}

/// The period of `GET /workflows/{id}/metrics`.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MetricsParameters {
    /// First instant or day; 30 days ago when omitted.
    start_date: Option<String>,
    /// Last instant, or the day at whose beginning the period ends; now when omitted.
    end_date: Option<String>,
}

/// The result of `sp_GetWorkflowMetrics`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WorkflowMetrics {
    /// The workflow.
    workflow_id: i64,
    /// Executions that began in the period.
    total_executions: i64,
    /// Those that completed; null without executions.
    successful_executions: Option<i64>,
    /// Those that failed; null without executions.
    failed_executions: Option<i64>,
    /// Whole seconds on average, over those that ended.
    avg_execution_time_seconds: Option<i64>,
    /// When the last one began.
    last_execution_at: Option<String>,
}

impl From<WorkflowMetricsRow> for WorkflowMetrics {
    fn from(row: WorkflowMetricsRow) -> Self {
        Self {
            workflow_id: row.workflow_id,
            total_executions: row.total_executions,
            successful_executions: row.successful_executions,
            failed_executions: row.failed_executions,
            avg_execution_time_seconds: row.avg_execution_time_seconds,
            last_execution_at: row.last_execution_at,
        }
    }
}

async fn metrics(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
    Query(parameters): Query<MetricsParameters>,
) -> Result<Response, Problem> {
    let start = instant("startDate", parameters.start_date.as_deref())?;
    let end = instant("endDate", parameters.end_date.as_deref())?;
    api.seen::<WorkflowRow>(&context, id.0, || named(id)).await?;
    let rows = api.query(workflow_metrics(id.0, start, end, api.now())).await?;
    json(
        StatusCode::OK,
        &WorkflowMetrics::from(WorkflowMetricsRow::decode(rows)?),
    )
}

/// An instant, or a day as its first instant in UTC.
fn instant(name: &str, text: Option<&str>) -> Result<Option<Instant>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let instant = Instant::parse(text).or_else(|| Instant::parse(&format!("{text}T00:00:00Z")));
    instant
        .map(Some)
        .ok_or_else(|| Problem::bad_parameter(name, "an RFC 3339 instant or a date is expected"))
}
