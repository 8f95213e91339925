//! Erases what the runs of a month carried, once no execution of it is left.

use super::{RunDataErased, RunMonth, RunMonthEvent, RunMonthId};
use crate::refusal::Refusal;

/// Erase what the month's runs carried. Whoever commands it has made sure that no execution of the month is left and that
/// none can begin in it any more.
#[derive(Debug, Clone)]
pub struct EraseRunData {
    /// The workspace and month.
    pub id: RunMonthId,
}

impl EraseRunData {
    pub(super) fn decide(self, state: &RunMonth) -> Result<Vec<RunMonthEvent>, Refusal> {
        match state {
            RunMonth::Whole => Err(Refusal::conflict(
                "nothing-purged",
                format!("no execution of {} was purged", self.id),
            )),
            RunMonth::Purged => Ok(vec![
                RunDataErased {
                    workspace_id: self.id.workspace_id,
                    month: self.id.month,
                }
                .into(),
            ]),
            RunMonth::Erased => Ok(Vec::new()),
        }
    }
}
