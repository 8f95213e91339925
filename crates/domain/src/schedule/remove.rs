//! Removes a schedule. Runs that it started go on.

use super::{Progress, Schedule, ScheduleEvent, ScheduleRemoved, pause::dropped};
use crate::refusal::Refusal;

/// Remove it.
#[derive(Debug, Clone)]
pub struct RemoveSchedule {
    /// Whether the deletion of its workflow, or of what that belongs to, causes it.
    pub cascade: bool,
}

impl RemoveSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let id = state.existing()?.id;
        let mut events: Vec<_> = dropped(state, false).into_iter().collect();
        let progress = Progress {
            events_since_set: state.progress.events_since_set + events.len() as u64 + 1,
            ..Progress::default()
        };
        let cascade = self.cascade;
        events.push(ScheduleRemoved { id, cascade, progress }.into());
        Ok(events)
    }
}
