//! Which finished steps are undone when a run fails, and how: the last one first.

use wfm_domain::{
    execution::{Move, StepAttempt, StepResult, Undoing},
    ids::StepId,
    instant::Instant,
};
use wfm_expressions::RenderedRequest;

use super::{
    environment::Durable,
    plan::{Plan, PlannedCall, Planner, place},
};

/// What became of the step that was being undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undid {
    /// Place of the step.
    pub index: usize,
    /// Whether it is undone now; otherwise it was given up.
    pub undone: bool,
}

impl Planner<'_> {
    /// The moves after an attempt to undo a step ended for good.
    #[must_use]
    pub fn after_undoing(&mut self, undid: Undid, now: Instant) -> Plan {
        self.scope.set_now(now);
        let mut plan = Plan::default();
        let (message, step_id) = self.cause();
        self.undo(&mut plan, Some(undid), (&message, step_id));
        plan
    }

    /// The moves of a run that was undoing its steps and has none open.
    #[must_use]
    pub fn go_on_undoing(&mut self, now: Instant) -> Plan {
        self.scope.set_now(now);
        let mut plan = Plan::default();
        let (message, step_id) = self.cause();
        self.undo(&mut plan, None, (&message, step_id));
        plan
    }

    fn cause(&self) -> (String, Option<StepId>) {
        match &self.execution.cause {
            Some(cause) => (cause.message.text().unwrap_or("erased").to_owned(), cause.step_id),
            None => (String::new(), None),
        }
    }

    /// Places of the finished steps that have something that undoes them and were not touched yet, the last one first.
    pub(super) fn undoable(&self, undid: Option<Undid>) -> Vec<usize> {
        let touched = |index: usize| {
            undid.is_some_and(|undid| undid.index == index)
                || self
                    .execution
                    .undone
                    .iter()
                    .any(|undo| undo.index as usize == index && undo.undoing != Undoing::Past)
        };
        // The step whose success is recorded together with these moves is the last one.
        let recorded = |index: usize| self.execution.step_done(place(index)).is_some();
        let latest = (0..self.workflow.steps.len()).filter(|index| {
            !recorded(*index) && self.scope.record(*index).is_some_and(|record| record.has_succeeded())
        });
        let done = self.execution.done.iter().rev();
        let done = done.filter(|done| matches!(done.result, StepResult::Succeeded(_)));
        latest
            .chain(done.map(|done| done.index as usize))
            .filter(|index| self.workflow.steps[*index].compensation.is_some() && !touched(*index))
            .collect()
    }

    /// Begins to undo the next step, or ends the run when there is none; what cannot be undone is named.
    pub(super) fn undo(&mut self, plan: &mut Plan, undid: Option<Undid>, (message, step_id): (&str, Option<StepId>)) {
        let workflow = self.workflow;
        let mut given_up: Vec<String> = self
            .execution
            .undone
            .iter()
            .filter(|undo| undo.undoing == Undoing::GivenUp)
            .map(|undo| undo.name.clone())
            .collect();
        if let Some(undid) = undid.filter(|undid| !undid.undone) {
            given_up.push(workflow.steps[undid.index].name.to_string());
        }
        for index in self.undoable(undid) {
            let step = StepAttempt {
                step_id: workflow.steps[index].id,
                name: workflow.steps[index].name.to_string(),
                index: place(index),
                attempt: self.execution.next_undo_attempt(place(index)),
            };
            match self.undo_request(index) {
                // Whoever takes the run over undoes the step.
                Ok(_) if self.draining => return,
                Ok(request) => {
                    let durable = serde_json::to_string(&request).unwrap_or_default();
                    plan.moves.push(Move::Undo {
                        step,
                        request: self.protect(durable),
                    });
                    plan.calls.push(PlannedCall { index, request });
                    return;
                }
                Err(problem) => {
                    given_up.push(step.name.clone());
                    plan.moves.push(Move::FailToUndo {
                        step,
                        kind: "mapping",
                        message: self.protect(problem),
                    });
                }
            }
        }
        let message = if given_up.is_empty() {
            message.to_owned()
        } else {
            format!("{message}; not compensated: \"{}\"", given_up.join("\", \""))
        };
        plan.moves.push(Move::Fail {
            message: self.protect(message),
            step_id,
        });
    }

    fn undo_request(&self, index: usize) -> Result<RenderedRequest, String> {
        let Some(compensation) = &self.workflow.steps[index].compensation else {
            return Err("the step has no compensation".to_owned());
        };
        let durable = Durable(self.environment);
        let rendered = compensation.request.render(&self.scope.scope(&durable, None));
        rendered.map_err(|error| error.to_string())
    }
}
