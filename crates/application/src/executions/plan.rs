//! The next moves of a run: conditions, templates, groups of steps that run at once, where a failure leads. Pure, apart from
//! what is handed in.
//!
//! Invariant: what comes next follows from the records of the steps alone, so that a run that was read from the log goes on
//! as one in memory does.

use std::ops::Range;

use wfm_domain::{
    execution::{Execution, FailureConsequence, Move, StepAttempt},
    ids::StepId,
    instant::Instant,
    protected::{DataKey, Protected},
};
use wfm_expressions::RenderedRequest;

use super::{
    definition::{CompiledStep, CompiledWorkflow},
    environment::{Durable, EnvironmentValues, Sending},
    scope::{IN_DOUBT, RunScope, StepRecord},
};

/// A call that a move begins.
pub struct PlannedCall {
    /// Place of the step.
    pub index: usize,
    /// What is sent, secrets unresolved.
    pub request: RenderedRequest,
}

/// The moves up to the next calls or the end, and the requests of the calls.
#[derive(Default)]
pub struct Plan {
    /// For the command.
    pub moves: Vec<Move>,
    /// The calls that the moves begin.
    pub calls: Vec<PlannedCall>,
}

/// Plans the moves of one run.
pub struct Planner<'a> {
    /// The pinned version.
    pub workflow: &'a CompiledWorkflow,
    /// Environment values as of now.
    pub environment: &'a EnvironmentValues,
    /// The run as recorded so far.
    pub execution: &'a Execution,
    /// What expressions read; the planner notes skipped and unprepared steps.
    pub scope: &'a mut RunScope,
    /// Key that seals the run's data.
    pub key: &'a DataKey,
    /// Whether no call may begin any more, because the node stops: the moves then end where one would.
    pub draining: bool,
}

/// Where a group that has ended leads.
enum Join {
    /// To the next group.
    On,
    /// To a later one.
    To(usize),
    /// To the end, because of this step.
    Fail(usize),
}

impl Planner<'_> {
    /// The moves after the step at place `ended`, on which the scope has a record already; none while other steps of its
    /// group are open.
    #[must_use]
    pub fn after(&mut self, ended: usize, now: Instant) -> Plan {
        let open = &self.execution.standing.open;
        if open.iter().any(|open| open.step.index as usize != ended) {
            return self.unless_stuck(ended);
        }
        self.proceed(ended, now)
    }

    /// While a group is not complete nothing follows, but a run whose open steps all wait for signals gives its place back.
    fn unless_stuck(&self, ended: usize) -> Plan {
        let mut others = self.execution.standing.clone();
        others.open.retain(|open| open.step.index as usize != ended);
        let parks = others.only_awaits_signals() || (others.paused && !others.is_calling());
        Plan {
            moves: parks.then_some(Move::Park).into_iter().collect(),
            calls: Vec::new(),
        }
    }

    /// The moves from the group of the step at place `from` on, when no step is open: steps that are not done begin, groups
    /// that are done lead on.
    #[must_use]
    pub fn proceed(&mut self, from: usize, now: Instant) -> Plan {
        let mut plan = Plan::default();
        if self.execution.standing.paused {
            plan.moves.push(Move::Park);
            return plan;
        }
        self.scope.set_now(now);
        let workflow = self.workflow;
        let mut group = workflow
            .steps
            .get(from)
            .map_or(workflow.groups.len(), |step| step.group);
        while let Some(range) = workflow.groups.get(group) {
            if self.draining && range.clone().any(|index| self.scope.record(index).is_none()) {
                return plan;
            }
            for index in range.clone() {
                if self.scope.record(index).is_none() {
                    self.begin(&mut plan, index);
                }
            }
            if !plan.calls.is_empty() {
                return plan;
            }
            group = match self.join(range) {
                Join::On => group + 1,
                Join::To(target) => {
                    let between = range.end..workflow.groups[target].start;
                    for index in between {
                        if self.scope.record(index).is_none() {
                            self.skip(&mut plan.moves, index, "goto");
                        }
                    }
                    target
                }
                Join::Fail(index) => {
                    self.fail_by(&mut plan, index);
                    return plan;
                }
            };
        }
        plan.moves.push(self.complete());
        plan
    }

    /// The end of the run for a reason that is no step's.
    #[must_use]
    pub fn give_up(&mut self, message: &str) -> Plan {
        let mut plan = Plan::default();
        self.fail(&mut plan, None, message);
        plan
    }

    /// The end of the run after its time ran out in the step at this place; nothing while others of its group are open.
    #[must_use]
    pub fn out_of_time(&mut self, index: usize, message: &str) -> Plan {
        let mut plan = Plan::default();
        let open = &self.execution.standing.open;
        if !open.iter().any(|open| open.step.index as usize != index) {
            let step = &self.workflow.steps[index];
            let message = format!("step \"{}\" failed: the run timed out: {message}", step.name);
            self.fail(&mut plan, Some(step.id), &message);
        }
        plan
    }

    /// What follows from the failure of the step at this place.
    #[must_use]
    pub fn consequence(&self, index: usize) -> FailureConsequence {
        let step = &self.workflow.steps[index];
        if step.goto.is_some() {
            FailureConsequence::Goto
        } else if step.is_optional {
            FailureConsequence::Continue
        } else {
            FailureConsequence::Fail
        }
    }

    /// The step at this place begins, is skipped, or cannot be prepared.
    fn begin(&mut self, plan: &mut Plan, index: usize) {
        let workflow = self.workflow;
        let step = &workflow.steps[index];
        match self.prepare(step, index) {
            Ok(Some((request, durable))) => {
                plan.moves.push(Move::Call {
                    step: self.next_attempt(step, index),
                    request: durable,
                });
                plan.calls.push(PlannedCall { index, request });
            }
            Ok(None) => self.skip(&mut plan.moves, index, "condition"),
            Err((kind, message)) => {
                self.scope.set(index, StepRecord::failed(kind, &message, None));
                plan.moves.push(Move::FailToPrepare {
                    step: self.next_attempt(step, index),
                    kind,
                    message: self.protect(message),
                    consequence: self.consequence(index),
                });
            }
        }
    }

    /// Where a group leads whose steps are all done.
    fn join(&self, range: &Range<usize>) -> Join {
        let mut target = None;
        for index in range.clone() {
            let Some((kind, _)) = self.scope.record(index).and_then(StepRecord::failure) else {
                continue;
            };
            if kind == IN_DOUBT {
                return Join::Fail(index);
            }
            match (self.consequence(index), self.workflow.steps[index].goto) {
                (FailureConsequence::Goto, Some(goto)) => target = target.or(Some(goto)),
                (FailureConsequence::Continue, _) => {}
                (FailureConsequence::Fail | FailureConsequence::Goto | FailureConsequence::Retry, _) => {
                    return Join::Fail(index);
                }
            }
        }
        target.map_or(Join::On, Join::To)
    }

    fn fail_by(&mut self, plan: &mut Plan, index: usize) {
        let step = &self.workflow.steps[index];
        let message = match self.scope.record(index).and_then(StepRecord::failure) {
            Some((_, message)) => format!("step \"{}\" failed: {message}", step.name),
            None => format!("step \"{}\" failed", step.name),
        };
        self.fail(plan, Some(step.id), &message);
    }

    /// The run fails; first, what can be undone is undone.
    fn fail(&mut self, plan: &mut Plan, step_id: Option<StepId>, message: &str) {
        let sealed = self.protect(message);
        if self.undoable(None).is_empty() {
            plan.moves.push(Move::Fail {
                message: sealed,
                step_id,
            });
            return;
        }
        plan.moves.push(Move::Compensate {
            message: sealed,
            step_id,
        });
        self.undo(plan, None, (message, step_id));
    }

    fn complete(&self) -> Move {
        let output = match &self.workflow.output {
            None => Ok(self.scope.last_output()),
            Some(template) => template
                .render(&self.scope.scope(&Durable(self.environment), None))
                .map(|rendered| rendered.value),
        };
        match output {
            Ok(output) => Move::Complete {
                output: self.protect(output.to_string()),
            },
            Err(error) => Move::Fail {
                message: self.protect(format!("the output template of the workflow: {error}")),
                step_id: None,
            },
        }
    }

    /// The request of a step and its durable form, or `None` when its condition is false.
    #[allow(clippy::type_complexity, reason = "said once")]
    fn prepare(
        &self,
        step: &CompiledStep,
        index: usize,
    ) -> Result<Option<(RenderedRequest, Protected)>, (&'static str, String)> {
        if let Some((request, durable)) = self.sent_before(index) {
            return Ok(Some((request, durable)));
        }
        if let Some(condition) = &step.condition {
            let holds = condition
                .evaluate(&self.scope.scope(&Sending(self.environment), None))
                .map_err(|error| ("condition", format!("condition: {error}")))?;
            if !holds {
                return Ok(None);
            }
        }
        let durable = Durable(self.environment);
        let request = step
            .request
            .render(&self.scope.scope(&durable, None))
            .map_err(|error| ("mapping", error.to_string()))?;
        let text = serde_json::to_string(&request).unwrap_or_default();
        let durable = self.protect(text);
        Ok(Some((request, durable)))
    }

    /// The request of a step that is sent once more as it was.
    fn sent_before(&self, index: usize) -> Option<(RenderedRequest, Protected)> {
        let request = self.execution.redo(place(index))?.request.as_ref()?;
        let rendered = serde_json::from_str(request.text()?).ok()?;
        Some((rendered, request.clone()))
    }

    fn skip(&mut self, moves: &mut Vec<Move>, index: usize, reason: &'static str) {
        let step = &self.workflow.steps[index];
        self.scope.set(index, StepRecord::skipped());
        moves.push(Move::Skip {
            step_id: step.id,
            name: step.name.to_string(),
            index: place(index),
            reason,
        });
    }

    fn next_attempt(&self, step: &CompiledStep, index: usize) -> StepAttempt {
        let attempt = self.execution.redo(place(index)).map_or(1, |redo| redo.next_attempt);
        StepAttempt {
            step_id: step.id,
            name: step.name.to_string(),
            index: place(index),
            attempt,
        }
    }

    pub(super) fn protect(&self, text: impl Into<std::sync::Arc<str>>) -> Protected {
        Protected::new(self.key.clone(), text)
    }
}

/// A place in the pinned list, as events write it.
pub(super) fn place(index: usize) -> u32 {
    u32::try_from(index).expect("a workflow has far fewer than 2^32 steps")
}
