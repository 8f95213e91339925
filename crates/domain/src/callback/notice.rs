//! What is told to whom: which end of which run, by which of its callbacks. Its name is that of the delivery.

use serde::{Deserialize, Serialize};

use crate::{
    aggregate::Claim,
    ids::{ExecutionId, WorkflowId},
    instant::Instant,
};

/// One callback about one end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The run.
    pub execution_id: ExecutionId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// Which of its ends: 1 for the first; a run that is redriven ends once more.
    pub ending: u32,
    /// Place in the pinned version's `configuration.callbacks`, from 0.
    pub index: u32,
}

impl Notice {
    /// Prefix of the streams of callbacks.
    pub const KIND: &'static str = "callback";

    /// Name of the delivery, the same for each attempt: `{execution}-{ending}-{index}`.
    #[must_use]
    pub fn delivery(&self) -> String {
        format!("{}-{}-{}", self.execution_id, self.ending, self.index)
    }

    /// The stream of what became of it.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("{}-{}", Self::KIND, self.delivery())
    }

    /// Scope of the claims that name what a workflow's callbacks still have to tell, in order of time.
    #[must_use]
    pub fn owed_by(workflow: WorkflowId) -> String {
        format!("workflow/{workflow}/callbacks")
    }

    /// The claim that says that it is to be told, not before `due_at`.
    #[must_use]
    pub fn claim(&self, due_at: Instant) -> Claim {
        Claim::new(Self::owed_by(self.workflow_id), format!("{due_at}/{}", self.delivery()))
    }

    /// Reads the key of such a claim.
    #[must_use]
    pub fn of_claim(workflow_id: WorkflowId, key: &str) -> Option<(Instant, Self)> {
        let (due_at, delivery) = key.split_once('/')?;
        let (rest, index) = delivery.rsplit_once('-')?;
        let (execution, ending) = rest.rsplit_once('-')?;
        let notice = Self {
            execution_id: ExecutionId(execution.to_owned()),
            workflow_id,
            ending: ending.parse().ok()?,
            index: index.parse().ok()?,
        };
        Some((Instant::parse(due_at)?, notice))
    }
}
