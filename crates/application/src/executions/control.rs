//! What people ask of a run that exists: cancel, pause, resume, send a signal, redrive.
//!
//! Invariant: what is asked for is recorded by whoever asks; the driver of the run, wherever it is, learns of it afterwards
//! and looks at the log again.

use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    execution::{
        Ask, CancelExecution, Execution, ExecutionCommand, ExecutionEvent, InDoubtAnswer, PauseExecution, Phase,
        RedriveExecution, ResumeExecution, SendSignal,
    },
    ids::ExecutionId,
    protected::{DataKey, Protected},
    refusal::Refusal,
    workflow::is_signal_name,
};
use wfm_storage::event::StreamVersion;

use super::{advance::changes_work, registry::Ended, runs::Runs, starting::check_text};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    security::permission::Permission,
    store::{Recorded, Unit, check_version},
};

/// Largest payload of a signal in bytes of JSON.
pub const MAXIMUM_SIGNAL_BYTES: usize = 256 * 1024;

/// What became of steps in doubt, as a caller of a redrive says.
#[derive(Debug, Clone, PartialEq)]
pub enum InDoubt {
    /// They are sent again.
    Repeat,
    /// They took effect, with this output.
    Succeeded(Value),
}

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
        let cancelled_by = context.user_id();
        self.ask_for_reason(context, id, reason, |reason| {
            Ask::Cancel(CancelExecution { reason, cancelled_by })
        })
        .await
    }

    /// Lets a run begin no further call and give its place back; calls that are under way end.
    ///
    /// # Errors
    /// When the caller may not, or the run has ended, is paused or undoes its steps.
    pub async fn pause(
        &self,
        context: &Context,
        id: &ExecutionId,
        reason: Option<&str>,
    ) -> Result<Recorded, ApplicationError> {
        let paused_by = context.user_id();
        self.ask_for_reason(context, id, reason, |reason| {
            Ask::Pause(PauseExecution { reason, paused_by })
        })
        .await
    }

    /// Ends a pause: the run goes on as soon as it gets a place.
    ///
    /// # Errors
    /// When the caller may not, or the run is not paused.
    pub async fn resume(&self, context: &Context, id: &ExecutionId) -> Result<Recorded, ApplicationError> {
        self.ask(context, id, |_| {
            Ask::Resume(ResumeExecution {
                resumed_by: context.user_id(),
            })
        })
        .await
    }

    /// Sends a signal; it is kept until a step waits for one of its name.
    ///
    /// # Errors
    /// When the caller may not, the run has ended, or the name or payload is not acceptable.
    pub async fn signal(
        &self,
        context: &Context,
        id: &ExecutionId,
        name: &str,
        payload: &Value,
    ) -> Result<Recorded, ApplicationError> {
        if !is_signal_name(name) {
            let detail = "a signal's name consists of 1 to 100 letters, digits, '-', '_' and '.'";
            return Err(Refusal::field("/name", detail).into());
        }
        let text = payload.to_string();
        if text.len() > MAXIMUM_SIGNAL_BYTES {
            let detail = format!("at most {MAXIMUM_SIGNAL_BYTES} bytes of JSON");
            return Err(Refusal::field("", detail).into());
        }
        self.ask(context, id, |key| {
            Ask::Signal(SendSignal {
                signal: name.to_owned(),
                payload: Protected::new(key, text.as_str()),
                sent_by: context.user_id(),
            })
        })
        .await
    }

    /// Lets a failed run go on from what failed: same id, same definition, finished steps kept.
    ///
    /// # Errors
    /// When the caller may not, the run has not failed, or a step is in doubt and `in_doubt` does not say what became of it.
    pub async fn redrive(
        &self,
        context: &Context,
        id: &ExecutionId,
        in_doubt: Option<&InDoubt>,
    ) -> Result<Recorded, ApplicationError> {
        self.ask(context, id, |key| {
            Ask::Redrive(RedriveExecution {
                in_doubt: in_doubt.map(|in_doubt| match in_doubt {
                    InDoubt::Repeat => InDoubtAnswer::Repeat,
                    InDoubt::Succeeded(output) => InDoubtAnswer::Succeeded(Protected::new(key, output.to_string())),
                }),
                redriven_by: context.user_id(),
            })
        })
        .await
    }

    /// A parked run whose time has come waits for a place again.
    pub(super) async fn requeue(&self, id: &ExecutionId) -> Result<(), ApplicationError> {
        let context = Context::system("engine", id.0.as_str());
        self.ask(&context, id, |_| Ask::Requeue).await.map(drop)
    }

    /// The events of a decision about a run that waits for an approval, with its row of open work.
    pub(crate) fn verdict_on(
        &self,
        execution: &Execution,
        id: &ExecutionId,
        reason: Option<&str>,
        unit: &mut Unit<'_>,
    ) -> Result<Vec<ExecutionEvent>, ApplicationError> {
        let Some(request) = &execution.request else {
            return Err(ApplicationError::NotFound(format!("execution {id}")));
        };
        let ask = match reason {
            None => Ask::Requeue,
            Some(reason) => Ask::Cancel(CancelExecution {
                reason: Some(Protected::new(request.input.key().clone(), reason)),
                cancelled_by: None,
            }),
        };
        let events = execution.decide(ExecutionCommand { now: unit.now(), ask })?;
        let place = (request.environment_id, request.workspace_id.0);
        unit.work(self.work_after(execution, id, place, &events));
        Ok(events)
    }

    /// Tells who waits for the run, or for its place, of the decision.
    pub(crate) fn heard_verdict(&self, execution: &Execution, recorded: &Recorded) {
        if let Some(end) = ended(execution, recorded) {
            self.registry.end(&execution.run.id, &end);
        } else if let Some(request) = &execution.request {
            self.queue.joined(request.environment_id, request.workspace_id);
        }
    }

    /// [`Self::ask`] with the reason that the caller gives.
    async fn ask_for_reason(
        &self,
        context: &Context,
        id: &ExecutionId,
        reason: Option<&str>,
        ask: impl Fn(Option<Protected>) -> Ask,
    ) -> Result<Recorded, ApplicationError> {
        if let Some(reason) = reason {
            check_text("/reason", reason, 1000)?;
        }
        self.ask(context, id, |key| ask(reason.map(|reason| Protected::new(key, reason))))
            .await
    }

    /// Decides and records what `ask` makes of the run's key.
    async fn ask(
        &self,
        context: &Context,
        id: &ExecutionId,
        ask: impl Fn(DataKey) -> Ask,
    ) -> Result<Recorded, ApplicationError> {
        self.store.retrying(|| self.ask_once(context, id, &ask)).await
    }

    async fn ask_once(
        &self,
        context: &Context,
        id: &ExecutionId,
        ask: &impl Fn(DataKey) -> Ask,
    ) -> Result<Recorded, ApplicationError> {
        let mut loaded = self.store.load::<Execution>(id.stream()).await?;
        let not_found = || format!("execution {id}");
        let Some(request) = loaded.aggregate.request.clone() else {
            return Err(ApplicationError::NotFound(not_found()));
        };
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, request.workspace_id, not_found)?;
        }
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        check_version(context, &loaded)?;
        let now = self.store.now();
        let ask = ask(request.input.key().clone());
        let before = loaded.aggregate.standing.clone();
        let events = loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let place = (request.environment_id, request.workspace_id.0);
        let mut unit = self.store.unit_at(context, now);
        unit.follow(&loaded);
        unit.record(&loaded, "execution", &events);
        if events.iter().any(changes_work) {
            unit.work(self.work_after(&loaded.aggregate, id, place, &events));
        }
        let version = StreamVersion(loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(id.0.clone(), version).await?;
        for event in &events {
            loaded.aggregate.evolve(event);
        }
        let execution = &loaded.aggregate;
        match ended(execution, &recorded) {
            Some(end) => self.registry.end(id, &end),
            None => self.registry.poke(id),
        }
        if before.phase == Phase::Queued && execution.standing.phase != Phase::Queued {
            self.queue.left(request.environment_id);
        }
        if before.phase != Phase::Queued && execution.standing.phase == Phase::Queued {
            self.queue.joined(request.environment_id, request.workspace_id);
        }
        self.watch_parked(execution);
        self.queue.freed(request.environment_id);
        Ok(recorded)
    }
}

fn ended(execution: &Execution, recorded: &Recorded) -> Option<Ended> {
    Some(Ended {
        outcome: execution.outcome()?,
        output: None,
        message: execution.result.clone(),
        position: recorded.position,
        tenure: execution.tenure,
    })
}
