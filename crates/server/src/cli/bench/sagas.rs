//! Fills a log with finished runs of three steps: the events that a busy server leaves.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use wfm_application::{app::App, store::Loaded};
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, Execution, ExecutionCommand, Move, RecordSuccess, Request, Run, StartExecution, StepAttempt},
    ids::{ExecutionId, StepId, WorkflowId},
    protected::{DataKey, Protected},
};

use super::setting::Setting;
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
    let sample = &Sample::make(&core.app).await?;
    let app = &core.app;
    stream::iter(0..events / EVENTS_PER_RUN)
        .map(|number| async move { sample.finish_run(app, number).await })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    core.stop(Duration::ZERO).await;
    Ok(())
}

/// What each run is a copy of.
struct Sample {
    setting: Setting,
    workflow: WorkflowId,
    steps: Vec<StepId>,
}

impl Sample {
    async fn make(app: &App) -> Result<Self> {
        let setting = Setting::make(app, 1000).await?;
        let workflow = setting.three_steps(app).await?;
        let pinned = app.definitions.pinned(workflow, 1).await?;
        Ok(Self {
            setting,
            workflow,
            steps: pinned.steps.iter().map(|step| step.id).collect(),
        })
    }

    /// Records a whole run in one append.
    async fn finish_run(&self, app: &App, number: u64) -> Result<()> {
        let now = app.store.now();
        let key = DataKey::Runs(self.setting.workspace, now.month());
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
        let mut loaded = Loaded::<Execution>::fresh(run.id.stream(), Some(self.setting.workspace));
        let request = Request {
            workspace_id: self.setting.workspace,
            environment_id: self.setting.environment,
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
        let mut unit = app.store.unit_at(&self.setting.context, now);
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
