//! Where a run stands, and the one table of its legal transitions.

use serde::{Deserialize, Serialize};

use super::{ExecutionEvent, FailureConsequence, StepAttempt};
use crate::{instant::Instant, protected::Protected};

/// How a run ended: `ExecutionStatus` 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// 1
    Completed,
    /// 2
    Failed,
    /// 3
    Cancelled,
}

impl Outcome {
    /// The documented name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// What a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing happened yet.
    #[default]
    New,
    /// Waits for an approval; holds no place.
    Held,
    /// Waits for a place: for the first time, or to go on.
    Queued,
    /// Holds a place and runs its steps.
    Running,
    /// Holds no place: paused, or every open step waits for a signal.
    Parked,
    /// Holds a place and undoes finished steps.
    Compensating,
    /// Ended.
    Ended(Outcome),
}

/// What an open step is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// An attempt is or may be under way.
    Calling,
    /// An attempt failed and another follows.
    Failed,
    /// The next attempt waits until an instant.
    Waiting(Instant),
    /// Waits for a signal of this name, until an instant if there is one.
    Signal(String, Option<Instant>),
}

/// A step that has begun and not ended, or the undoing of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenStep {
    /// Step and attempt: the one under way, or the one to come.
    pub step: StepAttempt,
    /// What it is about.
    pub stage: Stage,
    /// When its first attempt began.
    pub started_at: Instant,
    /// Number of its first attempt.
    pub first_attempt: u32,
    /// Rendered request (JSON), secrets unresolved.
    pub request: Protected,
    /// What its call yielded (JSON), once it waits for a signal.
    pub answer: Option<Protected>,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// What it is about.
    pub phase: Phase,
    /// Whether it held a place before.
    pub begun: bool,
    /// Whether it may begin no further call.
    pub paused: bool,
    /// Steps that have begun and not ended; several in a group of steps that run at once.
    pub open: Vec<OpenStep>,
}

/// An event that may not happen where the run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal;

impl Standing {
    /// Whether the run holds one of the places of its environment.
    #[must_use]
    pub fn holds_place(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Compensating => true,
            Phase::New | Phase::Held | Phase::Queued | Phase::Parked | Phase::Ended(_) => false,
        }
    }

    /// The open step at this place of the pinned list.
    #[must_use]
    pub fn open_step(&self, index: u32) -> Option<&OpenStep> {
        self.open.iter().find(|open| open.step.index == index)
    }

    /// Whether a call is or may be under way.
    #[must_use]
    pub fn is_calling(&self) -> bool {
        self.open.iter().any(|open| open.stage == Stage::Calling)
    }

    /// Whether nothing can happen before a signal comes or its time is over.
    #[must_use]
    pub fn only_awaits_signals(&self) -> bool {
        !self.open.is_empty() && self.open.iter().all(|open| matches!(open.stage, Stage::Signal(..)))
    }

    /// Whether nothing can happen before the next attempt of a step is due.
    #[must_use]
    pub fn only_awaits_retries(&self) -> bool {
        !self.open.is_empty() && self.open.iter().all(|open| matches!(open.stage, Stage::Waiting(_)))
    }

    /// The earliest instant at which an open step goes on by itself.
    #[must_use]
    pub fn due_at(&self) -> Option<Instant> {
        let due = self.open.iter().filter_map(|open| match &open.stage {
            Stage::Waiting(due_at) => Some(*due_at),
            Stage::Signal(_, due_at) => *due_at,
            Stage::Calling | Stage::Failed => None,
        });
        due.min()
    }

    /// Moves on by `event`: the table of legal transitions. Answers the open step that it closed.
    ///
    /// # Errors
    /// [`Illegal`] when the event may not happen here; then nothing has changed.
    #[allow(clippy::too_many_lines, reason = "one table, a line or two an event")]
    pub fn apply(&mut self, event: &ExecutionEvent) -> Result<Option<OpenStep>, Illegal> {
        use ExecutionEvent as E;
        use Phase as P;
        match (self.phase, event) {
            (P::New, E::ExecutionHeld(_)) => self.enter(P::Held),
            (P::New, E::ExecutionQueued(_)) => self.enter(P::Queued),
            (P::New | P::Queued, E::ExecutionStarted(_)) if !self.begun && !self.paused => {
                self.begun = true;
                self.enter(P::Running)
            }

            (P::Running, E::StepStarted(started)) if !self.paused => {
                let (step, at) = (&started.step, started.started_at);
                self.begin(step, at, started.request.as_ref())
            }
            (P::Running, E::StepSkipped(skipped)) if self.open_step(skipped.index).is_none() => Ok(None),
            (P::Running, E::StepSucceeded(succeeded)) => self.close(&succeeded.step, |stage| {
                matches!(stage, Stage::Calling | Stage::Signal(..))
            }),
            (P::Running, E::StepFailed(failed)) => match failed.consequence {
                FailureConsequence::Retry => self.turn(&failed.step, &Stage::Calling, Stage::Failed),
                // A step whose condition or mapping fails never starts a call.
                FailureConsequence::Continue | FailureConsequence::Goto | FailureConsequence::Fail
                    if self.open_step(failed.step.index).is_none() =>
                {
                    Ok(None)
                }
                FailureConsequence::Continue | FailureConsequence::Goto | FailureConsequence::Fail => self
                    .close(&failed.step, |stage| {
                        matches!(stage, Stage::Calling | Stage::Signal(..))
                    }),
            },
            (P::Running, E::StepInDoubt(doubt)) => self.close(&doubt.step, |stage| *stage == Stage::Calling),
            (P::Running, E::StepRetryScheduled(retry)) => {
                let failed = StepAttempt {
                    attempt: retry.step.attempt.saturating_sub(1),
                    ..retry.step.clone()
                };
                let nothing = self.turn(&failed, &Stage::Failed, Stage::Waiting(retry.due_at))?;
                self.count_on(retry.step.index);
                Ok(nothing)
            }
            (P::Running, E::SignalAwaited(awaited)) => {
                let stage = Stage::Signal(awaited.signal.clone(), awaited.due_at);
                let nothing = self.turn(&awaited.step, &Stage::Calling, stage)?;
                if let Some(open) = self.open_mut(awaited.step.index) {
                    open.answer = Some(awaited.answer.clone());
                }
                Ok(nothing)
            }
            (P::Held | P::Queued | P::Running | P::Parked | P::Compensating, E::SignalReceived(_)) => Ok(None),

            (P::Held | P::Queued | P::Running | P::Parked, E::ExecutionPaused(_)) if !self.paused => {
                self.paused = true;
                Ok(None)
            }
            (P::Held | P::Queued | P::Running | P::Parked, E::ExecutionResumed(_)) if self.paused => {
                self.paused = false;
                Ok(None)
            }
            (P::Queued, E::ExecutionParked(_)) if self.paused => self.enter(P::Parked),
            (P::Running, E::ExecutionParked(_))
                if !self.is_calling() && (self.paused || self.only_awaits_signals()) =>
            {
                self.enter(P::Parked)
            }
            (P::Held | P::Parked, E::ExecutionRequeued(_)) if !self.paused => self.enter(P::Queued),
            (P::Queued, E::ExecutionContinued(_)) if self.begun && !self.paused => self.enter(P::Running),
            (P::Queued | P::Running | P::Compensating, E::ExecutionAdopted(_)) => Ok(None),
            (P::Ended(Outcome::Failed), E::ExecutionRedriven(_)) => self.enter(P::Queued),

            (P::Running, E::CompensationStarted(_)) => {
                self.open.clear();
                self.paused = false;
                self.enter(P::Compensating)
            }
            (P::Compensating, E::StepCompensationStarted(started)) => {
                let (step, at) = (&started.step, started.started_at);
                self.begin(step, at, started.request.as_ref())
            }
            (P::Compensating, E::StepCompensated(undone)) => self.close(&undone.step, |stage| *stage == Stage::Calling),
            (P::Compensating, E::StepCompensationFailed(failed)) => match failed.due_at {
                Some(due_at) => {
                    let nothing = self.turn(&failed.step, &Stage::Calling, Stage::Waiting(due_at))?;
                    self.count_on(failed.step.index);
                    Ok(nothing)
                }
                None if self.open.is_empty() => Ok(None),
                None => self.close(&failed.step, |stage| *stage == Stage::Calling),
            },

            (P::Running, E::ExecutionCompleted(_)) if self.open.is_empty() => self.end(Outcome::Completed),
            (P::Held | P::Queued | P::Running | P::Parked | P::Compensating, E::ExecutionFailed(_)) => {
                self.end(Outcome::Failed)
            }
            (P::Held | P::Queued | P::Running | P::Parked | P::Compensating, E::ExecutionCancelled(_)) => {
                self.end(Outcome::Cancelled)
            }
            _ => Err(Illegal),
        }
    }

    fn enter(&mut self, phase: Phase) -> Result<Option<OpenStep>, Illegal> {
        self.phase = phase;
        Ok(None)
    }

    fn end(&mut self, outcome: Outcome) -> Result<Option<OpenStep>, Illegal> {
        self.open.clear();
        self.paused = false;
        self.enter(Phase::Ended(outcome))
    }

    /// A first attempt brings its request and opens the step; a retry brings none and was waited for.
    fn begin(
        &mut self,
        step: &StepAttempt,
        started_at: Instant,
        request: Option<&Protected>,
    ) -> Result<Option<OpenStep>, Illegal> {
        match (request, self.open_mut(step.index)) {
            (Some(request), None) => {
                self.open.push(OpenStep {
                    step: step.clone(),
                    stage: Stage::Calling,
                    started_at,
                    first_attempt: step.attempt,
                    request: request.clone(),
                    answer: None,
                });
                Ok(None)
            }
            (None, Some(open)) if open.step == *step && matches!(open.stage, Stage::Waiting(_)) => {
                open.stage = Stage::Calling;
                Ok(None)
            }
            (Some(_), Some(_)) | (None, Some(_) | None) => Err(Illegal),
        }
    }

    /// The open step goes from one stage to another.
    fn turn(&mut self, step: &StepAttempt, from: &Stage, to: Stage) -> Result<Option<OpenStep>, Illegal> {
        match self.open_mut(step.index) {
            Some(open) if open.step == *step && open.stage == *from => {
                open.stage = to;
                Ok(None)
            }
            Some(_) | None => Err(Illegal),
        }
    }

    fn count_on(&mut self, index: u32) {
        if let Some(open) = self.open_mut(index) {
            open.step.attempt += 1;
        }
    }

    fn close(&mut self, step: &StepAttempt, may_end: impl Fn(&Stage) -> bool) -> Result<Option<OpenStep>, Illegal> {
        let place = self
            .open
            .iter()
            .position(|open| open.step == *step && may_end(&open.stage))
            .ok_or(Illegal)?;
        Ok(Some(self.open.remove(place)))
    }

    fn open_mut(&mut self, index: u32) -> Option<&mut OpenStep> {
        self.open.iter_mut().find(|open| open.step.index == index)
    }
}
