//! Rows of what people, signals and free places do to a run.

use wfm_domain::execution::{ExecutionEvent, ParkReason, ResumedTo};
use wfm_storage::read_store::{Cell, Change};

use super::{
    execution_log::Details,
    execution_rows::{RUNNING, RunRows, with_reason},
    rows::{opened, update},
};
use crate::{
    envelope::Envelope,
    tables::{ExecutionStates, StepRuns, WORKFLOW_EXECUTIONS, WorkflowExecutions},
};

/// The changes of one of these events; none of any other.
pub fn project(envelope: &Envelope, event: &ExecutionEvent, changes: &mut Vec<Change>) {
    let mut rows = RunRows::new(envelope, event.run(), changes);
    match event {
        ExecutionEvent::ExecutionHeld(event) => {
            rows.begin(&event.request, "WaitingApproval");
            rows.log(|log| log.info("Execution waits for an approval", Details::none()));
        }
        ExecutionEvent::ExecutionPaused(event) => {
            rows.state([(ExecutionStates::State, "Paused".into())]);
            rows.log(|log| {
                let message = match &event.reason {
                    Some(reason) => with_reason("Execution paused", reason),
                    None => "Execution paused".to_owned(),
                };
                log.warning(&message, Details::none());
            });
        }
        ExecutionEvent::ExecutionResumed(event) => {
            let state = match event.to {
                ResumedTo::Running => "Running",
                ResumedTo::Signal => "WaitingSignal",
                ResumedTo::Approval => "WaitingApproval",
            };
            rows.state([(ExecutionStates::State, state.into())]);
            rows.log(|log| log.info("Execution resumed", Details::none()));
        }
        ExecutionEvent::ExecutionParked(event) => {
            let state = match event.reason {
                ParkReason::Paused => "Paused",
                ParkReason::Signal => "WaitingSignal",
            };
            rows.state([(ExecutionStates::State, state.into())]);
        }
        ExecutionEvent::ExecutionRequeued(_) => {
            rows.state([
                (ExecutionStates::State, "Queued".into()),
                (ExecutionStates::DueAt, Cell::Null),
            ]);
        }
        ExecutionEvent::ExecutionContinued(_) => {
            rows.state([(ExecutionStates::State, "Running".into())]);
            rows.log(|log| log.info("Execution continued", Details::none()));
        }
        ExecutionEvent::ExecutionRedriven(_) => {
            let set = [
                (WorkflowExecutions::Status, RUNNING.into()),
                (WorkflowExecutions::CompletedAt, Cell::Null),
                (WorkflowExecutions::ErrorMessage, Cell::Null),
            ];
            let key = rows.id.clone();
            rows.changes.push(update(&WORKFLOW_EXECUTIONS, key, set));
            rows.state([
                (ExecutionStates::State, "Queued".into()),
                (ExecutionStates::DurationMs, Cell::Null),
            ]);
            rows.log(|log| log.warning("Execution redriven from what failed", Details::none()));
        }
        ExecutionEvent::SignalAwaited(event) => {
            let due_at = event.due_at.map(|due_at| due_at.to_string());
            rows.state([(ExecutionStates::DueAt, due_at.into())]);
            let set = [
                (StepRuns::Status, "Waiting".into()),
                (StepRuns::DurationMs, event.duration_ms.into()),
                (StepRuns::StatusCode, event.status_code.map(i64::from).into()),
                (StepRuns::Output, opened(&event.answer)),
            ];
            rows.step(&event.step, set);
            rows.log(|log| {
                let message = format!("Step '{}' waits for the signal '{}'", event.step.name, event.signal);
                log.step(event.step.step_id).info(&message, Details::step(&event.step));
            });
        }
        ExecutionEvent::SignalReceived(event) => {
            rows.state([]);
            rows.log(|log| log.info(&format!("Signal '{}' received", event.signal), Details::none()));
        }
        _ => {}
    }
}
