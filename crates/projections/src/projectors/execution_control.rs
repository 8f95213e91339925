//! Rows of what people, signals and free places do to a run.

use wfm_domain::execution::{
    ExecutionHeld, ExecutionParked, ExecutionPaused, ExecutionResumed, ParkReason, ResumedTo, SignalAwaited,
    SignalReceived,
};
use wfm_storage::read_store::Cell;

use super::{
    execution_log::Details,
    execution_rows::{RUNNING, RunRows, with_reason},
    rows::{opened, update},
};
use crate::tables::{ExecutionStates, StepRuns, WORKFLOW_EXECUTIONS, WorkflowExecutions};

pub(super) fn held(rows: &mut RunRows<'_>, event: &ExecutionHeld) {
    rows.begin(&event.request, "WaitingApproval");
    rows.log(|log| log.info("Execution waits for an approval", Details::none()));
}

pub(super) fn paused(rows: &mut RunRows<'_>, event: &ExecutionPaused) {
    rows.state([(ExecutionStates::State, "Paused".into())]);
    rows.log(|log| {
        let message = match &event.reason {
            Some(reason) => with_reason("Execution paused", reason),
            None => "Execution paused".to_owned(),
        };
        log.warning(&message, Details::none());
    });
}

pub(super) fn resumed(rows: &mut RunRows<'_>, event: &ExecutionResumed) {
    let state = match event.to {
        ResumedTo::Running => "Running",
        ResumedTo::Signal => "WaitingSignal",
        ResumedTo::Approval => "WaitingApproval",
    };
    rows.state([(ExecutionStates::State, state.into())]);
    rows.log(|log| log.info("Execution resumed", Details::none()));
}

pub(super) fn parked(rows: &mut RunRows<'_>, event: &ExecutionParked) {
    let state = match event.reason {
        ParkReason::Paused => "Paused",
        ParkReason::Signal => "WaitingSignal",
    };
    rows.state([(ExecutionStates::State, state.into())]);
}

pub(super) fn requeued(rows: &mut RunRows<'_>) {
    rows.state([
        (ExecutionStates::State, "Queued".into()),
        (ExecutionStates::DueAt, Cell::Null),
    ]);
}

pub(super) fn continued(rows: &mut RunRows<'_>) {
    rows.state([(ExecutionStates::State, "Running".into())]);
    rows.log(|log| log.info("Execution continued", Details::none()));
}

pub(super) fn redriven(rows: &mut RunRows<'_>) {
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

pub(super) fn signal_awaited(rows: &mut RunRows<'_>, event: &SignalAwaited) {
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

pub(super) fn signal_received(rows: &mut RunRows<'_>, event: &SignalReceived) {
    rows.state([]);
    rows.log(|log| log.info(&format!("Signal '{}' received", event.signal), Details::none()));
}
