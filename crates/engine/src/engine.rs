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

/// The engine of one node.
pub struct Engine {
    runs: Arc<Runs>,
    connector: Arc<dyn Connector>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Engine {
    /// An engine that has not begun.
    #[must_use]
    pub fn new(runs: Arc<Runs>, connector: Arc<dyn Connector>) -> Self {
        Self {
            runs,
            connector,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
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
        self.tasks.spawn(async move {
            loop {
                let run = tokio::select! {
                    run = ready.recv() => run,
                    // The first calls of what was accepted until now stand in the log as begun.
                    () = stopping.cancelled() => ready.try_recv().ok(),
                };
                let Some(run) = run else { return };
                let (runs, connector) = (Arc::clone(&runs), Arc::clone(&connector));
                tasks.spawn(drive(runs, connector, run, stopping.clone()));
            }
        });
        tokio::spawn(wake_due(Arc::clone(&self.runs), self.stopping.clone()));
        tokio::spawn(fill_places(Arc::clone(&self.runs), self.stopping.clone()));
        tokio::spawn(count_queued(Arc::clone(&self.runs), self.stopping.clone()));
    }

    /// Begins to send what callbacks have to tell.
    pub fn call_back(&self, callbacks: Arc<Callbacks>) {
        let courier = Arc::new(ConnectorCourier(Arc::clone(&self.connector)));
        let stopping = self.stopping.clone();
        self.tasks
            .spawn(async move { deliver(callbacks, courier, stopping.cancelled()).await });
    }

    /// Begins no further call and waits so long for those that are under way; their outcomes are recorded. What is left is
    /// taken over by another node, or at the next start.
    pub async fn stop(&self, limit: Duration) {
        self.runs.drain();
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(limit, self.tasks.wait()).await.is_err() {
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

/// Environments whose queued runs are started at once.
const FILLED_AT_ONCE: usize = 16;

/// How long an environment whose queued runs could not be started is left alone.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts queued runs where places are free, round by round, so that everybody has a turn.
async fn fill_places(runs: Arc<Runs>, stopping: CancellationToken) {
    loop {
        let round = tokio::select! {
            round = runs.queue().next() => round,
            () = stopping.cancelled() => return,
        };
        futures::stream::iter(round)
            .for_each_concurrent(FILLED_AT_ONCE, |freed| {
                let runs = &runs;
                async move {
                    let environment = freed.environment;
                    let Err(error) = runs.promote(freed).await else { return };
                    tracing::warn!(%error, %environment, "queued runs could not be started; trying again");
                    let runs = Arc::clone(runs);
                    tokio::spawn(async move {
                        tokio::time::sleep(PAUSE).await;
                        runs.queue().freed(environment);
                    });
                }
            })
            .await;
    }
}

/// How often the queued runs are counted anew.
const COUNTING: Duration = Duration::from_secs(30);

/// Corrects the count of queued runs by the log: other nodes queue and start runs, too.
async fn count_queued(runs: Arc<Runs>, stopping: CancellationToken) {
    let mut counting = tokio::time::interval(COUNTING);
    counting.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = counting.tick() => {}
            () = stopping.cancelled() => return,
        }
        if runs.queue().is_empty() {
            continue;
        }
        if let Err(error) = runs.count_queued().await {
            tracing::warn!(%error, "the queued runs could not be counted; trying again");
        }
    }
}
