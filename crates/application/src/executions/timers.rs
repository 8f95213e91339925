//! Runs that wait for an instant and need no memory meanwhile: an id and an instant each.
//!
//! Invariant: a run that is watched is named once its instant has come, and not before; watching it again moves its instant.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use wfm_domain::{ids::ExecutionId, instant::Instant};

/// Runs that are named at once at most.
const MOST_AT_ONCE: usize = 256;

/// A run whose instant has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The run.
    pub id: ExecutionId,
    /// Its tenure when this process let it go; a run of another tenure is driven by somebody else. `None` when another process
    /// left the run behind: then it must be adopted.
    pub tenure: Option<u32>,
}

#[derive(Default)]
struct Watched {
    /// When each run is due, and its tenure under this process.
    due: FxHashMap<Arc<str>, (Instant, Option<u32>)>,
    /// The same by instant; entries that `due` does not confirm are stale.
    order: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
}

impl Watched {
    /// Drops stale entries and tells when the first run is due.
    fn first(&mut self) -> Option<Instant> {
        while let Some(Reverse((due_at, id))) = self.order.peek() {
            if self.due.get(id).is_some_and(|(confirmed, _)| confirmed == due_at) {
                return Some(*due_at);
            }
            self.order.pop();
        }
        None
    }
}

/// The timers of a node.
#[derive(Default)]
pub struct Timers {
    watched: Mutex<Watched>,
    changed: Notify,
}

impl Timers {
    /// Names a run once `due_at` has come; `tenure` is that of a run that this process lets go.
    pub fn watch(&self, id: &ExecutionId, due_at: Instant, tenure: Option<u32>) {
        let id: Arc<str> = id.0.as_str().into();
        let mut watched = self.watched.lock();
        let before = watched.due.insert(Arc::clone(&id), (due_at, tenure));
        if before.is_some_and(|(before, _)| before == due_at) {
            return;
        }
        let sooner = watched.first().is_none_or(|first| due_at < first);
        watched.order.push(Reverse((due_at, id)));
        drop(watched);
        if sooner {
            self.changed.notify_one();
        }
    }

    /// Whether the run is watched.
    #[must_use]
    pub fn watches(&self, id: &ExecutionId) -> bool {
        self.watched.lock().due.contains_key(id.0.as_str())
    }

    /// How many runs are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.watched.lock().due.len()
    }

    /// Whether no run is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The runs that are due, waiting for one; `now` tells the time.
    pub async fn next(&self, now: impl Fn() -> Instant) -> Vec<Due> {
        loop {
            let first = {
                let present = now();
                let mut watched = self.watched.lock();
                let mut due = Vec::new();
                while due.len() < MOST_AT_ONCE && watched.first().is_some_and(|first| first <= present) {
                    if let Some(Reverse((_, id))) = watched.order.pop() {
                        let tenure = watched.due.remove(&id).and_then(|(_, tenure)| tenure);
                        let id = ExecutionId(id.to_string());
                        due.push(Due { id, tenure });
                    }
                }
                if !due.is_empty() {
                    return due;
                }
                watched.first()
            };
            match first {
                None => self.changed.notified().await,
                Some(first) => {
                    let wait = first.microseconds_since(now()).max(0).unsigned_abs();
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_micros(wait)) => {}
                        () = self.changed.notified() => {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::parse("2026-11-22T12:00:00Z")
            .expect("an instant")
            .plus_milliseconds(seconds * 1000)
    }

    fn id(name: &str) -> ExecutionId {
        ExecutionId(name.to_owned())
    }

    fn due(names: &[&str]) -> Vec<Due> {
        let due = |name: &&str| Due {
            id: id(name),
            tenure: Some(1),
        };
        names.iter().map(due).collect()
    }

    #[tokio::test]
    async fn runs_are_named_when_they_are_due_and_only_once() {
        let timers = Timers::default();
        timers.watch(&id("b"), at(2), Some(1));
        timers.watch(&id("a"), at(1), Some(1));
        timers.watch(&id("c"), at(9), Some(1));
        assert_eq!(timers.next(|| at(2)).await, due(&["a", "b"]));
        assert_eq!(timers.len(), 1);
        assert!(timers.watches(&id("c")) && !timers.watches(&id("a")));
    }

    #[tokio::test]
    async fn watching_again_moves_the_instant() {
        let timers = Timers::default();
        timers.watch(&id("a"), at(1), Some(1));
        timers.watch(&id("a"), at(5), Some(1));
        timers.watch(&id("b"), at(3), Some(1));
        assert_eq!(timers.next(|| at(4)).await, due(&["b"]));
        assert_eq!(timers.next(|| at(5)).await, due(&["a"]));
        assert!(timers.is_empty());
    }

    #[tokio::test]
    async fn a_nearer_instant_wakes_the_waiter() {
        let timers = Arc::new(Timers::default());
        timers.watch(&id("far"), at(3600), Some(1));
        let waiting = tokio::spawn({
            let timers = Arc::clone(&timers);
            async move { timers.next(|| at(0)).await }
        });
        timers.watch(&id("near"), at(0), Some(1));
        assert_eq!(waiting.await.expect("no panic"), due(&["near"]));
    }
}
