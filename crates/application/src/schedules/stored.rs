//! Reads a schedule from the log without its history.
//!
//! Invariant: three reads at most, however many ticks there were: where the stream ends, its last event, which says how the
//! schedule stands, and the event that set it.

use wfm_domain::{
    aggregate::Decide,
    event::Event,
    ids::{ExecutionId, ScheduleId, WorkflowId, WorkspaceId},
    schedule::{Schedule, ScheduleEvent},
};
use wfm_storage::event::{StreamId, StreamVersion};

use crate::{
    error::ApplicationError,
    executions::elsewhere::ended_by,
    store::{Loaded, Store, typed},
};

impl Store {
    /// The schedule of a workflow in this workspace.
    pub(super) async fn load_schedule(
        &self,
        workflow: WorkflowId,
        workspace: WorkspaceId,
    ) -> Result<Loaded<Schedule>, ApplicationError> {
        let mut loaded = self.stored_schedule(workflow).await?;
        loaded.workspace = Some(workspace.0);
        Ok(loaded)
    }

    /// The schedule of a workflow; at version 0 when it never had one.
    pub(super) async fn stored_schedule(&self, workflow: WorkflowId) -> Result<Loaded<Schedule>, ApplicationError> {
        let mut loaded = Loaded::<Schedule>::fresh(ScheduleId(workflow.0).stream(), None);
        let Some(found) = self.log.stream(&loaded.stream).await? else {
            return Ok(loaded);
        };
        let last = self.schedule_event(&loaded.stream, found.version).await?;
        match &last {
            ScheduleEvent::ScheduleSet(_) | ScheduleEvent::ScheduleRemoved(_) => {}
            ScheduleEvent::SchedulePaused(_)
            | ScheduleEvent::ScheduleResumed(_)
            | ScheduleEvent::ScheduleFired(_)
            | ScheduleEvent::ScheduleTickBuffered(_)
            | ScheduleEvent::ScheduleTickSkipped(_) => {
                let set = found.version.0.saturating_sub(last.progress().events_since_set);
                let set = self.schedule_event(&loaded.stream, StreamVersion(set)).await?;
                loaded.aggregate.evolve(&set);
            }
        }
        loaded.aggregate.evolve(&last);
        loaded.version = found.version;
        loaded.workspace = found.workspace;
        Ok(loaded)
    }

    async fn schedule_event(
        &self,
        stream: &StreamId,
        version: StreamVersion,
    ) -> Result<ScheduleEvent, ApplicationError> {
        let before = StreamVersion(version.0.saturating_sub(1));
        let page = self.log.read_stream(stream, before, 1).await?;
        let event = page.first().and_then(typed).map(|event| event.into_owned());
        match event {
            Some(Event::Schedule(event)) => Ok(event),
            Some(_) | None => Err(ApplicationError::Internal(format!(
                "{stream} holds no event of a schedule at version {version:?}"
            ))),
        }
    }

    /// Those of these runs that are open.
    pub(super) async fn open_runs(&self, runs: &[ExecutionId]) -> Result<Vec<ExecutionId>, ApplicationError> {
        let mut open = Vec::new();
        for run in runs {
            let stream = StreamId::new(run.stream());
            let Some(found) = self.log.stream(&stream).await? else {
                continue;
            };
            let before = StreamVersion(found.version.0.saturating_sub(1));
            let last = self.log.read_stream(&stream, before, 1).await?;
            if last.first().is_some_and(|last| ended_by(last).is_none()) {
                open.push(run.clone());
            }
        }
        Ok(open)
    }
}
