//! A month's state, and its claims: months that wait for their key's end, and months whose key is to be destroyed.

use serde::{Deserialize, Serialize};

use super::{RunMonthCommand, RunMonthEvent, RunMonthId};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    ids::WorkspaceId,
    refusal::Refusal,
    scopes,
};

/// How far a workspace's month of runs is on its way out. The claims that it holds say the same, so that nobody needs to
/// read thousands of purged ids to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunMonth {
    /// Nothing was purged. No claim.
    #[default]
    Whole,
    /// Executions were purged; what the runs carried can be read. A claim in [`scopes::PURGED_MONTHS`].
    Purged,
    /// What the runs carried is erased. A claim in [`scopes::ERASED_MONTHS`], kept for good.
    Erased,
}

cqrs_aggregate!(RunMonth, "run-month");

fn key(workspace_id: WorkspaceId, month: &str) -> String {
    let month = month.to_owned();
    RunMonthId { workspace_id, month }.to_string()
}

impl Decide for RunMonth {
    type Command = RunMonthCommand;
    type Event = RunMonthEvent;

    fn decide(&self, command: RunMonthCommand) -> Result<Vec<RunMonthEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &RunMonthEvent) {
        match (event, *self) {
            // An execution that came to light after the erasure goes without a further one.
            (RunMonthEvent::ExecutionsPurged(_), Self::Whole | Self::Purged) => *self = Self::Purged,
            (RunMonthEvent::ExecutionsPurged(_), Self::Erased) => {}
            (RunMonthEvent::RunDataErased(_), _) => *self = Self::Erased,
        }
    }

    fn claims(&self, event: &RunMonthEvent) -> ClaimChanges {
        match (event, self) {
            (RunMonthEvent::ExecutionsPurged(event), Self::Whole) => ClaimChanges {
                take: vec![Claim::new(scopes::PURGED_MONTHS, key(event.workspace_id, &event.month))],
                ..ClaimChanges::default()
            },
            (RunMonthEvent::RunDataErased(event), Self::Whole | Self::Purged) => {
                let key = key(event.workspace_id, &event.month);
                ClaimChanges {
                    release: vec![Claim::new(scopes::PURGED_MONTHS, key.clone())],
                    take: vec![Claim::new(scopes::ERASED_MONTHS, key)],
                    ..ClaimChanges::default()
                }
            }
            (RunMonthEvent::ExecutionsPurged(_), Self::Purged | Self::Erased)
            | (RunMonthEvent::RunDataErased(_), Self::Erased) => ClaimChanges::default(),
        }
    }
}
