//! `WorkflowExecutions`, `ExecutionStates`, `StepRuns` and `WorkflowMetrics`: the hot path.
//!
//! Invariant: every event moves `ExecutionStates.StreamVersion`, the run's ETag. Rows are few and texts short: thousands of
//! runs a second pass here.

use wfm_domain::execution::{ExecutionEvent, StepAttempt};
use wfm_storage::read_store::{Cell, Change, ColumnIndex};

use super::{
    execution_compensation, execution_control,
    execution_log::Details,
    execution_rows::{RunRows, with_reason},
    rows::{insert, opened, opened_or_erased},
};
use crate::{
    envelope::Envelope,
    tables::{ExecutionStates, STEP_RUNS, StepRuns, WorkflowExecutions},
};

/// `ExecutionStatus` of runs that have ended.
const COMPLETED: i64 = 1;
const FAILED: i64 = 2;
const CANCELLED: i64 = 3;

/// The changes of one event.
#[allow(clippy::too_many_lines, reason = "one arm an event; each is short")]
pub fn project(envelope: &Envelope, event: &ExecutionEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    let mut rows = RunRows::new(envelope, event.run(), changes);
    match event {
        ExecutionEvent::ExecutionQueued(event) => {
            rows.begin(&event.request, "Queued");
            rows.log(|log| {
                log.info(
                    "Execution queued: every place of its environment is taken",
                    Details::none(),
                )
            });
        }
        ExecutionEvent::ExecutionStarted(event) => {
            match &event.request {
                Some(request) => rows.begin(request, "Running"),
                None => rows.state([(ExecutionStates::State, "Running".into())]),
            }
            rows.log(|log| log.info("Execution started", Details::none()));
        }
        ExecutionEvent::ExecutionAdopted(event) => {
            rows.state([]);
            rows.log(|log| log.warning(&format!("Execution continued by node {}", event.node), Details::none()));
        }
        ExecutionEvent::StepStarted(event) => {
            if event.step.attempt > 1 {
                rows.state([
                    (ExecutionStates::State, "Running".into()),
                    (ExecutionStates::DueAt, Cell::Null),
                ]);
            } else {
                rows.state([]);
            }
            let row = rows.step_row(&event.step, "Running", at());
            rows.changes.push(insert(&STEP_RUNS, row));
        }
        ExecutionEvent::StepSucceeded(event) => {
            match event.status_code {
                Some(_) => rows.state([]),
                // A signal came, and nothing is due any more.
                None => rows.state([(ExecutionStates::DueAt, Cell::Null)]),
            }
            let status_code: Cell = event.status_code.map(i64::from).into();
            let set = [
                (StepRuns::Status, "Succeeded".into()),
                (StepRuns::CompletedAt, at()),
                (StepRuns::DurationMs, event.duration_ms.into()),
                (StepRuns::StatusCode, status_code),
                (StepRuns::Output, opened(&event.output)),
            ];
            rows.step(&event.step, set);
            rows.log(|log| {
                let details = Details::step(&event.step)
                    .status_code(event.status_code)
                    .duration_ms(event.duration_ms);
                log.step(event.step.step_id)
                    .info(&format!("Step '{}' succeeded", event.step.name), details);
            });
            rows.step_metric(&event.step, event.total_duration_ms);
        }
        ExecutionEvent::StepFailed(event) => {
            rows.state([(ExecutionStates::DueAt, Cell::Null)]);
            rows.step_failed(event);
        }
        ExecutionEvent::StepRetryScheduled(event) => {
            let due_at = event.due_at.to_string();
            rows.state([
                (ExecutionStates::State, "Retrying".into()),
                (ExecutionStates::DueAt, due_at.as_str().into()),
            ]);
            rows.log(|log| {
                let message = format!(
                    "Step '{}' will be tried again at {due_at}: attempt {}",
                    event.step.name, event.step.attempt
                );
                log.step(event.step.step_id)
                    .warning(&message, Details::step(&event.step));
            });
        }
        ExecutionEvent::StepSkipped(event) => {
            rows.state([]);
            let step = StepAttempt {
                step_id: event.step_id,
                name: event.name.clone(),
                index: event.index,
                attempt: 0,
            };
            let mut row = rows.step_row(&step, "Skipped", Cell::Null);
            row[ColumnIndex::from(StepRuns::CompletedAt)] = at();
            rows.changes.push(insert(&STEP_RUNS, row));
            rows.log(|log| {
                let message = format!("Step '{}' skipped: {}", event.name, event.reason);
                log.step(event.step_id).info(&message, Details::step(&step));
            });
        }
        ExecutionEvent::StepInDoubt(event) => {
            rows.state([]);
            rows.step(
                &event.step,
                [(StepRuns::Status, "InDoubt".into()), (StepRuns::CompletedAt, at())],
            );
            rows.log(|log| {
                let message = format!(
                    "Step '{}' is in doubt: it may or may not have taken effect",
                    event.step.name
                );
                log.step(event.step.step_id)
                    .warning(&message, Details::step(&event.step));
            });
            if let Some(duration_ms) = event.total_duration_ms {
                rows.step_metric(&event.step, duration_ms);
            }
        }
        ExecutionEvent::ExecutionHeld(event) => execution_control::held(&mut rows, event),
        ExecutionEvent::ExecutionPaused(event) => execution_control::paused(&mut rows, event),
        ExecutionEvent::ExecutionResumed(event) => execution_control::resumed(&mut rows, event),
        ExecutionEvent::ExecutionParked(event) => execution_control::parked(&mut rows, event),
        ExecutionEvent::ExecutionRequeued(_) => execution_control::requeued(&mut rows),
        ExecutionEvent::ExecutionContinued(_) => execution_control::continued(&mut rows),
        ExecutionEvent::ExecutionRedriven(_) => execution_control::redriven(&mut rows),
        ExecutionEvent::SignalAwaited(event) => execution_control::signal_awaited(&mut rows, event),
        ExecutionEvent::SignalReceived(event) => execution_control::signal_received(&mut rows, event),
        ExecutionEvent::CompensationStarted(event) => execution_compensation::started(&mut rows, event),
        ExecutionEvent::StepCompensationStarted(event) => execution_compensation::step_started(&mut rows, event),
        ExecutionEvent::StepCompensated(event) => execution_compensation::step_compensated(&mut rows, event),
        ExecutionEvent::StepCompensationFailed(event) => execution_compensation::step_failed(&mut rows, event),
        ExecutionEvent::ExecutionCompleted(event) => {
            rows.end(
                COMPLETED,
                "Completed",
                &event.ending,
                WorkflowExecutions::OutputParameters,
                opened(&event.output),
            );
            rows.log(|log| log.info("Execution completed", Details::ending(&event.ending)));
        }
        ExecutionEvent::ExecutionFailed(event) => {
            let message = opened_or_erased(&event.message);
            rows.end(
                FAILED,
                "Failed",
                &event.ending,
                WorkflowExecutions::ErrorMessage,
                message,
            );
            rows.log(|log| {
                let message = with_reason("Execution failed", &event.message);
                log.step_or_none(event.step_id)
                    .error(&message, Details::ending(&event.ending));
            });
            rows.leave(&event.left);
        }
        ExecutionEvent::ExecutionCancelled(event) => {
            let reason = event.reason.as_ref().map_or(Cell::Null, opened_or_erased);
            rows.end(
                CANCELLED,
                "Cancelled",
                &event.ending,
                WorkflowExecutions::ErrorMessage,
                reason,
            );
            rows.log(|log| {
                let message = match &event.reason {
                    Some(reason) => with_reason("Execution cancelled", reason),
                    None => "Execution cancelled".to_owned(),
                };
                log.warning(&message, Details::ending(&event.ending));
            });
            rows.leave(&event.left);
        }
    }
}
