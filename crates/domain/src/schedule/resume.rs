//! Resumes a paused schedule, from the present instant on.

use super::{Progress, Schedule, ScheduleEvent, ScheduleResumed};
use crate::{instant::Instant, refusal::Refusal};

/// Start runs again.
#[derive(Debug, Clone)]
pub struct ResumeSchedule {
    /// Now.
    pub now: Instant,
}

impl ResumeSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let present = state.existing()?;
        if state.progress.is_active {
            return Ok(Vec::new());
        }
        let progress = Progress {
            is_active: true,
            next: present.timing().and_then(|timing| timing.next_after(self.now)),
            ..state.progress(1)
        };
        Ok(vec![
            ScheduleResumed {
                id: present.id,
                progress,
            }
            .into(),
        ])
    }
}
