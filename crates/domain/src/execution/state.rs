//! Where a run stands, and the one table of its legal transitions.

use serde::{Deserialize, Serialize};

use super::{ExecutionEvent, FailureConsequence, Request, Run, StepAttempt};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    instant::Instant,
    protected::Protected,
    refusal::Refusal,
};

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

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing happened yet.
    #[default]
    New,
    /// Waits for a place.
    Queued,
    /// Runs, between two steps.
    Between,
    /// An attempt is or may be under way.
    Calling(StepAttempt),
    /// An attempt failed and another follows.
    Failed(StepAttempt),
    /// The next attempt waits until an instant.
    Waiting(StepAttempt, Instant),
    /// Ended.
    Ended(Outcome),
}

impl Phase {
    /// The phase after `event`, or `None` when the event may not happen in this phase: the table of legal transitions.
    ///
    /// Later capabilities (pause, signals, approvals, compensation) add rows here and nowhere else.
    #[must_use]
    pub fn after(&self, event: &ExecutionEvent) -> Option<Self> {
        use ExecutionEvent as E;
        use Phase as P;
        match (self, event) {
            (P::New, E::ExecutionQueued(_)) => Some(P::Queued),
            (P::New | P::Queued, E::ExecutionStarted(_)) => Some(P::Between),

            (P::Between, E::StepStarted(started)) if started.step.attempt == 1 => {
                Some(P::Calling(started.step.clone()))
            }
            (P::Between, E::StepSkipped(_)) => Some(P::Between),
            // A step whose condition or mapping fails never starts a call.
            (P::Between, E::StepFailed(failed)) if failed.consequence != FailureConsequence::Retry => Some(P::Between),

            (P::Calling(step), E::StepSucceeded(succeeded)) if *step == succeeded.step => Some(P::Between),
            (P::Calling(step), E::StepFailed(failed)) if *step == failed.step => Some(match failed.consequence {
                FailureConsequence::Retry => P::Failed(step.clone()),
                FailureConsequence::Continue | FailureConsequence::Goto | FailureConsequence::Fail => P::Between,
            }),
            (P::Calling(step), E::StepInDoubt(doubt)) if *step == doubt.step => Some(P::Between),

            (P::Failed(step), E::StepRetryScheduled(retry))
                if retry.step.step_id == step.step_id && retry.step.attempt == step.attempt + 1 =>
            {
                Some(P::Waiting(retry.step.clone(), retry.due_at))
            }
            (P::Waiting(step, _), E::StepStarted(started)) if *step == started.step => Some(P::Calling(step.clone())),

            (P::Queued | P::Between | P::Calling(_) | P::Waiting(..), E::ExecutionAdopted(_)) => Some(self.clone()),

            (P::Between, E::ExecutionCompleted(_)) => Some(P::Ended(Outcome::Completed)),
            (P::Queued | P::Between | P::Calling(_) | P::Waiting(..), E::ExecutionFailed(_)) => {
                Some(P::Ended(Outcome::Failed))
            }
            (P::Queued | P::Between | P::Calling(_) | P::Waiting(..), E::ExecutionCancelled(_)) => {
                Some(P::Ended(Outcome::Cancelled))
            }
            _ => None,
        }
    }
}

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
    },
    /// Not run.
    Skipped,
}

/// A step that is done, by the name it has in the pinned version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepDone {
    /// Place in the pinned version's list, from 0.
    pub index: u32,
    /// Name of the step.
    pub name: String,
    /// How it ended.
    pub result: StepResult,
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Where it stands.
    pub phase: Phase,
    /// What every event says of it.
    pub run: Run,
    /// What it was asked to do.
    pub request: Option<Request>,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it times out as a whole.
    pub deadline: Option<Instant>,
    /// Steps done so far, in the order in which they ended; failed attempts that are retried are not among them.
    pub done: Vec<StepDone>,
    /// When the first attempt of the open step began.
    pub step_started_at: Option<Instant>,
    /// Rendered request of the open step.
    pub step_request: Option<Protected>,
    /// Attempts after the first, over all steps.
    pub retry_count: u32,
    /// Output (JSON) of a completed run, message of a failed one, reason of a cancelled one; once it has ended.
    pub result: Option<std::sync::Arc<str>>,
}

impl Execution {
    /// Whether the run has ended.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Ended(outcome) => Some(outcome),
            Phase::New | Phase::Queued | Phase::Between | Phase::Calling(_) | Phase::Failed(_) | Phase::Waiting(..) => {
                None
            }
        }
    }

    /// The scope whose claims are the places of an environment's running executions.
    #[must_use]
    pub fn slots(environment: crate::ids::EnvironmentId) -> String {
        format!("environment/{environment}/running")
    }

    fn slot(&self) -> Option<Claim> {
        let request = self.request.as_ref()?;
        Some(Claim::new(Self::slots(request.environment_id), self.run.id.0.clone()))
    }

    fn finish_step(&mut self, index: u32, name: &str, result: StepResult) {
        self.done.push(StepDone {
            index,
            name: name.to_owned(),
            result,
        });
        self.step_request = None;
        self.step_started_at = None;
    }
}

impl Decide for Execution {
    type Command = super::ExecutionCommand;
    type Event = ExecutionEvent;

    fn decide(&self, command: Self::Command) -> Result<Vec<ExecutionEvent>, Refusal> {
        super::command::decide(self, command)
    }

    fn evolve(&mut self, event: &ExecutionEvent) {
        if let Some(phase) = self.phase.after(event) {
            self.phase = phase;
        }
        match event {
            ExecutionEvent::ExecutionQueued(queued) => {
                self.run = queued.run.clone();
                self.request = Some(queued.request.clone());
            }
            ExecutionEvent::ExecutionStarted(started) => {
                self.run = started.run.clone();
                if let Some(request) = &started.request {
                    self.request = Some(request.clone());
                }
                self.started_at = Some(started.started_at);
                self.deadline = Some(started.deadline);
            }
            ExecutionEvent::StepStarted(started) => {
                if started.step.attempt == 1 {
                    self.step_started_at = Some(started.started_at);
                } else {
                    self.retry_count += 1;
                }
                if let Some(request) = &started.request {
                    self.step_request = Some(request.clone());
                }
            }
            ExecutionEvent::StepSucceeded(succeeded) => {
                let result = StepResult::Succeeded(succeeded.output.clone());
                self.finish_step(succeeded.step.index, &succeeded.step.name, result);
            }
            ExecutionEvent::StepFailed(failed) => {
                if failed.consequence != FailureConsequence::Retry {
                    let result = StepResult::Failed {
                        kind: failed.error_kind.clone(),
                        message: failed.message.clone(),
                        status_code: failed.status_code,
                    };
                    self.finish_step(failed.step.index, &failed.step.name, result);
                }
            }
            ExecutionEvent::StepSkipped(skipped) => self.finish_step(skipped.index, &skipped.name, StepResult::Skipped),
            ExecutionEvent::ExecutionCompleted(completed) => self.result = completed.output.shared().cloned(),
            ExecutionEvent::ExecutionFailed(failed) => self.result = failed.message.shared().cloned(),
            ExecutionEvent::ExecutionCancelled(cancelled) => {
                self.result = cancelled.reason.as_ref().and_then(Protected::shared).cloned();
            }
            ExecutionEvent::ExecutionAdopted(_)
            | ExecutionEvent::StepRetryScheduled(_)
            | ExecutionEvent::StepInDoubt(_) => {}
        }
    }

    fn claims(&self, event: &ExecutionEvent) -> ClaimChanges {
        match event {
            // The limit of the scope is the environment's setting at that moment: the application adds it.
            ExecutionEvent::ExecutionStarted(started) => {
                let environment = started
                    .request
                    .as_ref()
                    .or(self.request.as_ref())
                    .map(|request| request.environment_id);
                let take = environment
                    .map(|environment| Claim::new(Self::slots(environment), started.run.id.0.clone()))
                    .into_iter()
                    .collect();
                ClaimChanges {
                    take,
                    ..ClaimChanges::default()
                }
            }
            ExecutionEvent::ExecutionCompleted(_)
            | ExecutionEvent::ExecutionFailed(_)
            | ExecutionEvent::ExecutionCancelled(_) => {
                let held = self.started_at.and_then(|_| self.slot());
                ClaimChanges {
                    release: held.into_iter().collect(),
                    ..ClaimChanges::default()
                }
            }
            ExecutionEvent::ExecutionQueued(_)
            | ExecutionEvent::ExecutionAdopted(_)
            | ExecutionEvent::StepStarted(_)
            | ExecutionEvent::StepSucceeded(_)
            | ExecutionEvent::StepFailed(_)
            | ExecutionEvent::StepRetryScheduled(_)
            | ExecutionEvent::StepSkipped(_)
            | ExecutionEvent::StepInDoubt(_) => ClaimChanges::default(),
        }
    }
}

crate::cqrs_aggregate!(Execution, "execution");
