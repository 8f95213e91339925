//! What happens in one run: the Execution stream is the saga's log.
//!
//! Every event names its workflow and says whether the environment records logs and metrics, so that a projector needs
//! nothing else. Inputs, outputs, requests and messages stand sealed under the key of the workspace and month.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{EnvironmentId, ExecutionId, StepId, UserId, WorkflowId, WorkspaceId},
    instant::Instant,
    protected::Protected,
    protected_fields,
};

use super::Outcome;
pub use super::{compensation_event::*, control_event::*};

/// What every event of a run says about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `WorkflowExecutions.Id`.
    pub id: ExecutionId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Whether its environment has `enableLogging`.
    pub logging: bool,
    /// Whether its environment has `enableMetrics`.
    pub metrics: bool,
}

/// One attempt of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepAttempt {
    /// `WorkflowSteps.Id`.
    pub step_id: StepId,
    /// Name of the step in the pinned version.
    pub name: String,
    /// Place of the step in the pinned version's list, from 0.
    pub index: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
}

/// What a run was asked to do; part of its first event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Workspace of the workflow.
    pub workspace_id: WorkspaceId,
    /// Environment in force at the start.
    pub environment_id: EnvironmentId,
    /// The pinned version.
    pub workflow_version: u32,
    /// JSON of the input parameters.
    pub input: Protected,
    /// The caller's business key, at most 500 UTF-16 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_context: Option<String>,
    /// The earlier run whose input it takes, if it is a rerun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<ExecutionId>,
    /// For each of the pinned version's callbacks, of which ends it tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callbacks: Vec<Vec<Outcome>>,
}

impl crate::event::VisitField for Request {
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected)) {
        self.input.visit_field(&format!("{name}.input"), visit);
    }
}

/// The run waits for a place among those its environment lets run at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionQueued {
    /// The run.
    pub run: Run,
    /// What it was asked to do.
    pub request: Request,
}
protected_fields!(ExecutionQueued => request);

/// The run holds a place and begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionStarted {
    /// The run.
    pub run: Run,
    /// What it was asked to do; absent when [`ExecutionQueued`] said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Node that drives it.
    pub node: String,
    /// When it began.
    pub started_at: Instant,
    /// When the whole run times out.
    pub deadline: Instant,
}
protected_fields!(ExecutionStarted => request);

/// Another node, or this one after a restart, drives the run from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionAdopted {
    /// The run.
    pub run: Run,
    /// Node that drives it.
    pub node: String,
}

/// An attempt is about to be sent. Durable before the call, so that a repeat sends the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepStarted {
    /// The run.
    pub run: Run,
    /// Step and attempt.
    pub step: StepAttempt,
    /// When it began.
    pub started_at: Instant,
    /// JSON of the rendered request, secrets unresolved; absent on a retry, which sends the first attempt's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Protected>,
}
protected_fields!(StepStarted => request);

/// The step's call succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSucceeded {
    /// The run.
    pub run: Run,
    /// Step and attempt.
    pub step: StepAttempt,
    /// JSON of the step's output, after the output mapping.
    pub output: Protected,
    /// HTTP status of the answer.
    pub status_code: Option<u16>,
    /// Milliseconds of this attempt.
    pub duration_ms: f64,
    /// Milliseconds since the step's first attempt began, waits included.
    pub total_duration_ms: f64,
}
protected_fields!(StepSucceeded => output);

/// What a failed attempt leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureConsequence {
    /// Another attempt follows.
    Retry,
    /// The run goes on with the next step.
    Continue,
    /// The run goes on with a named later step.
    Goto,
    /// The run fails.
    Fail,
}

/// An attempt of the step failed, or the step could not be prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFailed {
    /// The run.
    pub run: Run,
    /// Step and attempt.
    pub step: StepAttempt,
    /// `connect`, `timeout`, `status`, `rejected` (successWhen), `fault` (of SOAP), `circuit-open`, `authentication`, `response`,
    /// `mapping`, `condition`, `input`, `policy`, `interrupted`.
    pub error_kind: String,
    /// What went wrong, for people.
    pub message: Protected,
    /// HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// Milliseconds of this attempt.
    pub duration_ms: f64,
    /// Milliseconds since the step's first attempt began, waits included.
    pub total_duration_ms: f64,
    /// What follows.
    pub consequence: FailureConsequence,
}
protected_fields!(StepFailed => message);

/// The next attempt waits until an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRetryScheduled {
    /// The run.
    pub run: Run,
    /// Step and the attempt to come.
    pub step: StepAttempt,
    /// Not before this instant.
    pub due_at: Instant,
}

/// The step's condition was false, or an earlier step's `goto` jumped over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSkipped {
    /// The run.
    pub run: Run,
    /// `WorkflowSteps.Id`.
    pub step_id: StepId,
    /// Name of the step.
    pub name: String,
    /// Place of the step in the pinned version's list, from 0.
    pub index: u32,
    /// `condition` or `goto`.
    pub reason: String,
}

/// A crash left open whether the call of a step that must not be repeated took effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepInDoubt {
    /// The run.
    pub run: Run,
    /// Step and attempt.
    pub step: StepAttempt,
    /// Milliseconds from the beginning of the first attempt; absent in events of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_duration_ms: Option<f64>,
}

/// A step that had begun and not ended when its run was stopped, or turned to undoing what was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftStep {
    /// The step and its last attempt.
    pub step: StepAttempt,
    /// Whether that attempt was under way or waited for a signal; otherwise it had failed, and another was to follow.
    pub under_way: bool,
    /// Whether the attempt was one to undo the step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undoing: bool,
    /// Milliseconds from the beginning of the first attempt until the step was left.
    pub total_duration_ms: f64,
}

/// How a run went, as its last event tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// Milliseconds from the start to the end.
    pub duration_ms: f64,
    /// Attempts after the first, over all steps.
    pub retry_count: u32,
}

/// The run ended well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionCompleted {
    /// The run.
    pub run: Run,
    /// JSON of the run's output.
    pub output: Protected,
    /// Duration and retries.
    pub ending: Ending,
}
protected_fields!(ExecutionCompleted => output);

/// The run ended badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionFailed {
    /// The run.
    pub run: Run,
    /// What went wrong, for people; names the step.
    pub message: Protected,
    /// The step that failed, if one did.
    pub step_id: Option<StepId>,
    /// Duration and retries.
    pub ending: Ending,
    /// The steps that had begun and not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftStep>,
}
protected_fields!(ExecutionFailed => message);

/// The run was stopped on request or by a cascade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionCancelled {
    /// The run.
    pub run: Run,
    /// Why, for people.
    pub reason: Option<Protected>,
    /// Who asked; absent for a cascade.
    pub cancelled_by: Option<UserId>,
    /// Duration and retries.
    pub ending: Ending,
    /// The steps that had begun and not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftStep>,
}
protected_fields!(ExecutionCancelled => reason);

protected_fields!(ExecutionAdopted, StepRetryScheduled, StepSkipped, StepInDoubt);

events! {
    /// Events of a run, stream `execution-{id}`.
    ExecutionEvent {
        /// Waits for a place.
        ExecutionQueued = 1,
        /// Began.
        ExecutionStarted = 1,
        /// Driven by another node.
        ExecutionAdopted = 1,
        /// Attempt about to be sent.
        StepStarted = 1,
        /// Step succeeded.
        StepSucceeded = 1,
        /// Attempt failed.
        StepFailed = 1,
        /// Retry waits.
        StepRetryScheduled = 1,
        /// Step skipped.
        StepSkipped = 1,
        /// Outcome unknown.
        StepInDoubt = 1,
        /// Waits for an approval.
        ExecutionHeld = 1,
        /// To make no further call.
        ExecutionPaused = 1,
        /// May go on.
        ExecutionResumed = 1,
        /// Gave its place back.
        ExecutionParked = 1,
        /// Waits for a place again.
        ExecutionRequeued = 1,
        /// Holds a place again.
        ExecutionContinued = 1,
        /// Failed, and goes on all the same.
        ExecutionRedriven = 1,
        /// Step waits for a signal.
        SignalAwaited = 1,
        /// Signal came in.
        SignalReceived = 1,
        /// Finished steps are being undone.
        CompensationStarted = 1,
        /// Compensating call about to be sent.
        StepCompensationStarted = 1,
        /// Step undone.
        StepCompensated = 1,
        /// Compensating call failed.
        StepCompensationFailed = 1,
        /// Ended well.
        ExecutionCompleted = 1,
        /// Ended badly.
        ExecutionFailed = 1,
        /// Stopped.
        ExecutionCancelled = 1,
    }
}

impl ExecutionEvent {
    /// What the event says of its run.
    #[must_use]
    pub fn run(&self) -> &Run {
        match self {
            Self::ExecutionQueued(event) => &event.run,
            Self::ExecutionStarted(event) => &event.run,
            Self::ExecutionAdopted(event) => &event.run,
            Self::StepStarted(event) => &event.run,
            Self::StepSucceeded(event) => &event.run,
            Self::StepFailed(event) => &event.run,
            Self::StepRetryScheduled(event) => &event.run,
            Self::StepSkipped(event) => &event.run,
            Self::StepInDoubt(event) => &event.run,
            Self::ExecutionHeld(event) => &event.run,
            Self::ExecutionPaused(event) => &event.run,
            Self::ExecutionResumed(event) => &event.run,
            Self::ExecutionParked(event) => &event.run,
            Self::ExecutionRequeued(event) => &event.run,
            Self::ExecutionContinued(event) => &event.run,
            Self::ExecutionRedriven(event) => &event.run,
            Self::SignalAwaited(event) => &event.run,
            Self::SignalReceived(event) => &event.run,
            Self::CompensationStarted(event) => &event.run,
            Self::StepCompensationStarted(event) => &event.run,
            Self::StepCompensated(event) => &event.run,
            Self::StepCompensationFailed(event) => &event.run,
            Self::ExecutionCompleted(event) => &event.run,
            Self::ExecutionFailed(event) => &event.run,
            Self::ExecutionCancelled(event) => &event.run,
        }
    }
}
