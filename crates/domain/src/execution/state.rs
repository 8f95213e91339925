//! What a run remembers of its own history: what it was asked, how its steps went, what is open.

use serde::{Deserialize, Serialize};

use super::{
    Ending, ExecutionEvent, FailureConsequence, OpenStep, Outcome, Phase, Request, Run, StepCompensated,
    StepCompensationFailed, redrive::Redo, standing::Standing,
};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    callback::Notice,
    ids::{EnvironmentId, StepId},
    instant::Instant,
    protected::Protected,
    refusal::Refusal,
};

/// How a step ended within the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum StepResult {
    /// With this output (JSON).
    Succeeded(Protected),
    /// With this kind of error and message, and the answer's status.
    Failed {
        /// See [`super::StepFailed::error_kind`].
        kind: String,
        /// What went wrong.
        message: Protected,
        /// HTTP status, if there was an answer.
        status_code: Option<u16>,
        /// What followed; never a retry.
        consequence: FailureConsequence,
    },
    /// Whether it took effect is unknown, and it must not be repeated.
    InDoubt,
    /// Not run.
    Skipped,
}

/// A step that is done, by the name it has in the pinned version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepDone {
    /// Place in the pinned version's list, from 0.
    pub index: u32,
    /// `WorkflowSteps.Id`.
    pub step_id: StepId,
    /// Name of the step.
    pub name: String,
    /// Number of its last attempt; 0 when it was skipped.
    pub attempt: u32,
    /// What it sent (JSON), unless it succeeded or was never sent.
    pub request: Option<Protected>,
    /// How it ended.
    pub result: StepResult,
}

/// Why finished steps are being undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// What went wrong.
    pub message: Protected,
    /// The step that failed, if one did.
    pub step_id: Option<StepId>,
}

/// How undoing a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Undoing {
    /// Done.
    Undone,
    /// Given up: what the step did still stands.
    GivenUp,
    /// Of an earlier round: the run was redriven since.
    Past,
}

/// A step that was undone, or could not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// Place of the step.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Number of the last attempt.
    pub attempt: u32,
    /// How it went.
    pub undoing: Undoing,
}

/// A signal that no step has taken yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// What it brings (JSON).
    pub payload: Protected,
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Where it stands.
    pub standing: Standing,
    /// What every event says of it.
    pub run: Run,
    /// What it was asked to do.
    pub request: Option<Request>,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it times out as a whole; stands still while the run is parked.
    pub deadline: Option<Instant>,
    /// When it gave its place back, until it continues.
    pub parked_at: Option<Instant>,
    /// How often somebody began to drive it: a driver that finds another number has been replaced.
    pub tenure: u32,
    /// Steps done so far, in the order in which they ended; failed attempts that are retried are not among them.
    pub done: Vec<StepDone>,
    /// Steps that run once more after a redrive, or ran.
    pub redo: Vec<Redo>,
    /// Signals that wait for a step.
    pub signals: Vec<Signal>,
    /// Why finished steps are being undone; once that has begun.
    pub cause: Option<Cause>,
    /// Steps undone, or not to be undone.
    pub undone: Vec<Undo>,
    /// Attempts after the first, over all steps.
    pub retry_count: u32,
    /// How often it has ended: once, and once more after each redrive.
    #[serde(default)]
    pub endings: u32,
    /// Output (JSON) of a completed run, message of a failed one, reason of a cancelled one; once it has ended.
    pub result: Option<std::sync::Arc<str>>,
}

impl Execution {
    /// Whether the run has ended.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.standing.phase {
            Phase::Ended(outcome) => Some(outcome),
            Phase::New | Phase::Held | Phase::Queued | Phase::Running | Phase::Parked | Phase::Compensating => None,
        }
    }

    /// Scope of the places that an environment's runs compete for.
    #[must_use]
    pub fn slots(environment: EnvironmentId) -> String {
        format!("environment/{environment}/running")
    }

    /// The claims that name whom this end of a run is to be told to, in order of time.
    #[must_use]
    pub fn notices(request: &Request, run: &Run, ending: u32, outcome: Outcome, ended_at: Instant) -> Vec<Claim> {
        let told = (0_u32..)
            .zip(&request.callbacks)
            .filter(|(_, on)| on.contains(&outcome));
        told.map(|(index, _)| {
            let notice = Notice {
                execution_id: run.id.clone(),
                workflow_id: run.workflow_id,
                ending,
                index,
            };
            notice.claim(ended_at)
        })
        .collect()
    }

    /// The same for the end that comes now. A run that never began has no better instant than the first of all.
    fn notices_of(&self, outcome: Outcome, ending: &Ending) -> Vec<Claim> {
        let Some(request) = &self.request else {
            return Vec::new();
        };
        let ended_at = self
            .started_at
            .map_or(Instant::EPOCH, |at| at.plus_duration_ms(ending.duration_ms));
        Self::notices(request, &self.run, self.endings + 1, outcome, ended_at)
    }

    fn slot(&self) -> Option<Claim> {
        let request = self.request.as_ref()?;
        Some(Claim::new(Self::slots(request.environment_id), self.run.id.0.clone()))
    }

    fn slot_held(&self) -> Option<Claim> {
        self.slot().filter(|_| self.standing.holds_place())
    }

    /// How a step ended, if it has.
    #[must_use]
    pub fn step_done(&self, index: u32) -> Option<&StepDone> {
        self.done.iter().find(|done| done.index == index)
    }

    /// How the step at this place is to run once more, if it is.
    #[must_use]
    pub fn redo(&self, index: u32) -> Option<&Redo> {
        self.redo.iter().find(|redo| redo.index == index)
    }

    /// The oldest signal of this name that no step has taken.
    #[must_use]
    pub fn signal(&self, name: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.name == name)
    }

    /// Number of the next attempt to undo the step at this place, from 1.
    #[must_use]
    pub fn next_undo_attempt(&self, index: u32) -> u32 {
        let attempts = self.undone.iter().filter(|undo| undo.index == index);
        attempts.map(|undo| undo.attempt).max().unwrap_or(0) + 1
    }

    fn finish(&mut self, closed: Option<OpenStep>, of: (u32, StepId, &str), attempt: u32, result: StepResult) {
        let (index, step_id, name) = of;
        let keeps_request = !matches!(result, StepResult::Succeeded(_) | StepResult::Skipped);
        if let Some(open) = &closed
            && let super::Stage::Signal(signal, _) = &open.stage
            && let Some(place) = self.signals.iter().position(|candidate| candidate.name == *signal)
            && matches!(result, StepResult::Succeeded(_))
        {
            self.signals.remove(place);
        }
        self.done.push(StepDone {
            index,
            step_id,
            name: name.to_owned(),
            attempt,
            request: closed.map(|open| open.request).filter(|_| keeps_request),
            result,
        });
    }

    fn undo(&mut self, index: u32, name: &str, attempt: u32, undoing: Undoing) {
        self.undone.push(Undo {
            index,
            name: name.to_owned(),
            attempt,
            undoing,
        });
    }

    /// Steps that were open when the run ended: they are not done, and whether their calls took effect is unknown.
    fn interrupt(&mut self, open: Vec<OpenStep>) {
        for open in open {
            self.expect_again(open.step.index, open.step.attempt, Some(open.request));
        }
    }
}

impl Decide for Execution {
    type Command = super::ExecutionCommand;
    type Event = ExecutionEvent;

    fn decide(&self, command: Self::Command) -> Result<Vec<ExecutionEvent>, Refusal> {
        super::decide::decide(self, command)
    }

    #[allow(clippy::too_many_lines, reason = "one arm an event; each is short")]
    fn evolve(&mut self, event: &ExecutionEvent) {
        let gives_up = matches!(event, ExecutionEvent::CompensationStarted(_))
            || (matches!(event, ExecutionEvent::ExecutionFailed(_)) && self.standing.phase == Phase::Running);
        let interrupted = if gives_up {
            self.standing.open.clone()
        } else {
            Vec::new()
        };
        // What stands in the log has happened: an event that this table does not know changes nothing of where the run stands.
        let closed = self.standing.apply(event).unwrap_or_default();
        self.interrupt(interrupted);
        match event {
            ExecutionEvent::ExecutionQueued(queued) => {
                self.run = queued.run.clone();
                self.request = Some(queued.request.clone());
            }
            ExecutionEvent::ExecutionHeld(held) => {
                self.run = held.run.clone();
                self.request = Some(held.request.clone());
            }
            ExecutionEvent::ExecutionStarted(started) => {
                self.run = started.run.clone();
                if let Some(request) = &started.request {
                    self.request = Some(request.clone());
                }
                self.started_at = Some(started.started_at);
                self.deadline = Some(started.deadline);
                self.parked_at = None;
                self.tenure += 1;
            }
            ExecutionEvent::ExecutionContinued(continued) => {
                self.deadline = Some(continued.deadline);
                self.parked_at = None;
                self.tenure += 1;
            }
            ExecutionEvent::ExecutionAdopted(_) => self.tenure += 1,
            ExecutionEvent::ExecutionParked(parked) => self.parked_at = Some(parked.parked_at),
            ExecutionEvent::ExecutionRedriven(redriven) => self.redrive(redriven),
            ExecutionEvent::StepStarted(started) => {
                if started.request.is_none() {
                    self.retry_count += 1;
                }
            }
            ExecutionEvent::StepSucceeded(succeeded) => {
                let step = &succeeded.step;
                let result = StepResult::Succeeded(succeeded.output.clone());
                self.finish(closed, (step.index, step.step_id, &step.name), step.attempt, result);
            }
            ExecutionEvent::StepFailed(failed) => {
                if failed.consequence != FailureConsequence::Retry {
                    let step = &failed.step;
                    let result = StepResult::Failed {
                        kind: failed.error_kind.clone(),
                        message: failed.message.clone(),
                        status_code: failed.status_code,
                        consequence: failed.consequence,
                    };
                    self.finish(closed, (step.index, step.step_id, &step.name), step.attempt, result);
                }
            }
            ExecutionEvent::StepInDoubt(doubt) => {
                let step = &doubt.step;
                let of = (step.index, step.step_id, step.name.as_str());
                self.finish(closed, of, step.attempt, StepResult::InDoubt);
            }
            ExecutionEvent::StepSkipped(skipped) => {
                let of = (skipped.index, skipped.step_id, skipped.name.as_str());
                self.finish(None, of, 0, StepResult::Skipped);
            }
            ExecutionEvent::SignalReceived(received) => self.signals.push(Signal {
                name: received.signal.clone(),
                payload: received.payload.clone(),
            }),
            ExecutionEvent::CompensationStarted(started) => {
                self.cause = Some(Cause {
                    message: started.message.clone(),
                    step_id: started.step_id,
                });
            }
            ExecutionEvent::StepCompensated(StepCompensated { step, .. }) => {
                self.undo(step.index, &step.name, step.attempt, Undoing::Undone);
            }
            ExecutionEvent::StepCompensationFailed(StepCompensationFailed { step, due_at: None, .. }) => {
                self.undo(step.index, &step.name, step.attempt, Undoing::GivenUp);
            }
            ExecutionEvent::ExecutionCompleted(completed) => {
                self.endings += 1;
                self.result = completed.output.shared().cloned();
            }
            ExecutionEvent::ExecutionFailed(failed) => {
                self.endings += 1;
                self.result = failed.message.shared().cloned();
            }
            ExecutionEvent::ExecutionCancelled(cancelled) => {
                self.endings += 1;
                self.result = cancelled.reason.as_ref().and_then(Protected::shared).cloned();
            }
            ExecutionEvent::StepRetryScheduled(_)
            | ExecutionEvent::ExecutionPaused(_)
            | ExecutionEvent::ExecutionResumed(_)
            | ExecutionEvent::ExecutionRequeued(_)
            | ExecutionEvent::SignalAwaited(_)
            | ExecutionEvent::StepCompensationStarted(_)
            | ExecutionEvent::StepCompensationFailed(_) => {}
        }
    }

    fn claims(&self, event: &ExecutionEvent) -> ClaimChanges {
        let mut changes = ClaimChanges::default();
        match event {
            // The limit of the scope is the environment's setting at that moment: the application adds it.
            ExecutionEvent::ExecutionStarted(started) => {
                let request = started.request.as_ref().or(self.request.as_ref());
                let scope = request.map(|request| Self::slots(request.environment_id));
                changes
                    .take
                    .extend(scope.map(|scope| Claim::new(scope, started.run.id.0.clone())));
            }
            ExecutionEvent::ExecutionContinued(_) => changes.take.extend(self.slot()),
            ExecutionEvent::ExecutionParked(_) => changes.release.extend(self.slot_held()),
            ExecutionEvent::ExecutionCompleted(completed) => {
                changes.release.extend(self.slot_held());
                changes.take = self.notices_of(Outcome::Completed, &completed.ending);
            }
            ExecutionEvent::ExecutionFailed(failed) => {
                changes.release.extend(self.slot_held());
                changes.take = self.notices_of(Outcome::Failed, &failed.ending);
            }
            ExecutionEvent::ExecutionCancelled(cancelled) => {
                changes.release.extend(self.slot_held());
                changes.take = self.notices_of(Outcome::Cancelled, &cancelled.ending);
            }
            ExecutionEvent::ExecutionHeld(_)
            | ExecutionEvent::ExecutionQueued(_)
            | ExecutionEvent::ExecutionRequeued(_)
            | ExecutionEvent::ExecutionAdopted(_)
            | ExecutionEvent::ExecutionPaused(_)
            | ExecutionEvent::ExecutionResumed(_)
            | ExecutionEvent::ExecutionRedriven(_)
            | ExecutionEvent::StepStarted(_)
            | ExecutionEvent::StepSucceeded(_)
            | ExecutionEvent::StepFailed(_)
            | ExecutionEvent::StepRetryScheduled(_)
            | ExecutionEvent::StepSkipped(_)
            | ExecutionEvent::StepInDoubt(_)
            | ExecutionEvent::SignalAwaited(_)
            | ExecutionEvent::SignalReceived(_)
            | ExecutionEvent::CompensationStarted(_)
            | ExecutionEvent::StepCompensationStarted(_)
            | ExecutionEvent::StepCompensated(_)
            | ExecutionEvent::StepCompensationFailed(_) => {}
        }
        changes
    }
}

crate::cqrs_aggregate!(Execution, "execution");
