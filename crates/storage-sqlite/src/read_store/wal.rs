//! Keeps the write-ahead log of the read models small.
//!
//! The writer never checkpoints. Another connection does, passively, so that the writer goes on meanwhile; when the log has
//! outgrown its bound all the same, the writer waits for the short rest, after which the log starts again from its
//! beginning.

use std::{
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{ConnectOptions, Row, sqlite::SqliteConnection};
use tokio::sync::Notify;

use super::{SqliteReadStore, file};

/// Bytes of values between two checkpoints; pages and indexes make some 8 MiB of them.
const BYTES_BETWEEN_CHECKPOINTS: u64 = 2 * 1024 * 1024;

/// Pages of the log beyond which the writer waits: 16 MiB.
const MOST_PAGES: i64 = 4096;

/// Counts what is written and wakes the checkpointer.
pub struct WalBound {
    shared: Arc<Shared>,
}

struct Shared {
    bytes: AtomicU64,
    wake: Notify,
}

impl WalBound {
    /// Starts the checkpointer; it ends when the store is gone.
    pub fn start(store: Weak<SqliteReadStore>, path: PathBuf) -> Self {
        let shared = Arc::new(Shared {
            bytes: AtomicU64::new(0),
            wake: Notify::new(),
        });
        tokio::spawn(run(store, path, Arc::clone(&shared)));
        Self { shared }
    }

    /// Tells that so many bytes of values were committed.
    pub fn written(&self, bytes: u64) {
        if self.shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes >= BYTES_BETWEEN_CHECKPOINTS {
            self.shared.bytes.store(0, Ordering::Relaxed);
            self.shared.wake.notify_one();
        }
    }
}

impl Drop for WalBound {
    fn drop(&mut self) {
        self.shared.wake.notify_one();
    }
}

async fn run(store: Weak<SqliteReadStore>, path: PathBuf, shared: Arc<Shared>) {
    let mut connection: Option<SqliteConnection> = None;
    loop {
        shared.wake.notified().await;
        let Some(store) = store.upgrade() else { return };
        if connection.is_none() {
            connection = file::checkpointer(&path).connect().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        let outcome = match checkpoint(open).await {
            Ok((pages, copied)) if pages > MOST_PAGES && copied < pages => {
                let writer = store.writer.lock().await;
                let outcome = checkpoint(open).await;
                drop(writer);
                outcome
            }
            outcome => outcome,
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "the read models' write-ahead log could not be checkpointed");
            connection = None;
        }
    }
}

/// Pages of the log, and how many of them are in the file now.
async fn checkpoint(connection: &mut SqliteConnection) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .fetch_one(connection)
        .await?;
    Ok((row.try_get(1)?, row.try_get(2)?))
}
