//! How a run that fails undoes its finished steps, the last one first.

use serde::{Deserialize, Serialize};

use super::{LeftStep, Run, StepAttempt};
use crate::{ids::StepId, instant::Instant, protected::Protected, protected_fields};

/// The run has failed; before it ends, finished steps that have a compensation are undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompensationStarted {
    /// The run.
    pub run: Run,
    /// What went wrong, for people; names the step.
    pub message: Protected,
    /// The step that failed, if one did.
    pub step_id: Option<StepId>,
    /// The steps that had begun and not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftStep>,
}
protected_fields!(CompensationStarted => message);

/// An attempt to undo a step is about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepCompensationStarted {
    /// The run.
    pub run: Run,
    /// The step, and the attempt to undo it.
    pub step: StepAttempt,
    /// When it began.
    pub started_at: Instant,
    /// JSON of the rendered request, secrets unresolved; absent on a retry, which sends the first attempt's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Protected>,
}
protected_fields!(StepCompensationStarted => request);

/// The step is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepCompensated {
    /// The run.
    pub run: Run,
    /// The step, and the attempt to undo it.
    pub step: StepAttempt,
    /// HTTP status of the answer.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
}

/// An attempt to undo a step failed, or its request could not be prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepCompensationFailed {
    /// The run.
    pub run: Run,
    /// The step, and the attempt to undo it.
    pub step: StepAttempt,
    /// See [`super::StepFailed::error_kind`].
    pub error_kind: String,
    /// What went wrong, for people.
    pub message: Protected,
    /// HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// When the next attempt is due; absent when there is none, and the step stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Instant>,
}
protected_fields!(StepCompensationFailed => message);

protected_fields!(StepCompensated);
