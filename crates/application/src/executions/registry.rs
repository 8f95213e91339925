//! The runs that this node drives: who waits for their end, and how their drivers hear of changes.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::{Notify, oneshot};
use wfm_domain::{execution::Outcome, ids::ExecutionId};
use wfm_storage::event::Position;

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// `ExecutionStatus`.
    pub outcome: Outcome,
    /// JSON of the output of a completed run.
    pub output: Option<Arc<str>>,
    /// What went wrong, for a failed run; the reason of a cancelled one.
    pub message: Option<Arc<str>>,
    /// Position of the run's last event.
    pub position: Position,
    /// Under which of its drivers it ended.
    pub tenure: u32,
}

/// Tells the driver of a run that somebody else changed the run.
#[derive(Debug, Clone, Default)]
pub struct DriverSignal(Arc<Notify>);

impl DriverSignal {
    /// Completes once the run was changed; also when it was changed before.
    pub async fn changed(&self) {
        self.0.notified().await;
    }
}

#[derive(Default)]
struct Entry {
    driver: DriverSignal,
    /// The run's tenure when its driver began.
    tenure: u32,
    waiters: Vec<oneshot::Sender<Ended>>,
}

/// The runs that this node drives or that somebody waits for.
#[derive(Default)]
pub struct Registry(Mutex<FxHashMap<ExecutionId, Entry>>);

impl Registry {
    /// The signal for the driver of a run that begins to be driven in this tenure.
    #[must_use]
    pub fn drive(&self, id: &ExecutionId, tenure: u32) -> DriverSignal {
        let mut entries = self.0.lock();
        let entry = entries.entry(id.clone()).or_default();
        entry.tenure = entry.tenure.max(tenure);
        entry.driver.clone()
    }

    /// Resolves when the run ends. Ask before the run is looked up, or its end may be missed.
    #[must_use]
    pub fn wait(&self, id: &ExecutionId) -> oneshot::Receiver<Ended> {
        let (sender, receiver) = oneshot::channel();
        let mut entries = self.0.lock();
        let entry = entries.entry(id.clone()).or_default();
        entry.waiters.retain(|waiter| !waiter.is_closed());
        entry.waiters.push(sender);
        receiver
    }

    /// Tells the run's driver, if this node has it, to look at the log again.
    pub fn poke(&self, id: &ExecutionId) {
        if let Some(entry) = self.0.lock().get(id) {
            entry.driver.0.notify_one();
        }
    }

    /// Whether this node drives the run.
    #[must_use]
    pub fn drives(&self, id: &ExecutionId) -> bool {
        self.0
            .lock()
            .get(id)
            .is_some_and(|entry| Arc::strong_count(&entry.driver.0) > 1)
    }

    /// Whether this node drives the run or somebody waits for it.
    #[must_use]
    pub fn knows(&self, id: &ExecutionId) -> bool {
        self.0.lock().contains_key(id)
    }

    /// Forgets a run that nobody drives after its last waiter has gone.
    pub fn leave(&self, id: &ExecutionId) {
        let mut entries = self.0.lock();
        if let Some(entry) = entries.get_mut(id) {
            entry.waiters.retain(|waiter| !waiter.is_closed());
            if entry.waiters.is_empty() && Arc::strong_count(&entry.driver.0) == 1 {
                entries.remove(id);
            }
        }
    }

    /// The run has ended: its driver stops, its waiters are answered. Late news of an earlier end, from before the run was
    /// redriven, changes nothing.
    pub fn end(&self, id: &ExecutionId, ended: &Ended) {
        let mut entries = self.0.lock();
        if entries.get(id).is_none_or(|entry| ended.tenure < entry.tenure) {
            return;
        }
        let Some(entry) = entries.remove(id) else { return };
        drop(entries);
        entry.driver.0.notify_one();
        for waiter in entry.waiters {
            // A waiter that has gone needs no answer.
            let _ = waiter.send(ended.clone());
        }
    }

    /// How many runs are driven or waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether no run is driven or waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(tenure: u32) -> Ended {
        Ended {
            outcome: Outcome::Failed,
            output: None,
            message: None,
            position: Position(5),
            tenure,
        }
    }

    #[test]
    fn late_news_of_an_earlier_end_leaves_the_present_driver_alone() {
        let (registry, id) = (Registry::default(), ExecutionId("0193-1".to_owned()));
        let mut waiter = registry.wait(&id);
        let driver = registry.drive(&id, 2);
        registry.end(&id, &ended(1));
        assert!(registry.drives(&id));
        assert!(waiter.try_recv().is_err());
        registry.end(&id, &ended(2));
        assert!(!registry.knows(&id));
        assert_eq!(waiter.try_recv().map(|ended| ended.tenure), Ok(2));
        drop(driver);
    }
}
