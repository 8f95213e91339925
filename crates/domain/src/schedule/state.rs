//! A schedule's state, and its claim: an active schedule with a tick to come is in [`scopes::ACTIVE_SCHEDULES`], where nodes
//! find it when they start.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Progress, ScheduleCommand, ScheduleEvent, ScheduleSettings, Timing};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    ids::{ScheduleId, WorkflowId, WorkspaceId},
    instant::Instant,
    refusal::Refusal,
    scopes,
};

/// A schedule that is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// Id: that of its workflow.
    pub id: ScheduleId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// The workflow's workspace.
    pub workspace_id: WorkspaceId,
    /// What it is set to.
    pub settings: ScheduleSettings,
    /// When it was made.
    pub created_at: Instant,
}

impl Present {
    /// When its ticks happen.
    #[must_use]
    pub fn timing(&self) -> Option<Timing> {
        self.settings.timing(self.workflow_id)
    }
}

/// A workflow's schedule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The schedule; `None` before it is set and after it is removed.
    pub present: Option<Present>,
    /// How it stands.
    pub progress: Progress,
}

cqrs_aggregate!(Schedule, "schedule");

impl Schedule {
    pub(super) fn existing(&self) -> Result<&Present, Refusal> {
        self.present
            .as_ref()
            .ok_or_else(|| Refusal::not_found("schedule-not-found", "the workflow has no schedule"))
    }

    /// How it stands after one more event.
    pub(super) fn progress(&self, further: u64) -> Progress {
        Progress {
            events_since_set: self.progress.events_since_set + further,
            ..self.progress.clone()
        }
    }

    fn held(&self) -> BTreeSet<Claim> {
        let waits = self.progress.next.is_some() || self.progress.buffered.is_some();
        let active = self.present.iter().filter(|_| self.progress.is_active && waits);
        active
            .map(|present| Claim::new(scopes::ACTIVE_SCHEDULES, present.workflow_id.to_string()))
            .collect()
    }
}

impl Decide for Schedule {
    type Command = ScheduleCommand;
    type Event = ScheduleEvent;

    fn decide(&self, command: ScheduleCommand) -> Result<Vec<ScheduleEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &ScheduleEvent) {
        self.progress = event.progress().clone();
        match event {
            ScheduleEvent::ScheduleSet(set) => {
                self.present = Some(Present {
                    id: set.id,
                    workflow_id: set.workflow_id,
                    workspace_id: set.workspace_id,
                    settings: set.settings.clone(),
                    created_at: set.created_at,
                });
            }
            ScheduleEvent::ScheduleRemoved(_) => self.present = None,
            ScheduleEvent::SchedulePaused(_)
            | ScheduleEvent::ScheduleResumed(_)
            | ScheduleEvent::ScheduleFired(_)
            | ScheduleEvent::ScheduleTickBuffered(_)
            | ScheduleEvent::ScheduleTickSkipped(_) => {}
        }
    }

    fn claims(&self, event: &ScheduleEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        ClaimChanges::between(&self.held(), &after.held())
    }
}
