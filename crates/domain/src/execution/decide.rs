//! The decision: what an ask leads to where the run stands.

use super::{
    AdoptExecution, Ask, AwaitSignal, BeginRetry, CancelExecution, ContinueExecution, Execution, ExecutionAdopted,
    ExecutionCancelled, ExecutionCommand, ExecutionContinued, ExecutionEvent, ExecutionHeld, ExecutionPaused,
    ExecutionQueued, ExecutionRedriven, ExecutionRequeued, ExecutionResumed, ExecutionStarted, FailureConsequence,
    GiveUp, InDoubtAnswer, Outcome, PauseExecution, Phase, QueueExecution, RecordFailure, RecordSuccess,
    RecordUndoFailure, RecordUndone, RedriveExecution, ReportInDoubt, ResumeExecution, ResumedTo, SendSignal,
    SignalAwaited, SignalReceived, Stage, StartExecution, StepAttempt, StepCompensated, StepCompensationFailed,
    StepCompensationStarted, StepFailed, StepInDoubt, StepRetryScheduled, StepStarted, StepSucceeded,
    recorder::Recorder,
};
use crate::{instant::Instant, refusal::Refusal};

/// Signals that a run keeps until a step takes them.
const MOST_SIGNALS: usize = 100;

/// The decision; see [`Execution`].
#[allow(clippy::too_many_lines, reason = "one arm an ask; each is short")]
pub(super) fn decide(execution: &Execution, command: ExecutionCommand) -> Result<Vec<ExecutionEvent>, Refusal> {
    let now = command.now;
    let mut recorder = Recorder::new(execution, now);
    let run = execution.run.clone();
    match command.ask {
        Ask::Queue(QueueExecution { run, request }) => recorder.record(ExecutionQueued { run, request })?,
        Ask::Hold(QueueExecution { run, request }) => recorder.record(ExecutionHeld { run, request })?,
        Ask::Start(StartExecution {
            run,
            request,
            node,
            deadline,
            moves,
        }) => {
            recorder.run = run.clone();
            recorder.started_at = Some(now);
            recorder.record(ExecutionStarted {
                run,
                request,
                node,
                started_at: now,
                deadline,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::Continue(ContinueExecution { node, deadline, moves }) => {
            recorder.record(ExecutionContinued { run, node, deadline })?;
            recorder.run_moves(moves)?;
        }
        Ask::RecordSuccess(RecordSuccess {
            step,
            output,
            status_code,
            duration_ms,
            moves,
        }) => {
            let total_duration_ms = recorder.step_duration(step.index);
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
        Ask::AwaitSignal(AwaitSignal {
            step,
            signal,
            due_at,
            answer,
            status_code,
            duration_ms,
            moves,
        }) => {
            recorder.record(SignalAwaited {
                run,
                step,
                signal,
                due_at,
                answer,
                status_code,
                duration_ms,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::BeginRetry(BeginRetry { step }) => begin_retry(&mut recorder, step, now)?,
        Ask::Adopt(AdoptExecution { node, moves }) => {
            recorder.record(ExecutionAdopted { run, node })?;
            recorder.run_moves(moves)?;
        }
        Ask::ReportInDoubt(ReportInDoubt { step, moves }) => {
            let total_duration_ms = Some(recorder.step_duration(step.index));
            recorder.record(StepInDoubt {
                run,
                step,
                total_duration_ms,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::RecordUndone(RecordUndone {
            step,
            status_code,
            duration_ms,
            moves,
        }) => {
            recorder.record(StepCompensated {
                run,
                step,
                status_code,
                duration_ms,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::RecordUndoFailure(RecordUndoFailure {
            step,
            kind,
            message,
            status_code,
            duration_ms,
            retry_at,
            moves,
        }) => {
            recorder.record(StepCompensationFailed {
                run,
                step,
                error_kind: kind,
                message,
                status_code,
                duration_ms,
                due_at: retry_at,
            })?;
            recorder.run_moves(moves)?;
        }
        Ask::GiveUp(GiveUp { moves }) => recorder.run_moves(moves)?,
        Ask::Cancel(CancelExecution { reason, cancelled_by }) => {
            let (ending, left) = (recorder.ending(), recorder.left());
            recorder.record(ExecutionCancelled {
                run,
                reason,
                cancelled_by,
                ending,
                left,
            })?;
        }
        Ask::Pause(PauseExecution { reason, paused_by }) => {
            let event = ExecutionPaused { run, reason, paused_by };
            recorder.record(event)?;
            let parks = match recorder.standing.phase {
                Phase::Queued => true,
                // A call that is under way ends first; whoever drives the run parks it then.
                Phase::Running => !recorder.standing.is_calling(),
                Phase::New | Phase::Held | Phase::Parked | Phase::Compensating | Phase::Ended(_) => false,
            };
            if parks {
                recorder.park()?;
            }
        }
        Ask::Resume(ResumeExecution { resumed_by }) => {
            let goes_on = goes_on(execution, None, now);
            let to = match recorder.standing.phase {
                Phase::Held => ResumedTo::Approval,
                Phase::Parked if !goes_on => ResumedTo::Signal,
                Phase::New | Phase::Queued | Phase::Running | Phase::Parked | Phase::Compensating | Phase::Ended(_) => {
                    ResumedTo::Running
                }
            };
            recorder.record(ExecutionResumed {
                run: run.clone(),
                to,
                resumed_by,
            })?;
            if recorder.standing.phase == Phase::Parked && goes_on {
                recorder.record(ExecutionRequeued { run })?;
            }
        }
        Ask::Signal(SendSignal {
            signal,
            payload,
            sent_by,
        }) => {
            if execution.signals.len() >= MOST_SIGNALS {
                return Err(Refusal::conflict(
                    "too-many-signals",
                    format!("the execution keeps {MOST_SIGNALS} signals that no step has taken; more are not accepted"),
                ));
            }
            let wakes = execution.standing.phase == Phase::Parked
                && !execution.standing.paused
                && goes_on(execution, Some(&signal), now);
            recorder.record(SignalReceived {
                run: run.clone(),
                signal,
                payload,
                sent_by,
            })?;
            if wakes {
                recorder.record(ExecutionRequeued { run })?;
            }
        }
        Ask::Requeue => recorder.record(ExecutionRequeued { run })?,
        Ask::Redrive(redrive) => record_redrive(&mut recorder, execution, redrive)?,
    }
    Ok(recorder.events)
}

/// Whether a parked run has something to do: nothing is open, a step's time has come, or a signal that it waits for is
/// there, `coming` included.
fn goes_on(execution: &Execution, coming: Option<&str>, now: Instant) -> bool {
    let open = &execution.standing.open;
    open.is_empty()
        || open.iter().any(|open| match &open.stage {
            Stage::Signal(name, due_at) => {
                coming == Some(name) || execution.signal(name).is_some() || due_at.is_some_and(|due_at| due_at <= now)
            }
            Stage::Calling | Stage::Failed | Stage::Waiting(_) => true,
        })
}

fn begin_retry(recorder: &mut Recorder<'_>, step: StepAttempt, now: Instant) -> Result<(), Refusal> {
    let run = recorder.run.clone();
    if recorder.standing.phase == Phase::Compensating {
        return recorder.record(StepCompensationStarted {
            run,
            step,
            started_at: now,
            request: None,
        });
    }
    recorder.record(StepStarted {
        run,
        step,
        started_at: now,
        request: None,
    })
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
    if recorder
        .standing
        .open_step(step.index)
        .is_none_or(|open| open.step != step)
    {
        return Err(recorder.refuse("StepFailed"));
    }
    let total_duration_ms = recorder.step_duration(step.index);
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

fn record_redrive(
    recorder: &mut Recorder<'_>,
    execution: &Execution,
    redrive: RedriveExecution,
) -> Result<(), Refusal> {
    if let Some(outcome @ (Outcome::Completed | Outcome::Cancelled)) = execution.outcome() {
        return Err(Refusal::conflict(
            "execution-not-failed",
            format!(
                "only a failed execution is redriven; this one is {}; start a rerun instead",
                outcome.name()
            ),
        ));
    }
    let mut selection = execution.redrive_selection();
    let mut settled = Vec::new();
    let mut output = None;
    if !selection.in_doubt.is_empty() {
        let named: Vec<&str> = execution
            .done
            .iter()
            .filter(|done| selection.in_doubt.contains(&done.index))
            .map(|done| done.name.as_str())
            .collect();
        match redrive.in_doubt {
            None => {
                return Err(Refusal::field(
                    "/inDoubt",
                    format!(
                        "is required: nobody knows whether \"{}\" took effect; say \"repeat\" to send it again, or \
                         \"succeeded\" with its output",
                        named.join("\", \"")
                    ),
                ));
            }
            Some(InDoubtAnswer::Repeat) => selection.again.append(&mut selection.in_doubt),
            Some(InDoubtAnswer::Succeeded(found)) => {
                settled.append(&mut selection.in_doubt);
                output = Some(found);
            }
        }
    }
    let run = recorder.run.clone();
    recorder.record(ExecutionRedriven {
        run,
        redriven_by: redrive.redriven_by,
        again: selection.again,
        afresh: selection.afresh,
        settled,
        output,
    })
}
