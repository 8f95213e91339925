//! Runs that are open: what it costs to let many of them wait, and to take many of them over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use wfm_application::{
    app::App,
    executions::{
        outcome::{Answer, CallFailure},
        starting::StartInput,
    },
};
use wfm_domain::ids::WorkflowId;
use wfm_engine::connector::{Connector, OutgoingCall};
use wfm_storage::work::{WorkFilter, WorkState};

use super::{
    place::{self, Place},
    process::{self, Usage},
    setting::Setting,
};
use crate::{
    config::Config,
    core::{Core, Surroundings},
};

/// Starts that are under way at once.
const AT_ONCE: usize = 256;

/// How long the waiting runs are watched.
const WATCHED: Duration = Duration::from_secs(10);

/// Rows of open work that are read at once.
const PAGE: u32 = 1000;

/// Answers in the place of endpoints.
struct Scripted {
    /// No call is answered any more.
    silent: AtomicBool,
}

#[async_trait]
impl Connector for Scripted {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        if self.silent.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let later = call.request.url.ends_with("/later");
        Ok(Answer {
            status: if later { 503 } else { 200 },
            headers: Vec::new(),
            body: b"{}".to_vec(),
            secrets: Vec::new(),
        })
    }
}

/// A node whose endpoints answer at once, or never.
pub fn scripted(silent: bool) -> Surroundings {
    let connector: Arc<dyn Connector> = Arc::new(Scripted {
        silent: AtomicBool::new(silent),
    });
    Surroundings {
        around: Arc::new(move |_| Arc::clone(&connector)),
        ..Surroundings::default()
    }
}

async fn start(app: &App, setting: &Setting, workflow: WorkflowId) -> Result<()> {
    let input = StartInput {
        input: json!({"orderId": 4711, "customer": "C-0815"}),
        execution_context: None,
        key: None,
    };
    app.runs.start(&setting.context, workflow, &input).await?;
    Ok(())
}

/// Starts so many runs, of these workflows in turn.
async fn start_all(app: &App, setting: &Setting, workflows: &[WorkflowId], runs: usize) -> Result<()> {
    stream::iter(workflows.iter().cycle().take(runs))
        .map(|workflow| start(app, setting, *workflow))
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await
}

/// Rows of open work, by whether `counts` counts them.
async fn open_runs(app: &App, counts: impl Fn(WorkState) -> bool) -> Result<usize> {
    let mut filter = WorkFilter::default();
    let mut found = 0;
    loop {
        let page = app.store.log.work(&filter, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        found += page.iter().filter(|item| counts(item.state)).count();
        filter.after = Some(Arc::clone(&last.execution));
    }
}

/// Waits until so many open runs count.
async fn until_open(app: &App, runs: usize, counts: impl Fn(WorkState) -> bool) -> Result<()> {
    while open_runs(app, &counts).await? < runs {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn waits(state: WorkState) -> bool {
    match state {
        WorkState::Timer | WorkState::Signal | WorkState::Approval => true,
        WorkState::Running | WorkState::Queued => false,
    }
}

/// Lets so many runs wait, a third each for an instant, a signal and an approval.
pub async fn waiting(place: &Place, runs: usize) -> Result<Value> {
    let config = Config {
        max_queued_executions: runs,
        ..place.make("waiting").await?
    };
    let core = Core::start(&config, scripted(false)).await?;
    let setting = Setting::make(&core.app, runs).await?;
    let workflows = [
        setting.timer(&core.app).await?,
        setting.signal(&core.app).await?,
        setting.approved(&core.app).await?,
    ];
    let before = process::usage().context("the use of memory is read from /proc/self")?;
    eprintln!("starting {runs} runs that come to wait");
    let begun = Instant::now();
    start_all(&core.app, &setting, &workflows, runs).await?;
    until_open(&core.app, runs, waits).await?;
    let started = begun.elapsed().as_secs_f64();
    let live = watched(before).await?;
    core.stop(Duration::ZERO).await;

    eprintln!("starting again over them");
    let begun = Instant::now();
    let core = Core::start(&config, scripted(true)).await?;
    let ready = begun.elapsed().as_secs_f64();
    ensure!(open_runs(&core.app, waits).await? == runs, "runs do not wait any more");
    core.stop(Duration::ZERO).await;
    place::remove(&config.database).await;
    Ok(json!({ "runs": runs, "startedInSeconds": started, "waiting": live, "restart": { "readySeconds": ready } }))
}

/// What the process uses while nothing happens.
async fn watched(before: Usage) -> Result<Value> {
    let settled = process::usage().context("the use of memory")?;
    tokio::time::sleep(WATCHED).await;
    let after = process::usage().context("the use of memory")?;
    let share = (after.cpu_seconds - settled.cpu_seconds) / WATCHED.as_secs_f64();
    Ok(json!({
        "residentMiB": after.resident_mib,
        "residentBeforeMiB": before.resident_mib,
        "peakMiB": after.peak_mib,
        "cpuShare": share,
    }))
}

/// Takes over so many runs each of which was in a call when its node stopped.
pub async fn recovery(place: &Place, runs: usize) -> Result<Value> {
    let config = place.make("recovery").await?;
    let running = |state| state == WorkState::Running;
    let core = Core::start(&config, scripted(true)).await?;
    let setting = Setting::make(&core.app, runs).await?;
    eprintln!("starting {runs} runs that stay in their calls");
    let workflow = setting.three_steps(&core.app).await?;
    start_all(&core.app, &setting, &[workflow], runs).await?;
    ensure!(open_runs(&core.app, running).await? == runs, "runs are not under way");
    let appended = core.app.store.log.head().await?.position;
    core.stop(Duration::ZERO).await;

    eprintln!("taking them over");
    let begun = Instant::now();
    let core = Core::start(&config, scripted(true)).await?;
    let ready = begun.elapsed().as_secs_f64();
    let adopted = core.app.store.log.head().await?.position.0 - appended.0;
    ensure!(adopted >= runs as u64, "{adopted} runs were taken over");
    core.stop(Duration::ZERO).await;
    place::remove(&config.database).await;
    Ok(json!({ "runs": runs, "readySeconds": ready }))
}
