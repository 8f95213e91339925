//! Who is next when an environment has a free place: runs that were queued, oldest first.

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::Notify;
use wfm_domain::ids::EnvironmentId;

/// Counts queued runs per environment and remembers which environments may have a free place.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<FxHashMap<EnvironmentId, usize>>,
    ready: Mutex<FxHashSet<EnvironmentId>>,
    changed: Notify,
}

impl Queue {
    /// A run was queued.
    pub fn joined(&self, environment: EnvironmentId) {
        *self.waiting.lock().entry(environment).or_default() += 1;
        self.wake(environment);
    }

    /// A queued run was started or ended.
    pub fn left(&self, environment: EnvironmentId) {
        let mut waiting = self.waiting.lock();
        if let Some(count) = waiting.get_mut(&environment) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&environment);
            }
        }
    }

    /// No run is queued in this environment.
    pub fn emptied(&self, environment: EnvironmentId) {
        self.waiting.lock().remove(&environment);
    }

    /// Looks at every environment with queued runs again: another node may have freed a place.
    pub fn look_again(&self) {
        let waiting: Vec<EnvironmentId> = self.waiting.lock().keys().copied().collect();
        waiting.into_iter().for_each(|environment| self.wake(environment));
    }

    /// Whether runs are queued: a new one then joins them instead of overtaking.
    #[must_use]
    pub fn is_waiting(&self, environment: EnvironmentId) -> bool {
        self.waiting.lock().contains_key(&environment)
    }

    /// How many runs are queued in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.lock().values().sum()
    }

    /// Whether no run is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.lock().is_empty()
    }

    /// A place may be free: of a run that ended, or by a higher limit.
    pub fn freed(&self, environment: EnvironmentId) {
        if self.is_waiting(environment) {
            self.wake(environment);
        }
    }

    fn wake(&self, environment: EnvironmentId) {
        self.ready.lock().insert(environment);
        self.changed.notify_one();
    }

    /// The environments that may have a free place for a queued run; waits for one.
    pub async fn next(&self) -> Vec<EnvironmentId> {
        loop {
            let ready: Vec<EnvironmentId> = self.ready.lock().drain().collect();
            if !ready.is_empty() {
                return ready;
            }
            self.changed.notified().await;
        }
    }
}
