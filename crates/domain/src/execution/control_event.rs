//! What people, signals and free places do to a run: it is held, paused, parked, queued again, continued and redriven.

use serde::{Deserialize, Serialize};

use super::{Request, Run, StepAttempt};
use crate::{ids::UserId, instant::Instant, protected::Protected, protected_fields};

/// The run waits until somebody approves of it; it holds no place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionHeld {
    /// The run.
    pub run: Run,
    /// What it was asked to do.
    pub request: Request,
}
protected_fields!(ExecutionHeld => request);

/// No further call begins until the run is resumed; calls that are under way end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionPaused {
    /// The run.
    pub run: Run,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Protected>,
    /// Who asked.
    pub paused_by: Option<UserId>,
}
protected_fields!(ExecutionPaused => reason);

/// Why a run gives its place back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParkReason {
    /// It is paused.
    Paused,
    /// Every open step waits for a signal.
    Signal,
}

/// What a run waits for when its pause is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResumedTo {
    /// Nothing: it goes on, or waits for a place as the next event says.
    Running,
    /// A signal.
    Signal,
    /// An approval.
    Approval,
}

/// The pause is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionResumed {
    /// The run.
    pub run: Run,
    /// What it waits for now.
    pub to: ResumedTo,
    /// Who asked.
    pub resumed_by: Option<UserId>,
}

/// The run gives its place back: it is paused, or every open step waits for a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionParked {
    /// The run.
    pub run: Run,
    /// Why.
    pub reason: ParkReason,
    /// When it parked: its own time stands still until it continues.
    pub parked_at: Instant,
}

/// What the run waited for has come: it waits for a place again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionRequeued {
    /// The run.
    pub run: Run,
}

/// The run holds a place again and goes on where it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionContinued {
    /// The run.
    pub run: Run,
    /// Node that drives it.
    pub node: String,
    /// When the whole run times out now.
    pub deadline: Instant,
}

/// A failed run goes on from what failed: same id, same definition, finished steps kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionRedriven {
    /// The run.
    pub run: Run,
    /// Who asked.
    pub redriven_by: Option<UserId>,
    /// Places of the steps that run again with the request and key they had: whether it took effect is unknown.
    pub again: Vec<u32>,
    /// Places of the steps that run as though for the first time, under a key of their own: they failed for certain, or
    /// what they did was undone.
    pub afresh: Vec<u32>,
    /// Places of the steps in doubt that did take effect, as a person found out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<u32>,
    /// Output (JSON) of the settled steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Protected>,
}
protected_fields!(ExecutionRedriven => output);

/// The step's call succeeded, and the step now waits for a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalAwaited {
    /// The run.
    pub run: Run,
    /// Step and attempt.
    pub step: StepAttempt,
    /// Name of the signal.
    pub signal: String,
    /// When the step stops waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Instant>,
    /// JSON of what the call yielded, after the output mapping.
    pub answer: Protected,
    /// HTTP status of the answer.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
}
protected_fields!(SignalAwaited => answer);

/// A signal came in; it is kept until a step waits for one of its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalReceived {
    /// The run.
    pub run: Run,
    /// Name of the signal.
    pub signal: String,
    /// JSON of what it brings.
    pub payload: Protected,
    /// Who sent it.
    pub sent_by: Option<UserId>,
}
protected_fields!(SignalReceived => payload);

protected_fields!(ExecutionResumed, ExecutionParked, ExecutionRequeued, ExecutionContinued);
