//! Runs that were under way when a node stopped: read from the log, adopted, and driven on.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use wfm_domain::{
    execution::{AdoptExecution, Ask, Execution, Phase, Stage, StepAttempt},
    ids::{EnvironmentId, ExecutionId, WorkspaceId},
    instant::Instant,
};
use wfm_storage::{
    event::StreamVersion,
    work::{WorkFilter, WorkItem, WorkState},
};

use super::{
    live::LiveRun,
    queue::Census,
    registry::DriverSignal,
    runs::Runs,
    scope::{RunScope, open_json},
    timers::Due,
};
use crate::{context::Context, error::ApplicationError};

/// Runs that are taken over at once: their appends share commits.
const ADOPTED_AT_ONCE: usize = 128;

const PAGE: u32 = 500;

/// How long it may take from a run's record to its driver.
const SETTLING: Duration = Duration::from_millis(200);

/// What recovery found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs taken over.
    pub adopted: usize,
    /// Runs that wait for a place.
    pub queued: usize,
    /// Runs that wait for an instant, a signal or an approval.
    pub waiting: usize,
}

impl Runs {
    /// A run as the log tells it; `None` when it does not exist.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) async fn restore(&self, id: &ExecutionId) -> Result<Option<LiveRun>, ApplicationError> {
        let loaded = self.store.load::<Execution>(id.stream()).await?;
        if loaded.version == StreamVersion(0) {
            return Ok(None);
        }
        let Some(request) = &loaded.aggregate.request else {
            return Ok(None);
        };
        let workflow = self
            .definitions
            .pinned(loaded.aggregate.run.workflow_id, request.workflow_version)
            .await?;
        let input = open_json(&request.input);
        let mut scope = RunScope::new(&workflow, &id.0, request.execution_context.as_deref(), input);
        scope.restore(&loaded.aggregate);
        if let Some(open) = loaded.aggregate.standing.open.last() {
            scope.set_now(open.started_at);
        }
        let key = request.input.key().clone();
        let tenure = loaded.aggregate.tenure;
        let context = Context::system("engine", id.0.as_str()).in_trace_of(loaded.origin.as_deref());
        let mut live = LiveRun {
            loaded,
            workflow,
            scope,
            key,
            calls: Vec::new(),
            context,
            tenure,
            draining: false,
            signal: DriverSignal::default(),
        };
        live.reopen();
        Ok(Some(live))
    }

    /// Takes over every run under way that no living node drives, and counts those that are queued. A run that another
    /// node took over meanwhile is left to it.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn recover(&self) -> Result<Recovered, ApplicationError> {
        let alive = self.membership.alive().await?;
        let mut recovered = Recovered::default();
        let mut filter = WorkFilter::default();
        let mut queued = Census::default();
        self.queue.recount();
        loop {
            let page = self.store.log.work(&filter, PAGE).await?;
            let Some(last) = page.last() else {
                self.queue.counted(queued);
                return Ok(recovered);
            };
            filter.after = Some(Arc::clone(&last.execution));
            let mut left = Vec::new();
            for item in &page {
                match item.state {
                    WorkState::Queued => {
                        recovered.queued += 1;
                        queued.add(EnvironmentId(item.environment), WorkspaceId(item.workspace));
                    }
                    WorkState::Approval => recovered.waiting += 1,
                    WorkState::Signal | WorkState::Timer if self.watch_left(item, &alive) => recovered.waiting += 1,
                    WorkState::Running | WorkState::Timer | WorkState::Signal => {
                        let id = ExecutionId(item.execution.to_string());
                        if item.state != WorkState::Signal && !self.is_driven(&id, item.owner.as_deref(), &alive) {
                            left.push((id, item));
                        }
                    }
                }
            }
            let mine =
                |(_, item): &(ExecutionId, &WorkItem)| item.owner.as_deref() == Some(&**self.membership.holder());
            if left.iter().any(mine) {
                // A run of this process may have been recorded a moment ago and not be driven yet.
                tokio::time::sleep(SETTLING).await;
                left.retain(|(id, item)| !self.is_driven(id, item.owner.as_deref(), &alive));
            }
            let left: Vec<ExecutionId> = left.into_iter().map(|(id, _)| id).collect();
            let adopted: Vec<usize> = futures::stream::iter(left)
                .map(|id| self.adopt(id))
                .buffer_unordered(ADOPTED_AT_ONCE)
                .try_collect()
                .await?;
            recovered.adopted += adopted.into_iter().sum::<usize>();
        }
    }

    /// Watches a run that waits for an instant and that no living node watches; `false` when it must be driven now.
    fn watch_left(&self, item: &WorkItem, alive: &HashSet<String>) -> bool {
        let id = ExecutionId(item.execution.to_string());
        let elsewhere = item
            .owner
            .as_deref()
            .is_some_and(|owner| owner != &**self.membership.holder() && alive.contains(owner));
        if elsewhere || self.registry.drives(&id) || self.timers.watches(&id) {
            return true;
        }
        let Some(due_at) = item.due_at.as_deref().and_then(Instant::parse) else {
            return item.state == WorkState::Signal;
        };
        self.timers.watch(&id, due_at, None);
        true
    }

    /// Takes a run that was waited for to its next step: its instant has come.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn wake(&self, due: &Due) -> Result<(), ApplicationError> {
        let id = &due.id;
        if self.registry.drives(id) {
            self.registry.poke(id);
            return Ok(());
        }
        let Some(live) = self.restore(id).await? else {
            return Ok(());
        };
        let woken = match live.loaded.aggregate.standing.phase {
            Phase::Running | Phase::Compensating => match due.tenure {
                None => self.adopt_live(live).await,
                Some(tenure) if tenure == live.tenure => {
                    let signal = self.registry.drive(id, live.tenure);
                    self.hand_over(LiveRun { signal, ..live }).await
                }
                // Another process took the run over while this one counted as gone.
                Some(_) => Ok(()),
            },
            Phase::Parked if !live.loaded.aggregate.standing.paused => self.requeue(id).await,
            Phase::New | Phase::Held | Phase::Queued | Phase::Parked | Phase::Ended(_) => Ok(()),
        };
        match woken {
            // Somebody else was faster.
            Err(ApplicationError::Contended | ApplicationError::Refused(_)) => Ok(()),
            other => other,
        }
    }

    fn is_driven(&self, id: &ExecutionId, owner: Option<&str>, alive: &HashSet<String>) -> bool {
        match owner {
            Some(owner) if owner == &**self.membership.holder() => self.registry.drives(id),
            Some(owner) => alive.contains(owner),
            None => false,
        }
    }

    /// Adopts a run that holds a place; answers how many were adopted.
    async fn adopt(&self, id: ExecutionId) -> Result<usize, ApplicationError> {
        let adopted = match self.restore(&id).await? {
            Some(live) if live.loaded.aggregate.standing.holds_place() => self.adopt_live(live).await,
            Some(_) | None => return Ok(0),
        };
        match adopted {
            Ok(()) => Ok(1),
            Err(ApplicationError::Contended | ApplicationError::Refused(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }

    async fn adopt_live(&self, mut live: LiveRun) -> Result<(), ApplicationError> {
        live.signal = self.registry.drive(live.id(), live.loaded.aggregate.tenure);
        let now = self.store.now();
        let plan = self.planned(&mut live, now).await?;
        let adopt = Ask::Adopt(AdoptExecution {
            node: self.membership.node().to_string(),
            moves: plan.moves,
        });
        // Calls of the moves are new; those that were open before may have been sent already.
        let interrupted = live.not_to_be_repeated();
        self.advance(&mut live, adopt, plan.calls, now).await?;
        live.tenure = live.loaded.aggregate.tenure;
        for step in interrupted {
            self.report_in_doubt(&mut live, step, now).await?;
        }
        if live.loaded.aggregate.standing.holds_place() {
            self.hand_over(live).await?;
        }
        Ok(())
    }

    /// Reads a run anew that somebody else changed; `false` when this driver is done with it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn refresh(&self, live: &mut LiveRun) -> Result<bool, ApplicationError> {
        let Some(read) = self.restore(live.id()).await? else {
            return Ok(false);
        };
        let goes_on = read.loaded.aggregate.tenure == live.tenure && read.loaded.aggregate.standing.holds_place();
        let (signal, context) = (live.signal.clone(), live.context.clone());
        *live = LiveRun {
            signal,
            context,
            ..read
        };
        Ok(goes_on)
    }
}

impl LiveRun {
    /// Attempts whose outcome nobody knows and that must not be sent again.
    fn not_to_be_repeated(&self) -> Vec<StepAttempt> {
        let aggregate = &self.loaded.aggregate;
        if aggregate.standing.phase != Phase::Running {
            return Vec::new();
        }
        let repeatable = |index: u32| {
            let step = self.workflow.steps.get(index as usize);
            step.is_none_or(|step| step.handling.repeatable)
        };
        let open = aggregate.standing.open.iter();
        open.filter(|open| open.stage == Stage::Calling && !repeatable(open.step.index))
            .map(|open| open.step.clone())
            .collect()
    }
}
