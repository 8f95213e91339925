//! Opens the configured database: the one place that chooses an adapter.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use wfm_application::{clock::Clock, projection::ProjectionError};
use wfm_storage::{
    append::StorageError,
    cleanup::CleanupRequests,
    lease::{Leases, Unshared},
    log::EventLog,
    migration::Migrations,
    read_store::{ParkedEvent, ReadStore},
    vault::Vault,
};
use wfm_storage_sqlite::{SqliteLog, SqliteMigrations, read_store::SqliteReadStore};
use wfm_storage_sqlserver::{Pool, Settings, SqlServerLog, SqlServerMigrations, SqlServerReadStore};

use crate::config::{Database, FileLimits};

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
    /// What the database's administrators ask for, where they can.
    pub cleanups: Option<Arc<dyn CleanupRequests>>,
    /// Connections that are closed at the end.
    pools: Vec<Pool>,
}

impl OpenDatabase {
    /// Ends the log: what was accepted is committed, files are folded together.
    pub async fn close(&self) {
        self.log.close().await;
        self.reads.close().await;
        self.pools.iter().for_each(Pool::close);
    }
}

fn instants(clock: Arc<dyn Clock>) -> Arc<dyn Fn() -> String + Send + Sync> {
    Arc::new(move || clock.now().to_string())
}

/// Options of the embedded log with the application's clock.
#[must_use]
pub fn log_options(clock: Arc<dyn Clock>) -> wfm_storage_sqlite::LogOptions {
    wfm_storage_sqlite::LogOptions::new(instants(clock))
}

/// The same, of SQL Server's log.
#[must_use]
pub fn sql_server_options(clock: Arc<dyn Clock>) -> wfm_storage_sqlserver::LogOptions {
    wfm_storage_sqlserver::LogOptions::new(instants(clock))
}

/// The folder of an embedded database.
#[must_use]
pub fn folder(database: &Database) -> Option<&Path> {
    match database {
        Database::Sqlite(folder) => Some(folder),
        Database::SqlServer(_) => None,
    }
}

/// Demands that an embedded database exists, so that a mistyped folder is not filled with an empty one.
///
/// # Errors
/// When it does not.
pub fn demand_log(database: &Database) -> Result<()> {
    match folder(database) {
        Some(folder) if !folder.join("es.db").exists() => bail!("there is no event log at {}", folder.display()),
        Some(_) | None => Ok(()),
    }
}

/// Removes damaged read models of a folder that no process has open; `false` when `error` tells of other damage, or they are
/// not a folder's. The next opening builds them from the log.
///
/// # Errors
/// When their files cannot be removed.
pub fn remove_damaged_rows(database: &Database, error: &anyhow::Error) -> Result<bool> {
    let is_damage = error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(StorageError::DamagedRows(_)))
            || matches!(
                cause.downcast_ref(),
                Some(ProjectionError::Storage(StorageError::DamagedRows(_)))
            )
    });
    match folder(database).filter(|_| is_damage) {
        None => Ok(false),
        Some(folder) => {
            SqliteReadStore::remove(folder)?;
            tracing::warn!(
                error = format!("{error:#}"),
                "the read models were damaged; they are built anew from the log"
            );
            Ok(true)
        }
    }
}

/// The migrations of the event log.
#[must_use]
pub fn migrations(database: &Database, clock: Arc<dyn Clock>) -> Box<dyn Migrations> {
    match database {
        Database::Sqlite(folder) => Box::new(SqliteMigrations::new(folder, log_options(clock))),
        Database::SqlServer(settings) => Box::new(SqlServerMigrations::new(
            (**settings).clone(),
            sql_server_options(clock),
        )),
    }
}

/// Opens for reading and writing.
///
/// # Errors
/// When another server has it, or it cannot be written.
pub async fn open(
    database: &Database,
    readable_secondary: Option<&Settings>,
    limits: FileLimits,
    clock: Arc<dyn Clock>,
) -> Result<OpenDatabase> {
    match database {
        Database::Sqlite(folder) => open_folder(folder, limits, clock).await,
        Database::SqlServer(settings) => open_sql_server(settings, readable_secondary, clock)
            .await
            .with_context(|| format!("opening {database}")),
    }
}

async fn open_folder(folder: &Path, limits: FileLimits, clock: Arc<dyn Clock>) -> Result<OpenDatabase> {
    let mut options = log_options(clock);
    options.max_pages = limits.log_pages;
    let log = SqliteLog::open(folder, options)
        .await
        .with_context(|| format!("opening the event log in {}", folder.display()))?;
    let reads = match limits.read_models_pages {
        None => SqliteReadStore::open(folder).await,
        Some(pages) => SqliteReadStore::open_bounded(folder, pages).await,
    };
    let reads = reads.with_context(|| format!("opening the read models in {}", folder.display()))?;
    Ok(OpenDatabase {
        log: Arc::clone(&log) as _,
        vault: log,
        reads,
        // The folder's lock keeps other processes out.
        leases: Arc::new(Unshared),
        cleanups: None,
        pools: Vec::new(),
    })
}

async fn open_sql_server(
    settings: &Settings,
    readable_secondary: Option<&Settings>,
    clock: Arc<dyn Clock>,
) -> Result<OpenDatabase> {
    // Whatever writes goes to the primary.
    let pool = Pool::new(settings.with_read_only(false));
    let replica = readable_secondary.map(|settings| Pool::new(settings.clone()));
    let log = SqlServerLog::open(pool.clone(), sql_server_options(clock)).await?;
    let reads = SqlServerReadStore::open_with_replica(pool.clone(), replica.clone()).await?;
    Ok(OpenDatabase {
        log: Arc::clone(&log) as _,
        vault: Arc::clone(&log) as _,
        reads,
        leases: Arc::clone(&log) as _,
        cleanups: Some(log),
        pools: std::iter::once(pool).chain(replica).collect(),
    })
}

/// How far the read models are.
#[derive(Debug)]
pub struct Standing {
    /// Position up to which the rows are.
    pub position: u64,
    /// Position of the log's last event.
    pub head: u64,
    /// Grows with every rebuild, and when another node takes over.
    pub epoch: i64,
    /// Events that could not be projected, with those that wait behind them.
    pub parked: Vec<ParkedEvent>,
}

/// Reads how far the read models are, also beside a running server.
///
/// # Errors
/// When there is no log, or the read models cannot be read.
pub async fn standing(database: &Database) -> Result<Standing> {
    let log = open_log_for_reading(database).await?;
    let (checkpoint, parked) = match database {
        Database::Sqlite(folder) => wfm_storage_sqlite::read_store::standing(folder)
            .await
            .with_context(|| format!("reading the read models in {}", folder.display()))?,
        Database::SqlServer(settings) => {
            let pool = Pool::new((**settings).clone());
            let standing = SqlServerReadStore::open_with_replica(pool.clone(), None)
                .await?
                .standing()
                .await;
            pool.close();
            standing?
        }
    };
    // The rows never run ahead of the log, which is therefore read after them.
    let head = log.head().await?.position.0;
    log.close().await;
    let (position, epoch) = checkpoint.map_or((0, 0), |checkpoint| (checkpoint.position.0, checkpoint.epoch));
    Ok(Standing {
        position,
        head,
        epoch,
        parked,
    })
}

/// Opens the log for reading, also beside a running server.
///
/// # Errors
/// When there is none.
pub async fn open_log_for_reading(database: &Database) -> Result<Arc<dyn EventLog>> {
    open_for_reading(database).await.map(|(log, _)| log)
}

/// Opens the log and its keys for reading, also beside a running server.
///
/// # Errors
/// When there is none.
pub async fn open_for_reading(database: &Database) -> Result<(Arc<dyn EventLog>, Arc<dyn Vault>)> {
    match database {
        Database::Sqlite(folder) => {
            let log = SqliteLog::open_read_only(folder).await;
            let log = log.with_context(|| format!("reading the event log in {}", folder.display()))?;
            Ok((Arc::clone(&log) as _, log))
        }
        Database::SqlServer(settings) => {
            let log = SqlServerLog::open_read_only(Pool::new((**settings).clone())).await;
            let log = log.with_context(|| format!("reading the event log of {database}"))?;
            Ok((Arc::clone(&log) as _, log))
        }
    }
}
