//! Who is next when an environment has a free place: runs that were queued, oldest first.

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::Notify;
use wfm_domain::ids::EnvironmentId;

/// Counts queued runs per environment and remembers which environments may have a free place.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    ready: Mutex<FxHashSet<EnvironmentId>>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    counts: FxHashMap<EnvironmentId, usize>,
    /// Who joined while the log's open work is counted, of whom the count may not know.
    joined_meanwhile: FxHashMap<EnvironmentId, usize>,
}

impl Queue {
    /// A run was queued.
    pub fn joined(&self, environment: EnvironmentId) {
        {
            let mut waiting = self.waiting.lock();
            *waiting.counts.entry(environment).or_default() += 1;
            *waiting.joined_meanwhile.entry(environment).or_default() += 1;
        }
        self.wake(environment);
    }

    /// A queued run was started or ended.
    pub fn left(&self, environment: EnvironmentId) {
        let mut waiting = self.waiting.lock();
        if let Some(count) = waiting.counts.get_mut(&environment) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.counts.remove(&environment);
            }
        }
    }

    /// No run is queued in this environment.
    pub fn emptied(&self, environment: EnvironmentId) {
        self.waiting.lock().counts.remove(&environment);
    }

    /// The queued runs are about to be counted anew; [`Self::counted`] tells the result.
    pub fn recount(&self) {
        self.waiting.lock().joined_meanwhile.clear();
    }

    /// So many runs are queued, in the place of what was counted before; who joined since [`Self::recount`] is added. Who was
    /// counted and joined stands for two until the environment's queue is empty, nobody for none.
    pub fn counted(&self, mut found: FxHashMap<EnvironmentId, usize>) {
        {
            let mut waiting = self.waiting.lock();
            for (environment, joined) in waiting.joined_meanwhile.drain() {
                *found.entry(environment).or_default() += joined;
            }
            waiting.counts = found;
        }
        self.look_again();
    }

    /// Looks at every environment with queued runs again: another node may have freed a place.
    pub fn look_again(&self) {
        let waiting: Vec<EnvironmentId> = self.waiting.lock().counts.keys().copied().collect();
        waiting.into_iter().for_each(|environment| self.wake(environment));
    }

    /// Whether runs are queued: a new one then joins them instead of overtaking.
    #[must_use]
    pub fn is_waiting(&self, environment: EnvironmentId) -> bool {
        self.waiting.lock().counts.contains_key(&environment)
    }

    /// How many runs are queued in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.lock().counts.values().sum()
    }

    /// Whether no run is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.lock().counts.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_anew_replaces_what_was_counted_and_forgets_nobody_who_joins_meanwhile() {
        let queue = Queue::default();
        let (left, right, gone) = (EnvironmentId(1), EnvironmentId(2), EnvironmentId(3));
        for environment in [left, left, right, gone] {
            queue.joined(environment);
        }
        // As after the end of another node: again and again, and no count grows by it.
        for _ in 0..3 {
            queue.recount();
            queue.counted(FxHashMap::from_iter([(left, 2), (right, 1)]));
            assert_eq!(queue.len(), 3);
        }
        assert!(!queue.is_waiting(gone));
        queue.recount();
        queue.joined(gone);
        queue.counted(FxHashMap::from_iter([(left, 2)]));
        assert!(queue.is_waiting(gone) && !queue.is_waiting(right));
        assert_eq!(queue.len(), 3);
    }
}
