//! Runs: show, list, steps, logs. Starting them stands in [`super::start`], what is asked of them in [`super::control`].

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use serde::Deserialize;
use tokio::{sync::oneshot, time::Instant};
use utoipa::IntoParams;
use wfm_application::{
    executions::registry::{Ended, Registry},
    history::EventView,
    hooks::callback_views::CallbackView,
    security::permission::Permission,
};
use wfm_domain::ids::ExecutionId;
use wfm_projections::queries::{
    Visibility,
    resources::{ExecutionLogRow, ExecutionRow, StepRunRow, of_execution},
};
use wfm_storage::event::StreamId;

use super::{
    Access, Route,
    events::{HistoryParameters, history},
    get,
};
use crate::{
    answer::{LONGEST_WAIT_SECONDS, entity},
    context::Api,
    error::Problem,
    extract::{Pairs, Path, Query, Reader},
    pages::{Wanted, whole_page},
    rows::Row,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/executions", Access::SignedIn, list)
            .says("Lists runs")
            .lists::<ExecutionRow>(),
        get("/api/v1/executions/{id}", READ, show)
            .says("Shows a run; `wait=N` waits up to N seconds for its end")
            .query::<WaitParameter>()
            .shows::<ExecutionRow>(),
        get("/api/v1/executions/{id}/steps", READ, steps)
            .says("Lists the attempts of a run's steps")
            .lists::<StepRunRow>(),
        get("/api/v1/executions/{id}/logs", READ, logs)
            .says("Lists a run's log; `level` filters by Info, Warning, Error or Debug")
            .query::<LevelParameter>()
            .lists::<ExecutionLogRow>(),
        get("/api/v1/executions/{id}/history", READ, show_history)
            .says("Events of a run")
            .query::<HistoryParameters>()
            .pages::<EventView>(),
        get("/api/v1/executions/{id}/callbacks", READ, callbacks)
            .says("Lists who was told, or is to be told, of a run's ends; the newest end first, at most 100")
            .pages::<CallbackView>(),
    ]
}

/// How long to wait for a run's end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitParameter {
    /// Seconds, 1 to 60.
    wait: Option<u64>,
}

impl WaitParameter {
    pub(super) fn duration(&self) -> Result<Option<Duration>, Problem> {
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

pub(super) fn has_ended(row: &Row) -> bool {
    row.integer("status").is_some_and(|status| status != 0)
}

/// Somebody who waits for a run's end; leaves the registry when going away.
pub(super) struct Waiting<'a> {
    pub(super) registry: &'a Registry,
    pub(super) id: &'a ExecutionId,
    pub(super) ended: oneshot::Receiver<Ended>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.ended.close();
        self.registry.leave(self.id);
    }
}

/// The run's row once it has ended or the time is over, as far as `visibility` shows it.
pub(super) async fn watch(
    api: &Api,
    mut waiting: Waiting<'_>,
    visibility: &Visibility,
    wait: Duration,
) -> Result<Option<Row>, Problem> {
    let key = waiting.id.0.as_str();
    let deadline = Instant::now() + wait;
    let row = api.row::<ExecutionRow>(key, visibility).await?;
    if row.as_ref().is_none_or(has_ended) {
        return Ok(row);
    }
    loop {
        // A run that ended before `waiting` listened is told of by nobody: the read models show it once they have come so far.
        let head = api.app.store.log.head().await?.position;
        api.projected(head).await;
        let row = api.row::<ExecutionRow>(key, visibility).await?;
        if row.as_ref().is_none_or(has_ended) {
            return Ok(row);
        }
        let told = tokio::time::timeout_at(deadline, &mut waiting.ended).await;
        if let Ok(Ok(ended)) = &told {
            api.projected(ended.position).await;
        }
        let row = api.row::<ExecutionRow>(key, visibility).await?;
        if !matches!(told, Ok(Ok(_))) || row.as_ref().is_none_or(has_ended) {
            return Ok(row);
        }
        // That was an earlier end, from before a redrive: the next one is listened for.
        waiting.ended = waiting.registry.wait(waiting.id);
    }
}

/// The id of a run, as the path names it.
pub(super) fn execution_id(text: String) -> Result<ExecutionId, Problem> {
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
    entity(&api.entity::<ExecutionRow>(row).await?)
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

async fn show_history(
    api: State<Arc<Api>>,
    Path(id): Path<String>,
    reader: Reader,
    parameters: Query<HistoryParameters>,
) -> Result<Response, Problem> {
    history(api, execution_id(id)?.stream(), reader, parameters).await
}

async fn callbacks(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    let id = execution_id(id)?;
    api.seen::<ExecutionRow>(&context, id.0.as_str(), || format!("execution {id}"))
        .await?;
    whole_page(api.app.callbacks_of(&id).await?)
}
