//! The node's engine: drives what is ready, promotes what was queued, follows the log for what changed.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wfm_application::{
    executions::{live::LiveRun, runs::Runs},
    hooks::{callbacks::Callbacks, courier::deliver},
};

use crate::{connector::Connector, courier::ConnectorCourier, drive::drive};

/// Limits of an engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// How long a stopping engine waits for calls that are under way.
    pub drain: Duration,
}

/// The engine of one node.
pub struct Engine {
    runs: Arc<Runs>,
    connector: Arc<dyn Connector>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    options: EngineOptions,
}

impl Engine {
    /// An engine that has not begun.
    #[must_use]
    pub fn new(runs: Arc<Runs>, connector: Arc<dyn Connector>, options: EngineOptions) -> Self {
        Self {
            runs,
            connector,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            options,
        }
    }

    /// Begins to drive what arrives on `ready`.
    pub fn begin(&self, mut ready: mpsc::Receiver<LiveRun>) {
        let (runs, connector, tasks, stopping) = (
            Arc::clone(&self.runs),
            Arc::clone(&self.connector),
            self.tasks.clone(),
            self.stopping.clone(),
        );
        tokio::spawn(async move {
            loop {
                let run = tokio::select! {
                    run = ready.recv() => run,
                    () = stopping.cancelled() => None,
                };
                let Some(run) = run else { return };
                tasks.spawn(drive(Arc::clone(&runs), Arc::clone(&connector), run));
            }
        });
        tokio::spawn(wake_due(Arc::clone(&self.runs), self.stopping.clone()));
        let (runs, stopping) = (Arc::clone(&self.runs), self.stopping.clone());
        tokio::spawn(async move {
            loop {
                let environments = tokio::select! {
                    environments = runs.queue().next() => environments,
                    () = stopping.cancelled() => return,
                };
                for environment in environments {
                    if let Err(error) = runs.promote(environment).await {
                        tracing::warn!(%error, %environment, "queued runs could not be started; trying again");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        runs.queue().freed(environment);
                    }
                }
            }
        });
    }

    /// Begins to send what callbacks have to tell.
    pub fn call_back(&self, callbacks: Arc<Callbacks>) {
        let courier = Arc::new(ConnectorCourier(Arc::clone(&self.connector)));
        let stopping = self.stopping.clone();
        self.tasks
            .spawn(async move { deliver(callbacks, courier, stopping.cancelled()).await });
    }

    /// Stops taking runs and waits for calls under way, up to the drain limit. What is left is adopted at the next start.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.options.drain, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::info!(open = self.tasks.len(), "runs are left to the next start");
        }
    }
}

/// Runs that are woken at once: their appends share commits.
const WOKEN_AT_ONCE: usize = 64;

/// Takes runs on whose instant has come.
async fn wake_due(runs: Arc<Runs>, stopping: CancellationToken) {
    loop {
        let due = tokio::select! {
            due = runs.timers().next(|| runs.now()) => due,
            () = stopping.cancelled() => return,
        };
        futures::stream::iter(due)
            .for_each_concurrent(WOKEN_AT_ONCE, |due| {
                let runs = &runs;
                async move {
                    if let Err(error) = runs.wake(&due).await {
                        tracing::warn!(%error, id = %due.id, "a run that is due could not be read; trying again");
                        runs.timers()
                            .watch(&due.id, runs.now().plus_milliseconds(1000), due.tenure);
                    }
                }
            })
            .await;
    }
}
