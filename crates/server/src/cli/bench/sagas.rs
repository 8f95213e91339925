//! Fills a log with finished runs of three steps: the events that a busy server leaves.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wfm_application::{
    app::App,
    context::Context,
    security::access::Caller,
    store::{Loaded, Recorded},
};
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, Execution, ExecutionCommand, Move, RecordSuccess, Request, Run, StartExecution, StepAttempt},
    ids::{EnvironmentId, ExecutionId, StepId, UserId, WorkflowId, WorkspaceId},
    protected::{DataKey, Protected},
};

use crate::{
    config::Config,
    core::{Core, Surroundings},
};

/// Events of one run of three steps.
const EVENTS_PER_RUN: u64 = 8;

/// Runs recorded at once.
const AT_ONCE: usize = 64;

/// Writes about `events` events.
pub async fn write(config: &Config, events: u64) -> Result<()> {
    let core = Core::start(config, Surroundings::default()).await?;
    let setting = Setting::make(&core.app).await?;
    let setting = &setting;
    let app = &core.app;
    stream::iter(0..events / EVENTS_PER_RUN)
        .map(|number| async move { setting.finish_run(app, number).await })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    core.stop(Duration::ZERO).await;
    Ok(())
}

/// What the runs belong to.
struct Setting {
    context: Context,
    workspace: WorkspaceId,
    environment: EnvironmentId,
    workflow: WorkflowId,
    steps: Vec<StepId>,
}

/// An input as the API would read it.
fn input<T: DeserializeOwned>(body: Value) -> Result<T> {
    Ok(serde_json::from_value(body)?)
}

fn id(recorded: &Recorded) -> Result<i64> {
    recorded.id.as_i64().context("an id is a number")
}

impl Setting {
    async fn make(app: &App) -> Result<Self> {
        let admin = app
            .create_first_admin("bench@example.com", "a bench password")
            .await?
            .context("the log is new")?;
        let context = Context::user(Caller::administrator(UserId(id(&admin)?)), "bench");
        let workspace = id(&app
            .create_workspace(&context, &input(json!({ "name": "Bench" }))?)
            .await?)?;
        let project = json!({ "workspaceId": workspace, "name": "Bench" });
        let project = id(&app.create_project(&context, &input(project)?).await?)?;
        let environment =
            json!({ "projectId": project, "name": "Bench", "configuration": { "maxConcurrentExecutions": 1000 } });
        let environment = id(&app.create_environment(&context, &input(environment)?).await?)?;
        let endpoint =
            json!({ "name": "Bench", "url": "http://127.0.0.1:9/", "method": "POST", "workspaceId": workspace });
        let endpoint = id(&app.define_endpoint(&context, &input(endpoint)?).await?)?;
        let steps: Vec<Value> = (1..=3)
            .map(|order| json!({ "name": format!("step {order}"), "order": order, "apiEndpointId": endpoint }))
            .collect();
        let workflow = json!({ "projectId": project, "environmentId": environment, "name": "Bench", "steps": steps });
        let workflow = WorkflowId(id(&app.create_workflow(&context, &input(workflow)?).await?)?);
        app.publish_workflow(&context, workflow).await?;
        let pinned = app.definitions.pinned(workflow, 1).await?;
        Ok(Self {
            context,
            workspace: WorkspaceId(workspace),
            environment: EnvironmentId(environment),
            workflow,
            steps: pinned.steps.iter().map(|step| step.id).collect(),
        })
    }

    /// Records a whole run in one append.
    async fn finish_run(&self, app: &App, number: u64) -> Result<()> {
        let now = app.store.now();
        let key = DataKey::Runs(self.workspace, now.month());
        let seal = |value: &Value| Protected::new(key.clone(), value.to_string());
        let call = |index: usize| Move::Call {
            step: self.step(index),
            request: seal(&json!({ "m": "POST", "u": "http://127.0.0.1:9/", "b": { "value": number } })),
        };
        let run = Run {
            id: ExecutionId(app.store.entropy.uuid().to_string()),
            workflow_id: self.workflow,
            logging: true,
            metrics: true,
        };
        let mut loaded = Loaded::<Execution>::fresh(run.id.stream(), Some(self.workspace));
        let request = Request {
            workspace_id: self.workspace,
            environment_id: self.environment,
            workflow_version: 1,
            input: seal(&json!({ "value": number })),
            execution_context: None,
            rerun_of: None,
            callbacks: Vec::new(),
        };
        let start = StartExecution {
            run,
            request: Some(request),
            node: "bench".to_owned(),
            deadline: now.plus_milliseconds(120_000),
            moves: vec![call(0)],
        };
        let mut asks = vec![Ask::Start(start)];
        for index in 0..self.steps.len() {
            let output = json!({ "value": number, "ok": true });
            let last = index + 1 == self.steps.len();
            asks.push(Ask::RecordSuccess(RecordSuccess {
                step: self.step(index),
                output: seal(&output),
                status_code: Some(200),
                duration_ms: 1.5,
                moves: vec![if last {
                    Move::Complete { output: seal(&output) }
                } else {
                    call(index + 1)
                }],
            }));
        }
        let before = loaded.clone();
        let mut events = Vec::new();
        for ask in asks {
            let decided = loaded.aggregate.decide(ExecutionCommand { now, ask })?;
            decided.iter().for_each(|event| loaded.aggregate.evolve(event));
            events.extend(decided);
        }
        let mut unit = app.store.unit_at(&self.context, now);
        unit.record(&before, "execution", &events);
        unit.commit(Value::Null, before.version).await?;
        Ok(())
    }

    fn step(&self, index: usize) -> StepAttempt {
        StepAttempt {
            step_id: self.steps[index],
            name: format!("step {}", index + 1),
            index: u32::try_from(index).unwrap_or_default(),
            attempt: 1,
        }
    }
}
