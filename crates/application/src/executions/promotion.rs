//! Runs that waited for a place and get one: they start, or go on where they were.

use std::sync::Arc;

use futures::future;
use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, ContinueExecution, Execution, ExecutionCommand, Phase},
    ids::{EnvironmentId, ExecutionId, WorkspaceId},
    instant::Instant,
};
use wfm_storage::{
    event::StreamVersion,
    work::{WorkFilter, WorkItem, WorkState},
};

use super::{
    advance::ends,
    environment::EnvironmentValues,
    live::LiveRun,
    queue::{Census, Freed},
    runs::Runs,
    starting::{Ground, NO_PLACE},
};
use crate::{context::Context, error::ApplicationError, store::Recorded};

/// Queued runs of one environment that are started together.
const STARTED_AT_ONCE: usize = 16;

/// Queued runs of one environment that are started before others have their turn.
const TURN: usize = 64;

/// Rows of open work that are read at once.
const COUNTED_AT_ONCE: u32 = 1000;

/// A run that continues has at least so much time left.
const LEAST_TIME_LEFT_MS: i64 = 1000;

impl Runs {
    /// Starts queued runs of an environment while it has free places, oldest first; stops after a turn, so that others have
    /// theirs, and comes back for the rest.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn promote(&self, freed: Freed) -> Result<(), ApplicationError> {
        let environment = freed.environment;
        let mut at_once = freed.places.clamp(1, STARTED_AT_ONCE);
        let mut left = TURN;
        while left > 0 {
            let filter = WorkFilter {
                state: Some(WorkState::Queued),
                environment: Some(environment.0),
                ..Default::default()
            };
            let oldest = self.store.log.work(&filter, at_once.try_into().unwrap_or(1)).await?;
            if oldest.is_empty() {
                // Other nodes may have started those that were counted here.
                self.queue.emptied(environment);
                return Ok(());
            }
            if !self.start_oldest(&oldest).await? {
                return Ok(());
            }
            left = left.saturating_sub(oldest.len());
            at_once = (2 * at_once).min(STARTED_AT_ONCE);
        }
        self.queue.freed(environment);
        Ok(())
    }

    /// Starts these queued runs, which share commits; `false` when there was no place for one of them.
    async fn start_oldest(&self, oldest: &[WorkItem]) -> Result<bool, ApplicationError> {
        let read = oldest.iter().map(|item| self.restore_queued(&item.execution));
        let read = future::try_join_all(read).await?;
        let started = read.into_iter().flatten().map(|live| self.start_queued(live));
        let mut places = true;
        for outcome in future::join_all(started).await {
            match outcome {
                Ok(placed) => places &= placed,
                Err(ApplicationError::Contended) => self.definitions.clear(),
                Err(error) => return Err(error),
            }
        }
        Ok(places)
    }

    /// A run that is queued still.
    async fn restore_queued(&self, execution: &str) -> Result<Option<LiveRun>, ApplicationError> {
        let live = self.restore(&ExecutionId(execution.to_owned())).await?;
        Ok(live.filter(|live| live.loaded.aggregate.standing.phase == Phase::Queued))
    }

    /// Starts one queued run; `false` when there is no place for it.
    async fn start_queued(&self, mut live: LiveRun) -> Result<bool, ApplicationError> {
        let id = live.id().clone();
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
                live.signal = self.registry.drive(&id, live.tenure);
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

    /// Counts the queued runs anew: other nodes start what was queued here, and queue what is started here.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn count_queued(&self) -> Result<(), ApplicationError> {
        let mut filter = WorkFilter {
            state: Some(WorkState::Queued),
            ..Default::default()
        };
        let mut census = Census::default();
        self.queue.recount();
        loop {
            let page = self.store.log.work(&filter, COUNTED_AT_ONCE).await?;
            for item in &page {
                census.add(EnvironmentId(item.environment), WorkspaceId(item.workspace));
            }
            let Some(last) = page.last() else {
                self.queue.counted(census);
                return Ok(());
            };
            filter.after = Some(Arc::clone(&last.execution));
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
