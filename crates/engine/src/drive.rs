//! Drives one run to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wfm_application::{
    error::ApplicationError,
    executions::{
        live::{Call, LiveRun, Next},
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

/// Drives `run` until it has ended, was stopped, or the log says that somebody else changed it.
pub async fn drive(runs: Arc<Runs>, connector: Arc<dyn Connector>, mut run: LiveRun) {
    let stop = run.stop.clone();
    let mut stopped = std::pin::pin!(stop.stopped());
    loop {
        let next = match recorded(runs.next(&mut run).await) {
            Step::Done(next) => next,
            Step::Again(pause) => {
                tokio::time::sleep(pause).await;
                continue;
            }
            Step::Over => return,
        };
        let outcome = match next {
            Next::Nothing => return,
            Next::Wait(until) => {
                let wait = until.microseconds_since(runs.now()).max(0);
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_micros(wait.unsigned_abs())) => continue,
                    () = &mut stopped => return,
                }
            }
            // Another node may drive the run by now; if none does, this one takes it over again when it may act.
            Next::Call(_) if !runs.may_act() => return,
            Next::Call(call) => tokio::select! {
                outcome = send(connector.as_ref(), &run, &call) => (outcome, call),
                () = &mut stopped => return,
            },
        };
        let ((answer, duration_ms), call) = outcome;
        if !report(&runs, &mut run, answer, duration_ms, &call).await {
            return;
        }
    }
}

async fn send(connector: &dyn Connector, run: &LiveRun, call: &Call) -> (Result<Answer, CallFailure>, f64) {
    let begun = Instant::now();
    let trace = Trace::of(run);
    let outgoing = OutgoingCall {
        request: &call.request,
        target: &call.target,
        idempotency_key: &call.idempotency_key,
        timeout: call.timeout,
        traceparent: Some(&trace.parent),
        tracestate: trace.state,
    };
    let answer = connector.call(outgoing).await;
    (answer, milliseconds(begun.elapsed()))
}

/// Milliseconds with three decimals: microseconds are as exact as it is useful, and short as text.
#[allow(clippy::cast_precision_loss)]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

/// Reports until the log has taken it: an outcome that is known is never lost to a full disk. `false` when the run is over.
async fn report(
    runs: &Runs,
    run: &mut LiveRun,
    answer: Result<Answer, CallFailure>,
    duration_ms: f64,
    call: &Call,
) -> bool {
    let mut pause = STORAGE_RETRY.0;
    loop {
        match recorded(runs.report(run, &answer, duration_ms, &call.request.secrets).await) {
            Step::Done(()) => return true,
            Step::Over => return false,
            Step::Again(_) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(STORAGE_RETRY.1);
            }
        }
    }
}

enum Step<T> {
    Done(T),
    Again(Duration),
    Over,
}

fn recorded<T>(outcome: Result<T, ApplicationError>) -> Step<T> {
    match outcome {
        Ok(value) => Step::Done(value),
        // Somebody else changed the run: it was cancelled, or another node drives it.
        Err(ApplicationError::Contended | ApplicationError::Refused(_)) => Step::Over,
        Err(ApplicationError::Storage(error)) => {
            tracing::warn!(%error, "a run waits until the log can be written");
            Step::Again(STORAGE_RETRY.1.min(STORAGE_RETRY.0 * 4))
        }
        Err(error) => {
            tracing::error!(%error, "a run cannot go on");
            Step::Over
        }
    }
}
