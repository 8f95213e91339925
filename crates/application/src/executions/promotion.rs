//! Runs that waited for a place and get one: they start, or go on where they were.

use std::sync::Arc;

use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, ContinueExecution, Execution, ExecutionCommand, Phase},
    ids::{EnvironmentId, ExecutionId},
    instant::Instant,
};
use wfm_storage::{
    event::StreamVersion,
    work::{WorkFilter, WorkState},
};

use super::{
    advance::ends,
    environment::EnvironmentValues,
    live::LiveRun,
    runs::{Ground, NO_PLACE, Runs},
};
use crate::{context::Context, error::ApplicationError, store::Recorded};

/// A run that continues has at least so much time left.
const LEAST_TIME_LEFT_MS: i64 = 1000;

impl Runs {
    /// Starts queued runs of an environment while it has free places.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn promote(&self, environment: EnvironmentId) -> Result<(), ApplicationError> {
        loop {
            let filter = WorkFilter {
                state: Some(WorkState::Queued),
                environment: Some(environment.0),
                ..Default::default()
            };
            let oldest = self.store.log.work(&filter, 1).await?;
            let Some(item) = oldest.first() else {
                // Other nodes may have started those that were counted here.
                self.queue.emptied(environment);
                return Ok(());
            };
            match self.start_queued(&item.execution).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ApplicationError::Contended) => self.definitions.clear(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts one queued run; `false` when there is no place for it.
    async fn start_queued(&self, execution: &str) -> Result<bool, ApplicationError> {
        let id = ExecutionId(execution.to_owned());
        let Some(mut live) = self.restore(&id).await? else {
            return Ok(true);
        };
        if live.loaded.aggregate.standing.phase != Phase::Queued {
            return Ok(true);
        }
        let Some(request) = live.loaded.aggregate.request.clone() else {
            return Ok(true);
        };
        let now = self.store.now();
        let environment = self.definitions.environment(request.environment_id).await?;
        let context = Context::system("queue", id.0.as_str());
        let placed = if live.loaded.aggregate.standing.begun {
            self.go_on_queued(&mut live, &context, &environment, now).await
        } else {
            let ground = self.ground_of(&live, environment).await?;
            let run = live.loaded.aggregate.run.clone();
            self.begin(&mut live, &context, &ground, run, None, now).await
        };
        match placed {
            Ok(recorded) => {
                self.queue.left(request.environment_id);
                live.signal = self.registry.drive(&id);
                match live.ending(recorded.position) {
                    Some(end) => self.finished(&live, &end),
                    None => self.hand_over(live).await?,
                }
                Ok(true)
            }
            Err(ApplicationError::Refused(refusal)) if refusal.code == NO_PLACE => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ground_of(
        &self,
        live: &LiveRun,
        environment: Arc<EnvironmentValues>,
    ) -> Result<Ground<'static>, ApplicationError> {
        Ok(Ground {
            workflow: self
                .definitions
                .workflow(live.workflow.id)
                .await?
                .ok_or_else(|| ApplicationError::not_found("workflow", live.workflow.id))?,
            compiled: Arc::clone(&live.workflow),
            environment,
            parents: [
                self.definitions.project(live.workflow.project).await?,
                self.definitions.workspace(live.workflow.workspace).await?,
            ],
            key: None,
            beside: None,
        })
    }

    /// Records that a run goes on, taking a place; refused with [`NO_PLACE`] when there is none.
    async fn go_on_queued(
        &self,
        live: &mut LiveRun,
        context: &Context,
        environment: &EnvironmentValues,
        now: Instant,
    ) -> Result<Recorded, ApplicationError> {
        let plan = self.planned(live, now).await?;
        let execution = &live.loaded.aggregate;
        let events = execution.decide(ExecutionCommand {
            now,
            ask: Ask::Continue(ContinueExecution {
                node: self.membership.node().to_string(),
                deadline: next_deadline(execution, environment, now),
                moves: plan.moves,
            }),
        })?;
        let mut unit = self.store.unit_at(context, now);
        let slots = Execution::slots(environment.id);
        unit.require_fewer(
            slots.clone(),
            u64::from(environment.configuration.max_concurrent_executions),
        );
        unit.record(&live.loaded, "execution", &events);
        if events.last().is_some_and(ends) {
            // It was over before it went on: there is no place to give back.
            unit.take_none(&slots);
        }
        unit.work(self.work_after(execution, live.id(), live.place(), &events));
        let version = StreamVersion(live.loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(Value::Null, version).await?;
        live.fold(&events);
        live.keep_calls(plan.calls);
        live.tenure = live.loaded.aggregate.tenure;
        Ok(recorded)
    }
}

/// When a run that goes on now times out.
pub(super) fn next_deadline(execution: &Execution, environment: &EnvironmentValues, now: Instant) -> Instant {
    let whole = i64::from(environment.configuration.timeout) * 1000;
    // While the run was parked its time stood still; a redriven run has all of it.
    let left = match (execution.deadline, execution.parked_at) {
        (Some(deadline), Some(parked_at)) => deadline.microseconds_since(parked_at) / 1000,
        (Some(_) | None, _) => whole,
    };
    now.plus_milliseconds(left.max(LEAST_TIME_LEFT_MS))
}
