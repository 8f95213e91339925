//! Pauses a schedule: its ticks start no runs, and are not made up for later.

use super::{Progress, Schedule, ScheduleEvent, SchedulePaused, ScheduleTickSkipped};
use crate::refusal::Refusal;

/// Start no runs.
#[derive(Debug, Clone)]
pub struct PauseSchedule;

impl PauseSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let id = state.existing()?.id;
        if !state.progress.is_active {
            return Ok(Vec::new());
        }
        let mut events: Vec<_> = dropped(state, false).into_iter().collect();
        let progress = Progress {
            is_active: false,
            next: None,
            buffered: None,
            ..state.progress(events.len() as u64 + 1)
        };
        events.push(SchedulePaused { id, progress }.into());
        Ok(events)
    }
}

/// The end of a tick that waits for a run, when its schedule is not active any more.
pub(super) fn dropped(state: &Schedule, is_active: bool) -> Option<ScheduleEvent> {
    let tick = state.progress.buffered.filter(|_| !is_active)?;
    let id = state.present.as_ref()?.id;
    Some(
        ScheduleTickSkipped {
            id,
            tick,
            last_tick: tick,
            ticks: 1,
            reason: "paused".to_owned(),
            detail: "the schedule was paused or removed while the tick waited for the run before it".to_owned(),
            progress: Progress {
                buffered: None,
                ..state.progress(1)
            },
        }
        .into(),
    )
}
