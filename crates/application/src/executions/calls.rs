//! What the engine does next for a run: which calls it sends, until when it waits, when it lets the run go.

use std::{sync::Arc, time::Duration};

use wfm_domain::{
    execution::{Ask, BeginRetry, Move, OpenStep, Phase, Stage, StepAttempt, Undoing},
    instant::Instant,
};

use super::{
    definition::Attempts,
    environment::{EnvironmentValues, Sending},
    live::{Call, CallId, FollowUp, LiveRun, Next, OpenCall},
    outcome::CallFailure,
    plan::Plan,
    runs::Runs,
    target::CallTarget,
};
use crate::error::ApplicationError;

/// A run with nothing to do for longer than this is let go; the node's timers bring it back.
const LONGEST_STAY: Duration = Duration::from_secs(5);

impl Runs {
    /// What the engine must do next for a run whose calls `in_flight` are under way.
    ///
    /// # Errors
    /// When the store fails; [`ApplicationError::Contended`] when somebody else changed the run.
    pub async fn next(&self, live: &mut LiveRun, in_flight: &[CallId]) -> Result<Next, ApplicationError> {
        loop {
            if !live.loaded.aggregate.standing.holds_place() {
                return Ok(Next::Nothing);
            }
            let now = self.store.now();
            let environment = self.environment(live).await?;
            if !self.is_draining()
                && let Some(FollowUp { ask, calls }) = live.due(&environment, now)
            {
                self.advance(live, ask, calls, now).await?;
                continue;
            }
            let running = live.loaded.aggregate.standing.phase == Phase::Running;
            let Some(calls) = self.open_calls(live, in_flight, &environment, now).await? else {
                continue;
            };
            let due = live.loaded.aggregate.standing.due_at();
            let deadline = live.deadline().filter(|_| running);
            let until = [due, deadline].into_iter().flatten().min();
            if calls.is_empty() && in_flight.is_empty() && self.lets_go(live, until, now) {
                return Ok(Next::Nothing);
            }
            return Ok(Next::Act(calls, until));
        }
    }

    /// Hands a run that only waits for a retry far away to the node's timers.
    fn lets_go(&self, live: &LiveRun, until: Option<Instant>, now: Instant) -> bool {
        let waits = |open: &OpenStep| matches!(open.stage, Stage::Waiting(_));
        let Some(until) = until.filter(|_| live.open_steps().iter().all(waits)) else {
            return false;
        };
        let wait = Duration::from_micros(until.microseconds_since(now).max(0).unsigned_abs());
        if wait <= LONGEST_STAY {
            return false;
        }
        self.timers.watch(live.id(), until, Some(live.tenure));
        true
    }

    /// The open calls that are not under way, their secrets filled in; `None` when one of them cannot be sent, which is
    /// recorded.
    async fn open_calls(
        &self,
        live: &mut LiveRun,
        in_flight: &[CallId],
        environment: &EnvironmentValues,
        now: Instant,
    ) -> Result<Option<Vec<Call>>, ApplicationError> {
        let mut calls = Vec::new();
        let mut broken = None;
        for open in live.open_steps() {
            let id = (open.step.index, open.step.attempt);
            if open.stage != Stage::Calling || in_flight.contains(&id) {
                continue;
            }
            match live.calls.iter().find(|call| call.index == open.step.index as usize) {
                Some(call) => match live.call(call, open, environment, now) {
                    Ok(call) => calls.push(call),
                    Err(failure) => broken = Some((id, failure)),
                },
                None => {
                    let message = "the request cannot be read from the log any more".to_owned();
                    broken = Some((
                        id,
                        CallFailure {
                            kind: "mapping",
                            message,
                        },
                    ));
                }
            }
        }
        match broken {
            None => Ok(Some(calls)),
            Some((id, failure)) => {
                self.report(live, id, &Err(failure), 0.0, &[]).await?;
                Ok(None)
            }
        }
    }

    pub(super) async fn environment(&self, live: &LiveRun) -> Result<Arc<EnvironmentValues>, ApplicationError> {
        let request = live.loaded.aggregate.request.as_ref();
        let id = request.map_or(live.workflow.environment, |request| request.environment_id);
        self.definitions.environment(id).await
    }

    /// The moves of a run that holds a place and has no open step; none when it has one.
    pub(super) async fn planned(&self, live: &mut LiveRun, now: Instant) -> Result<Plan, ApplicationError> {
        if !live.open_steps().is_empty() {
            return Ok(Plan::default());
        }
        let environment = self.environment(live).await?;
        Ok(live.planned(&environment, now))
    }
}

impl LiveRun {
    /// What a run that holds a place does by itself at this instant; nothing while it only waits for calls or time.
    pub(super) fn due(&mut self, environment: &EnvironmentValues, now: Instant) -> Option<FollowUp> {
        let standing = &self.loaded.aggregate.standing;
        let running = standing.phase == Phase::Running;
        let over = running && self.deadline().is_some_and(|deadline| now >= deadline);
        if over && !standing.is_calling() {
            let seconds = environment.configuration.timeout;
            let message = format!("the run timed out after {seconds} s, the timeout of its environment");
            return Some(self.planner(environment).give_up(&message).into());
        }
        if standing.open.is_empty() {
            return Some(self.planned(environment, now).into());
        }
        if !standing.paused {
            if let Some(step) = due_retry(&standing.open, now) {
                let ask = Ask::BeginRetry(BeginRetry { step });
                return Some(FollowUp { ask, calls: Vec::new() });
            }
            if let Some(settled) = self.settled_signal(environment, now) {
                return Some(settled);
            }
        }
        let standing = &self.loaded.aggregate.standing;
        let parks = !standing.is_calling() && (standing.paused || standing.only_awaits_signals());
        parks.then(|| {
            let moves = vec![Move::Park];
            let calls = Vec::new();
            Plan { moves, calls }.into()
        })
    }

    /// The moves of a run that holds a place and has no open step.
    pub(super) fn planned(&mut self, environment: &EnvironmentValues, now: Instant) -> Plan {
        let undoing = self.loaded.aggregate.standing.phase == Phase::Compensating;
        let mut planner = self.planner(environment);
        if undoing {
            planner.go_on_undoing(now)
        } else {
            planner.proceed(0, now)
        }
    }

    /// An open call with its secrets filled in.
    fn call(
        &self,
        call: &OpenCall,
        open: &OpenStep,
        environment: &EnvironmentValues,
        now: Instant,
    ) -> Result<Call, CallFailure> {
        let sending = Sending(environment);
        let mut request = call
            .request
            .resolve(&self.scope.scope(&sending, None))
            .map_err(|error| CallFailure {
                kind: "mapping",
                message: error.to_string(),
            })?;
        for secret in environment.secrets() {
            if !request.secrets.contains(secret) {
                request.secrets.push(secret.clone());
            }
        }
        let undoing = self.loaded.aggregate.standing.phase == Phase::Compensating;
        let left = self.deadline().filter(|_| !undoing).map_or(Duration::MAX, |deadline| {
            Duration::from_micros(deadline.microseconds_since(now).max(0).unsigned_abs())
        });
        let attempts = self.attempts(call.index);
        Ok(Call {
            id: (open.step.index, open.step.attempt),
            request,
            idempotency_key: self.idempotency_key(&open.step),
            target: self.target(call.index),
            timeout: attempts.timeout.min(left),
            traceparent: self.context.traceparent.clone(),
            tracestate: self.context.tracestate.clone(),
        })
    }

    /// How often and how long the open call at this place is tried.
    pub(super) fn attempts(&self, index: usize) -> Attempts {
        let step = &self.workflow.steps[index];
        match (self.loaded.aggregate.standing.phase, &step.compensation) {
            (Phase::Compensating, Some(compensation)) => compensation.attempts,
            _ => step.attempts,
        }
    }

    /// Whom the step's call goes to, or the one that undoes it.
    fn target(&self, index: usize) -> Arc<CallTarget> {
        let step = &self.workflow.steps[index];
        match (self.loaded.aggregate.standing.phase, &step.compensation) {
            (Phase::Compensating, Some(compensation)) => Arc::clone(&compensation.target),
            _ => Arc::clone(&step.target),
        }
    }

    /// The same for every attempt, and for every driver of the run; another one when a redrive runs the step afresh.
    fn idempotency_key(&self, step: &StepAttempt) -> String {
        let execution = &self.loaded.aggregate;
        let key = format!("{}-{}", self.id(), step.step_id);
        let numbered = |key: String, round: usize| if round == 0 { key } else { format!("{key}-{round}") };
        if execution.standing.phase == Phase::Compensating {
            let past = |undo: &&wfm_domain::execution::Undo| undo.index == step.index && undo.undoing == Undoing::Past;
            return numbered(
                format!("{key}-compensation"),
                execution.undone.iter().filter(past).count(),
            );
        }
        numbered(key, execution.redo(step.index).map_or(0, |redo| redo.round as usize))
    }
}

fn due_retry(open: &[OpenStep], now: Instant) -> Option<StepAttempt> {
    let due = |open: &&OpenStep| matches!(open.stage, Stage::Waiting(due_at) if due_at <= now);
    open.iter().find(due).map(|open| open.step.clone())
}
