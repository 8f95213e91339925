//! Watches the log's end for what other nodes commit, so that subscribers here hear of it.
//!
//! Invariant: an event of another node is announced within about [`INTERVAL`], as long as anybody listens and the server
//! answers. What this node writes itself is in the feed before its head could be seen here, so nobody is sent to the log for
//! it. While this node writes, its own batches tell: a gap between two of them sends subscribers to the log, so that the watch
//! need not look.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use wfm_storage::event::Position;

use crate::log::SqlServerLog;

/// Between two looks while anybody listens.
const INTERVAL: Duration = Duration::from_millis(35);

/// Between two looks while nobody does.
const IDLE_INTERVAL: Duration = Duration::from_millis(250);

/// Between two looks while the server does not answer.
const FAILURE_INTERVAL: Duration = Duration::from_secs(1);

/// Looks that found this node writing; after so many the head counts all the same.
const MOST_UNSURE_LOOKS: u32 = 4;

/// How far this node knows the log to be written, and whether it is writing.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    known: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Ends with a batch.
pub(crate) struct Busy(Arc<Progress>);

impl Progress {
    /// Tells that a batch is being written, until the answer is dropped.
    pub(crate) fn begin(self: Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Busy(self)
    }

    /// Tells that events up to here will be, or were, published.
    pub(crate) fn reached(&self, position: Position) {
        self.known.fetch_max(position.0, Ordering::SeqCst);
    }

    fn known(&self) -> u64 {
        self.known.load(Ordering::SeqCst)
    }

    /// Equal numbers before and after a look, and no batch on its way: the node wrote nothing meanwhile.
    fn batches(&self) -> (u64, u64) {
        (self.begun.load(Ordering::SeqCst), self.ended.load(Ordering::SeqCst))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// Starts the watch; it ends when the log is gone or closed.
pub(crate) fn start(log: Weak<SqlServerLog>, progress: Arc<Progress>) {
    tokio::spawn(async move {
        let mut unsure = 0;
        let mut wait = INTERVAL;
        let mut written = progress.known();
        loop {
            tokio::time::sleep(wait).await;
            let Some(log) = log.upgrade().filter(|log| !log.is_closed()) else {
                return;
            };
            if !log.sequencer_is_heard() {
                wait = IDLE_INTERVAL;
                continue;
            }
            wait = INTERVAL;
            let known = progress.known();
            if std::mem::replace(&mut written, known) != known {
                continue;
            }
            let before = progress.batches();
            let head = match log.position().await {
                Ok(head) => head,
                Err(error) => {
                    tracing::debug!(%error, "the log's end could not be read");
                    wait = FAILURE_INTERVAL;
                    continue;
                }
            };
            if head.0 <= progress.known() {
                unsure = 0;
                continue;
            }
            let sure = before.0 == before.1 && progress.batches() == before;
            if !sure && unsure < MOST_UNSURE_LOOKS {
                unsure += 1;
                continue;
            }
            unsure = 0;
            progress.reached(head);
            written = progress.known();
            log.announce();
        }
    });
}
