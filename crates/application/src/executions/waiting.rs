//! Runs that do not begin at once: they wait for a place, or for an approval.

use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, ExecutionCommand, QueueExecution, Request, Run},
    instant::Instant,
    workflow::Workflow,
};
use wfm_storage::{
    event::StreamVersion,
    work::{WorkChange, WorkItem, WorkState},
};

use super::{
    live::LiveRun,
    runs::{Ground, Runs, Started},
};
use crate::{context::Context, error::ApplicationError};

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
        let place = (ground.environment.id, ground.workflow.workspace.0);
        let ask = Ask::Hold(QueueExecution { run, request });
        let events = live.loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let mut unit = self.store.unit_at(context, now);
        unit.guard_stream(&ground.workflow.stream, ground.workflow.stream_version);
        for parent in &ground.parents {
            unit.guard_stream(&parent.stream, parent.version);
        }
        if let Some(key) = &ground.key {
            key.record(&mut unit, &live.loaded.stream);
        }
        unit.record(&live.loaded, "execution", &events);
        unit.work(self.work_after(&live.loaded.aggregate, &id, place, &events));
        if let Some(beside) = ground.beside {
            beside(&mut unit, &id)?;
        }
        let hash = &ground.compiled.content_hash;
        self.ask_for_approval(&mut unit, subject, hash, &id, requested_by)
            .await?;
        let ended = self.registry.wait(&id);
        let recorded = unit.commit(id.0.clone(), StreamVersion(events.len() as u64)).await?;
        if recorded.repeated {
            self.registry.leave(&id);
            return Ok(self.repeated(&recorded));
        }
        Ok(Started {
            id,
            position: recorded.position,
            state: "WaitingApproval",
            repeated: false,
            ended,
        })
    }

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
        let environment = ground.environment.id;
        let events = live.loaded.aggregate.decide(ExecutionCommand {
            now,
            ask: Ask::Queue(QueueExecution { run, request }),
        })?;
        let mut unit = self.store.unit_at(context, now);
        unit.guard_stream(&ground.workflow.stream, ground.workflow.stream_version);
        for parent in &ground.parents {
            unit.guard_stream(&parent.stream, parent.version);
        }
        if let Some(key) = &ground.key {
            key.record(&mut unit, &live.loaded.stream);
        }
        unit.record(&live.loaded, "execution", &events);
        unit.work(WorkChange::Put(WorkItem {
            execution: id.0.as_str().into(),
            environment: environment.0,
            workspace: ground.workflow.workspace.0,
            state: WorkState::Queued,
            due_at: None,
            owner: None,
            epoch: 0,
        }));
        if let Some(beside) = ground.beside {
            beside(&mut unit, &id)?;
        }
        let ended = self.registry.wait(&id);
        let recorded = unit.commit(id.0.clone(), StreamVersion(events.len() as u64)).await?;
        if recorded.repeated {
            self.registry.leave(&id);
            return Ok(self.repeated(&recorded));
        }
        self.queue.joined(environment);
        Ok(Started {
            id,
            position: recorded.position,
            state: "Queued",
            repeated: false,
            ended,
        })
    }
}
