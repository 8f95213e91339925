//! When which workflow is to be looked at next: for its schedule, for its callbacks.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use wfm_domain::{ids::WorkflowId, instant::Instant};

/// How long the clock is not looked at: it may be put forward.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_millis(200);

/// An instant for each workflow that has one.
#[derive(Default)]
pub(crate) struct DueWorkflows {
    /// In order of time; outdated ones stay until they come up.
    order: BinaryHeap<Reverse<(Instant, WorkflowId)>>,
    /// The instant that counts.
    due: HashMap<WorkflowId, Instant>,
}

impl DueWorkflows {
    /// Has a workflow looked at at this instant, whatever was said before.
    pub(crate) fn set(&mut self, workflow: WorkflowId, at: Instant) {
        self.due.insert(workflow, at);
        self.order.push(Reverse((at, workflow)));
    }

    /// Has a workflow looked at at this instant, or sooner if that was said before.
    pub(crate) fn set_sooner(&mut self, workflow: WorkflowId, at: Instant) {
        if self.due.get(&workflow).is_none_or(|due| at < *due) {
            self.set(workflow, at);
        }
    }

    /// Has a workflow not looked at.
    pub(crate) fn clear(&mut self, workflow: WorkflowId) {
        self.due.remove(&workflow);
    }

    /// Whether a workflow has an instant.
    pub(crate) fn has(&self, workflow: WorkflowId) -> bool {
        self.due.contains_key(&workflow)
    }

    /// The next workflow whose instant has come; it has none from then on.
    pub(crate) fn take(&mut self, now: Instant) -> Option<WorkflowId> {
        while let Some(Reverse((at, workflow))) = self.order.peek().copied() {
            if at > now {
                return None;
            }
            self.order.pop();
            if self.due.get(&workflow) == Some(&at) {
                self.due.remove(&workflow);
                return Some(workflow);
            }
        }
        None
    }

    /// How long nothing is to be looked at; without room, until the clock is.
    pub(crate) fn sleep(&self, now: Instant, has_room: bool) -> Duration {
        let next = self.order.peek().filter(|_| has_room);
        let wait = next.map(|Reverse((at, _))| at.microseconds_since(now).max(0).unsigned_abs());
        wait.map_or(LONGEST_SLEEP, Duration::from_micros).min(LONGEST_SLEEP)
    }

    /// How many instants stand in memory: in order, and such that count.
    #[cfg(test)]
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.order.len(), self.due.len())
    }
}
