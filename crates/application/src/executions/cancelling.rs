//! Stops runs on request, whatever they are doing.
//!
//! Invariant: a cancellation is recorded by whoever asks for it; the driver of the run learns of it afterwards.

use std::sync::Arc;

use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, CancelExecution, Execution, ExecutionCommand, Outcome, Phase},
    ids::ExecutionId,
    protected::Protected,
};
use wfm_storage::{event::StreamVersion, work::WorkChange};

use super::{
    registry::Ended,
    runs::{Runs, check_text},
};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    security::permission::Permission,
    store::Recorded,
};

impl Runs {
    /// Stops a run, whatever it is doing; a call that is under way is abandoned.
    ///
    /// # Errors
    /// When the caller may not, or the run has ended.
    pub async fn cancel(
        &self,
        context: &Context,
        id: &ExecutionId,
        reason: Option<&str>,
    ) -> Result<Recorded, ApplicationError> {
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        if let Some(reason) = reason {
            check_text("/reason", reason, 1000)?;
        }
        self.store.retrying(|| self.cancel_once(context, id, reason)).await
    }

    async fn cancel_once(
        &self,
        context: &Context,
        id: &ExecutionId,
        reason: Option<&str>,
    ) -> Result<Recorded, ApplicationError> {
        let mut loaded = self.store.load::<Execution>(id.stream()).await?;
        let not_found = || format!("execution {id}");
        let Some(request) = loaded.aggregate.request.clone() else {
            return Err(ApplicationError::NotFound(not_found()));
        };
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, request.workspace_id, not_found)?;
        }
        let now = self.store.now();
        let key = request.input.key().clone();
        let ask = Ask::Cancel(CancelExecution {
            reason: reason.map(|reason| Protected::new(key, reason)),
            cancelled_by: context.user_id(),
        });
        let was_queued = loaded.aggregate.phase == Phase::Queued;
        let events = loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let mut unit = self.store.unit_at(context, now);
        unit.record(&loaded, "execution", &events);
        unit.work(WorkChange::Remove(id.0.as_str().into()));
        let version = StreamVersion(loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(id.0.clone(), version).await?;
        for event in &events {
            loaded.aggregate.evolve(event);
        }
        let message = reason.map(Arc::from);
        self.registry.end(
            id,
            &Ended {
                outcome: Outcome::Cancelled,
                output: None,
                message,
                position: recorded.position,
            },
        );
        if was_queued {
            self.queue.left(request.environment_id);
        }
        self.queue.freed(request.environment_id);
        Ok(recorded)
    }
}
