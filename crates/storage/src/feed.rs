//! The in-process feed: committed batches as they happen, and the log for whoever fell behind.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::{append::StorageError, event::Position, event::StoredEvent, log::EventLog};

/// Events that one transaction committed, in order. In the feed an empty batch says that events are to be read from the
/// log; a [`Subscription`] never hands one out.
pub type CommittedBatch = Arc<Vec<StoredEvent>>;

/// How many batches a subscriber may lag behind before it reads the log instead.
pub const FEED_CAPACITY: usize = 1024;

/// Largest page that a subscription reads while catching up.
pub const CATCH_UP_PAGE: u32 = 2048;

/// A reader of every event after a position, in order, each exactly once.
pub struct Subscription {
    log: Arc<dyn EventLog>,
    live: broadcast::Receiver<CommittedBatch>,
    last: Position,
    caught_up: bool,
}

impl Subscription {
    /// A subscription after `last` that listens to `live` and reads `log` to catch up.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, live: broadcast::Receiver<CommittedBatch>, last: Position) -> Self {
        Self {
            log,
            live,
            last,
            caught_up: false,
        }
    }

    /// Position of the last event handed out.
    #[must_use]
    pub fn position(&self) -> Position {
        self.last
    }

    /// The next events, at least one; waits for them. `None` when the log has closed and everything was handed out.
    ///
    /// # Errors
    /// When the log cannot be read while catching up; the next call tries again.
    pub async fn next(&mut self) -> Result<Option<Vec<CommittedBatch>>, StorageError> {
        loop {
            if self.caught_up {
                let mut batches = Vec::new();
                match self.live.recv().await {
                    Ok(batch) => self.accept(batch, &mut batches),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.caught_up = false,
                    Err(broadcast::error::RecvError::Closed) => return Ok(None),
                }
                while self.caught_up && batches.len() < 64 {
                    match self.live.try_recv() {
                        Ok(batch) => self.accept(batch, &mut batches),
                        Err(broadcast::error::TryRecvError::Lagged(_)) => self.caught_up = false,
                        Err(_) => break,
                    }
                }
                if !batches.is_empty() {
                    return Ok(Some(batches));
                }
            } else {
                let page = self.log.read_log(self.last, CATCH_UP_PAGE).await?;
                if let Some(event) = page.last() {
                    self.last = event.position;
                    return Ok(Some(vec![Arc::new(page)]));
                }
                self.caught_up = true;
            }
        }
    }

    /// Takes what of `batch` is new; a gap means that batches were missed, so the log is read instead.
    fn accept(&mut self, batch: CommittedBatch, batches: &mut Vec<CommittedBatch>) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            self.caught_up = false;
            return;
        };
        if last.position <= self.last {
            return;
        }
        if first.position.0 == self.last.0 + 1 {
            self.last = last.position;
            batches.push(batch);
        } else if first.position > self.last {
            self.caught_up = false;
        } else {
            let rest: Vec<_> = batch
                .iter()
                .filter(|event| event.position > self.last)
                .cloned()
                .collect();
            self.last = last.position;
            batches.push(Arc::new(rest));
        }
    }
}
