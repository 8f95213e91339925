//! The schema of `es.db`, step by step, up and down, under the rules of [`wfm_storage::migration`].
//!
//! Invariant: `es_Migrations` tells which steps a file has; it is written in the transaction of the step. The folder's lock
//! keeps two programs from migrating at once, and from migrating below a running server.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, sqlite::SqliteConnection};
use wfm_storage::{
    append::StorageError,
    migration::{self, AppliedMigration, Migration, MigrationSession, Migrations, Schema},
};

use crate::{
    connections::{self, LogOptions},
    error::storage_error,
    folder_lock::FolderLock,
};

/// Every step in order; the name is the files'.
pub(crate) static MIGRATIONS: [Migration; 2] = [
    Migration {
        name: "0001_event_log",
        up: include_str!("../../../migrations/sqlite/0001_event_log.up.sql"),
        down: include_str!("../../../migrations/sqlite/0001_event_log.down.sql"),
        loses: &["Events"],
    },
    Migration {
        name: "0002_no_nodes",
        up: include_str!("../../../migrations/sqlite/0002_no_nodes.up.sql"),
        down: include_str!("../../../migrations/sqlite/0002_no_nodes.down.sql"),
        loses: &[],
    },
];

const NOTES: &str = "CREATE TABLE IF NOT EXISTS es_Migrations (Name TEXT NOT NULL PRIMARY KEY, Checksum TEXT NOT NULL, \
                     AppliedAt TEXT NOT NULL) STRICT";

/// The migrations of a folder's event log.
#[derive(Debug)]
pub struct SqliteMigrations {
    folder: PathBuf,
    options: LogOptions,
}

impl SqliteMigrations {
    /// Those of this folder; `options` tell the time.
    #[must_use]
    pub fn new(folder: &Path, options: LogOptions) -> Self {
        let folder = folder.to_owned();
        Self { folder, options }
    }
}

#[async_trait]
impl Migrations for SqliteMigrations {
    fn steps(&self) -> &'static [Migration] {
        &MIGRATIONS
    }

    async fn applied(&self) -> Result<Vec<AppliedMigration>, StorageError> {
        read(&self.folder).await
    }

    async fn begin(&self) -> Result<Box<dyn MigrationSession>, StorageError> {
        let lock = FolderLock::take(&self.folder)?;
        let connection = connections::writer(&connections::file(&self.folder), None)
            .connect()
            .await
            .map_err(storage_error)?;
        Ok(Box::new(Session {
            connection,
            options: self.options.clone(),
            _lock: Some(lock),
        }))
    }
}

/// What a folder's log has, in order; nothing when there is none.
async fn read(folder: &Path) -> Result<Vec<AppliedMigration>, StorageError> {
    let path = connections::file(folder);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut connection = connections::reader_that_opens(&path)
        .await
        .connect()
        .await
        .map_err(storage_error)?;
    let applied = applied(&mut connection).await;
    connection.close().await.map_err(storage_error)?;
    applied
}

/// Demands that a folder's log has every step of this program and no other.
///
/// # Errors
/// When it has not, or cannot be read.
pub(crate) async fn check(folder: &Path) -> Result<(), StorageError> {
    let schema = Schema::of(&MIGRATIONS, &read(folder).await?)?;
    match schema.pending.first() {
        Some(missing) => Err(StorageError::Other(format!(
            "the event log misses the migration {}; `wfm migrate up` applies it, and so does a starting server",
            missing.name
        ))),
        None => Ok(()),
    }
}

/// Brings a file up to date whose folder the caller has locked; gives its connection back.
pub(crate) async fn up(connection: SqliteConnection, options: &LogOptions) -> Result<SqliteConnection, StorageError> {
    let mut session = Session {
        connection,
        options: options.clone(),
        _lock: None,
    };
    migration::up(&mut session).await?;
    Ok(session.connection)
}

/// The file's writer, under the folder's lock.
struct Session {
    connection: SqliteConnection,
    options: LogOptions,
    _lock: Option<FolderLock>,
}

#[async_trait]
impl MigrationSession for Session {
    fn steps(&self) -> &'static [Migration] {
        &MIGRATIONS
    }

    async fn applied(&mut self) -> Result<Vec<AppliedMigration>, StorageError> {
        applied(&mut self.connection).await
    }

    async fn apply(&mut self, step: &Migration) -> Result<(), StorageError> {
        let mut transaction = self
            .connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(storage_error)?;
        for text in [NOTES, step.up] {
            sqlx::raw_sql(AssertSqlSafe(text))
                .execute(&mut *transaction)
                .await
                .map_err(storage_error)?;
        }
        sqlx::query("INSERT INTO es_Migrations (Name, Checksum, AppliedAt) VALUES (?, ?, ?)")
            .bind(step.name)
            .bind(step.checksum())
            .bind((self.options.clock)())
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        transaction.commit().await.map_err(storage_error)
    }

    async fn take_back(&mut self, step: &Migration) -> Result<(), StorageError> {
        let mut transaction = self
            .connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(storage_error)?;
        sqlx::raw_sql(AssertSqlSafe(step.down))
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        sqlx::query("DELETE FROM es_Migrations WHERE Name = ?")
            .bind(step.name)
            .execute(&mut *transaction)
            .await
            .map_err(storage_error)?;
        transaction.commit().await.map_err(storage_error)
    }

    async fn rows(&mut self, table: &'static str) -> Result<u64, StorageError> {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM [{table}]")))
            .fetch_one(&mut self.connection)
            .await
            .map_err(storage_error)?;
        Ok(count.unsigned_abs())
    }

    async fn close(self: Box<Self>) -> Result<(), StorageError> {
        let Self { connection, _lock, .. } = *self;
        connection.close().await.map_err(storage_error)
    }
}

/// What a file has, in order.
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
