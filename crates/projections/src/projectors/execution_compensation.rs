//! Rows of how a run that fails undoes its finished steps.

use wfm_domain::execution::{CompensationStarted, StepCompensated, StepCompensationFailed, StepCompensationStarted};
use wfm_storage::read_store::{Cell, Change, ColumnIndex};

use super::{
    execution_log::Details,
    execution_rows::{RunRows, with_reason},
    rows::{insert, opened_or_erased, update},
};
use crate::tables::{ExecutionStates, STEP_RUNS, StepRuns};

pub(super) fn started(rows: &mut RunRows<'_>, event: &CompensationStarted) {
    rows.state([
        (ExecutionStates::State, "Compensating".into()),
        (ExecutionStates::DueAt, Cell::Null),
    ]);
    rows.log(|log| {
        let message = with_reason("Execution failed; its finished steps are undone", &event.message);
        log.step_or_none(event.step_id).error(&message, Details::none());
    });
    rows.leave(&event.left);
}

pub(super) fn step_started(rows: &mut RunRows<'_>, event: &StepCompensationStarted) {
    rows.state([(ExecutionStates::DueAt, Cell::Null)]);
    let row = rows.undo_row(&event.step, "Compensating", rows.envelope.at());
    rows.changes.push(insert(&STEP_RUNS, row));
}

pub(super) fn step_compensated(rows: &mut RunRows<'_>, event: &StepCompensated) {
    rows.state([]);
    let set = [
        (StepRuns::Status, "Compensated".into()),
        (StepRuns::CompletedAt, rows.envelope.at()),
        (StepRuns::DurationMs, event.duration_ms.into()),
        (StepRuns::StatusCode, event.status_code.map(i64::from).into()),
    ];
    let key = rows.undo_id(&event.step);
    rows.changes.push(update(&STEP_RUNS, key, set));
    rows.log(|log| {
        let details = Details::step(&event.step)
            .status_code(event.status_code)
            .duration_ms(event.duration_ms);
        log.step(event.step.step_id)
            .info(&format!("Step '{}' undone", event.step.name), details);
    });
}

pub(super) fn step_failed(rows: &mut RunRows<'_>, event: &StepCompensationFailed) {
    let due_at = event.due_at.map(|due_at| due_at.to_string());
    rows.state([(ExecutionStates::DueAt, due_at.into())]);
    let started_at = rows.started_at(event.duration_ms);
    let mut row = rows.undo_row(&event.step, "CompensationFailed", started_at);
    row[ColumnIndex::from(StepRuns::CompletedAt)] = rows.envelope.at();
    row[ColumnIndex::from(StepRuns::DurationMs)] = event.duration_ms.into();
    row[ColumnIndex::from(StepRuns::StatusCode)] = event.status_code.map(i64::from).into();
    row[ColumnIndex::from(StepRuns::ErrorKind)] = event.error_kind.as_str().into();
    row[ColumnIndex::from(StepRuns::ErrorMessage)] = opened_or_erased(&event.message);
    rows.changes.push(Change::Put { table: &STEP_RUNS, row });
    rows.log(|log| {
        let what = match event.due_at {
            Some(_) => format!(
                "Undoing step '{}' failed in attempt {}",
                event.step.name, event.step.attempt
            ),
            None => format!("Step '{}' could not be undone", event.step.name),
        };
        let details = Details::step(&event.step)
            .status_code(event.status_code)
            .error_kind(&event.error_kind);
        log.step(event.step.step_id)
            .error(&with_reason(&what, &event.message), details);
    });
}
