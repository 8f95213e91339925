//! Whoever waits until a position is projected: queued by position, woken from the front.
//!
//! Invariant: one wake-up per waiter. A batch wakes those whose position it reached and nobody else.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use wfm_storage::event::Position;

/// The queue, and the position that was reached.
#[derive(Default)]
pub struct Waiters {
    reached: AtomicU64,
    queue: Mutex<Queue>,
    arrival: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<(u64, u64), oneshot::Sender<()>>,
    next_ticket: u64,
}

impl Waiters {
    /// Position that was reached last.
    pub fn reached(&self) -> Position {
        Position(self.reached.load(Ordering::Acquire))
    }

    /// Whether anybody waits.
    pub fn any(&self) -> bool {
        !self.queue.lock().waiting.is_empty()
    }

    /// Completes when somebody begins to wait; also when somebody began since the last call.
    pub async fn arrival(&self) {
        self.arrival.notified().await;
    }

    /// Tells that the rows are up to `position`.
    pub fn reach(&self, position: Position) {
        self.reached.store(position.0, Ordering::Release);
        let woken = {
            let mut queue = self.queue.lock();
            let later = queue.waiting.split_off(&(position.0 + 1, 0));
            std::mem::replace(&mut queue.waiting, later)
        };
        for (_, waiter) in woken {
            // One that gave up meanwhile is gone.
            let _ = waiter.send(());
        }
    }

    /// Waits until the rows are up to `position`; `false` when `timeout` passes before.
    pub async fn wait(&self, position: Position, timeout: Duration) -> bool {
        if self.reached() >= position {
            return true;
        }
        let (key, woken) = {
            let mut queue = self.queue.lock();
            // Checked under the lock: `reach` stores the position before it takes the lock.
            if self.reached() >= position {
                return true;
            }
            queue.next_ticket += 1;
            let key = (position.0, queue.next_ticket);
            let (wake, woken) = oneshot::channel();
            queue.waiting.insert(key, wake);
            (key, woken)
        };
        self.arrival.notify_one();
        // Also a caller that goes away leaves the queue.
        let place = Place { waiters: self, key };
        let in_time = matches!(tokio::time::timeout(timeout, woken).await, Ok(Ok(())));
        drop(place);
        in_time || self.reached() >= position
    }
}

/// A waiter's place in the queue.
struct Place<'a> {
    waiters: &'a Waiters,
    key: (u64, u64),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.waiters.reached().0 < self.key.0 {
            self.waiters.queue.lock().waiting.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_batch_wakes_those_it_reached_and_nobody_else() {
        let waiters = Arc::new(Waiters::default());
        let wait = |position| {
            let waiters = Arc::clone(&waiters);
            tokio::spawn(async move { waiters.wait(Position(position), LONG).await })
        };
        let (early, late) = (wait(3), wait(8));
        while waiters.queue.lock().waiting.len() < 2 {
            tokio::task::yield_now().await;
        }
        waiters.reach(Position(5));
        assert!(early.await.unwrap());
        assert_eq!(waiters.queue.lock().waiting.len(), 1);
        waiters.reach(Position(8));
        assert!(late.await.unwrap());
        assert!(!waiters.any());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_the_queue() {
        let waiters = Waiters::default();
        assert!(!waiters.wait(Position(1), Duration::from_secs(5)).await);
        assert!(!waiters.any());
        waiters.reach(Position(1));
        assert!(waiters.wait(Position(1), Duration::ZERO).await);
    }
}
