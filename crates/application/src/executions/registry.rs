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
    waiters: Vec<oneshot::Sender<Ended>>,
}

/// The runs that this node drives or that somebody waits for.
#[derive(Default)]
pub struct Registry(Mutex<FxHashMap<ExecutionId, Entry>>);

impl Registry {
    /// The signal for the driver of a run that begins to be driven.
    #[must_use]
    pub fn drive(&self, id: &ExecutionId) -> DriverSignal {
        self.0.lock().entry(id.clone()).or_default().driver.clone()
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

    /// The run has ended: its driver stops, its waiters are answered.
    pub fn end(&self, id: &ExecutionId, ended: &Ended) {
        let Some(entry) = self.0.lock().remove(id) else { return };
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
