//! Drives one run: sends the calls that are open, several at once if a group of steps is, and reports each outcome.
//!
//! Invariant: a call that is under way is never sent a second time by the same driver, and its outcome is reported until the
//! log has taken it or says that somebody else drives the run.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio_util::sync::CancellationToken;
use wfm_application::{
    error::ApplicationError,
    executions::{
        live::{Call, CallId, LiveRun, Next},
        outcome::{Answer, CallFailure},
        runs::Runs,
    },
};

use crate::{
    connector::{Connector, OutgoingCall},
    trace::Trace,
};

/// First and longest wait before the log is tried again after it failed.
const STORAGE_RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What became of a call.
struct Outcome {
    id: CallId,
    answer: Result<Answer, CallFailure>,
    duration_ms: f64,
    secrets: Vec<String>,
}

/// Drives `run` until it has ended, gave its place back, or is driven by somebody else.
///
/// Once `stopping` is cancelled, it drives until the calls that the log has begun have ended and are recorded.
pub async fn drive(runs: Arc<Runs>, connector: Arc<dyn Connector>, run: LiveRun, stopping: CancellationToken) {
    let id = run.id().clone();
    Driver {
        runs: &runs,
        connector: connector.as_ref(),
        run,
        stopping,
        in_flight: Vec::new(),
    }
    .drive()
    .await;
    runs.registry().leave(&id);
}

struct Driver<'a> {
    runs: &'a Runs,
    connector: &'a dyn Connector,
    run: LiveRun,
    stopping: CancellationToken,
    in_flight: Vec<CallId>,
}

impl Driver<'_> {
    async fn drive(mut self) {
        let (signal, stopping) = (self.run.signal.clone(), self.stopping.clone());
        let (connector, runs) = (self.connector, self.runs);
        let mut calls = FuturesUnordered::new();
        let mut pause = STORAGE_RETRY.0;
        loop {
            let next = self.runs.next(&mut self.run, &self.in_flight).await;
            let (open, until) = match self.settled(next, &mut pause).await {
                Step::Done(Next::Act(open, until)) => (open, until),
                Step::Again => continue,
                Step::Done(Next::Nothing) | Step::Over => return,
            };
            // Another node may drive the run by now; if none does, this one takes it over again when it may act.
            if !open.is_empty() && !self.runs.may_act() {
                return;
            }
            for call in open {
                self.in_flight.push(call.id);
                calls.push(send(connector, runs, call));
            }
            if stopping.is_cancelled() && self.in_flight.is_empty() {
                return;
            }
            let wait = until.map(|until| {
                let microseconds = until.microseconds_since(self.runs.now()).max(0);
                Duration::from_micros(microseconds.unsigned_abs())
            });
            tokio::select! {
                Some(outcome) = calls.next() => {
                    self.in_flight.retain(|id| *id != outcome.id);
                    if outcome.answer.as_ref().is_err_and(CallFailure::is_held_back) {
                        return;
                    }
                    if !self.report(&outcome).await {
                        return;
                    }
                }
                () = sleep(wait) => {}
                () = stopping.cancelled(), if !stopping.is_cancelled() => {}
                () = signal.changed() => match self.runs.refresh(&mut self.run).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    // The log's own word comes with the next append.
                    Err(error) => tracing::warn!(%error, "a run could not be read again"),
                },
            }
        }
    }

    /// Reports until the log has taken it: an outcome that is known is never lost to a full disk. `false` when somebody
    /// else drives the run.
    async fn report(&mut self, outcome: &Outcome) -> bool {
        let mut pause = STORAGE_RETRY.0;
        loop {
            let Outcome {
                id,
                answer,
                duration_ms,
                secrets,
            } = outcome;
            let reported = self
                .runs
                .report(&mut self.run, *id, answer, *duration_ms, secrets)
                .await;
            match self.settled(reported, &mut pause).await {
                Step::Done(()) => return true,
                Step::Over => return false,
                Step::Again => {}
            }
        }
    }

    /// What an append led to; waits when the log cannot be written.
    async fn settled<T>(&mut self, outcome: Result<T, ApplicationError>, pause: &mut Duration) -> Step<T> {
        match outcome {
            Ok(value) => {
                *pause = STORAGE_RETRY.0;
                Step::Done(value)
            }
            // Somebody else changed the run: it was paused or cancelled, got a signal, or another node drives it.
            Err(error @ (ApplicationError::Contended | ApplicationError::Refused(_))) => {
                let known = self.run.version();
                match self.runs.refresh(&mut self.run).await {
                    Ok(true) if matches!(error, ApplicationError::Contended) || self.run.version() != known => {
                        Step::Again
                    }
                    Ok(true) => {
                        tracing::error!(%error, id = %self.run.id(), "a run cannot go on");
                        Step::Over
                    }
                    Ok(false) => Step::Over,
                    Err(error) => self.rest(&error, pause).await,
                }
            }
            Err(error @ ApplicationError::Storage(_)) => self.rest(&error, pause).await,
            Err(error) => {
                tracing::error!(%error, "a run cannot go on");
                Step::Over
            }
        }
    }

    async fn rest<T>(&self, error: &ApplicationError, pause: &mut Duration) -> Step<T> {
        tracing::warn!(%error, "a run waits until the log can be written");
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(STORAGE_RETRY.1);
        Step::Again
    }
}

/// Sleeps so long, or for ever.
async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

async fn send(connector: &dyn Connector, runs: &Runs, call: Call) -> Outcome {
    let begun = Instant::now();
    let trace = Trace::of(&call);
    let outgoing = OutgoingCall {
        request: &call.request,
        target: &call.target,
        idempotency_key: &call.idempotency_key,
        timeout: call.timeout,
        traceparent: Some(&trace.parent),
        tracestate: trace.state,
        may_send: &|| runs.may_act(),
    };
    let answer = connector.call(outgoing).await;
    Outcome {
        id: call.id,
        answer,
        duration_ms: milliseconds(begun.elapsed()),
        secrets: call.request.secrets,
    }
}

/// Milliseconds with three decimals: microseconds are as exact as it is useful, and short as text.
#[allow(clippy::cast_precision_loss)]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

enum Step<T> {
    Done(T),
    Again,
    Over,
}
