//! What may be asked of a run. Each command carries the moves that follow from it, so that one append takes the saga from
//! one call to the next.

use super::{FailureConsequence, Request, Run, StepAttempt};
use crate::{ids::StepId, ids::UserId, instant::Instant, protected::Protected};

/// A move of the saga, computed from the pinned definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// A step is not run: its condition is false or a `goto` jumps over it.
    Skip {
        /// The step.
        step_id: StepId,
        /// Its name.
        name: String,
        /// Its place in the pinned list, from 0.
        index: u32,
        /// `condition` or `goto`.
        reason: &'static str,
    },
    /// A step's condition or request cannot be computed.
    FailToPrepare {
        /// The step and the attempt that would have been.
        step: StepAttempt,
        /// See [`super::StepFailed::error_kind`].
        kind: &'static str,
        /// What is wrong.
        message: Protected,
        /// What follows; never a retry.
        consequence: FailureConsequence,
    },
    /// A step's first call.
    Call {
        /// Step and attempt.
        step: StepAttempt,
        /// Rendered request, secrets unresolved.
        request: Protected,
    },
    /// The run gives its place back until it is resumed or a signal comes.
    Park,
    /// The run has failed: finished steps are undone before it ends.
    Compensate {
        /// What went wrong.
        message: Protected,
        /// The step at fault, if one is.
        step_id: Option<StepId>,
    },
    /// The first call that undoes a step.
    Undo {
        /// The step, and the attempt to undo it.
        step: StepAttempt,
        /// Rendered request, secrets unresolved.
        request: Protected,
    },
    /// The request that would undo a step cannot be computed.
    FailToUndo {
        /// The step, and the attempt that would have been.
        step: StepAttempt,
        /// See [`super::StepFailed::error_kind`].
        kind: &'static str,
        /// What is wrong.
        message: Protected,
    },
    /// The run ends well.
    Complete {
        /// Its output (JSON).
        output: Protected,
    },
    /// The run ends badly.
    Fail {
        /// What went wrong.
        message: Protected,
        /// The step at fault, if one is.
        step_id: Option<StepId>,
    },
}

/// What a run is to do, before it begins: [`Ask::Queue`] for a place, [`Ask::Hold`] for an approval.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueExecution {
    /// Facts of the run.
    pub run: Run,
    /// What it is asked to do.
    pub request: Request,
}

/// Begins, with a place among the running.
#[derive(Debug, Clone, PartialEq)]
pub struct StartExecution {
    /// Facts of the run.
    pub run: Run,
    /// What it is asked to do; `None` when it was queued before.
    pub request: Option<Request>,
    /// Node that drives it.
    pub node: String,
    /// When the whole run times out.
    pub deadline: Instant,
    /// What follows.
    pub moves: Vec<Move>,
}

/// Goes on, with a place among the running.
#[derive(Debug, Clone, PartialEq)]
pub struct ContinueExecution {
    /// Node that drives it.
    pub node: String,
    /// When the whole run times out.
    pub deadline: Instant,
    /// What follows; empty when a step is open.
    pub moves: Vec<Move>,
}

/// An open step succeeded: its call, or the signal that it waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSuccess {
    /// The attempt.
    pub step: StepAttempt,
    /// The step's output (JSON).
    pub output: Protected,
    /// HTTP status.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// What follows.
    pub moves: Vec<Move>,
}

/// An open step failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFailure {
    /// The attempt.
    pub step: StepAttempt,
    /// See [`super::StepFailed::error_kind`].
    pub kind: String,
    /// What went wrong.
    pub message: Protected,
    /// HTTP status, if there was an answer.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// What follows for the step.
    pub consequence: FailureConsequence,
    /// When the next attempt is due; given if and only if the consequence is a retry.
    pub retry_at: Option<Instant>,
    /// What follows for the run; empty on a retry.
    pub moves: Vec<Move>,
}

/// An open call succeeded, and its step now waits for a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct AwaitSignal {
    /// The attempt.
    pub step: StepAttempt,
    /// Name of the signal.
    pub signal: String,
    /// When the step stops waiting.
    pub due_at: Option<Instant>,
    /// What the call yielded (JSON), after the output mapping.
    pub answer: Protected,
    /// HTTP status.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// What follows: [`Move::Park`] or nothing.
    pub moves: Vec<Move>,
}

/// A waiting retry is due.
#[derive(Debug, Clone, PartialEq)]
pub struct BeginRetry {
    /// The attempt.
    pub step: StepAttempt,
}

/// A node takes over a run that another one, or its own earlier process, was driving.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptExecution {
    /// Node that drives it from now on.
    pub node: String,
    /// What follows; empty when a step is open.
    pub moves: Vec<Move>,
}

/// Whether the open call of a step that must not be repeated took effect is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportInDoubt {
    /// The attempt.
    pub step: StepAttempt,
    /// What follows.
    pub moves: Vec<Move>,
}

/// The open attempt to undo a step succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordUndone {
    /// The step, and the attempt to undo it.
    pub step: StepAttempt,
    /// HTTP status.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// What follows.
    pub moves: Vec<Move>,
}

/// The open attempt to undo a step failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordUndoFailure {
    /// The step, and the attempt to undo it.
    pub step: StepAttempt,
    /// See [`super::StepFailed::error_kind`].
    pub kind: String,
    /// What went wrong.
    pub message: Protected,
    /// HTTP status, if there was an answer.
    pub status_code: Option<u16>,
    /// Milliseconds of the attempt.
    pub duration_ms: f64,
    /// When the next attempt is due; `None` when the step is left as it is.
    pub retry_at: Option<Instant>,
    /// What follows; empty on a retry.
    pub moves: Vec<Move>,
}

/// The run is over its deadline, or cannot go on for a reason that is no step's.
#[derive(Debug, Clone, PartialEq)]
pub struct GiveUp {
    /// How it ends: [`Move::Fail`], or [`Move::Compensate`] and what follows.
    pub moves: Vec<Move>,
}

/// Stops the run, whatever it is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct CancelExecution {
    /// Why, if said.
    pub reason: Option<Protected>,
    /// Who asks; `None` for a cascade.
    pub cancelled_by: Option<UserId>,
}

/// Lets the run begin no further call.
#[derive(Debug, Clone, PartialEq)]
pub struct PauseExecution {
    /// Why, if said.
    pub reason: Option<Protected>,
    /// Who asks.
    pub paused_by: Option<UserId>,
}

/// Ends the pause.
#[derive(Debug, Clone, PartialEq)]
pub struct ResumeExecution {
    /// Who asks.
    pub resumed_by: Option<UserId>,
}

/// Sends a signal to the run.
#[derive(Debug, Clone, PartialEq)]
pub struct SendSignal {
    /// Its name.
    pub signal: String,
    /// What it brings (JSON).
    pub payload: Protected,
    /// Who sends it.
    pub sent_by: Option<UserId>,
}

/// What a person found out about steps in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum InDoubtAnswer {
    /// They had no effect, or may be repeated: they are sent again.
    Repeat,
    /// They took effect; this is their output (JSON).
    Succeeded(Protected),
}

/// Goes on from what failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RedriveExecution {
    /// What became of steps in doubt; needed if there are any.
    pub in_doubt: Option<InDoubtAnswer>,
    /// Who asks.
    pub redriven_by: Option<UserId>,
}

/// Everything that may be asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The run waits for a place.
    Queue(QueueExecution),
    /// The run waits for an approval.
    Hold(QueueExecution),
    /// See [`StartExecution`].
    Start(StartExecution),
    /// See [`ContinueExecution`].
    Continue(ContinueExecution),
    /// See [`RecordSuccess`].
    RecordSuccess(RecordSuccess),
    /// See [`RecordFailure`].
    RecordFailure(RecordFailure),
    /// See [`AwaitSignal`].
    AwaitSignal(AwaitSignal),
    /// See [`BeginRetry`].
    BeginRetry(BeginRetry),
    /// See [`AdoptExecution`].
    Adopt(AdoptExecution),
    /// See [`ReportInDoubt`].
    ReportInDoubt(ReportInDoubt),
    /// See [`RecordUndone`].
    RecordUndone(RecordUndone),
    /// See [`RecordUndoFailure`].
    RecordUndoFailure(RecordUndoFailure),
    /// See [`GiveUp`].
    GiveUp(GiveUp),
    /// See [`CancelExecution`].
    Cancel(CancelExecution),
    /// See [`PauseExecution`].
    Pause(PauseExecution),
    /// See [`ResumeExecution`].
    Resume(ResumeExecution),
    /// See [`SendSignal`].
    Signal(SendSignal),
    /// What a held or parked run waited for has come, or its time is over: it waits for a place again.
    Requeue,
    /// See [`RedriveExecution`].
    Redrive(RedriveExecution),
}

/// A command at its instant.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionCommand {
    /// When it is decided.
    pub now: Instant,
    /// What is asked.
    pub ask: Ask,
}
