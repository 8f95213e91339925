//! Runs that do not begin at once: they wait for a place, or for an approval.

use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, ExecutionCommand, QueueExecution, Request, Run},
    ids::ExecutionId,
    instant::Instant,
    workflow::Workflow,
};
use wfm_storage::event::StreamVersion;

use super::{
    live::LiveRun,
    runs::Runs,
    starting::{Ground, Started},
};
use crate::{context::Context, error::ApplicationError, store::Unit};

impl Runs {
    /// Records a run that waits for an approval, and asks for it in the same append.
    pub(super) async fn hold(
        &self,
        live: &LiveRun,
        context: &Context,
        ground: &Ground<'_>,
        run: Run,
        request: Request,
        now: Instant,
    ) -> Result<Started, ApplicationError> {
        let id = run.id.clone();
        let requested_by = match context.user_id() {
            Some(user) => user,
            // Nobody asked in person: whoever made the workflow stands for it.
            None => {
                let workflow = self.store.load::<Workflow>(run.workflow_id.stream()).await?;
                workflow.aggregate.created_by
            }
        };
        let subject = (run.workflow_id, ground.workflow.workspace);
        let hash = &ground.compiled.content_hash;
        let mut unit = self.store.unit_at(context, now);
        let version = self.set_aside(live, ground, &mut unit, &id, Ask::Hold(QueueExecution { run, request }))?;
        self.ask_for_approval(&mut unit, subject, hash, &id, requested_by)
            .await?;
        self.commit_waiting(unit, id, version, "WaitingApproval").await
    }

    /// Records a run that waits for a place; refused when too many of its workspace wait already.
    pub(super) async fn enqueue(
        &self,
        live: &LiveRun,
        context: &Context,
        ground: &Ground<'_>,
        run: Run,
        request: Request,
        now: Instant,
    ) -> Result<Started, ApplicationError> {
        let id = run.id.clone();
        let workspace = ground.workflow.workspace;
        let _room = self.queue.room(workspace)?;
        let mut unit = self.store.unit_at(context, now);
        let version = self.set_aside(
            live,
            ground,
            &mut unit,
            &id,
            Ask::Queue(QueueExecution { run, request }),
        )?;
        let started = self.commit_waiting(unit, id, version, "Queued").await?;
        if !started.repeated {
            self.queue.joined(ground.environment.id, workspace);
        }
        Ok(started)
    }

    /// Adds a start that waits to the unit, with all that it relies on; its stream's version afterwards.
    fn set_aside(
        &self,
        live: &LiveRun,
        ground: &Ground<'_>,
        unit: &mut Unit<'_>,
        id: &ExecutionId,
        ask: Ask,
    ) -> Result<StreamVersion, ApplicationError> {
        let execution = &live.loaded.aggregate;
        let events = execution.decide(ExecutionCommand { now: unit.now(), ask })?;
        ground.rely(unit, id)?;
        unit.record(&live.loaded, "execution", &events);
        let place = (ground.environment.id, ground.workflow.workspace.0);
        unit.work(self.work_after(execution, id, place, &events));
        Ok(StreamVersion(events.len() as u64))
    }

    async fn commit_waiting(
        &self,
        unit: Unit<'_>,
        id: ExecutionId,
        version: StreamVersion,
        state: &'static str,
    ) -> Result<Started, ApplicationError> {
        let ended = self.registry.wait(&id);
        let recorded = unit.commit(id.0.clone(), version).await?;
        if recorded.repeated {
            self.registry.leave(&id);
            return Ok(self.repeated(&recorded));
        }
        Ok(Started {
            id,
            position: recorded.position,
            state,
            repeated: false,
            ended,
        })
    }
}
