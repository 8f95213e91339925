//! Moves a schedule past what was due: missed ticks, and one that started a run, waits, or was skipped.

use super::{
    Cause, MOST_OPEN_RUNS, Missed, Plan, Progress, Schedule, ScheduleEvent, ScheduleFired, ScheduleTickBuffered,
    ScheduleTickSkipped,
};
use crate::{ids::ExecutionId, instant::Instant, refusal::Refusal};

/// What became of the tick.
#[derive(Debug, Clone, PartialEq)]
pub enum TickOutcome {
    /// It starts this run, recorded in the same append.
    Fired {
        /// The run.
        execution_id: ExecutionId,
        /// Open runs that were cancelled for it.
        cancelled: Vec<ExecutionId>,
    },
    /// It waits until the open runs have ended.
    Buffered,
    /// It starts no run.
    Skipped {
        /// Stable name of the reason.
        reason: String,
        /// For people.
        detail: String,
    },
}

/// Record what became of a plan.
#[derive(Debug, Clone)]
pub struct AdvanceSchedule {
    /// What was due.
    pub plan: Plan,
    /// What became of its tick, if it has one.
    pub outcome: Option<TickOutcome>,
    /// Runs that the schedule started and that are open.
    pub open: Vec<ExecutionId>,
    /// Now.
    pub now: Instant,
}

impl AdvanceSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let id = state.existing()?.id;
        let mut events: Vec<ScheduleEvent> = Vec::new();
        let after = |events: &[ScheduleEvent]| Progress {
            next: self.plan.next,
            runs: self.open.clone(),
            ..state.progress(events.len() as u64 + 1)
        };
        if let Some(Missed { first, last, ticks }) = self.plan.missed {
            let progress = after(&events);
            let skipped = ScheduleTickSkipped {
                id,
                tick: first,
                last_tick: last,
                ticks,
                reason: "missed".to_owned(),
                detail: "no node was there in time, and catchUp does not make up for it".to_owned(),
                progress,
            };
            events.push(skipped.into());
        }
        let Some(((tick, cause), outcome)) = self.plan.tick.zip(self.outcome) else {
            return Ok(events);
        };
        let mut progress = after(&events);
        if cause == Cause::Buffered {
            progress.buffered = None;
        }
        events.push(match outcome {
            TickOutcome::Fired {
                execution_id,
                cancelled,
            } => {
                progress.runs.retain(|run| !cancelled.contains(run));
                started(&mut progress, &execution_id, self.now);
                ScheduleFired {
                    id,
                    tick,
                    cause,
                    execution_id,
                    cancelled,
                    progress,
                }
                .into()
            }
            TickOutcome::Buffered => {
                progress.buffered = Some(tick);
                ScheduleTickBuffered { id, tick, progress }.into()
            }
            TickOutcome::Skipped { reason, detail } => ScheduleTickSkipped {
                id,
                tick,
                last_tick: tick,
                ticks: 1,
                reason,
                detail,
                progress,
            }
            .into(),
        });
        Ok(events)
    }
}

/// Notes a run that begins.
pub(super) fn started(progress: &mut Progress, run: &ExecutionId, now: Instant) {
    progress.last_run_at = Some(now);
    progress.runs.push(run.clone());
    let surplus = progress.runs.len().saturating_sub(MOST_OPEN_RUNS);
    progress.runs.drain(..surplus);
}
