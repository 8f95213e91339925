//! Starts of runs.
//!
//! Invariant: a caller that goes away never stops a run; an answer with status 200 tells of a run that has ended.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header::LOCATION};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;
use wfm_application::{
    error::ApplicationError,
    executions::{
        execution_key::{ExecutionKey, KeyPolicy},
        registry::Ended,
        starting::{RerunVersion, StartInput, Started},
    },
    security::permission::Permission,
};
use wfm_domain::{
    ids::{ExecutionId, WorkflowId},
    refusal::Refusal,
};
use wfm_projections::queries::{
    Visibility,
    resources::{EXECUTION_STATUSES, ExecutionRow},
};
use wfm_storage::event::{Position, StreamId, StreamVersion};

use super::{
    Access, Route,
    executions::{WaitParameter, Waiting, execution_id, has_ended, watch},
    post,
};
use crate::{
    answer::{Preference, carry, json, mark_repeated},
    context::Api,
    error::Problem,
    extract::{Command, Maybe, Path, Query},
    rows::Row,
};

const RUN: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/workflows/{id}/executions", RUN, start)
            .says("Starts a run of the version in force; `Prefer: wait=N` answers with its end if it comes within N seconds")
            .query::<WaitParameter>()
            .may_take::<StartBody>()
            .answers::<EndedAnswer>(200)
            .answers::<StartedAnswer>(202),
        post("/api/v1/executions/{id}/rerun", RUN, rerun)
            .says("Starts a new run with the input of this one, of the same or the newest definition")
            .query::<WaitParameter>()
            .may_take::<RerunBody>()
            .answers::<EndedAnswer>(200)
            .answers::<StartedAnswer>(202),
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
    /// The caller's name for this piece of work, unique in the workflow, at most 200 characters.
    execution_key: Option<String>,
    /// What happens when a run has that key already; `reject` when omitted.
    execution_key_policy: Option<KeyPolicyName>,
}

/// What a start does when its key belongs to a run already.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum KeyPolicyName {
    /// Starts all the same.
    Allow,
    /// Starts if that run failed or was cancelled.
    AllowIfFailed,
    /// Is refused.
    Reject,
    /// Answers with that run.
    ReturnExisting,
}

impl StartBody {
    fn key(&self) -> Result<Option<ExecutionKey>, Problem> {
        let policy = self.execution_key_policy.map(|policy| match policy {
            KeyPolicyName::Allow => KeyPolicy::Allow,
            KeyPolicyName::AllowIfFailed => KeyPolicy::AllowIfFailed,
            KeyPolicyName::Reject => KeyPolicy::Reject,
            KeyPolicyName::ReturnExisting => KeyPolicy::ReturnExisting,
        });
        match (&self.execution_key, policy) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let refusal = Refusal::field("/executionKeyPolicy", "is given without executionKey");
                Err(ApplicationError::from(refusal).into())
            }
            (Some(key), policy) => Ok(Some(ExecutionKey {
                key: key.clone(),
                policy: policy.unwrap_or_default(),
            })),
        }
    }
}

/// A run that goes on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartedAnswer<'a> {
    /// The run.
    id: &'a str,
    /// The run.
    execution_id: &'a str,
    /// The workflow.
    workflow_id: i64,
    /// Documented status: Running while the run has not ended.
    status: &'a str,
    /// Queued, Running, Retrying, Paused, WaitingSignal, WaitingApproval or Compensating.
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
    #[schema(value_type = Value, required = false)]
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
    let key = body.key()?;
    let input = StartInput {
        key,
        input: body.input_parameters.unwrap_or_else(|| Value::Object(Map::new())),
        execution_context: body.execution_context,
    };
    let started = carry!(api, app => async move { app.runs.start(&context, workflow, &input).await });
    answer(&api, workflow, started, wait, preference).await
}

/// Which definition a rerun follows.
#[derive(Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RerunVersionName {
    /// The one that the first run followed.
    Same,
    /// The one in force.
    #[default]
    Newest,
}

/// Body of `POST /executions/{id}/rerun`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RerunBody {
    /// `same` or `newest` definition; `newest` when omitted.
    definition: RerunVersionName,
}

async fn rerun(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Query(parameters): Query<WaitParameter>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Command<Maybe<RerunBody>>,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    let wait = parameters.duration()?.or(preference.wait);
    let version = match body.definition {
        RerunVersionName::Same => RerunVersion::Same,
        RerunVersionName::Newest => RerunVersion::Newest,
    };
    let (started, workflow) = carry!(api, app => async move { app.runs.rerun(&context, &id, version).await });
    answer(&api, workflow, started, wait, preference).await
}

async fn answer(
    api: &Arc<Api>,
    workflow: WorkflowId,
    mut started: Started,
    wait: Option<Duration>,
    preference: Preference,
) -> Result<Response, Problem> {
    if started.repeated {
        return again(api, workflow, started, wait).await;
    }
    let Some(wait) = wait else {
        return accepted(api, workflow, &started, preference).await;
    };
    match tokio::time::timeout(wait, &mut started.ended).await {
        Ok(Ok(ended)) => {
            let projected = settle(api, ended.position, preference).await;
            end_answer(workflow, &started.id, &ended, projected)
        }
        // The run goes on, or another node drives it.
        Ok(Err(_)) | Err(_) => accepted(api, workflow, &started, preference).await,
    }
}

/// Waits for the read models unless the caller does not want to; `Some(false)` when they are late.
async fn settle(api: &Api, position: Position, preference: Preference) -> Option<bool> {
    let projected = preference.respond_async || api.projected(position).await;
    (!projected).then_some(false)
}

/// The answer to a start that nobody waits for, repeated or not.
pub(super) async fn begun(
    api: &Arc<Api>,
    workflow: WorkflowId,
    started: Started,
    preference: Preference,
) -> Result<Response, Problem> {
    if started.repeated {
        return again(api, workflow, started, None).await;
    }
    accepted(api, workflow, &started, preference).await
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
        state: started.state,
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

fn status_name(row: &Row) -> &'static str {
    let number = row.integer("status").and_then(|status| usize::try_from(status).ok());
    let names = EXECUTION_STATUSES;
    number
        .and_then(|number| names.get(number).copied())
        .unwrap_or("Running")
}
