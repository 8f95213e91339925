//! What runs once more when a failed run is redriven.
//!
//! Invariant: a step whose call may have taken effect is sent again as it was, under the key it had; a step that failed for
//! certain, or whose effect was undone, runs as though for the first time, under a key of its own. Finished steps stay.

use serde::{Deserialize, Serialize};

use super::{Execution, ExecutionRedriven, FailureConsequence, StepDone, StepResult, Undoing};
use crate::protected::Protected;

/// A step that runs once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Redo {
    /// Place of the step.
    pub index: u32,
    /// How often it was begun afresh: part of its idempotency key.
    pub round: u32,
    /// Number of its next attempt: attempts are counted on.
    pub next_attempt: u32,
    /// What is sent again (JSON); `None` when it is rendered anew.
    pub request: Option<Protected>,
}

/// What is known of a failed step's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It has none.
    None,
    /// It may have one.
    Unknown,
}

impl Effect {
    /// What a failure of this kind tells; see [`super::StepFailed::error_kind`].
    #[must_use]
    pub fn of_failure(kind: &str) -> Self {
        match kind {
            "timeout" | "response" | "interrupted" => Self::Unknown,
            _ => Self::None,
        }
    }
}

/// Places of the steps that a redrive runs once more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// As they were.
    pub again: Vec<u32>,
    /// As though for the first time.
    pub afresh: Vec<u32>,
    /// In doubt: somebody must say what became of them.
    pub in_doubt: Vec<u32>,
}

impl Execution {
    /// What a redrive of this failed run runs once more.
    #[must_use]
    pub fn redrive_selection(&self) -> Selection {
        let mut selection = Selection::default();
        for done in &self.done {
            let undone = self
                .undone
                .iter()
                .any(|undo| undo.index == done.index && undo.undoing == Undoing::Undone);
            match &done.result {
                StepResult::Succeeded(_) if undone => selection.afresh.push(done.index),
                StepResult::InDoubt => selection.in_doubt.push(done.index),
                StepResult::Failed {
                    kind,
                    consequence: FailureConsequence::Fail,
                    ..
                } => match (Effect::of_failure(kind), &done.request) {
                    (Effect::Unknown, Some(_)) => selection.again.push(done.index),
                    (Effect::Unknown | Effect::None, _) => selection.afresh.push(done.index),
                },
                StepResult::Succeeded(_) | StepResult::Skipped | StepResult::Failed { .. } => {}
            }
        }
        selection
    }

    pub(super) fn redrive(&mut self, redriven: &ExecutionRedriven) {
        let mut kept = Vec::with_capacity(self.done.len());
        for done in std::mem::take(&mut self.done) {
            if redriven.again.contains(&done.index) {
                self.expect_again(done.index, done.attempt, done.request);
            } else if redriven.afresh.contains(&done.index) {
                self.expect_afresh(&done);
            } else if let (true, Some(output)) = (redriven.settled.contains(&done.index), &redriven.output) {
                kept.push(StepDone {
                    result: StepResult::Succeeded(output.clone()),
                    request: None,
                    ..done
                });
            } else {
                kept.push(done);
            }
        }
        self.done = kept;
        for undo in &mut self.undone {
            undo.undoing = Undoing::Past;
        }
        self.cause = None;
        self.result = None;
        // The run's time begins anew.
        self.deadline = None;
        self.parked_at = None;
    }

    /// The step runs again as it was.
    pub(super) fn expect_again(&mut self, index: u32, attempt: u32, request: Option<Protected>) {
        let round = self.redo(index).map_or(0, |redo| redo.round);
        self.expect(Redo {
            index,
            round,
            next_attempt: attempt + 1,
            request,
        });
    }

    fn expect_afresh(&mut self, done: &StepDone) {
        let round = self.redo(done.index).map_or(0, |redo| redo.round);
        // What was never sent has used no key.
        let sent = matches!(done.result, StepResult::Succeeded(_)) || done.request.is_some();
        self.expect(Redo {
            index: done.index,
            round: round + u32::from(sent),
            next_attempt: done.attempt + 1,
            request: None,
        });
    }

    fn expect(&mut self, redo: Redo) {
        match self.redo.iter_mut().find(|known| known.index == redo.index) {
            Some(known) => *known = redo,
            None => self.redo.push(redo),
        }
    }
}
