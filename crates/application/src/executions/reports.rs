//! What became of a call, and what follows: success, a wait for a signal, a retry, a failure, a doubt.
//!
//! Invariant: an outcome is recorded together with the moves that follow from it, in one append.

use std::sync::Arc;

use wfm_domain::{
    execution::{
        Ask, AwaitSignal, Effect, FailureConsequence, Move, Phase, RecordFailure, RecordSuccess, RecordUndoFailure,
        RecordUndone, ReportInDoubt, Stage, StepAttempt,
    },
    instant::Instant,
    protected::Protected,
    workflow::{RetryOn, RetryPolicy},
};

use super::{
    environment::EnvironmentValues,
    live::{CallId, FollowUp, LiveRun},
    outcome::{Answer, CallFailure, Failure, Success, judge, judge_status},
    plan::Plan,
    runs::Runs,
    scope::StepRecord,
    undo::Undid,
};
use crate::error::ApplicationError;

/// Longest wait before a retry, whatever an answer's `Retry-After` says.
const LONGEST_RETRY_WAIT_MS: i64 = 24 * 60 * 60 * 1000;

impl Runs {
    /// Records the outcome of an open call and what follows from it; nothing when the call is not open any more.
    ///
    /// # Errors
    /// When the store fails; [`ApplicationError::Contended`] when somebody else changed the run.
    pub async fn report(
        &self,
        live: &mut LiveRun,
        id: CallId,
        answer: &Result<Answer, CallFailure>,
        duration_ms: f64,
        secrets: &[String],
    ) -> Result<(), ApplicationError> {
        let open = live
            .open_steps()
            .iter()
            .find(|open| (open.step.index, open.step.attempt) == id && open.stage == Stage::Calling);
        let Some(step) = open.map(|open| open.step.clone()) else {
            return Ok(());
        };
        let now = self.store.now();
        let environment = self.environment(live).await?;
        let report = Report {
            step,
            duration_ms,
            now,
            environment: &environment,
            fraction: &|| self.store.entropy.fraction(),
        };
        live.draining = self.is_draining();
        let FollowUp { ask, calls } = live.outcome(report, answer, secrets);
        self.advance(live, ask, calls, now).await
    }

    /// Nobody knows whether the call took effect, and it must not be sent again.
    pub(super) async fn report_in_doubt(
        &self,
        live: &mut LiveRun,
        step: StepAttempt,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let environment = self.environment(live).await?;
        let FollowUp { ask, calls } = live.doubt(&environment, step, now);
        self.advance(live, ask, calls, now).await
    }
}

impl LiveRun {
    /// What follows from the outcome of an open call.
    pub(super) fn outcome(
        &mut self,
        report: Report<'_>,
        answer: &Result<Answer, CallFailure>,
        secrets: &[String],
    ) -> FollowUp {
        let (now, environment) = (report.now, report.environment);
        let workflow = Arc::clone(&self.workflow);
        let step = &workflow.steps[report.step.index as usize];
        if self.loaded.aggregate.standing.phase == Phase::Compensating {
            let judged = match answer {
                Ok(answer) => judge_status(step, answer, secrets, now),
                Err(failure) => Err(failure.clone().into()),
            };
            return self.undoing(report, judged);
        }
        let judged = match answer {
            Ok(answer) => judge(step, &self.scope, environment, answer, secrets, now),
            Err(failure) => Err(failure.clone().into()),
        };
        match judged {
            Ok(success) => self.success(report, success),
            Err(failure) => self.failure(report, failure),
        }
    }

    fn success(&mut self, report: Report<'_>, success: Success) -> FollowUp {
        let Report {
            step,
            duration_ms,
            now,
            environment,
            fraction: _,
        } = report;
        let index = step.index as usize;
        let output = Protected::new(self.key.clone(), success.text);
        let status_code = Some(success.status);
        let workflow = Arc::clone(&self.workflow);
        if let Some(wait) = &workflow.steps[index].handling.wait_for_signal {
            let seconds = wait.timeout_seconds.map(|seconds| i64::from(seconds) * 1000);
            let execution = &self.loaded.aggregate;
            let idle = |open: &wfm_domain::execution::OpenStep| {
                open.step.index == step.index || matches!(open.stage, Stage::Signal(..))
            };
            let parks = execution.standing.open.iter().all(idle)
                && execution.standing.open.iter().all(|open| match &open.stage {
                    Stage::Signal(name, _) => execution.signal(name).is_none(),
                    Stage::Calling | Stage::Failed | Stage::Waiting(_) => true,
                })
                && execution.signal(&wait.name).is_none();
            let ask = Ask::AwaitSignal(AwaitSignal {
                step,
                signal: wait.name.clone(),
                due_at: seconds.map(|milliseconds| now.plus_milliseconds(milliseconds)),
                answer: output,
                status_code,
                duration_ms,
                moves: parks.then_some(Move::Park).into_iter().collect(),
            });
            return FollowUp { ask, calls: Vec::new() };
        }
        self.scope.set(index, StepRecord::succeeded(success.output));
        let plan = self.planner(environment).after(index, now);
        let ask = Ask::RecordSuccess(RecordSuccess {
            step,
            output,
            status_code,
            duration_ms,
            moves: plan.moves,
        });
        FollowUp { ask, calls: plan.calls }
    }

    fn failure(&mut self, report: Report<'_>, failure: Failure) -> FollowUp {
        let Report {
            step,
            duration_ms,
            now,
            environment,
            fraction,
        } = report;
        let index = step.index as usize;
        let workflow = Arc::clone(&self.workflow);
        let compiled = &workflow.steps[index];
        let in_doubt = !compiled.handling.repeatable && Effect::of_failure(failure.kind) == Effect::Unknown;
        if in_doubt {
            return self.doubt(environment, step, now);
        }
        let over = self.deadline().is_some_and(|deadline| now >= deadline);
        let retry = !over
            && self.attempts_made(&step) < compiled.attempts.most
            && self.has_retry_budget()
            && retries(&compiled.handling.retry, &failure);
        let (consequence, retry_at, plan) = if retry {
            let retry_at = self.retry_at(&step, &failure, fraction, now);
            (FailureConsequence::Retry, Some(retry_at), Plan::default())
        } else {
            let record = StepRecord::failed(failure.kind, &failure.message, failure.status);
            self.scope.set(index, record);
            let mut planner = self.planner(environment);
            if over {
                // However the step handles its failures, the run's time is over.
                let plan = planner.out_of_time(index, &failure.message);
                (FailureConsequence::Fail, None, plan)
            } else {
                (planner.consequence(index), None, planner.after(index, now))
            }
        };
        let ask = Ask::RecordFailure(RecordFailure {
            step,
            kind: failure.kind.to_owned(),
            message: Protected::new(self.key.clone(), failure.message),
            status_code: failure.status,
            duration_ms,
            consequence,
            retry_at,
            moves: plan.moves,
        });
        FollowUp { ask, calls: plan.calls }
    }

    /// What follows when nobody knows whether the call took effect, and it must not be sent again.
    fn doubt(&mut self, environment: &EnvironmentValues, step: StepAttempt, now: Instant) -> FollowUp {
        let index = step.index as usize;
        self.scope.set(index, StepRecord::in_doubt());
        let Plan { moves, calls } = self.planner(environment).after(index, now);
        let ask = Ask::ReportInDoubt(ReportInDoubt { step, moves });
        FollowUp { ask, calls }
    }

    fn undoing(&mut self, report: Report<'_>, judged: Result<u16, Failure>) -> FollowUp {
        let Report {
            step,
            duration_ms,
            now,
            environment,
            fraction,
        } = report;
        let index = step.index as usize;
        let undid = |undone| Undid { index, undone };
        match judged {
            Ok(status) => {
                let plan = self.planner(environment).after_undoing(undid(true), now);
                let ask = Ask::RecordUndone(RecordUndone {
                    step,
                    status_code: Some(status),
                    duration_ms,
                    moves: plan.moves,
                });
                FollowUp { ask, calls: plan.calls }
            }
            Err(failure) => {
                let retry =
                    self.attempts_made(&step) < self.attempts(index).most && retries(&RetryPolicy::default(), &failure);
                let (retry_at, plan) = if retry {
                    (Some(self.retry_at(&step, &failure, fraction, now)), Plan::default())
                } else {
                    (None, self.planner(environment).after_undoing(undid(false), now))
                };
                let ask = Ask::RecordUndoFailure(RecordUndoFailure {
                    step,
                    kind: failure.kind.to_owned(),
                    message: Protected::new(self.key.clone(), failure.message),
                    status_code: failure.status,
                    duration_ms,
                    retry_at,
                    moves: plan.moves,
                });
                FollowUp { ask, calls: plan.calls }
            }
        }
    }

    /// When the next attempt is due.
    fn retry_at(
        &self,
        step: &StepAttempt,
        failure: &Failure,
        fraction: &(dyn Fn() -> f64 + Sync),
        now: Instant,
    ) -> Instant {
        let index = step.index as usize;
        let undoing = self.loaded.aggregate.standing.phase == Phase::Compensating;
        let usual = RetryPolicy::default();
        let policy = if undoing {
            &usual
        } else {
            &self.workflow.steps[index].handling.retry
        };
        let made = self.attempts_made(step);
        let delay = policy.delay_milliseconds(self.attempts(index).retry_delay_seconds, made, fraction());
        let delay = i64::try_from(delay)
            .unwrap_or(LONGEST_RETRY_WAIT_MS)
            .max(failure.retry_after_ms.unwrap_or(0))
            .min(LONGEST_RETRY_WAIT_MS);
        now.plus_milliseconds(delay)
    }

    /// What follows when a step's signal is there or its time is over; `None` when there is no such step.
    pub(super) fn settled_signal(&mut self, environment: &EnvironmentValues, now: Instant) -> Option<FollowUp> {
        let execution = &self.loaded.aggregate;
        let settled = execution.standing.open.iter().find_map(|open| match &open.stage {
            Stage::Signal(name, due_at) => match execution.signal(name) {
                Some(signal) => Some((open.clone(), Ok(signal.payload.clone()))),
                None if due_at.is_some_and(|due_at| due_at <= now) => Some((open.clone(), Err(name.clone()))),
                None => None,
            },
            Stage::Calling | Stage::Failed | Stage::Waiting(_) => None,
        });
        let (open, signal) = settled?;
        let index = open.step.index as usize;
        match signal {
            Ok(payload) => {
                let json = |text: Option<&Protected>| text.and_then(Protected::text).unwrap_or("null").to_owned();
                let text = format!(
                    "{{\"response\":{},\"signal\":{}}}",
                    json(open.answer.as_ref()),
                    json(Some(&payload))
                );
                let output = serde_json::from_str(&text).unwrap_or_default();
                self.scope.set(index, StepRecord::succeeded(output));
                let plan = self.planner(environment).after(index, now);
                let ask = Ask::RecordSuccess(RecordSuccess {
                    step: open.step,
                    output: Protected::new(self.key.clone(), text),
                    status_code: None,
                    duration_ms: now.milliseconds_since(open.started_at),
                    moves: plan.moves,
                });
                Some(FollowUp { ask, calls: plan.calls })
            }
            Err(name) => {
                let message = format!("the signal \"{name}\" did not come in time");
                self.scope
                    .set(index, StepRecord::failed(SIGNAL_TIMEOUT, &message, None));
                let mut planner = self.planner(environment);
                let consequence = planner.consequence(index);
                let plan = planner.after(index, now);
                let ask = Ask::RecordFailure(RecordFailure {
                    duration_ms: now.milliseconds_since(open.started_at),
                    step: open.step,
                    kind: SIGNAL_TIMEOUT.to_owned(),
                    message: Protected::new(self.key.clone(), message),
                    status_code: None,
                    consequence,
                    retry_at: None,
                    moves: plan.moves,
                });
                Some(FollowUp { ask, calls: plan.calls })
            }
        }
    }
}

/// Kind of error of a step whose signal did not come.
const SIGNAL_TIMEOUT: &str = "signal-timeout";

/// One outcome on its way into the log.
pub(super) struct Report<'a> {
    /// The attempt.
    pub step: StepAttempt,
    /// Milliseconds that it took.
    pub duration_ms: f64,
    /// When it ended.
    pub now: Instant,
    /// Environment values as of then.
    pub environment: &'a EnvironmentValues,
    /// Chance, from 0 to 1, for the jitter of retries.
    pub fraction: &'a (dyn Fn() -> f64 + Sync),
}

impl LiveRun {
    /// Attempts of the open step so far, this one included.
    fn attempts_made(&self, step: &StepAttempt) -> u32 {
        let open = self.loaded.aggregate.standing.open_step(step.index);
        let first = open.map_or(1, |open| open.first_attempt);
        step.attempt.saturating_sub(first) + 1
    }

    /// Whether the run may retry once more; retries that wait count as made.
    fn has_retry_budget(&self) -> bool {
        let waiting = |open: &&wfm_domain::execution::OpenStep| matches!(open.stage, Stage::Waiting(_));
        let waiting = self.open_steps().iter().filter(waiting).count();
        let made = self.loaded.aggregate.retry_count as usize + waiting;
        self.workflow.retry_budget.is_none_or(|budget| made < budget as usize)
    }
}

/// Whether the policy covers the failure.
fn retries(policy: &RetryPolicy, failure: &Failure) -> bool {
    match failure.kind {
        "connect" | "interrupted" | "circuit-open" => policy.covers(RetryOn::Connect),
        "timeout" => policy.covers(RetryOn::Timeout),
        "fault" => failure.retried_as.is_some_and(|status| policy.covers_status(status)),
        "status" | "rejected" => failure.status.is_some_and(|status| policy.covers_status(status)),
        _ => false,
    }
}
