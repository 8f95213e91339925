//! How `dbo.db` is opened: created from the DDL, and created anew when the DDL is another one.
//!
//! Invariant: an open file has the tables of this program. It is disposable, so that nothing is ever migrated.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous},
};
use wfm_storage::append::StorageError;

use crate::error::{io_error, rows_error};

/// The tables, indexes, triggers and views.
const DDL: &str = include_str!("../../../../projections/sqlite/0001_tables.sql");

/// Kept in the file's `user_version`: FNV-1a over the DDL, never 0, which is what an empty file has.
const DDL_HASH: i64 = {
    let bytes = DDL.as_bytes();
    let mut hash: u32 = 0x811c_9dc5;
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u32).wrapping_mul(0x0100_0193);
        place += 1;
    }
    (hash & 0x3fff_ffff | 0x4000_0000) as i64
};

/// How a file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Serves queries beside the writer.
    Serving,
    /// Filled by a rebuild, compared, thrown away.
    Scratch,
}

fn any(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true)
        .disable_statement_logging()
}

/// The writer's connection.
pub fn writer(path: &Path, usage: Use) -> SqliteConnectOptions {
    let options = any(path)
        .create_if_missing(true)
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(200);
    match usage {
        Use::Serving => options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("wal_autocheckpoint", "0")
            .pragma("journal_size_limit", "33554432")
            .pragma("cache_size", "-8192")
            // What is purged or erased leaves nothing behind in free space.
            .pragma("secure_delete", "ON"),
        Use::Scratch => options
            .journal_mode(SqliteJournalMode::Memory)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-65536"),
    }
}

/// A connection that only reads.
pub fn reader(path: &Path) -> SqliteConnectOptions {
    any(path)
        .read_only(true)
        .pragma("cache_size", "-1024")
        .pragma("temp_store", "MEMORY")
}

/// The checkpointer's connection.
pub fn checkpointer(path: &Path) -> SqliteConnectOptions {
    any(path)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("cache_size", "-64")
        .pragma("wal_autocheckpoint", "0")
}

/// Opens the writer of a file that has the tables of this program.
pub async fn open(path: &Path, usage: Use) -> Result<SqliteConnection, StorageError> {
    if usage == Use::Scratch {
        remove(path)?;
    }
    match open_whole(path, usage).await {
        Ok(Some(connection)) => return Ok(connection),
        Ok(None) => {
            tracing::info!(file = %path.display(), "the read models have another shape; they are built anew from the log");
        }
        Err(StorageError::DamagedRows(error)) => {
            tracing::warn!(file = %path.display(), %error, "the read models are damaged; they are built anew from the log");
        }
        // A file that cannot be opened at the moment is not at fault.
        Err(error) => return Err(error),
    }
    remove(path)?;
    let mut connection = connect(path, usage).await?;
    create(&mut connection).await?;
    Ok(connection)
}

/// A file that has the tables of this program, an empty one included; `None` when it has others.
async fn open_whole(path: &Path, usage: Use) -> Result<Option<SqliteConnection>, StorageError> {
    let mut connection = connect(path, usage).await?;
    let is_whole = match version(&mut connection).await? {
        DDL_HASH => is_whole(&mut connection).await?,
        0 if is_empty(&mut connection).await? => {
            create(&mut connection).await?;
            true
        }
        _ => false,
    };
    if is_whole {
        return Ok(Some(connection));
    }
    connection.close().await.map_err(rows_error)?;
    Ok(None)
}

async fn connect(path: &Path, usage: Use) -> Result<SqliteConnection, StorageError> {
    writer(path, usage).connect().await.map_err(rows_error)
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, StorageError> {
    let row = sqlx::query("PRAGMA user_version")
        .fetch_one(connection)
        .await
        .map_err(rows_error)?;
    row.try_get(0).map_err(rows_error)
}

/// Whether the file still has every table, view, index and trigger as they were made.
async fn is_whole(connection: &mut SqliteConnection) -> Result<bool, StorageError> {
    let mut fresh = SqliteConnectOptions::new()
        .filename(":memory:")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(rows_error)?;
    create(&mut fresh).await?;
    Ok(schema(connection).await? == schema(&mut fresh).await?)
}

/// Every object of the file by type and name, with the text that made it.
async fn schema(connection: &mut SqliteConnection) -> Result<Vec<(String, String, Option<String>)>, StorageError> {
    // What SQLite made for itself (statistics, sequences) is not ours to compare.
    let text = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name";
    sqlx::query_as(text).fetch_all(connection).await.map_err(rows_error)
}

async fn is_empty(connection: &mut SqliteConnection) -> Result<bool, StorageError> {
    let row = sqlx::query("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(connection)
        .await
        .map_err(rows_error)?;
    let tables: i64 = row.try_get(0).map_err(rows_error)?;
    Ok(tables == 0)
}

async fn create(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    let text = format!("BEGIN IMMEDIATE; {DDL}; PRAGMA user_version = {DDL_HASH}; COMMIT;");
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await
        .map_err(rows_error)?;
    Ok(())
}

/// The file and what stands beside it.
fn files(path: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Removes a file with its companions, if they exist.
pub fn remove(path: &Path) -> Result<(), StorageError> {
    for file in files(path) {
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&error, &file.display().to_string())),
        }
    }
    Ok(())
}
