//! `WorkflowExecutions`, `ExecutionStates`, `StepRuns` and `WorkflowMetrics`: the hot path.
//!
//! Invariant: every event moves `ExecutionStates.StreamVersion`, the run's ETag. Rows are few and texts short: thousands of
//! runs a second pass here.

use wfm_domain::{
    execution::{Ending, ExecutionEvent, FailureConsequence, Request, Run, StepAttempt, StepFailed},
    instant::Instant,
    protected::Protected,
};
use wfm_storage::read_store::{Cell, Change, ColumnIndex};

use super::{
    execution_log::{Details, Log},
    rows::{insert, opened, opened_or_erased, text, update},
};
use crate::{
    envelope::Envelope,
    tables::{
        EXECUTION_STATES, ExecutionStates, STEP_RUNS, StepRuns, WORKFLOW_EXECUTIONS, WORKFLOW_METRICS,
        WorkflowExecutions,
    },
};

/// `ExecutionStatus`.
const RUNNING: i64 = 0;
const COMPLETED: i64 = 1;
const FAILED: i64 = 2;
const CANCELLED: i64 = 3;

/// The changes of one event.
#[allow(clippy::too_many_lines, reason = "one arm an event; each is short")]
pub fn project(envelope: &Envelope, event: &ExecutionEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    match event {
        ExecutionEvent::ExecutionQueued(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
            rows.begin(&event.request, "Queued");
            rows.log(|log| {
                log.info(
                    "Execution queued: every place of its environment is taken",
                    Details::none(),
                )
            });
        }
        ExecutionEvent::ExecutionStarted(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
            match &event.request {
                Some(request) => rows.begin(request, "Running"),
                None => rows.state([(ExecutionStates::State, "Running".into())]),
            }
            rows.log(|log| log.info("Execution started", Details::none()));
        }
        ExecutionEvent::ExecutionAdopted(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
            rows.state([]);
            rows.log(|log| log.warning(&format!("Execution continued by node {}", event.node), Details::none()));
        }
        ExecutionEvent::StepStarted(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
            let mut rows = RunRows::new(envelope, &event.run, changes);
            rows.state([]);
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
            let mut rows = RunRows::new(envelope, &event.run, changes);
            rows.state([]);
            rows.step_failed(event);
        }
        ExecutionEvent::StepRetryScheduled(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
        }
        ExecutionEvent::ExecutionCompleted(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
        }
        ExecutionEvent::ExecutionCancelled(event) => {
            let mut rows = RunRows::new(envelope, &event.run, changes);
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
        }
    }
}

fn with_reason(what: &str, reason: &Protected) -> String {
    format!("{what}: {}", reason.text().unwrap_or(super::rows::ERASED))
}

/// Rows of one event of one run.
struct RunRows<'a> {
    envelope: &'a Envelope,
    run: &'a Run,
    /// `WorkflowExecutions.Id`, shared by every row of the event.
    id: Cell,
    changes: &'a mut Vec<Change>,
}

impl<'a> RunRows<'a> {
    fn new(envelope: &'a Envelope, run: &'a Run, changes: &'a mut Vec<Change>) -> Self {
        Self {
            envelope,
            run,
            id: run.id.0.as_str().into(),
            changes,
        }
    }

    /// The run's first rows.
    fn begin(&mut self, request: &Request, state: &str) {
        let row = vec![
            self.id.clone(),
            self.run.workflow_id.0.into(),
            RUNNING.into(),
            self.envelope.at(),
            Cell::Null,
            opened(&request.input),
            Cell::Null,
            Cell::Null,
            text(&request.execution_context),
        ];
        self.changes.push(insert(&WORKFLOW_EXECUTIONS, row));
        let row = vec![
            self.id.clone(),
            request.workspace_id.0.into(),
            request.environment_id.0.into(),
            i64::from(request.workflow_version).into(),
            state.into(),
            0_i64.into(),
            Cell::Null,
            Cell::Null,
            self.envelope.version_number().into(),
        ];
        self.changes.push(insert(&EXECUTION_STATES, row));
    }

    /// New values beside the stream's version.
    fn state<const N: usize>(&mut self, set: [(ExecutionStates, Cell); N]) {
        let version = (ExecutionStates::StreamVersion, self.envelope.version_number().into());
        let set = set
            .into_iter()
            .chain([version])
            .map(|(column, value)| (column.into(), value))
            .collect();
        self.changes.push(Change::Update {
            table: &EXECUTION_STATES,
            key: self.id.clone(),
            set,
        });
    }

    /// The run's last rows.
    fn end(&mut self, status: i64, state: &str, ending: &Ending, result: WorkflowExecutions, value: Cell) {
        let set = [
            (WorkflowExecutions::Status, status.into()),
            (WorkflowExecutions::CompletedAt, self.envelope.at()),
            (result, value),
        ];
        self.changes.push(update(&WORKFLOW_EXECUTIONS, self.id.clone(), set));
        self.state([
            (ExecutionStates::State, state.into()),
            (ExecutionStates::RetryCount, i64::from(ending.retry_count).into()),
            (ExecutionStates::DurationMs, ending.duration_ms.into()),
            (ExecutionStates::DueAt, Cell::Null),
        ]);
        if self.run.metrics {
            let metadata: Cell = format!("{{\"executionId\":\"{}\",\"status\":\"{state}\"}}", self.run.id).into();
            self.metric(0, "DurationMs", ending.duration_ms, metadata.clone());
            self.metric(1, "RetryCount", f64::from(ending.retry_count), metadata);
        }
    }

    fn step_id(&self, step: &StepAttempt) -> Cell {
        format!("{}/{:04}/{:04}", self.run.id.0, step.index, step.attempt).into()
    }

    /// A row of an attempt that has not ended.
    fn step_row(&self, step: &StepAttempt, status: &str, started_at: Cell) -> Vec<Cell> {
        vec![
            self.step_id(step),
            self.id.clone(),
            step.step_id.0.into(),
            step.name.as_str().into(),
            i64::from(step.index).into(),
            i64::from(step.attempt).into(),
            status.into(),
            started_at,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
        ]
    }

    fn step<const N: usize>(&mut self, step: &StepAttempt, set: [(StepRuns, Cell); N]) {
        let key = self.step_id(step);
        self.changes.push(update(&STEP_RUNS, key, set));
    }

    /// A step that could not be prepared has no row yet, so the whole row is put; its start follows from its duration.
    fn step_failed(&mut self, event: &StepFailed) {
        let envelope = self.envelope;
        let started_at = Instant::parse(&envelope.occurred_at)
            .map(|at| at.plus_milliseconds(-whole_milliseconds(event.duration_ms)).to_string());
        let mut row = self.step_row(&event.step, "Failed", started_at.into());
        row[ColumnIndex::from(StepRuns::CompletedAt)] = envelope.at();
        row[ColumnIndex::from(StepRuns::DurationMs)] = event.duration_ms.into();
        row[ColumnIndex::from(StepRuns::StatusCode)] = event.status_code.map(i64::from).into();
        row[ColumnIndex::from(StepRuns::ErrorKind)] = event.error_kind.as_str().into();
        row[ColumnIndex::from(StepRuns::ErrorMessage)] = opened_or_erased(&event.message);
        self.changes.push(Change::Put { table: &STEP_RUNS, row });
        self.log(|log| {
            let log = log.step(event.step.step_id);
            let details = Details::step(&event.step)
                .status_code(event.status_code)
                .duration_ms(event.duration_ms)
                .error_kind(&event.error_kind);
            let name = &event.step.name;
            match event.consequence {
                FailureConsequence::Retry => {
                    let what = format!("Step '{name}' failed in attempt {}", event.step.attempt);
                    log.warning(&with_reason(&what, &event.message), details);
                }
                FailureConsequence::Continue | FailureConsequence::Goto => {
                    let what = format!("Step '{name}' failed, the execution goes on");
                    log.warning(&with_reason(&what, &event.message), details);
                }
                FailureConsequence::Fail => {
                    log.error(&with_reason(&format!("Step '{name}' failed"), &event.message), details);
                }
            }
        });
        if event.consequence != FailureConsequence::Retry {
            self.step_metric(&event.step, event.total_duration_ms);
        }
    }

    fn log(&mut self, write: impl FnOnce(Log<'_>)) {
        if self.run.logging {
            write(Log::new(self.envelope, &self.id, self.changes));
        }
    }

    fn step_metric(&mut self, step: &StepAttempt, duration_ms: f64) {
        if self.run.metrics {
            let metadata = Details::run(&self.run.id.0).and_step(step).finish();
            self.metric(0, "StepDurationMs", duration_ms, metadata);
        }
    }

    fn metric(&mut self, ordinal: u8, name: &str, value: f64, metadata: Cell) {
        let row = vec![
            self.envelope.derived_id(ordinal),
            self.run.workflow_id.0.into(),
            name.into(),
            value.into(),
            metadata,
            self.envelope.at(),
        ];
        self.changes.push(insert(&WORKFLOW_METRICS, row));
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a run's duration is far below 2^63 ms; a float cast saturates"
)]
fn whole_milliseconds(duration_ms: f64) -> i64 {
    duration_ms.round() as i64
}
