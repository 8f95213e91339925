//! Sets a workflow's schedule: makes it, or replaces it whole. What is the same already is no event.

use super::{Schedule, ScheduleEvent, ScheduleSet, WrittenSchedule, pause::dropped};
use crate::{
    field_errors::FieldErrors,
    ids::{ScheduleId, WorkflowId, WorkspaceId},
    instant::Instant,
    refusal::Refusal,
};

/// Set the schedule of a workflow that is not deleted.
#[derive(Debug, Clone)]
pub struct SetSchedule {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// What the caller wrote.
    pub written: WrittenSchedule,
    /// `isActive`; true when omitted.
    pub is_active: Option<bool>,
    /// Now.
    pub now: Instant,
}

impl SetSchedule {
    pub(super) fn decide(self, state: &Schedule) -> Result<Vec<ScheduleEvent>, Refusal> {
        let is_active = self.is_active.unwrap_or(true);
        let mut errors = FieldErrors::new();
        let settings = self.written.check(&mut errors);
        errors.finish()?;
        if let Some(present) = &state.present
            && present.settings == settings
            && state.progress.is_active == is_active
        {
            return Ok(Vec::new());
        }
        let next = settings
            .timing(self.workflow_id)
            .and_then(|timing| timing.next_after(self.now));
        if next.is_none() {
            return Err(Refusal::field(
                "/endDate",
                "the expression does not fire any more before it",
            ));
        }
        let mut events: Vec<_> = dropped(state, is_active).into_iter().collect();
        let mut progress = state.progress(0);
        progress.events_since_set = 0;
        progress.is_active = is_active;
        progress.next = next.filter(|_| is_active);
        progress.buffered = progress.buffered.filter(|_| is_active);
        events.push(
            ScheduleSet {
                id: ScheduleId(self.workflow_id.0),
                workflow_id: self.workflow_id,
                workspace_id: self.workspace_id,
                settings,
                created_at: state.present.as_ref().map_or(self.now, |present| present.created_at),
                updated_at: state.present.as_ref().map(|_| self.now),
                progress,
            }
            .into(),
        );
        Ok(events)
    }
}
