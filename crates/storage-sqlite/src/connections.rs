//! How `es.db` is opened: by the one writer, by readers, and by the checkpointer.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use wfm_storage::append::StorageError;

use crate::error::storage_error;

/// Tells the present instant as `2026-11-22T16:29:03.123456Z`, fixed width.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// How a log is opened.
#[derive(Clone)]
pub struct LogOptions {
    /// When events are recorded; may jump, the log never runs backwards.
    pub clock: Clock,
    /// Most pages (of 4 KiB) that the file may have; as far as the disk goes when `None`.
    pub max_pages: Option<u32>,
}

impl LogOptions {
    /// Usual options with this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, max_pages: None }
    }
}

impl fmt::Debug for LogOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LogOptions")
            .field("max_pages", &self.max_pages)
            .finish_non_exhaustive()
    }
}

/// Readers at most; each has a thread and a cache of 1 MiB.
const READERS: u32 = 3;

/// The log's file in a folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("es.db")
}

fn any(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(false)
        .disable_statement_logging()
}

/// The writer's connection. It never checkpoints: the checkpointer does.
pub(crate) fn writer(path: &Path, max_pages: Option<u32>) -> SqliteConnectOptions {
    let options = any(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", "33554432")
        .pragma("cache_size", "-6144")
        .pragma("temp_store", "MEMORY")
        // Destroyed keys are overwritten in their page.
        .pragma("secure_delete", "FAST");
    match max_pages {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}

/// The checkpointer's connection; a checkpoint syncs the file before the write-ahead log is used again.
pub(crate) fn checkpointer(path: &Path) -> SqliteConnectOptions {
    any(path)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("cache_size", "-64")
        .pragma("wal_autocheckpoint", "0")
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> SqliteConnectOptions {
    any(path).read_only(true).pragma("cache_size", "-1024")
}

/// A reader's options with which the file opens. In a folder that may not be written, SQLite reads a log that nobody has
/// open only when told that it rests.
pub(crate) async fn reader_that_opens(path: &Path) -> SqliteConnectOptions {
    let options = reader(path);
    let opened = match options.connect().await {
        Ok(mut connection) => {
            let read = sqlx::query("SELECT count(*) FROM sqlite_schema")
                .fetch_one(&mut connection)
                .await
                .map(|_| ());
            crate::checkpoint::close(connection).await;
            read
        }
        Err(error) => Err(error),
    };
    let rests = !path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0);
    match opened.map_err(storage_error) {
        Err(StorageError::ReadOnly(_)) if rests => options.immutable(true),
        _ => options,
    }
}

/// The readers.
pub(crate) fn readers(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}
