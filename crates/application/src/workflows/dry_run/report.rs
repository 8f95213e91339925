//! What a dry run answers with: a fold over the events that a real run would have recorded.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    execution::{ExecutionEvent, FailureConsequence, Outcome, StepAttempt},
    instant::Instant,
    protected::Protected,
    refusal::FieldError,
    workflow::{Definition, ErrorHandling, OnError},
};

use super::shown_request::ShownRequest;
use crate::executions::{
    rehearsal::{Rehearsed, Stopped},
    scope::{IN_DOUBT, StepRecord, open_json},
};

/// The answer to `POST /workflows/{id}/test`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// `Completed`, `Failed`, or `WaitingSignal` when a step waits for ever for a signal that the request does not give.
    status: &'static str,
    /// Output of a completed run.
    #[schema(value_type = Value, required = false)]
    output_parameters: Value,
    /// Why it failed, or what it waits for.
    error_message: Option<String>,
    /// Steps in the order in which they began or were skipped.
    steps: Vec<StepReport>,
    /// Steps that were undone, or could not be, in that order.
    compensations: Vec<CompensationReport>,
    /// What publishing would refuse, each with its place; then nothing was run.
    problems: Vec<ProblemReport>,
}

/// Something wrong with the workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRunProblem)]
struct ProblemReport {
    /// JSON pointer into the workflow.
    pointer: String,
    /// What is wrong.
    detail: String,
}

/// One step.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = DryRunStep)]
#[serde(rename_all = "camelCase")]
struct StepReport {
    /// Its name.
    name: String,
    /// Its place; steps of one place run at once.
    order: i64,
    /// `called`, `skipped` or `notPrepared` (its condition or request cannot be computed).
    decision: &'static str,
    /// Why it was skipped: `condition` or `goto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether the request gives answers for it; otherwise it got status 200 and no body.
    mocked: bool,
    /// Its condition, if it has one.
    condition: Option<ConditionReport>,
    /// What it would send; null when it is not called.
    request: Option<ShownRequest>,
    /// Its attempts.
    attempts: Vec<AttemptReport>,
    /// Its output, after the output mapping.
    #[schema(value_type = Value, required = false)]
    output: Value,
    /// How it failed for good.
    error: Option<ErrorReport>,
    /// What follows: `continue`, `goto` or `fail`; null while it waits.
    next: Option<&'static str>,
    /// Where `goto` leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    goto: Option<String>,
}

/// A condition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRunCondition)]
struct ConditionReport {
    /// CEL.
    expression: String,
    /// What it yields; absent when it fails, or the step was jumped over.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<bool>,
    /// Why it cannot be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One attempt.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = DryRunAttempt)]
#[serde(rename_all = "camelCase")]
struct AttemptReport {
    /// HTTP status of the mocked answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Kind of error: `status`, `rejected`, `timeout`, `connect`, `mapping`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// `succeeded`, `failed`, `waits` (for a signal) or `inDoubt`.
    outcome: &'static str,
    /// When the next attempt follows; the longest wait that jitter allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_milliseconds: Option<i64>,
}

/// How a step failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRunError)]
struct ErrorReport {
    /// See the attempts.
    kind: String,
    /// What went wrong.
    message: String,
}

/// The undoing of a step.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = DryRunCompensation)]
#[serde(rename_all = "camelCase")]
struct CompensationReport {
    /// The step.
    name: String,
    /// Whether it was undone.
    undone: bool,
    /// Whether the request gives answers for it.
    mocked: bool,
    /// What it would send; null when that cannot be computed.
    request: Option<ShownRequest>,
    /// Its attempts.
    attempts: Vec<AttemptReport>,
}

impl DryRun {
    /// The answer about a workflow that cannot be published.
    pub(super) fn of_problems(problems: Vec<FieldError>) -> Self {
        Self {
            status: Outcome::Failed.name(),
            output_parameters: Value::Null,
            error_message: Some("the workflow cannot be published; see problems".to_owned()),
            steps: Vec::new(),
            compensations: Vec::new(),
            problems: problems
                .into_iter()
                .map(|FieldError { pointer, detail }| ProblemReport { pointer, detail })
                .collect(),
        }
    }

    /// The answer about a run that was played through.
    pub(super) fn of(
        definition: &Definition,
        rehearsed: &Rehearsed,
        mocked: &[String],
        undo_mocked: &[String],
    ) -> Self {
        let mut fold = Fold {
            definition,
            mocked,
            undo_mocked,
            steps: Vec::new(),
            places: BTreeMap::new(),
            compensations: Vec::new(),
        };
        for (at, event) in &rehearsed.events {
            fold.event(*at, event);
        }
        let (status, message) = match (&rehearsed.outcome, &rehearsed.stopped) {
            (Some(outcome), _) => (outcome.name(), None),
            (None, Some(Stopped::Waits(signals))) => {
                let detail = format!("waits for a signal that is not given: \"{}\"", signals.join("\", \""));
                ("WaitingSignal", Some(detail))
            }
            (None, Some(Stopped::TooLong) | None) => {
                let detail = "the dry run was given up: it makes more attempts or data than a dry run may";
                (Outcome::Failed.name(), Some(detail.to_owned()))
            }
        };
        let result = rehearsed.result.as_deref();
        let completed = rehearsed.outcome == Some(Outcome::Completed);
        let output = result.filter(|_| completed);
        Self {
            status,
            output_parameters: output
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
            error_message: message.or_else(|| result.filter(|_| !completed).map(str::to_owned)),
            steps: fold.steps,
            compensations: fold.compensations,
            problems: Vec::new(),
        }
    }
}

struct Fold<'a> {
    definition: &'a Definition,
    mocked: &'a [String],
    undo_mocked: &'a [String],
    steps: Vec<StepReport>,
    /// Places of the reports by place of the step.
    places: BTreeMap<u32, usize>,
    compensations: Vec<CompensationReport>,
}

impl Fold<'_> {
    fn event(&mut self, at: Instant, event: &ExecutionEvent) {
        match event {
            ExecutionEvent::StepStarted(started) => {
                if let Some(request) = &started.request {
                    let step = self.step(started.step.index, "called");
                    step.request = ShownRequest::of(request);
                }
            }
            ExecutionEvent::StepSkipped(skipped) => {
                let step = self.step(skipped.index, "skipped");
                step.reason = Some(skipped.reason.clone());
                step.next = Some("continue");
                if let Some(condition) = &mut step.condition {
                    condition.value = (skipped.reason == "condition").then_some(false);
                }
            }
            ExecutionEvent::SignalAwaited(awaited) => {
                let step = self.step(awaited.step.index, "called");
                step.attempts.push(AttemptReport {
                    status: awaited.status_code,
                    outcome: "waits",
                    ..AttemptReport::default()
                });
                step.output = open_json(&awaited.answer);
            }
            ExecutionEvent::StepSucceeded(succeeded) => {
                let step = self.step(succeeded.step.index, "called");
                // Without a status it is the signal that has come.
                if succeeded.status_code.is_some() {
                    step.attempts.push(AttemptReport {
                        status: succeeded.status_code,
                        outcome: "succeeded",
                        ..AttemptReport::default()
                    });
                }
                step.output = open_json(&succeeded.output);
                step.next = Some("continue");
            }
            ExecutionEvent::StepFailed(failed) => {
                let attempt = failed_attempt(failed.status_code, &failed.error_kind, &failed.message);
                self.failed(&failed.step, attempt, failed.consequence);
            }
            ExecutionEvent::StepRetryScheduled(retry) => {
                let step = self.step(retry.step.index, "called");
                if let Some(attempt) = step.attempts.last_mut() {
                    attempt.retry_in_milliseconds = Some(retry.due_at.microseconds_since(at) / 1000);
                }
            }
            ExecutionEvent::StepInDoubt(doubt) => {
                let record = StepRecord::in_doubt();
                let step = self.step(doubt.step.index, "called");
                step.attempts.push(AttemptReport {
                    error: Some(IN_DOUBT.to_owned()),
                    outcome: "inDoubt",
                    ..AttemptReport::default()
                });
                step.error = record.failure().map(|(kind, message)| ErrorReport {
                    kind: kind.to_owned(),
                    message: message.to_owned(),
                });
                step.next = Some("fail");
            }
            ExecutionEvent::StepCompensationStarted(started) => {
                if let Some(request) = &started.request {
                    self.compensation(&started.step).request = ShownRequest::of(request);
                }
            }
            ExecutionEvent::StepCompensated(undone) => {
                let report = self.compensation(&undone.step);
                report.undone = true;
                report.attempts.push(AttemptReport {
                    status: undone.status_code,
                    outcome: "succeeded",
                    ..AttemptReport::default()
                });
            }
            ExecutionEvent::StepCompensationFailed(failed) => {
                let retry = failed.due_at.map(|due_at| due_at.microseconds_since(at) / 1000);
                let attempt = failed_attempt(failed.status_code, &failed.error_kind, &failed.message);
                self.compensation(&failed.step).attempts.push(AttemptReport {
                    retry_in_milliseconds: retry,
                    ..attempt
                });
            }
            ExecutionEvent::ExecutionHeld(_)
            | ExecutionEvent::ExecutionQueued(_)
            | ExecutionEvent::ExecutionStarted(_)
            | ExecutionEvent::ExecutionAdopted(_)
            | ExecutionEvent::ExecutionPaused(_)
            | ExecutionEvent::ExecutionResumed(_)
            | ExecutionEvent::ExecutionParked(_)
            | ExecutionEvent::ExecutionRequeued(_)
            | ExecutionEvent::ExecutionContinued(_)
            | ExecutionEvent::ExecutionRedriven(_)
            | ExecutionEvent::SignalReceived(_)
            | ExecutionEvent::CompensationStarted(_)
            | ExecutionEvent::ExecutionCompleted(_)
            | ExecutionEvent::ExecutionFailed(_)
            | ExecutionEvent::ExecutionCancelled(_) => {}
        }
    }

    fn failed(&mut self, attempted: &StepAttempt, attempt: AttemptReport, consequence: FailureConsequence) {
        let definition = &self.definition.steps[attempted.index as usize];
        let handling = ErrorHandling::of_step(definition.error_handling.as_ref(), definition.is_optional).ok();
        let is_prepared = self.places.contains_key(&attempted.index);
        let step = self.step(attempted.index, if is_prepared { "called" } else { "notPrepared" });
        let error = ErrorReport {
            kind: attempt.error.clone().unwrap_or_default(),
            message: attempt.message.clone().unwrap_or_default(),
        };
        match (&mut step.condition, is_prepared) {
            (Some(condition), false) if error.kind == "condition" => {
                condition.value = None;
                condition.error = Some(error.message.clone());
            }
            (Some(_) | None, _) => {}
        }
        if is_prepared {
            step.attempts.push(attempt);
        }
        step.next = match consequence {
            FailureConsequence::Retry => None,
            FailureConsequence::Continue => Some("continue"),
            FailureConsequence::Goto => Some("goto"),
            FailureConsequence::Fail => Some("fail"),
        };
        if consequence == FailureConsequence::Retry {
            return;
        }
        step.output = Value::Null;
        step.error = Some(error);
        if let (FailureConsequence::Goto, Some(OnError::Goto(target))) =
            (consequence, handling.and_then(|handling| handling.on_error))
        {
            step.goto = Some(target);
        }
    }

    /// The report of the step at this place; begun with this decision.
    fn step(&mut self, index: u32, decision: &'static str) -> &mut StepReport {
        let definition = &self.definition.steps[index as usize];
        let place = *self.places.entry(index).or_insert_with(|| {
            let condition = definition.condition.clone();
            self.steps.push(StepReport {
                name: definition.name.clone(),
                order: definition.order.into(),
                decision,
                mocked: self.mocked.contains(&definition.name),
                condition: condition
                    .filter(|text| !text.trim().is_empty())
                    .map(|expression| ConditionReport {
                        expression,
                        value: Some(true),
                        error: None,
                    }),
                ..StepReport::default()
            });
            self.steps.len() - 1
        });
        &mut self.steps[place]
    }

    fn compensation(&mut self, step: &StepAttempt) -> &mut CompensationReport {
        let known = self.compensations.iter().position(|report| report.name == step.name);
        let place = known.unwrap_or_else(|| {
            self.compensations.push(CompensationReport {
                name: step.name.clone(),
                mocked: self.undo_mocked.contains(&step.name),
                ..CompensationReport::default()
            });
            self.compensations.len() - 1
        });
        &mut self.compensations[place]
    }
}

fn failed_attempt(status: Option<u16>, kind: &str, message: &Protected) -> AttemptReport {
    AttemptReport {
        status,
        error: Some(kind.to_owned()),
        message: message.text().map(str::to_owned),
        outcome: "failed",
        retry_in_milliseconds: None,
    }
}
