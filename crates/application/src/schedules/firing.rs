//! Deals with what is due of a schedule.
//!
//! Invariant: what a tick led to and the start of its run are one append at the schedule's version as read, so that a tick
//! never starts two runs, whoever else deals with it, and none is lost: until the append it is due.

use std::sync::Arc;

use wfm_domain::{
    aggregate::Decide,
    ids::{ExecutionId, WorkflowId},
    instant::Instant,
    schedule::{AdvanceSchedule, Cause, Overlap, Plan, Present, Schedule, TickOutcome},
};

use crate::{
    context::Context,
    error::ApplicationError,
    executions::{runs::Runs, starting::StartInput},
    store::{Loaded, Store},
};

/// Why runs are cancelled for a tick.
const CANCELLED: &str = "the schedule's next tick came (overlap CancelOther)";

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The schedule moved on; an event says how it stands.
    Moved,
    /// Nothing was due; when something is.
    Waits(Option<Instant>),
}

/// Starts the runs of schedules.
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) runs: Arc<Runs>,
}

impl Scheduler {
    /// A scheduler over a log; its runs are driven as all others.
    #[must_use]
    pub fn new(store: Store, runs: Arc<Runs>) -> Self {
        Self { store, runs }
    }

    /// Deals with what is due of a workflow's schedule: one tick, with those missed before it.
    ///
    /// # Errors
    /// [`ApplicationError::Contended`] when another node dealt with it; when the log fails.
    pub async fn turn(&self, workflow: WorkflowId) -> Result<Turn, ApplicationError> {
        let loaded = self.store.stored_schedule(workflow).await?;
        let Some(present) = &loaded.aggregate.present else {
            return Ok(Turn::Waits(None));
        };
        let overlaps = present.settings.overlap == Overlap::AllowAll;
        let runs = &loaded.aggregate.progress.runs;
        let open = if overlaps {
            runs.clone()
        } else {
            self.store.open_runs(runs).await?
        };
        let busy = !overlaps && !open.is_empty();
        let now = self.store.now();
        let Some(plan) = loaded.aggregate.plan(now, busy) else {
            return Ok(Turn::Waits(loaded.aggregate.wakes_at(now, busy)));
        };
        let case = Case {
            workflow,
            present,
            loaded: &loaded,
            plan,
            open,
            busy,
            now,
        };
        self.deal_with(&case).await.map(|()| Turn::Moved)
    }

    async fn deal_with(&self, case: &Case<'_>) -> Result<(), ApplicationError> {
        let context = Context::system("schedule", self.store.entropy.uuid().to_string());
        let Some((_, cause)) = case.plan.tick else {
            return self.record(&context, case, None).await;
        };
        let mut cancelled = Vec::new();
        if case.busy && cause != Cause::Buffered {
            match case.present.settings.overlap {
                Overlap::BufferOne if case.loaded.aggregate.progress.buffered.is_none() => {
                    return self.record(&context, case, Some(TickOutcome::Buffered)).await;
                }
                Overlap::Skip | Overlap::BufferOne => {
                    let outcome = TickOutcome::Skipped {
                        reason: "overlap".to_owned(),
                        detail: format!(
                            "a run of the schedule is open (overlap {})",
                            case.present.settings.overlap.name()
                        ),
                    };
                    return self.record(&context, case, Some(outcome)).await;
                }
                Overlap::CancelOther => {
                    self.cancel(&context, &case.open).await?;
                    cancelled.clone_from(&case.open);
                }
                Overlap::AllowAll => {}
            }
        }
        match self.start(&context, case, &cancelled).await {
            Err(ApplicationError::Refused(refusal)) => {
                let outcome = TickOutcome::Skipped {
                    reason: refusal.code.to_owned(),
                    detail: refusal.detail,
                };
                self.record(&context, case, Some(outcome)).await
            }
            Err(ApplicationError::TooMany { detail, .. }) => {
                let outcome = TickOutcome::Skipped {
                    reason: "queue-full".to_owned(),
                    detail,
                };
                self.record(&context, case, Some(outcome)).await
            }
            Err(ApplicationError::NotFound(what)) => {
                let outcome = TickOutcome::Skipped {
                    reason: "not-found".to_owned(),
                    detail: format!("{what} does not exist"),
                };
                self.record(&context, case, Some(outcome)).await
            }
            started => started,
        }
    }

    /// Starts the tick's run, in one append with what the tick led to.
    async fn start(
        &self,
        context: &Context,
        case: &Case<'_>,
        cancelled: &[ExecutionId],
    ) -> Result<(), ApplicationError> {
        let input = StartInput {
            key: None,
            input: case.present.settings.input_parameters.clone(),
            execution_context: None,
        };
        self.runs
            .start_within(context, case.workflow, &input, &|unit, execution_id| {
                let outcome = TickOutcome::Fired {
                    execution_id: execution_id.clone(),
                    cancelled: cancelled.to_vec(),
                };
                let command = case.advance(Some(outcome));
                let events = case.loaded.aggregate.decide(command.into())?;
                unit.record(case.loaded, "schedule", &events);
                Ok(())
            })
            .await
            .map(drop)
    }

    /// Records what a tick led to that starts no run.
    async fn record(
        &self,
        context: &Context,
        case: &Case<'_>,
        outcome: Option<TickOutcome>,
    ) -> Result<(), ApplicationError> {
        let mut loaded = case.loaded.clone();
        let mut unit = self.store.unit_at(context, case.now);
        unit.decide(&mut loaded, case.advance(outcome)).await?;
        unit.commit(case.workflow.0, loaded.version).await.map(drop)
    }

    async fn cancel(&self, context: &Context, runs: &[ExecutionId]) -> Result<(), ApplicationError> {
        for run in runs {
            match self.runs.cancel(context, run, Some(CANCELLED)).await {
                // It ended by itself meanwhile.
                Ok(_) | Err(ApplicationError::Refused(_) | ApplicationError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What is due, and of what.
struct Case<'a> {
    workflow: WorkflowId,
    present: &'a Present,
    loaded: &'a Loaded<Schedule>,
    plan: Plan,
    open: Vec<ExecutionId>,
    busy: bool,
    now: Instant,
}

impl Case<'_> {
    fn advance(&self, outcome: Option<TickOutcome>) -> AdvanceSchedule {
        AdvanceSchedule {
            plan: self.plan,
            outcome,
            open: self.open.clone(),
            now: self.now,
        }
    }
}
