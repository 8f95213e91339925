//! Open runs: what a node must drive, wake or queue. One row an open run; ended runs have none.

use std::sync::Arc;

/// Why a run is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkState {
    /// Waits for a place in its environment.
    Queued,
    /// Driven by its owner.
    Running,
    /// Waits until `due_at`.
    Timer,
    /// Waits for a signal.
    Signal,
    /// Waits for an approval.
    Approval,
}

impl WorkState {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Timer => "timer",
            Self::Signal => "signal",
            Self::Approval => "approval",
        }
    }

    /// The state of this stored name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Timer, Self::Signal, Self::Approval]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// One open run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// `WorkflowExecutions.Id`.
    pub execution: Arc<str>,
    /// Environment whose places it competes for.
    pub environment: i64,
    /// Workspace it belongs to.
    pub workspace: i64,
    /// Why it is open.
    pub state: WorkState,
    /// When a timer is due: fixed-width instant.
    pub due_at: Option<Arc<str>>,
    /// Node that drives it.
    pub owner: Option<Arc<str>>,
    /// Lease epoch of the owner.
    pub epoch: i64,
}

/// A change of open work, part of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkChange {
    /// Inserts the item or replaces the one of the same execution.
    Put(WorkItem),
    /// Removes the execution's item, if there is one.
    Remove(Arc<str>),
}

/// Which open work to list; all conditions hold at once.
#[derive(Debug, Clone, Default)]
pub struct WorkFilter {
    /// Only this state.
    pub state: Option<WorkState>,
    /// Only runs of this environment.
    pub environment: Option<i64>,
    /// Only runs of this workspace.
    pub workspace: Option<i64>,
    /// Only items due at this instant or before.
    pub due_until: Option<Arc<str>>,
    /// Only executions after this id (executions are listed in id order, which for UUIDv7 is age).
    pub after: Option<Arc<str>>,
}
