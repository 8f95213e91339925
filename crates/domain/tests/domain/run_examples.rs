//! One example of every event of a run.

use wfm_domain::{execution::*, ids::*};

use crate::examples::{at, now, of_run};

pub fn run() -> Run {
    Run {
        id: ExecutionId("0193552c-1c2f-7000-8000-000000000001".into()),
        workflow_id: WorkflowId(17),
        logging: true,
        metrics: true,
    }
}

fn attempt() -> StepAttempt {
    StepAttempt {
        step_id: StepId(30),
        name: "reserve".into(),
        index: 0,
        attempt: 1,
    }
}

fn request() -> Request {
    Request {
        workspace_id: WorkspaceId(3),
        environment_id: EnvironmentId(7),
        workflow_version: 1,
        input: of_run("{}"),
        execution_context: Some("order-1".into()),
        rerun_of: None,
        callbacks: Vec::new(),
    }
}

fn ending() -> Ending {
    Ending {
        duration_ms: 12.5,
        retry_count: 1,
    }
}

pub fn executions() -> Vec<ExecutionEvent> {
    let due_at = at("2026-11-22T16:30:00Z");
    vec![
        ExecutionQueued {
            run: run(),
            request: request(),
        }
        .into(),
        ExecutionStarted {
            run: run(),
            request: Some(request()),
            node: "node-1".into(),
            started_at: now(),
            deadline: due_at,
        }
        .into(),
        ExecutionAdopted {
            run: run(),
            node: "node-2".into(),
        }
        .into(),
        StepStarted {
            run: run(),
            step: attempt(),
            started_at: now(),
            request: Some(of_run("{}")),
        }
        .into(),
        StepSucceeded {
            run: run(),
            step: attempt(),
            output: of_run("{}"),
            status_code: Some(200),
            duration_ms: 4.5,
            total_duration_ms: 9.25,
        }
        .into(),
        StepFailed {
            run: run(),
            step: attempt(),
            error_kind: "timeout".into(),
            message: of_run("no answer"),
            status_code: None,
            duration_ms: 30_000.0,
            total_duration_ms: 30_000.0,
            consequence: FailureConsequence::Retry,
        }
        .into(),
        StepRetryScheduled {
            run: run(),
            step: StepAttempt {
                attempt: 2,
                ..attempt()
            },
            due_at,
        }
        .into(),
        StepSkipped {
            run: run(),
            step_id: StepId(30),
            name: "reserve".into(),
            index: 0,
            reason: "condition".into(),
        }
        .into(),
        StepInDoubt {
            run: run(),
            step: attempt(),
            total_duration_ms: None,
        }
        .into(),
        ExecutionCompleted {
            run: run(),
            output: of_run("{}"),
            ending: ending(),
        }
        .into(),
        ExecutionFailed {
            run: run(),
            message: of_run("failed"),
            step_id: Some(StepId(30)),
            ending: ending(),
            left: Vec::new(),
        }
        .into(),
        ExecutionCancelled {
            run: run(),
            reason: Some(of_run("no longer needed")),
            cancelled_by: Some(UserId(1)),
            ending: ending(),
            left: Vec::new(),
        }
        .into(),
        ExecutionHeld {
            run: run(),
            request: request(),
        }
        .into(),
        ExecutionPaused {
            run: run(),
            reason: Some(of_run("waiting for the warehouse")),
            paused_by: Some(UserId(1)),
        }
        .into(),
        ExecutionResumed {
            run: run(),
            to: ResumedTo::Signal,
            resumed_by: Some(UserId(1)),
        }
        .into(),
        ExecutionParked {
            run: run(),
            reason: ParkReason::Signal,
            parked_at: now(),
        }
        .into(),
        ExecutionRequeued { run: run() }.into(),
        ExecutionContinued {
            run: run(),
            node: "node-1".into(),
            deadline: at("2026-11-22T16:34:03.123456Z"),
        }
        .into(),
        ExecutionRedriven {
            run: run(),
            redriven_by: Some(UserId(1)),
            again: vec![2],
            afresh: vec![0],
            settled: vec![1],
            output: Some(of_run("{\"charged\":true}")),
        }
        .into(),
        SignalAwaited {
            run: run(),
            step: attempt(),
            signal: "approved".into(),
            due_at: Some(at("2026-11-23T16:29:03.123456Z")),
            answer: of_run("{}"),
            status_code: Some(202),
            duration_ms: 12.5,
        }
        .into(),
        SignalReceived {
            run: run(),
            signal: "approved".into(),
            payload: of_run("{\"by\":\"Ada\"}"),
            sent_by: Some(UserId(1)),
        }
        .into(),
        CompensationStarted {
            run: run(),
            message: of_run("step \"ship\" failed"),
            step_id: Some(StepId(32)),
            left: Vec::new(),
        }
        .into(),
        StepCompensationStarted {
            run: run(),
            step: attempt(),
            started_at: now(),
            request: Some(of_run("{}")),
        }
        .into(),
        StepCompensated {
            run: run(),
            step: attempt(),
            status_code: Some(204),
            duration_ms: 12.5,
        }
        .into(),
        StepCompensationFailed {
            run: run(),
            step: attempt(),
            error_kind: "status".into(),
            message: of_run("the endpoint answered 503"),
            status_code: Some(503),
            duration_ms: 12.5,
            due_at: Some(at("2026-11-22T16:29:04.123456Z")),
        }
        .into(),
    ]
}
