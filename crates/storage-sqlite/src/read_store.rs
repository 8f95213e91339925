//! The read models on SQLite: one file beside the log, one writer, a few readers.
//!
//! Invariant: a batch is one transaction in which the checkpoint moves first and only from where it is expected, so that
//! every event takes effect exactly once. The file never runs ahead of the log and may be deleted at any time.

mod cells;
mod difference;
mod file;
mod standing;
mod statements;
#[cfg(test)]
mod tests;
mod wal;

use std::{
    any::Any,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use rustc_hash::FxHashSet;
use sqlx::{
    AssertSqlSafe, Row,
    sqlite::{Sqlite, SqliteConnection, SqlitePool, SqlitePoolOptions},
};
use tokio::sync::Mutex;
use wfm_storage::{
    append::StorageError,
    event::Position,
    fold::fold,
    read_store::{ApplyError, Cell, Checkpoint, ParkedEvent, ProjectedBatch, Query, ReadStore, TableDifference},
};

pub use self::standing::standing;
use self::{
    file::Use,
    standing::{read_checkpoint, read_parked},
    statements::{Statement, statements},
    wal::WalBound,
};
use crate::{
    checkpoint,
    error::{is_constraint, rows_error},
};

/// Readers at most.
const READERS: u32 = 3;

/// A row of usual size, where nobody counts.
const ROW_BYTES: u64 = 400;

/// Moves the checkpoint from where it is expected; anywhere else the NULL breaks the column's NOT NULL, and with it the
/// whole batch.
const MOVE_CHECKPOINT: &str = "UPDATE Checkpoint SET Position = CASE WHEN LogId IS ? AND Position = ? AND LeafHash = ? \
    AND Epoch = ? THEN ? END, LogId = ?, LeafHash = ?, Epoch = ?;";

/// The one connection that writes.
struct Writer {
    connection: SqliteConnection,
    /// Whether a transaction may be open: a caller gave up half-way, or a statement failed.
    unsettled: bool,
}

impl Writer {
    /// Leaves no transaction open.
    async fn settle(&mut self) {
        if self.unsettled {
            // Without an open transaction the statement fails, which is what is wanted.
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await;
            self.unsettled = false;
        }
    }

    /// Runs statements; returns how many bytes of values they write.
    async fn execute(&mut self, text: String, binds: Vec<Cell>) -> Result<u64, sqlx::Error> {
        let mut bytes = 0;
        let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(text));
        for bind in binds {
            bytes += cells::bytes(&bind);
            query = cells::bind(query, bind);
        }
        query.execute(&mut self.connection).await.map(|_| bytes)
    }
}

/// The read models of one folder.
pub struct SqliteReadStore {
    path: PathBuf,
    usage: Use,
    writer: Mutex<Writer>,
    readers: SqlitePool,
    /// Tables with UPDATE triggers.
    guarded: FxHashSet<String>,
    wal: Option<WalBound>,
    shadows: AtomicU64,
}

impl std::fmt::Debug for SqliteReadStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SqliteReadStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl SqliteReadStore {
    /// Opens `dbo.db` in `folder`; creates it when it is missing or has other tables than this program's.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn open(folder: &Path) -> Result<Arc<dyn ReadStore>, StorageError> {
        remove_left_shadows(folder);
        let store = Self::open_file(folder.join("dbo.db"), Use::Serving).await?;
        Ok(store)
    }

    /// The same; the file grows to so many pages (of 4 KiB) and no further.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn open_bounded(folder: &Path, max_pages: u32) -> Result<Arc<dyn ReadStore>, StorageError> {
        remove_left_shadows(folder);
        let store = Self::open_file(folder.join("dbo.db"), Use::Serving).await?;
        let bound = AssertSqlSafe(format!("PRAGMA max_page_count = {max_pages}"));
        let bounded = sqlx::raw_sql(bound)
            .execute(&mut store.writer.lock().await.connection)
            .await;
        bounded.map_err(rows_error)?;
        Ok(store)
    }

    /// Removes the read models of a folder that no process has open; the next opening makes empty ones.
    ///
    /// # Errors
    /// When the files cannot be removed.
    pub fn remove(folder: &Path) -> Result<(), StorageError> {
        for name in ["dbo.db", "dbo.db-wal", "dbo.db-shm"] {
            match std::fs::remove_file(folder.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(StorageError::Other(format!("{name}: {error}"))),
            }
        }
        Ok(())
    }

    async fn open_file(path: PathBuf, usage: Use) -> Result<Arc<Self>, StorageError> {
        let mut connection = file::open(&path, usage).await?;
        let guarded = sqlx::query("SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut connection)
            .await
            .map_err(rows_error)?
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()
            .map_err(rows_error)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(file::reader(&path));
        let store = Arc::new_cyclic(|store: &Weak<Self>| Self {
            wal: (usage == Use::Serving).then(|| WalBound::start(store.clone(), path.clone())),
            path,
            usage,
            writer: Mutex::new(Writer {
                connection,
                unsettled: false,
            }),
            readers,
            guarded,
            shadows: AtomicU64::new(0),
        });
        Ok(store)
    }

    /// Runs one batch, on failure leaving the transaction open; returns how many bytes of values it writes.
    async fn run(&self, writer: &mut Writer, batch: Vec<Statement>) -> Result<u64, sqlx::Error> {
        let mut bytes = 0;
        let mut text = String::new();
        let mut binds = Vec::new();
        for statement in batch {
            if statement.full {
                if !text.is_empty() {
                    bytes += writer
                        .execute(std::mem::take(&mut text), std::mem::take(&mut binds))
                        .await?;
                }
                bytes += writer.execute(statement.text, statement.binds).await?;
            } else {
                text.push_str(&statement.text);
                binds.extend(statement.binds);
            }
        }
        Ok(bytes + writer.execute(text, binds).await?)
    }

    /// The shadow behind a port's handle.
    fn shadow_path(shadow: &Arc<dyn ReadStore>) -> Result<&Path, StorageError> {
        let any: &dyn Any = shadow.as_ref();
        match any.downcast_ref::<Self>() {
            Some(store) if store.usage == Use::Scratch => Ok(&store.path),
            Some(_) | None => Err(StorageError::Other(
                "the store to compare with is no shadow of this one".into(),
            )),
        }
    }

    /// Attaches the shadow to a connection.
    async fn attach(connection: &mut SqliteConnection, path: &Path) -> Result<(), StorageError> {
        let path = path
            .to_str()
            .ok_or_else(|| StorageError::Other("the folder's name is not UTF-8".into()))?;
        let attach = sqlx::query("ATTACH DATABASE ? AS shadow")
            .bind(path.to_owned())
            .persistent(false);
        attach.execute(connection).await.map(|_| ()).map_err(rows_error)
    }

    async fn detach(connection: &mut SqliteConnection) {
        if let Err(error) = sqlx::raw_sql("DETACH DATABASE shadow").execute(connection).await {
            tracing::warn!(%error, "a shadow stays attached");
        }
    }

    /// Copies the difference within one transaction.
    async fn adopt_attached(
        writer: &mut Writer,
        expected: Option<&Checkpoint>,
    ) -> Result<Vec<TableDifference>, ApplyError> {
        writer.unsettled = true;
        let connection = &mut writer.connection;
        sqlx::raw_sql("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")
            .execute(&mut *connection)
            .await
            .map_err(rows_error)?;
        let current = read_checkpoint(&mut *connection).await?;
        if current.as_ref() != expected {
            return Err(ApplyError::Moved(current));
        }
        let differences = difference::copy(connection).await?;
        let epoch = current.map_or(0, |checkpoint| checkpoint.epoch) + 1;
        let text = "UPDATE main.Checkpoint SET (LogId, Position, LeafHash, Epoch) = \
                (SELECT LogId, Position, LeafHash, ? FROM shadow.Checkpoint); \
            DELETE FROM main.ParkedEvents; \
            INSERT INTO main.ParkedEvents SELECT * FROM shadow.ParkedEvents; \
            COMMIT";
        sqlx::query(text)
            .bind(epoch)
            .execute(connection)
            .await
            .map_err(rows_error)?;
        writer.unsettled = false;
        Ok(differences)
    }
}

/// Removes the scratch files of rebuilds that a killed process left. The log's lock keeps other processes out.
fn remove_left_shadows(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with("dbo-shadow-")
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!(%error, "a shadow of an earlier rebuild could not be removed");
        }
    }
}

impl Drop for SqliteReadStore {
    fn drop(&mut self) {
        // The connections live a moment longer; an open file that is unlinked harms nobody.
        if self.usage == Use::Scratch
            && let Err(error) = file::remove(&self.path)
        {
            tracing::warn!(%error, "a shadow could not be removed");
        }
    }
}

#[async_trait]
impl ReadStore for SqliteReadStore {
    async fn close(&self) {
        if let Err(error) = checkpoint::truncate(&mut self.writer.lock().await.connection).await {
            tracing::warn!(%error, "the read models' write-ahead log stays beside their file; the next start folds it in");
        }
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StorageError> {
        let mut connection = self.readers.acquire().await.map_err(rows_error)?;
        read_checkpoint(&mut connection).await
    }

    async fn apply(&self, batch: ProjectedBatch) -> Result<(), ApplyError> {
        let ProjectedBatch {
            expected,
            next,
            changes,
            park,
            unpark,
        } = batch;
        let mut all = vec![begin(expected.as_ref(), &next)];
        all.extend(park.iter().map(park_statement));
        all.extend(unpark.iter().map(unpark_statement));
        all.extend(statements(fold(changes), &self.guarded));
        all.push(Statement {
            text: "COMMIT".to_owned(),
            binds: Vec::new(),
            full: false,
        });
        let mut writer = self.writer.lock().await;
        writer.settle().await;
        writer.unsettled = true;
        let outcome = self.run(&mut writer, all).await;
        let bytes = match outcome {
            Ok(bytes) => bytes,
            Err(error) => {
                writer.settle().await;
                let current = read_checkpoint(&mut writer.connection).await?;
                return Err(if current != expected {
                    ApplyError::Moved(current)
                } else if is_constraint(&error) {
                    ApplyError::Rejected(error.to_string())
                } else {
                    ApplyError::Storage(rows_error(error))
                });
            }
        };
        writer.unsettled = false;
        drop(writer);
        if let Some(wal) = &self.wal {
            wal.written(bytes);
        }
        Ok(())
    }

    async fn parked(&self) -> Result<Vec<ParkedEvent>, StorageError> {
        let mut connection = self.readers.acquire().await.map_err(rows_error)?;
        read_parked(&mut connection).await
    }

    async fn shadow(&self) -> Result<Arc<dyn ReadStore>, StorageError> {
        let number = self.shadows.fetch_add(1, Ordering::Relaxed);
        let name = format!("dbo-shadow-{}-{number}.db", std::process::id());
        let store = Self::open_file(self.path.with_file_name(name), Use::Scratch).await?;
        Ok(store)
    }

    async fn compare(&self, shadow: &Arc<dyn ReadStore>) -> Result<Vec<TableDifference>, StorageError> {
        let path = Self::shadow_path(shadow)?;
        let mut connection = self.readers.acquire().await.map_err(rows_error)?;
        Self::attach(&mut connection, path).await?;
        // One snapshot for all tables.
        let compared = match sqlx::raw_sql("BEGIN")
            .execute(&mut *connection)
            .await
            .map_err(rows_error)
        {
            Ok(_) => difference::compare(&mut connection).await,
            Err(error) => Err(error),
        };
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        Self::detach(&mut connection).await;
        compared
    }

    async fn adopt(
        &self,
        shadow: &Arc<dyn ReadStore>,
        expected: Option<&Checkpoint>,
    ) -> Result<Vec<TableDifference>, ApplyError> {
        let path = Self::shadow_path(shadow)?;
        let mut writer = self.writer.lock().await;
        writer.settle().await;
        Self::attach(&mut writer.connection, path).await?;
        let outcome = Self::adopt_attached(&mut writer, expected).await;
        writer.settle().await;
        sqlx::raw_sql("PRAGMA foreign_keys = ON")
            .execute(&mut writer.connection)
            .await
            .map_err(rows_error)?;
        Self::detach(&mut writer.connection).await;
        drop(writer);
        if let (Some(wal), Ok(differences)) = (&self.wal, &outcome) {
            wal.written(
                differences
                    .iter()
                    .map(|table| table.missing + table.surplus)
                    .sum::<u64>()
                    * ROW_BYTES,
            );
        }
        outcome
    }

    async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, StorageError> {
        // The port's @P1 is SQLite's ?1.
        let text = query.sqlite.replace("@P", "?");
        let mut statement = sqlx::query::<Sqlite>(AssertSqlSafe(text));
        for parameter in query.parameters {
            statement = cells::bind(statement, parameter);
        }
        let rows = statement.fetch_all(&self.readers).await.map_err(rows_error)?;
        rows.iter()
            .map(cells::row)
            .collect::<Result<_, _>>()
            .map_err(rows_error)
    }

    /// Free space in the file is overwritten at once; older pages stand in the write-ahead log until it is emptied.
    async fn scrub(&self) -> Result<(), StorageError> {
        let mut writer = self.writer.lock().await;
        writer.settle().await;
        checkpoint::truncate(&mut writer.connection).await
    }
}

/// Begins the transaction and moves the checkpoint.
fn begin(expected: Option<&Checkpoint>, next: &Checkpoint) -> Statement {
    let binds = vec![
        expected.map(|checkpoint| Arc::clone(&checkpoint.log_id)).into(),
        expected
            .map_or(0, |checkpoint| checkpoint.position.0.cast_signed())
            .into(),
        expected.map_or(Cell::from(""), |checkpoint| Arc::clone(&checkpoint.leaf_hash).into()),
        expected.map_or(0, |checkpoint| checkpoint.epoch).into(),
        next.position.0.cast_signed().into(),
        Arc::clone(&next.log_id).into(),
        Arc::clone(&next.leaf_hash).into(),
        next.epoch.into(),
    ];
    Statement {
        text: format!("BEGIN IMMEDIATE; {MOVE_CHECKPOINT}"),
        binds,
        full: false,
    }
}

fn park_statement(event: &ParkedEvent) -> Statement {
    let binds = vec![
        event.position.0.cast_signed().into(),
        event.stream.as_str().into(),
        Arc::clone(&event.event_type).into(),
        event.reason.as_str().into(),
        Arc::clone(&event.parked_at).into(),
    ];
    let text = "INSERT INTO ParkedEvents (Position, Stream, EventType, Reason, ParkedAt) VALUES (?,?,?,?,?);";
    Statement {
        text: text.to_owned(),
        binds,
        full: false,
    }
}

fn unpark_statement(position: &Position) -> Statement {
    let text = "DELETE FROM ParkedEvents WHERE Position = ?;".to_owned();
    Statement {
        text,
        binds: vec![position.0.cast_signed().into()],
        full: false,
    }
}
