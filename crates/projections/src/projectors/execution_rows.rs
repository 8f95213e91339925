//! The rows of one run, as the projectors of its events write them.

use wfm_domain::{
    execution::{Ending, FailureConsequence, LeftStep, Request, Run, StepAttempt, StepFailed},
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

/// `WorkflowExecutions.Status` while a run has not ended.
pub(super) const RUNNING: i64 = 0;

pub(super) fn with_reason(what: &str, reason: &Protected) -> String {
    format!("{what}: {}", reason.text().unwrap_or(super::rows::ERASED))
}

/// Rows of one event of one run.
pub(super) struct RunRows<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) run: &'a Run,
    /// `WorkflowExecutions.Id`, shared by every row of the event.
    pub(super) id: Cell,
    pub(super) changes: &'a mut Vec<Change>,
}

impl<'a> RunRows<'a> {
    pub(super) fn new(envelope: &'a Envelope, run: &'a Run, changes: &'a mut Vec<Change>) -> Self {
        Self {
            envelope,
            run,
            id: run.id.0.as_str().into(),
            changes,
        }
    }

    /// The run's first rows.
    pub(super) fn begin(&mut self, request: &Request, state: &str) {
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
    pub(super) fn state<const N: usize>(&mut self, set: [(ExecutionStates, Cell); N]) {
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
    pub(super) fn end(&mut self, status: i64, state: &str, ending: &Ending, result: WorkflowExecutions, value: Cell) {
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

    pub(super) fn step_id(&self, step: &StepAttempt) -> Cell {
        format!("{}/{:04}/{:04}", self.run.id.0, step.index, step.attempt).into()
    }

    /// A row of an attempt that has not ended.
    pub(super) fn step_row(&self, step: &StepAttempt, status: &str, started_at: Cell) -> Vec<Cell> {
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

    pub(super) fn step<const N: usize>(&mut self, step: &StepAttempt, set: [(StepRuns, Cell); N]) {
        let key = self.step_id(step);
        self.changes.push(update(&STEP_RUNS, key, set));
    }

    /// Key of an attempt to undo a step; it stands behind the step's own attempts.
    pub(super) fn undo_id(&self, step: &StepAttempt) -> Cell {
        format!("{}/{:04}/c{:03}", self.run.id.0, step.index, step.attempt).into()
    }

    /// A row of an attempt to undo a step.
    pub(super) fn undo_row(&self, step: &StepAttempt, status: &str, started_at: Cell) -> Vec<Cell> {
        let mut row = self.step_row(step, status, started_at);
        row[ColumnIndex::from(StepRuns::Id)] = self.undo_id(step);
        row
    }

    /// When an attempt of this duration began that ends with the event.
    pub(super) fn started_at(&self, duration_ms: f64) -> Cell {
        Instant::parse(&self.envelope.occurred_at)
            .map(|at| at.plus_milliseconds(-whole_milliseconds(duration_ms)).to_string())
            .into()
    }

    /// A step that could not be prepared has no row yet, so the whole row is put; its start follows from its duration.
    pub(super) fn step_failed(&mut self, event: &StepFailed) {
        let envelope = self.envelope;
        let started_at = self.started_at(event.duration_ms);
        let mut row = self.step_row(&event.step, "Failed", started_at);
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

    pub(super) fn log(&mut self, write: impl FnOnce(Log<'_>)) {
        if self.run.logging {
            write(Log::new(self.envelope, &self.id, self.changes));
        }
    }

    pub(super) fn step_metric(&mut self, step: &StepAttempt, duration_ms: f64) {
        self.nth_step_metric(0, step, duration_ms);
    }

    /// What the run turns away from: attempts under way end with the event, and each step tells how long it took.
    pub(super) fn leave(&mut self, left: &[LeftStep]) {
        for left in left.iter().filter(|left| left.under_way) {
            let key = if left.undoing {
                self.undo_id(&left.step)
            } else {
                self.step_id(&left.step)
            };
            let set = [
                (StepRuns::Status, "Cancelled".into()),
                (StepRuns::CompletedAt, self.envelope.at()),
            ];
            self.changes.push(update(&STEP_RUNS, key, set));
        }
        // The run's own two come first among the metrics of an event, which has at most 256.
        let steps = left.iter().filter(|left| !left.undoing);
        for (ordinal, left) in (2..=u8::MAX).zip(steps) {
            self.nth_step_metric(ordinal, &left.step, left.total_duration_ms);
        }
    }

    fn nth_step_metric(&mut self, ordinal: u8, step: &StepAttempt, duration_ms: f64) {
        if self.run.metrics {
            let metadata = Details::run(&self.run.id.0).and_step(step).finish();
            self.metric(ordinal, "StepDurationMs", duration_ms, metadata);
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
