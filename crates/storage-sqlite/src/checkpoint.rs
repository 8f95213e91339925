//! Moves what was committed from the write-ahead log into the file, so that the writer never stops to do it.
//!
//! Invariant: the write-ahead log stays near [`LIMIT_BYTES`]. Checkpoints run passively beside the writer; only their last
//! small part holds it back, because the log can begin anew only when all of it was moved.

use std::{
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnection};
use tokio::sync::{Mutex, MutexGuard, Notify};
use wfm_storage::append::StorageError;

use crate::{connections, error::storage_error, writer::WriteConnection};

/// Size from which on the write-ahead log is moved.
const LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// What may be left to move while the writer waits.
const REST_BYTES: u64 = 1024 * 1024;

const PAGE_BYTES: u64 = 4096;

/// Counts what is written, and wakes the checkpointer.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    bytes: AtomicU64,
    wake: Notify,
    /// Held by whoever checkpoints, for a second checkpoint at the same time would fail; taken before the writer is held.
    turn: Mutex<()>,
}

impl Pressure {
    /// Waits until nobody else checkpoints.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Tells that a batch was written. What it put into the write-ahead log is estimated: SQLite tells only who asks it.
    pub(crate) fn written(&self, events: usize, bytes: usize) {
        // Rows fill pages to some two thirds, and each batch touches a page of each table and index.
        let estimate = (events * 400 + bytes) as u64 * 3 / 2 + 8 * PAGE_BYTES;
        if self.bytes.fetch_add(estimate, Ordering::Relaxed) + estimate >= LIMIT_BYTES {
            self.wake.notify_one();
        }
    }
}

/// Starts the checkpointer; it ends when the writer is gone.
pub(crate) fn start(path: PathBuf, writer: &Arc<WriteConnection>) {
    let pressure = writer.pressure.clone();
    let writer = Arc::downgrade(writer);
    tokio::spawn(async move {
        let mut connection = None;
        loop {
            pressure.wake.notified().await;
            if writer.strong_count() == 0 {
                return;
            }
            if let Err(error) = relieve(&path, &mut connection, &writer, &pressure).await {
                tracing::warn!(%error, "the write-ahead log could not be moved; it will be tried again");
                connection = None;
                pressure.bytes.store(LIMIT_BYTES / 2, Ordering::Relaxed);
            }
        }
    });
}

/// Lets the checkpointer see that the writer is gone.
pub(crate) fn stop(pressure: &Pressure) {
    pressure.wake.notify_one();
}

async fn relieve(
    path: &std::path::Path,
    connection: &mut Option<SqliteConnection>,
    writer: &Weak<WriteConnection>,
    pressure: &Pressure,
) -> Result<(), StorageError> {
    let _turn = pressure.turn().await;
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(connections::checkpointer(path).connect().await.map_err(storage_error)?),
    };
    let mut log_bytes = 0;
    for _ in 0..3 {
        let (log, moved) = passive(connection).await?;
        log_bytes = log;
        if log - moved <= REST_BYTES {
            break;
        }
    }
    if log_bytes < LIMIT_BYTES / 2 {
        // The estimate was too high: nothing is gained by stopping the writer yet.
        pressure.bytes.store(log_bytes, Ordering::Relaxed);
        return Ok(());
    }
    let Some(writer) = writer.upgrade() else { return Ok(()) };
    let _held = writer.hold().await;
    let (log, moved) = passive(connection).await?;
    // All moved: the next commit begins the log anew. A reader that stands in between lets it grow until the next try.
    pressure
        .bytes
        .store(if moved == log { 0 } else { LIMIT_BYTES / 2 }, Ordering::Relaxed);
    Ok(())
}

/// Moves what no reader keeps from being moved; returns the log's size and how much of it has been moved, in bytes.
async fn passive(connection: &mut SqliteConnection) -> Result<(u64, u64), StorageError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .fetch_one(connection)
        .await
        .map_err(storage_error)?;
    let pages = |index: usize| {
        row.try_get::<i64, _>(index)
            .map(|pages| pages.max(0).cast_unsigned())
            .map_err(storage_error)
    };
    let log = pages(1)?;
    Ok((log * PAGE_BYTES, pages(2)?.min(log) * PAGE_BYTES))
}

/// Moves everything and empties the write-ahead log.
pub(crate) async fn truncate(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await
        .map_err(storage_error)?;
    match row.try_get::<i64, _>(0).map_err(storage_error)? {
        0 => Ok(()),
        _ => Err(StorageError::Unavailable(
            "a reader keeps the write-ahead log from being emptied".into(),
        )),
    }
}

/// Closes a connection of which nothing is expected any more.
pub(crate) async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "a connection to the log could not be closed");
    }
}
