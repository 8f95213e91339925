//! What the engine does next for a run, and what follows from the outcome: success, retry, failure, the run's own timeout.
//!
//! Invariant: an outcome is recorded together with the moves that follow from it, in one append.

use std::sync::Arc;

use wfm_domain::{
    execution::{Ask, BeginRetry, FailExecution, FailureConsequence, Phase, RecordFailure, RecordSuccess, StepAttempt},
    instant::Instant,
    protected::Protected,
    workflow::{RetryOn, RetryPolicy},
};

use super::{
    environment::{EnvironmentValues, Sending},
    live::{Call, LiveRun, Next},
    outcome::{Answer, CallFailure, Failure, judge},
    plan::{Plan, Planner, StepRecord},
    runs::Runs,
};
use crate::error::ApplicationError;

/// Longest wait before a retry, whatever an answer's `Retry-After` says.
const LONGEST_RETRY_WAIT_MS: i64 = 24 * 60 * 60 * 1000;

impl Runs {
    /// What the engine must do next for a run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&self, live: &mut LiveRun) -> Result<Next, ApplicationError> {
        loop {
            if live.loaded.aggregate.outcome().is_some() {
                return Ok(Next::Nothing);
            }
            let now = self.store.now();
            if live.deadline().is_some_and(|deadline| now >= deadline) {
                self.time_out(live).await?;
                return Ok(Next::Nothing);
            }
            if let Phase::Waiting(_, due_at) = live.loaded.aggregate.phase {
                let until = live.deadline().map_or(due_at, |deadline| due_at.min(deadline));
                if until > now {
                    return Ok(Next::Wait(until));
                }
                self.begin_retry(live).await?;
                continue;
            }
            match self.call(live, now).await? {
                Ok(call) => return Ok(Next::Call(call)),
                Err(failure) => self.report(live, &Err(failure), 0.0, &[]).await?,
            }
        }
    }

    /// The open call with its secrets filled in, or why it cannot be sent.
    async fn call(&self, live: &LiveRun, now: Instant) -> Result<Result<Call, CallFailure>, ApplicationError> {
        let Some(open) = &live.call else {
            return Err(ApplicationError::Internal(format!(
                "execution {} has no open call",
                live.id()
            )));
        };
        let step = &live.workflow.steps[open.index];
        let environment = self.environment(live).await?;
        let sending = Sending(&environment);
        let resolved = open.request.resolve(&live.scope.scope(&sending, None));
        let request = match resolved {
            Ok(request) => request,
            Err(error) => {
                return Ok(Err(CallFailure {
                    kind: "mapping",
                    message: error.to_string(),
                }));
            }
        };
        let left = live
            .deadline()
            .map_or(i64::MAX, |deadline| deadline.microseconds_since(now).max(0));
        let left = std::time::Duration::from_micros(u64::try_from(left).unwrap_or_default());
        Ok(Ok(Call {
            request,
            idempotency_key: format!("{}-{}", live.id(), step.id),
            target: Arc::clone(&step.target),
            timeout: step.timeout.min(left),
            ends_run: left < step.timeout,
        }))
    }

    async fn environment(&self, live: &LiveRun) -> Result<Arc<EnvironmentValues>, ApplicationError> {
        let request = live.loaded.aggregate.request.as_ref();
        let id = request.map_or(live.workflow.environment, |request| request.environment_id);
        self.definitions.environment(id).await
    }

    /// Records the outcome of the open call and what follows from it.
    ///
    /// # Errors
    /// When the store fails; [`ApplicationError::Contended`] when somebody else changed the run.
    pub async fn report(
        &self,
        live: &mut LiveRun,
        answer: &Result<Answer, CallFailure>,
        duration_ms: f64,
        secrets: &[String],
    ) -> Result<(), ApplicationError> {
        let Some(open) = &live.call else {
            return Err(ApplicationError::Internal(format!(
                "execution {} has no open call",
                live.id()
            )));
        };
        let (index, attempt) = (open.index, open.attempt);
        let now = self.store.now();
        let environment = self.environment(live).await?;
        let workflow = Arc::clone(&live.workflow);
        let step = &workflow.steps[index];
        let judged = match answer {
            Ok(answer) => judge(step, &live.scope, &environment, answer, secrets, now),
            Err(failure) => Err(failure.clone().into()),
        };
        let place = StepAttempt {
            step_id: step.id,
            name: step.name.to_string(),
            index: u32::try_from(index).map_err(ApplicationError::internal)?,
            attempt,
        };
        match judged {
            Ok(success) => {
                live.scope.set(index, StepRecord::succeeded(success.output));
                let plan = planner(live, &environment).from(index + 1, now);
                let ask = Ask::RecordSuccess(RecordSuccess {
                    step: place,
                    output: Protected::new(live.key.clone(), success.text),
                    status_code: Some(success.status),
                    duration_ms,
                    moves: plan.moves,
                });
                self.advance(live, ask, plan.call, now).await
            }
            Err(failure) => {
                self.report_failure(live, &environment, place, failure, duration_ms, now)
                    .await
            }
        }
    }

    async fn report_failure(
        &self,
        live: &mut LiveRun,
        environment: &EnvironmentValues,
        place: StepAttempt,
        failure: Failure,
        duration_ms: f64,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let workflow = Arc::clone(&live.workflow);
        let index = place.index as usize;
        let step = &workflow.steps[index];
        let over = live.deadline().is_some_and(|deadline| now >= deadline);
        let retry = !over && place.attempt < step.attempts && retries(&step.handling.retry, &failure);
        let (consequence, retry_at, plan) = if over {
            let message = format!("the run timed out: {}", failure.message);
            let fail = planner(live, environment).fail(step, &message);
            (
                FailureConsequence::Fail,
                None,
                Plan {
                    moves: vec![fail],
                    call: None,
                },
            )
        } else if retry {
            let fraction = self.store.entropy.fraction();
            let delay = step
                .handling
                .retry
                .delay_milliseconds(step.retry_delay_seconds, place.attempt, fraction);
            let delay = i64::try_from(delay)
                .unwrap_or(LONGEST_RETRY_WAIT_MS)
                .max(failure.retry_after_ms.unwrap_or(0))
                .min(LONGEST_RETRY_WAIT_MS);
            let nothing = Plan {
                moves: Vec::new(),
                call: None,
            };
            (FailureConsequence::Retry, Some(now.plus_milliseconds(delay)), nothing)
        } else {
            live.scope.set(
                index,
                StepRecord::failed(failure.kind, &failure.message, failure.status),
            );
            let (consequence, plan) = planner(live, environment).after_failure(index, &failure.message, now);
            (consequence, None, plan)
        };
        let ask = Ask::RecordFailure(RecordFailure {
            step: place,
            kind: failure.kind.to_owned(),
            message: Protected::new(live.key.clone(), failure.message),
            status_code: failure.status,
            duration_ms,
            consequence,
            retry_at,
            moves: plan.moves,
        });
        let call = if retry { live.open_call() } else { plan.call };
        self.advance(live, ask, call, now).await
    }

    /// Begins the retry that waits.
    async fn begin_retry(&self, live: &mut LiveRun) -> Result<(), ApplicationError> {
        let Phase::Waiting(step, _) = live.loaded.aggregate.phase.clone() else {
            return Err(ApplicationError::Internal(format!(
                "execution {} does not wait for a retry",
                live.id()
            )));
        };
        let attempt = step.attempt;
        let now = self.store.now();
        let call = live.open_call();
        self.advance(live, Ask::BeginRetry(BeginRetry { step }), call, now)
            .await?;
        if let Some(open) = &mut live.call {
            open.attempt = attempt;
        }
        Ok(())
    }

    /// Ends the run because its time is over.
    ///
    /// # Errors
    /// See [`Self::report`].
    async fn time_out(&self, live: &mut LiveRun) -> Result<(), ApplicationError> {
        let aggregate = &live.loaded.aggregate;
        let seconds = match (aggregate.started_at, aggregate.deadline) {
            (Some(start), Some(deadline)) => deadline.microseconds_since(start) / 1_000_000,
            _ => 0,
        };
        let message = format!("the run timed out after {seconds} s, the timeout of its environment");
        let ask = Ask::Fail(FailExecution {
            message: Protected::new(live.key.clone(), message),
        });
        let now = self.store.now();
        self.advance(live, ask, None, now).await
    }
}

pub(super) fn planner<'a>(live: &'a mut LiveRun, environment: &'a EnvironmentValues) -> Planner<'a> {
    Planner {
        workflow: &live.workflow,
        environment,
        scope: &mut live.scope,
        key: &live.key,
    }
}

/// Whether the policy covers the failure.
fn retries(policy: &RetryPolicy, failure: &Failure) -> bool {
    match failure.kind {
        "connect" | "circuit-open" => policy.retry_on.contains(&RetryOn::Connect),
        "timeout" => policy.retry_on.contains(&RetryOn::Timeout),
        "fault" => failure.retried_as.is_some_and(|status| policy.covers_status(status)),
        "status" | "rejected" => failure.status.is_some_and(|status| policy.covers_status(status)),
        _ => false,
    }
}
