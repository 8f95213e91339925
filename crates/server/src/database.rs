//! Opens the configured database: the one place that chooses an adapter.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use wfm_application::clock::Clock;
use wfm_storage::{
    lease::{Leases, Unshared},
    log::EventLog,
    migration::Migrations,
    read_store::ReadStore,
    vault::Vault,
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, SqliteMigrations, read_store::SqliteReadStore};

use crate::config::Database;

/// An open database.
pub struct OpenDatabase {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Keys and sessions.
    pub vault: Arc<dyn Vault>,
    /// The read models.
    pub reads: Arc<dyn ReadStore>,
    /// Which nodes are alive, and whose turn it is.
    pub leases: Arc<dyn Leases>,
    closing: Arc<SqliteLog>,
}

impl OpenDatabase {
    /// Ends the log: what was accepted is committed, the files are folded together.
    pub async fn close(&self) {
        self.closing.close().await;
    }
}

/// Options of the log with the application's clock.
#[must_use]
pub fn log_options(clock: Arc<dyn Clock>) -> LogOptions {
    LogOptions::new(Arc::new(move || clock.now().to_string()))
}

/// The folder of an embedded database.
#[must_use]
pub fn folder(database: &Database) -> &Path {
    let Database::Sqlite(folder) = database;
    folder
}

/// The migrations of the event log.
#[must_use]
pub fn migrations(database: &Database, clock: Arc<dyn Clock>) -> Box<dyn Migrations> {
    let Database::Sqlite(folder) = database;
    Box::new(SqliteMigrations::new(folder, log_options(clock)))
}

/// Opens for reading and writing.
///
/// # Errors
/// When another server has it, or it cannot be written.
pub async fn open(database: &Database, clock: Arc<dyn Clock>) -> Result<OpenDatabase> {
    let Database::Sqlite(folder) = database;
    let log = SqliteLog::open(folder, log_options(clock))
        .await
        .with_context(|| format!("opening the event log in {}", folder.display()))?;
    let reads = SqliteReadStore::open(folder)
        .await
        .with_context(|| format!("opening the read models in {}", folder.display()))?;
    Ok(OpenDatabase {
        log: Arc::clone(&log) as _,
        vault: Arc::clone(&log) as _,
        reads,
        // The folder's lock keeps other processes out.
        leases: Arc::new(Unshared),
        closing: log,
    })
}

/// Opens the log for reading, also beside a running server.
///
/// # Errors
/// When there is none.
pub async fn open_log_for_reading(database: &Database) -> Result<Arc<dyn EventLog>> {
    let Database::Sqlite(folder) = database;
    Ok(SqliteLog::open_read_only(folder)
        .await
        .with_context(|| format!("reading the event log in {}", folder.display()))?)
}
