//! Runs: start, show, list, steps, logs, cancel.
//!
//! Invariant: a caller that goes away never stops a run; an answer with status 200 to a start tells of a run that has ended.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header::LOCATION};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};
use wfm_application::{
    executions::{
        registry::{Ended, Registry},
        runs::{StartInput, Started},
    },
    history::EventView,
    security::permission::Permission,
};
use wfm_domain::ids::{ExecutionId, WorkflowId};
use wfm_projections::queries::{
    Visibility,
    resources::{ExecutionLogRow, ExecutionRow, StepRunRow, of_execution},
};
use wfm_storage::event::{Position, StreamId, StreamVersion};

use super::{
    Access, Route,
    events::{HistoryParameters, history},
    get, post,
};
use crate::{
    answer::{Done, LONGEST_WAIT_SECONDS, Preference, carry, json, mark_repeated},
    context::Api,
    error::Problem,
    extract::{Command, Maybe, Pairs, Path, Query, Reader},
    pages::Wanted,
    rows::Row,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const RUN: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/workflows/{id}/executions", RUN, start)
            .says("Starts a run of the version in force; `Prefer: wait=N` answers with its end if it comes within N seconds")
            .query::<WaitParameter>()
            .may_take::<StartBody>()
            .answers::<EndedAnswer>(200)
            .answers::<StartedAnswer>(202),
        get("/api/v1/executions", Access::SignedIn, list).says("Lists runs").lists::<ExecutionRow>(),
        get("/api/v1/executions/{id}", READ, show)
            .says("Shows a run; `wait=N` waits up to N seconds for its end")
            .query::<WaitParameter>()
            .shows::<ExecutionRow>(),
        get("/api/v1/executions/{id}/steps", READ, steps).says("Lists the attempts of a run's steps").lists::<StepRunRow>(),
        get("/api/v1/executions/{id}/logs", READ, logs)
            .says("Lists a run's log; `level` filters by Info, Warning, Error or Debug")
            .query::<LevelParameter>()
            .lists::<ExecutionLogRow>(),
        post("/api/v1/executions/{id}/cancel", RUN, cancel)
            .says("Stops a run, whatever it is doing")
            .may_take::<CancelBody>()
            .records::<ExecutionRow>(200),
        get("/api/v1/executions/{id}/history", READ, show_history)
            .says("Events of a run")
            .query::<HistoryParameters>()
            .pages::<EventView>(),
    ]
}

/// Body of `POST /workflows/{id}/executions`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct StartBody {
    /// An object that the steps read as `input`; empty when omitted.
    #[schema(value_type = Option<Object>)]
    input_parameters: Option<Value>,
    /// The caller's business key, at most 500 characters.
    execution_context: Option<String>,
}

/// How long to wait for a run's end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WaitParameter {
    /// Seconds, 1 to 60.
    wait: Option<u64>,
}

impl WaitParameter {
    fn duration(&self) -> Result<Option<Duration>, Problem> {
        match self.wait {
            None => Ok(None),
            Some(seconds) if (1..=LONGEST_WAIT_SECONDS).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
            Some(_) => Err(Problem::bad_parameter(
                "wait",
                format!("a whole number from 1 to {LONGEST_WAIT_SECONDS} is expected"),
            )),
        }
    }
}

/// Which log rows are shown; read by the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "documentation of an alias")]
struct LevelParameter {
    /// Info, Warning, Error or Debug.
    level: Option<String>,
}

/// Body of `POST /executions/{id}/cancel`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CancelBody {
    /// Why, at most 1000 characters.
    reason: Option<String>,
}

/// A run that goes on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StartedAnswer<'a> {
    /// The run.
    id: &'a str,
    /// The run.
    execution_id: &'a str,
    /// The workflow.
    workflow_id: i64,
    /// Documented status: Running while the run has not ended.
    status: &'a str,
    /// Queued, Running or Retrying.
    state: &'a str,
    /// Position of its first events.
    position: u64,
    /// False when the read models do not show the run yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    projected: Option<bool>,
}

/// A run that has ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndedAnswer<'a> {
    /// The run.
    id: &'a str,
    /// The run.
    execution_id: &'a str,
    /// The workflow.
    workflow_id: i64,
    /// Completed, Failed or Cancelled.
    status: &'a str,
    /// The same.
    state: &'a str,
    /// Position of its last event.
    position: u64,
    /// Output of a completed run.
    #[schema(value_type = Option<Object>)]
    output_parameters: Option<&'a RawValue>,
    /// What went wrong, or why the run was cancelled.
    error_message: Option<&'a str>,
    /// False when the read models do not show the end yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    projected: Option<bool>,
}

async fn start(
    State(api): State<Arc<Api>>,
    Path(workflow): Path<WorkflowId>,
    Query(parameters): Query<WaitParameter>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<StartBody>>,
) -> Result<Response, Problem> {
    let wait = parameters.duration()?.or(preference.wait);
    let input = StartInput {
        input: body.input_parameters.unwrap_or_else(|| Value::Object(Map::new())),
        execution_context: body.execution_context,
    };
    let mut started = carry!(api, app => async move { app.runs.start(&context, workflow, &input).await });
    if started.repeated {
        return again(&api, workflow, started, wait).await;
    }
    let Some(wait) = wait else {
        return accepted(&api, workflow, &started, preference).await;
    };
    match tokio::time::timeout(wait, &mut started.ended).await {
        Ok(Ok(ended)) => {
            let projected = settle(&api, ended.position, preference).await;
            end_answer(workflow, &started.id, &ended, projected)
        }
        // The run goes on, or another node drives it.
        Ok(Err(_)) | Err(_) => accepted(&api, workflow, &started, preference).await,
    }
}

/// Waits for the read models unless the caller does not want to; `Some(false)` when they are late.
async fn settle(api: &Api, position: Position, preference: Preference) -> Option<bool> {
    let projected = preference.respond_async || api.projected(position).await;
    (!projected).then_some(false)
}

async fn accepted(
    api: &Api,
    workflow: WorkflowId,
    started: &Started,
    preference: Preference,
) -> Result<Response, Problem> {
    let projected = settle(api, started.position, preference).await;
    let id = started.id.0.as_str();
    let answer = StartedAnswer {
        id,
        execution_id: id,
        workflow_id: workflow.0,
        status: "Running",
        state: if started.queued { "Queued" } else { "Running" },
        position: started.position.0,
        projected,
    };
    located(json(StatusCode::ACCEPTED, &answer)?, id)
}

fn end_answer(
    workflow: WorkflowId,
    id: &ExecutionId,
    ended: &Ended,
    projected: Option<bool>,
) -> Result<Response, Problem> {
    let output = ended
        .output
        .as_deref()
        .map(serde_json::from_str::<&RawValue>)
        .transpose()
        .map_err(Problem::internal)?;
    let answer = EndedAnswer {
        id: &id.0,
        execution_id: &id.0,
        workflow_id: workflow.0,
        status: ended.outcome.name(),
        state: ended.outcome.name(),
        position: ended.position.0,
        output_parameters: output,
        error_message: ended.message.as_deref(),
        projected,
    };
    located(json(StatusCode::OK, &answer)?, &id.0)
}

fn located(mut response: Response, id: &str) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(format!("/api/v1/executions/{id}")).map_err(Problem::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// The answer to a repeated start: the run as it is by now, if the caller waits for it.
async fn again(
    api: &Arc<Api>,
    workflow: WorkflowId,
    started: Started,
    wait: Option<Duration>,
) -> Result<Response, Problem> {
    api.projected(started.position).await;
    let waiting = Waiting {
        registry: api.app.runs.registry(),
        id: &started.id,
        ended: started.ended,
    };
    let row = match wait {
        Some(wait) => watch(api, waiting, &Visibility::All, wait).await?,
        None => api.row::<ExecutionRow>(started.id.0.as_str(), &Visibility::All).await?,
    };
    let id = started.id.0.as_str();
    let status = row.as_ref().map_or("Running", status_name);
    let state = row.as_ref().and_then(|row| row.text("state")).unwrap_or("Running");
    let ending = row.as_ref().filter(|row| has_ended(row)).and_then(Row::stream_version);
    let position = last_position(api, &started.id, started.position, ending).await?;
    let mut response = if wait.is_some() && row.as_ref().is_some_and(has_ended) {
        let text = |name| row.as_ref().and_then(|row| row.text(name));
        let answer = EndedAnswer {
            id,
            execution_id: id,
            workflow_id: workflow.0,
            status,
            state,
            position,
            output_parameters: text("outputParameters").and_then(|json| serde_json::from_str(json).ok()),
            error_message: text("errorMessage"),
            projected: None,
        };
        json(StatusCode::OK, &answer)?
    } else {
        let answer = StartedAnswer {
            id,
            execution_id: id,
            workflow_id: workflow.0,
            status,
            state,
            position,
            projected: None,
        };
        json(StatusCode::ACCEPTED, &answer)?
    };
    mark_repeated(response.headers_mut());
    located(response, id)
}

/// Position of the event that ended the run, whose stream has this version; else that of the start.
async fn last_position(api: &Api, id: &ExecutionId, start: Position, ending: Option<u64>) -> Result<u64, Problem> {
    let Some(version) = ending else { return Ok(start.0) };
    let before = StreamVersion(version.saturating_sub(1));
    let stream = StreamId::new(id.stream());
    let last = api.app.store.log.read_stream(&stream, before, 1).await?;
    Ok(last.first().map_or(start, |event| event.position).0)
}

fn has_ended(row: &Row) -> bool {
    row.integer("status").is_some_and(|status| status != 0)
}

fn status_name(row: &Row) -> &'static str {
    let number = row.integer("status").and_then(|status| usize::try_from(status).ok());
    let names = wfm_projections::queries::resources::EXECUTION_STATUSES;
    number
        .and_then(|number| names.get(number).copied())
        .unwrap_or("Running")
}

/// Somebody who waits for a run's end; leaves the registry when going away.
struct Waiting<'a> {
    registry: &'a Registry,
    id: &'a ExecutionId,
    ended: oneshot::Receiver<Ended>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.ended.close();
        self.registry.leave(self.id);
    }
}

/// The run's row once it has ended or the time is over, as far as `visibility` shows it.
async fn watch(
    api: &Api,
    mut waiting: Waiting<'_>,
    visibility: &Visibility,
    wait: Duration,
) -> Result<Option<Row>, Problem> {
    let key = waiting.id.0.as_str();
    let row = api.row::<ExecutionRow>(key, visibility).await?;
    if row.as_ref().is_none_or(has_ended) {
        return Ok(row);
    }
    if let Ok(Ok(ended)) = tokio::time::timeout(wait, &mut waiting.ended).await {
        api.projected(ended.position).await;
    }
    api.row::<ExecutionRow>(key, visibility).await
}

/// The id of a run, as the path names it.
fn execution_id(text: String) -> Result<ExecutionId, Problem> {
    let id = ExecutionId(text);
    // What is no stream's name names no run; the prefix is always one.
    match StreamId::parse(&format!("{}-{id}", ExecutionId::KIND)) {
        Some(_) => Ok(id),
        None => Err(Problem::not_found(format!("execution {id}"))),
    }
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ExecutionRow>(&context, Wanted::new(pairs)).await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Reader { context }: Reader,
    Query(parameters): Query<WaitParameter>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let named = || format!("execution {id}");
    let Some(wait) = parameters.duration()? else {
        return api.show::<ExecutionRow>(&context, id.0.as_str(), named).await;
    };
    let visibility = api.visibility(&context)?;
    let registry = api.app.runs.registry();
    let waiting = Waiting {
        registry,
        id: &id,
        ended: registry.wait(&id),
    };
    let row = watch(&api, waiting, &visibility, wait)
        .await?
        .ok_or_else(|| Problem::not_found(named()))?;
    crate::answer::entity(&api.entity::<ExecutionRow>(row).await?)
}

async fn steps(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    api.seen::<ExecutionRow>(&context, id.0.as_str(), || format!("execution {id}"))
        .await?;
    let [from, to] = of_execution(&id.0);
    api.list::<StepRunRow>(&context, Wanted::new(pairs).only(&from.0, from.1).only(&to.0, to.1))
        .await
}

async fn logs(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    api.seen::<ExecutionRow>(&context, id.0.as_str(), || format!("execution {id}"))
        .await?;
    let wanted = Wanted::new(pairs)
        .alias("level", "logLevel")
        .only("executionId", id.0.as_str());
    api.list::<ExecutionLogRow>(&context, wanted).await
}

async fn cancel(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<CancelBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let recorded = carry!(api, app => async move { app.runs.cancel(&context, &id, body.reason.as_deref()).await });
    Done::changed(recorded, preference)
        .answer_with::<ExecutionRow>(&api)
        .await
}

async fn show_history(
    api: State<Arc<Api>>,
    Path(id): Path<String>,
    reader: Reader,
    parameters: Query<HistoryParameters>,
) -> Result<Response, Problem> {
    history(api, execution_id(id)?.stream(), reader, parameters).await
}
