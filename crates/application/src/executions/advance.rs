//! Records what a run does next, with its row of open work, and takes the run there in memory.

use std::sync::Arc;

use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, Execution, ExecutionCommand, ExecutionContinued, ExecutionEvent, ExecutionStarted, Phase},
    ids::{EnvironmentId, ExecutionId},
    instant::Instant,
};
use wfm_storage::{
    event::StreamVersion,
    work::{WorkChange, WorkItem, WorkState},
};

use super::{live::LiveRun, plan::PlannedCall, registry::Ended, runs::Runs};
use crate::error::ApplicationError;

impl Runs {
    pub(super) async fn hand_over(&self, live: LiveRun) -> Result<(), ApplicationError> {
        // The engine's queue closes only when the node stops; the run is recorded and will be adopted at the next start.
        let _ = self.ready.send(live).await;
        Ok(())
    }

    /// Records what follows and takes the run there in memory; when that fails, the run stands where it stood, and the same
    /// may be tried again.
    pub(super) async fn advance(
        &self,
        live: &mut LiveRun,
        ask: Ask,
        calls: Vec<PlannedCall>,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let advanced = self.record(live, ask, calls, now).await;
        if advanced.is_err() {
            live.forget_plan();
        }
        advanced
    }

    async fn record(
        &self,
        live: &mut LiveRun,
        ask: Ask,
        calls: Vec<PlannedCall>,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let events = live.loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let place = live.place();
        let mut unit = self.store.unit_at(&live.context, now);
        unit.follow(&live.loaded);
        unit.record(&live.loaded, "execution", &events);
        if events.iter().any(changes_work) {
            unit.work(self.work_after(&live.loaded.aggregate, live.id(), place, &events));
        }
        let version = StreamVersion(live.loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(Value::Null, version).await?;
        live.loaded.last_event = recorded.last_event;
        let held = live.loaded.aggregate.standing.holds_place();
        live.fold(&events);
        live.keep_calls(calls);
        if let Some(end) = live.ending(recorded.position) {
            self.finished(live, &end);
        } else if held && !live.loaded.aggregate.standing.holds_place() {
            self.queue.freed(place.0);
            self.watch_parked(&live.loaded.aggregate);
        }
        Ok(())
    }

    /// Looks at a parked run again when its time comes.
    pub(super) fn watch_parked(&self, execution: &Execution) {
        let standing = &execution.standing;
        if standing.phase == Phase::Parked
            && !standing.paused
            && let Some(due_at) = standing.due_at()
        {
            self.timers.watch(&execution.run.id, due_at, Some(execution.tenure));
        }
    }

    /// The run's row of open work after these events.
    pub(super) fn work_after(
        &self,
        execution: &Execution,
        id: &ExecutionId,
        (environment, workspace): (EnvironmentId, i64),
        events: &[ExecutionEvent],
    ) -> WorkChange {
        let mut standing = execution.standing.clone();
        let mut deadline = execution.deadline;
        for event in events {
            // What was decided is legal.
            let _ = standing.apply(event);
            if let ExecutionEvent::ExecutionStarted(ExecutionStarted { deadline: anew, .. })
            | ExecutionEvent::ExecutionContinued(ExecutionContinued { deadline: anew, .. }) = event
            {
                deadline = Some(*anew);
            }
        }
        let id: Arc<str> = id.0.as_str().into();
        let due = standing.due_at().filter(|_| !standing.is_calling() && !standing.paused);
        let (state, due, owned) = match (standing.phase, due) {
            (Phase::New | Phase::Ended(_), _) => return WorkChange::Remove(id),
            (Phase::Held, _) => (WorkState::Approval, None, false),
            (Phase::Queued, _) => (WorkState::Queued, None, false),
            (Phase::Parked, due) => (WorkState::Signal, due, true),
            // A run that held a place when a signal came, or may get one before its instant, must be driven.
            (Phase::Running, Some(due)) if standing.only_awaits_retries() => {
                let due = deadline.map_or(due, |deadline| deadline.min(due));
                (WorkState::Timer, Some(due), true)
            }
            (Phase::Compensating, Some(due)) => (WorkState::Timer, Some(due), true),
            (Phase::Running, Some(_)) | (Phase::Running | Phase::Compensating, None) => {
                (WorkState::Running, None, true)
            }
        };
        WorkChange::Put(WorkItem {
            execution: id,
            environment: environment.0,
            workspace,
            state,
            due_at: due.map(|due| due.to_string().into()),
            owner: owned.then(|| Arc::clone(self.membership.holder())),
            epoch: 0,
        })
    }

    pub(super) fn finished(&self, live: &LiveRun, ended: &Ended) {
        self.registry.end(live.id(), ended);
        if let Some(request) = &live.loaded.aggregate.request {
            self.queue.freed(request.environment_id);
        }
    }
}

impl LiveRun {
    /// Environment and workspace of the run.
    pub(super) fn place(&self) -> (EnvironmentId, i64) {
        let request = self.loaded.aggregate.request.as_ref();
        request.map_or((self.workflow.environment, self.workflow.workspace.0), |request| {
            (request.environment_id, request.workspace_id.0)
        })
    }
}

/// Whether the run has ended with this event.
pub(super) fn ends(event: &ExecutionEvent) -> bool {
    matches!(
        event,
        ExecutionEvent::ExecutionCompleted(_)
            | ExecutionEvent::ExecutionFailed(_)
            | ExecutionEvent::ExecutionCancelled(_)
    )
}

/// Whether the row of open work may differ after this event.
pub(super) fn changes_work(event: &ExecutionEvent) -> bool {
    match event {
        ExecutionEvent::ExecutionCompleted(_)
        | ExecutionEvent::ExecutionFailed(_)
        | ExecutionEvent::ExecutionCancelled(_)
        | ExecutionEvent::ExecutionAdopted(_)
        | ExecutionEvent::ExecutionStarted(_)
        | ExecutionEvent::ExecutionContinued(_)
        | ExecutionEvent::ExecutionHeld(_)
        | ExecutionEvent::ExecutionQueued(_)
        | ExecutionEvent::ExecutionRequeued(_)
        | ExecutionEvent::ExecutionParked(_)
        | ExecutionEvent::ExecutionRedriven(_)
        | ExecutionEvent::StepRetryScheduled(_) => true,
        ExecutionEvent::StepStarted(started) => started.request.is_none(),
        ExecutionEvent::StepCompensationStarted(started) => started.request.is_none(),
        ExecutionEvent::StepCompensationFailed(failed) => failed.due_at.is_some(),
        ExecutionEvent::StepSucceeded(_)
        | ExecutionEvent::StepFailed(_)
        | ExecutionEvent::StepSkipped(_)
        | ExecutionEvent::StepInDoubt(_)
        | ExecutionEvent::ExecutionPaused(_)
        | ExecutionEvent::ExecutionResumed(_)
        | ExecutionEvent::SignalAwaited(_)
        | ExecutionEvent::SignalReceived(_)
        | ExecutionEvent::CompensationStarted(_)
        | ExecutionEvent::StepCompensated(_) => false,
    }
}
