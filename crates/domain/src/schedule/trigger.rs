//! Starts a run of a schedule at once, whatever its ticks, its overlap policy and whether it is paused.

use super::{Cause, Schedule, ScheduleEvent, ScheduleFired, advance::started};
use crate::{ids::ExecutionId, instant::Instant, refusal::Refusal};

/// Start a run now.
#[derive(Debug, Clone)]
pub struct TriggerSchedule {
    /// The run, recorded in the same append.
    pub execution_id: ExecutionId,
    /// Now.
    pub now: Instant,
}

impl TriggerSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let id = state.existing()?.id;
        let mut progress = state.progress(1);
        started(&mut progress, &self.execution_id, self.now);
        Ok(vec![
            ScheduleFired {
                id,
                tick: self.now,
                cause: Cause::Trigger,
                execution_id: self.execution_id,
                cancelled: Vec::new(),
                progress,
            }
            .into(),
        ])
    }
}
