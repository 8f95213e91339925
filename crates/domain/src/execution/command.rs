//! What may be asked of a run. Each command carries the moves that follow from it, so that one append takes the saga from
//! one call to the next.

use super::{
    Ending, Execution, ExecutionAdopted, ExecutionCancelled, ExecutionCompleted, ExecutionEvent, ExecutionFailed,
    ExecutionQueued, ExecutionStarted, FailureConsequence, Phase, Request, Run, StepAttempt, StepFailed, StepInDoubt,
    StepRetryScheduled, StepSkipped, StepStarted, StepSucceeded,
};
use crate::{ids::StepId, ids::UserId, instant::Instant, protected::Protected, refusal::Refusal};

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
        /// The step; attempt 1.
        step: StepAttempt,
        /// See [`StepFailed::error_kind`].
        kind: &'static str,
        /// What is wrong.
        message: Protected,
        /// What follows; never a retry.
        consequence: FailureConsequence,
    },
    /// The next step's call.
    Call {
        /// The step; attempt 1.
        step: StepAttempt,
        /// Rendered request, secrets unresolved.
        request: Protected,
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

/// Waits for a place.
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

/// The open call succeeded.
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

/// The open call failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFailure {
    /// The attempt.
    pub step: StepAttempt,
    /// See [`StepFailed::error_kind`].
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
    /// What follows; empty when a call or a wait is open.
    pub moves: Vec<Move>,
}

/// The open call of a step that must not be repeated was interrupted: whether it took effect is unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportInDoubt {
    /// The attempt.
    pub step: StepAttempt,
    /// What follows.
    pub moves: Vec<Move>,
}

/// The run is over its deadline, or cannot go on for a reason that is no step's.
#[derive(Debug, Clone, PartialEq)]
pub struct FailExecution {
    /// Why.
    pub message: Protected,
}

/// Stops the run, whatever it is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct CancelExecution {
    /// Why, if said.
    pub reason: Option<Protected>,
    /// Who asks; `None` for a cascade.
    pub cancelled_by: Option<UserId>,
}

/// Everything that may be asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// See [`QueueExecution`].
    Queue(QueueExecution),
    /// See [`StartExecution`].
    Start(StartExecution),
    /// See [`RecordSuccess`].
    RecordSuccess(RecordSuccess),
    /// See [`RecordFailure`].
    RecordFailure(RecordFailure),
    /// See [`BeginRetry`].
    BeginRetry(BeginRetry),
    /// See [`AdoptExecution`].
    Adopt(AdoptExecution),
    /// See [`ReportInDoubt`].
    ReportInDoubt(ReportInDoubt),
    /// See [`FailExecution`].
    Fail(FailExecution),
    /// See [`CancelExecution`].
    Cancel(CancelExecution),
}

/// A command at its instant.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionCommand {
    /// When it is decided.
    pub now: Instant,
    /// What is asked.
    pub ask: Ask,
}

/// Collects events while checking each against the table of legal transitions.
struct Recorder<'a> {
    before: &'a Execution,
    phase: Phase,
    started_at: Option<Instant>,
    retries: u32,
    now: Instant,
    run: Run,
    events: Vec<ExecutionEvent>,
}

impl Recorder<'_> {
    fn record(&mut self, event: impl Into<ExecutionEvent>) -> Result<(), Refusal> {
        let event = event.into();
        let Some(phase) = self.phase.after(&event) else {
            return Err(illegal(&self.phase, event.name()));
        };
        self.phase = phase;
        self.events.push(event);
        Ok(())
    }

    fn ending(&self) -> Ending {
        Ending {
            duration_ms: self.started_at.map_or(0.0, |start| self.now.milliseconds_since(start)),
            retry_count: self.retries,
        }
    }

    fn run_moves(&mut self, moves: Vec<Move>) -> Result<(), Refusal> {
        for next in moves {
            let run = self.run.clone();
            match next {
                Move::Skip {
                    step_id,
                    name,
                    index,
                    reason,
                } => {
                    self.record(StepSkipped {
                        run,
                        step_id,
                        name,
                        index,
                        reason: reason.to_owned(),
                    })?;
                }
                Move::FailToPrepare {
                    step,
                    kind,
                    message,
                    consequence,
                } => self.record(StepFailed {
                    run,
                    step,
                    error_kind: kind.to_owned(),
                    message,
                    status_code: None,
                    duration_ms: 0.0,
                    total_duration_ms: 0.0,
                    consequence,
                })?,
                Move::Call { step, request } => {
                    self.record(StepStarted {
                        run,
                        step,
                        started_at: self.now,
                        request: Some(request),
                    })?;
                }
                Move::Complete { output } => {
                    let ending = self.ending();
                    self.record(ExecutionCompleted { run, output, ending })?;
                }
                Move::Fail { message, step_id } => {
                    let ending = self.ending();
                    self.record(ExecutionFailed {
                        run,
                        message,
                        step_id,
                        ending,
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Milliseconds since the open step's first attempt began.
    fn step_duration(&self) -> f64 {
        self.before
            .step_started_at
            .map_or(0.0, |start| self.now.milliseconds_since(start))
    }
}

fn illegal(phase: &Phase, event: &str) -> Refusal {
    match phase {
        Phase::Ended(outcome) => Refusal::conflict(
            "execution-ended",
            format!("the execution has ended already: {}", outcome.name()),
        ),
        Phase::New => Refusal::not_found("execution-not-found", "the execution does not exist"),
        Phase::Queued | Phase::Between | Phase::Calling(_) | Phase::Failed(_) | Phase::Waiting(..) => {
            Refusal::conflict(
                "execution-state",
                format!("{event} may not happen while the execution is {phase:?}"),
            )
        }
    }
}

/// The decision; see [`Execution`].
pub(super) fn decide(execution: &Execution, command: ExecutionCommand) -> Result<Vec<ExecutionEvent>, Refusal> {
    let mut recorder = Recorder {
        before: execution,
        phase: execution.phase.clone(),
        started_at: execution.started_at,
        retries: execution.retry_count,
        now: command.now,
        run: execution.run.clone(),
        events: Vec::with_capacity(3),
    };
    let run = execution.run.clone();
    match command.ask {
        Ask::Queue(QueueExecution { run, request }) => recorder.record(ExecutionQueued { run, request })?,
        Ask::Start(StartExecution {
            run,
            request,
            node,
            deadline,
            moves,
        }) => {
            recorder.run = run.clone();
            recorder.started_at = Some(command.now);
            recorder.record(ExecutionStarted {
                run,
                request,
                node,
                started_at: command.now,
                deadline,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::RecordSuccess(RecordSuccess {
            step,
            output,
            status_code,
            duration_ms,
            moves,
        }) => {
            let total_duration_ms = recorder.step_duration();
            recorder.record(StepSucceeded {
                run,
                step,
                output,
                status_code,
                duration_ms,
                total_duration_ms,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::RecordFailure(failure) => record_failure(&mut recorder, failure)?,
        Ask::BeginRetry(BeginRetry { step }) => {
            recorder.record(StepStarted {
                run,
                step,
                started_at: command.now,
                request: None,
            })?;
        }
        Ask::Adopt(AdoptExecution { node, moves }) => {
            recorder.record(ExecutionAdopted { run, node })?;
            recorder.run_moves(moves)?;
        }
        Ask::ReportInDoubt(ReportInDoubt { step, moves }) => {
            recorder.record(StepInDoubt { run, step })?;
            recorder.run_moves(moves)?;
        }
        Ask::Fail(FailExecution { message }) => {
            let ending = recorder.ending();
            recorder.record(ExecutionFailed {
                run,
                message,
                step_id: None,
                ending,
            })?;
        }
        Ask::Cancel(CancelExecution { reason, cancelled_by }) => {
            let ending = recorder.ending();
            recorder.record(ExecutionCancelled {
                run,
                reason,
                cancelled_by,
                ending,
            })?;
        }
    }
    Ok(recorder.events)
}

fn record_failure(recorder: &mut Recorder<'_>, failure: RecordFailure) -> Result<(), Refusal> {
    let RecordFailure {
        step,
        kind,
        message,
        status_code,
        duration_ms,
        consequence,
        retry_at,
        moves,
    } = failure;
    if (consequence == FailureConsequence::Retry) != retry_at.is_some() {
        return Err(Refusal::conflict(
            "execution-state",
            "a retry, and only a retry, has an instant at which it is due",
        ));
    }
    let total_duration_ms = recorder.step_duration();
    let run = recorder.run.clone();
    recorder.record(StepFailed {
        run: run.clone(),
        step: step.clone(),
        error_kind: kind,
        message,
        status_code,
        duration_ms,
        total_duration_ms,
        consequence,
    })?;
    if let Some(due_at) = retry_at {
        let step = StepAttempt {
            attempt: step.attempt + 1,
            ..step
        };
        recorder.record(StepRetryScheduled { run, step, due_at })?;
    }
    recorder.run_moves(moves)
}
