//! The schema of `es.db`, step by step, up and down.
//!
//! Invariant: a step that was applied is never changed; its checksum is kept and compared. `es_Migrations` tells which
//! steps a file has.

use std::path::Path;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, sqlite::SqliteConnection};
use wfm_storage::{
    append::StorageError,
    migrations::{AppliedMigration, Migration, MigrationState, states},
};

use crate::{
    connections::{self, LogOptions},
    error::storage_error,
    folder_lock::FolderLock,
};

/// Every step in order; the name is the file's.
const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_event_log",
    up: include_str!("../../../migrations/sqlite/0001_event_log.up.sql"),
    down: include_str!("../../../migrations/sqlite/0001_event_log.down.sql"),
}];

/// Every step of this program, and whether the folder's log has it. Readable beside a running server.
///
/// # Errors
/// When the file cannot be read, or has steps that this program does not know or knows otherwise.
pub async fn migration_status(folder: &Path) -> Result<Vec<MigrationState>, StorageError> {
    let path = connections::file(folder);
    if !path.exists() {
        return states(MIGRATIONS, &[]);
    }
    let mut connection = connections::reader_that_opens(&path)
        .await
        .connect()
        .await
        .map_err(storage_error)?;
    let applied = applied(&mut connection).await?;
    connection.close().await.map_err(storage_error)?;
    states(MIGRATIONS, &applied)
}

/// Applies the steps that are missing; returns their names.
///
/// # Errors
/// When a server holds the folder, the file cannot be written, or has steps that this program does not know.
pub async fn migrate_up(folder: &Path, options: &LogOptions) -> Result<Vec<String>, StorageError> {
    let _lock = FolderLock::take(folder)?;
    let mut connection = connections::writer(&connections::file(folder), None)
        .connect()
        .await
        .map_err(storage_error)?;
    let names = up(&mut connection, options).await;
    connection.close().await.map_err(storage_error)?;
    names
}

/// Takes the last `steps` applied steps back, with all that is stored in them; returns their names.
///
/// # Errors
/// When a server holds the folder, the file cannot be written, or has steps that this program does not know.
pub async fn migrate_down(folder: &Path, steps: usize) -> Result<Vec<String>, StorageError> {
    let _lock = FolderLock::take(folder)?;
    let mut connection = connections::writer(&connections::file(folder), None)
        .connect()
        .await
        .map_err(storage_error)?;
    let names = down(&mut connection, steps).await;
    connection.close().await.map_err(storage_error)?;
    names
}

/// Brings a file up to date.
pub(crate) async fn up(connection: &mut SqliteConnection, options: &LogOptions) -> Result<Vec<String>, StorageError> {
    let known = states(MIGRATIONS, &applied(connection).await?)?;
    let mut names = Vec::new();
    for (migration, _) in MIGRATIONS
        .iter()
        .zip(known)
        .filter(|(_, state)| state.applied_at.is_none())
    {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(storage_error)?;
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS es_Migrations (Name TEXT NOT NULL PRIMARY KEY, Checksum TEXT NOT NULL, AppliedAt TEXT NOT NULL) STRICT")
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        sqlx::raw_sql(AssertSqlSafe(migration.up))
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        sqlx::query("INSERT INTO es_Migrations (Name, Checksum, AppliedAt) VALUES (?, ?, ?)")
            .bind(migration.name)
            .bind(migration.checksum())
            .bind((options.clock)())
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        transaction.commit().await.map_err(storage_error)?;
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

async fn down(connection: &mut SqliteConnection, steps: usize) -> Result<Vec<String>, StorageError> {
    let known = states(MIGRATIONS, &applied(connection).await?)?;
    let mut names = Vec::new();
    let applied = MIGRATIONS
        .iter()
        .zip(known)
        .filter(|(_, state)| state.applied_at.is_some())
        .map(|(migration, _)| migration);
    for migration in applied.rev().take(steps) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(storage_error)?;
        sqlx::raw_sql(AssertSqlSafe(migration.down))
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        sqlx::query("DELETE FROM es_Migrations WHERE Name = ?")
            .bind(migration.name)
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        transaction.commit().await.map_err(storage_error)?;
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

/// The steps that a file has, in order.
async fn applied(connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, StorageError> {
    let exists = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'es_Migrations'")
        .fetch_optional(&mut *connection)
        .await
        .map_err(storage_error)?;
    if exists.is_none() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT Name, Checksum, AppliedAt FROM es_Migrations ORDER BY Name")
        .fetch_all(connection)
        .await
        .map_err(storage_error)?;
    rows.iter()
        .map(|row| {
            Ok(AppliedMigration {
                name: row.try_get(0)?,
                checksum: row.try_get(1)?,
                applied_at: row.try_get(2)?,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(storage_error)
}
