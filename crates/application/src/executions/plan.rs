//! The next moves of a run: conditions, templates, where a failure leads. Pure, apart from what is handed in.

use serde_json::{Map, Value};
use wfm_domain::{
    execution::{Execution, FailureConsequence, Move, StepAttempt, StepResult},
    ids::StepId,
    instant::Instant,
    protected::{DataKey, Protected},
};
use wfm_expressions::{RenderedRequest, Scope, StepOutcome, Steps};

use super::{
    definition::{CompiledStep, CompiledWorkflow, NULL},
    environment::{Durable, EnvironmentValues, Sending},
};

/// What became of a step, as expressions read it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    status: &'static str,
    output: Value,
    error: Value,
}

impl StepRecord {
    /// A step that succeeded.
    #[must_use]
    pub fn succeeded(output: Value) -> Self {
        Self {
            status: "Succeeded",
            output,
            error: Value::Null,
        }
    }

    /// A step that was not run.
    #[must_use]
    pub fn skipped() -> Self {
        Self {
            status: "Skipped",
            output: Value::Null,
            error: Value::Null,
        }
    }

    /// A step that failed.
    #[must_use]
    pub fn failed(kind: &str, message: &str, status_code: Option<u16>) -> Self {
        let mut error = Map::new();
        error.insert("kind".to_owned(), kind.into());
        error.insert("message".to_owned(), message.into());
        if let Some(status) = status_code {
            error.insert("statusCode".to_owned(), status.into());
        }
        Self {
            status: "Failed",
            output: Value::Null,
            error: Value::Object(error),
        }
    }
}

/// What the expressions of a run read.
pub struct RunScope {
    /// Input parameters.
    pub input: Value,
    /// `system`; its `utcNow` is the instant at which the open step began.
    pub system: Value,
    names: Vec<std::sync::Arc<str>>,
    records: Vec<Option<StepRecord>>,
}

impl Steps for RunScope {
    fn step(&self, name: &str) -> Option<StepOutcome<'_>> {
        let index = self.names.iter().position(|candidate| **candidate == *name)?;
        let record = self.records[index].as_ref()?;
        Some(StepOutcome {
            status: record.status,
            output: &record.output,
            error: &record.error,
        })
    }
}

impl RunScope {
    /// The scope of a run that has not begun.
    #[must_use]
    pub fn new(workflow: &CompiledWorkflow, execution: &str, context: Option<&str>, input: Value) -> Self {
        let mut system = Map::with_capacity(5);
        system.insert("utcNow".to_owned(), Value::Null);
        system.insert("executionId".to_owned(), execution.into());
        system.insert("workflowId".to_owned(), workflow.id.0.into());
        system.insert("workflowVersion".to_owned(), workflow.version.into());
        system.insert("executionContext".to_owned(), context.into());
        Self {
            input,
            system: Value::Object(system),
            names: workflow
                .steps
                .iter()
                .map(|step| std::sync::Arc::clone(&step.name))
                .collect(),
            records: vec![None; workflow.steps.len()],
        }
    }

    /// Fixes `system.utcNow`.
    pub fn set_now(&mut self, now: Instant) {
        if let Some(system) = self.system.as_object_mut() {
            system.insert("utcNow".to_owned(), now.to_string().into());
        }
    }

    /// Notes what became of a step.
    pub fn set(&mut self, index: usize, record: StepRecord) {
        self.records[index] = Some(record);
    }

    /// Notes the steps of a run that was read from the log.
    pub fn restore(&mut self, execution: &Execution) {
        for done in &execution.done {
            let record = match &done.result {
                StepResult::Skipped => StepRecord::skipped(),
                StepResult::Succeeded(output) => StepRecord::succeeded(open_json(output)),
                StepResult::Failed {
                    kind,
                    message,
                    status_code,
                } => StepRecord::failed(kind, message.text().unwrap_or("erased"), *status_code),
            };
            if let Some(slot) = self.records.get_mut(done.index as usize) {
                *slot = Some(record);
            }
        }
    }

    /// Index of the first step after all that are done.
    #[must_use]
    pub fn next_index(&self) -> usize {
        self.records
            .iter()
            .rposition(Option::is_some)
            .map_or(0, |last| last + 1)
    }

    /// The output of the last step that ran and has one.
    fn last_output(&self) -> Value {
        let ran = self
            .records
            .iter()
            .rev()
            .flatten()
            .find(|record| record.status == "Succeeded");
        ran.map_or(Value::Null, |record| record.output.clone())
    }

    /// What expressions may read, with secrets closed or open as `environment` gives them.
    #[must_use]
    pub fn scope<'a>(
        &'a self,
        environment: &'a dyn wfm_expressions::Environment,
        response: Option<&'a Value>,
    ) -> Scope<'a> {
        Scope {
            input: &self.input,
            env: environment,
            system: &self.system,
            steps: self,
            response,
        }
    }
}

/// The JSON value of a protected text; null when it cannot be opened any more.
#[must_use]
pub fn open_json(text: &Protected) -> Value {
    text.text()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| NULL.clone())
}

/// The moves up to the next call or the end, and the call's rendered request.
pub struct Plan {
    /// For the command.
    pub moves: Vec<Move>,
    /// The call that the last move begins, if it begins one.
    pub call: Option<(usize, RenderedRequest)>,
}

/// Plans the moves of one run.
pub struct Planner<'a> {
    /// The pinned version.
    pub workflow: &'a CompiledWorkflow,
    /// Environment values as of now.
    pub environment: &'a EnvironmentValues,
    /// What expressions read; the planner notes skipped and unprepared steps.
    pub scope: &'a mut RunScope,
    /// Key that seals the run's data.
    pub key: &'a DataKey,
}

impl Planner<'_> {
    /// The moves from step `start` on.
    #[must_use]
    pub fn from(&mut self, start: usize, now: Instant) -> Plan {
        let mut moves = Vec::with_capacity(2);
        self.scope.set_now(now);
        let workflow = self.workflow;
        let mut index = start;
        while let Some(step) = workflow.steps.get(index) {
            match self.prepare(step) {
                Ok(Some(request)) => {
                    let durable = serde_json::to_string(&request).unwrap_or_default();
                    let attempt = first_attempt(step, index);
                    moves.push(Move::Call {
                        step: attempt,
                        request: self.protect(durable),
                    });
                    return Plan {
                        moves,
                        call: Some((index, request)),
                    };
                }
                Ok(None) => {
                    self.skip(&mut moves, index, "condition");
                    index += 1;
                }
                Err((kind, message)) => {
                    self.scope.set(index, StepRecord::failed(kind, &message, None));
                    let (consequence, next) = consequence(step, index);
                    let sealed = self.protect(message.as_str());
                    moves.push(Move::FailToPrepare {
                        step: first_attempt(step, index),
                        kind,
                        message: sealed,
                        consequence,
                    });
                    match next {
                        None => {
                            moves.push(self.fail(step, &message));
                            return Plan { moves, call: None };
                        }
                        Some(next) => {
                            self.skip_between(&mut moves, index, next);
                            index = next;
                        }
                    }
                }
            }
        }
        moves.push(self.complete());
        Plan { moves, call: None }
    }

    /// The moves after step `index` failed for good with `message`; the step's own failure is recorded by the command.
    #[must_use]
    pub fn after_failure(&mut self, index: usize, message: &str, now: Instant) -> (FailureConsequence, Plan) {
        let step = &self.workflow.steps[index];
        let (consequence, next) = consequence(step, index);
        let plan = match next {
            None => Plan {
                moves: vec![self.fail(step, message)],
                call: None,
            },
            Some(next) => {
                let mut moves = Vec::new();
                self.skip_between(&mut moves, index, next);
                let rest = self.from(next, now);
                moves.extend(rest.moves);
                Plan { moves, call: rest.call }
            }
        };
        (consequence, plan)
    }

    /// The end of the run because of `step`.
    #[must_use]
    pub fn fail(&self, step: &CompiledStep, message: &str) -> Move {
        Move::Fail {
            message: self.protect(format!("step \"{}\" failed: {message}", step.name)),
            step_id: Some(step.id),
        }
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

    /// The rendered request of a step, or `None` when its condition is false.
    fn prepare(&self, step: &CompiledStep) -> Result<Option<RenderedRequest>, (&'static str, String)> {
        if let Some(condition) = &step.condition {
            let holds = condition
                .evaluate(&self.scope.scope(&Sending(self.environment), None))
                .map_err(|error| ("condition", format!("condition: {error}")))?;
            if !holds {
                return Ok(None);
            }
        }
        let durable = Durable(self.environment);
        step.request
            .render(&self.scope.scope(&durable, None))
            .map(Some)
            .map_err(|error| ("mapping", error.to_string()))
    }

    fn skip(&mut self, moves: &mut Vec<Move>, index: usize, reason: &'static str) {
        let step = &self.workflow.steps[index];
        self.scope.set(index, StepRecord::skipped());
        moves.push(skip(step.id, &step.name, index, reason));
    }

    fn skip_between(&mut self, moves: &mut Vec<Move>, failed: usize, next: usize) {
        for index in failed + 1..next {
            self.skip(moves, index, "goto");
        }
    }

    fn protect(&self, text: impl Into<std::sync::Arc<str>>) -> Protected {
        Protected::new(self.key.clone(), text)
    }
}

fn skip(step_id: StepId, name: &str, index: usize, reason: &'static str) -> Move {
    Move::Skip {
        step_id,
        name: name.to_owned(),
        index: place(index),
        reason,
    }
}

/// The first attempt of a step.
fn first_attempt(step: &CompiledStep, index: usize) -> StepAttempt {
    StepAttempt {
        step_id: step.id,
        name: step.name.to_string(),
        index: place(index),
        attempt: 1,
    }
}

fn place(index: usize) -> u32 {
    u32::try_from(index).expect("a workflow has far fewer than 2^32 steps")
}

/// What a step's failure for good leads to, and the step to go on with.
fn consequence(step: &CompiledStep, index: usize) -> (FailureConsequence, Option<usize>) {
    if let Some(target) = step.goto {
        (FailureConsequence::Goto, Some(target))
    } else if step.is_optional {
        (FailureConsequence::Continue, Some(index + 1))
    } else {
        (FailureConsequence::Fail, None)
    }
}
