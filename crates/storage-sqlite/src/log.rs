//! The event log on SQLite: appends through the sequencer, reads through connections of their own.

use std::{
    path::Path,
    sync::{Arc, Weak},
};

use async_trait::async_trait;
use futures::TryStreamExt;
use sqlx::{
    ConnectOptions, QueryBuilder, Row,
    sqlite::{SqlitePool, SqliteRow},
};
use tokio::sync::broadcast;
use uuid::Uuid;
use wfm_storage::{
    append::{Append, AppendError, Claim, ClaimKey, Committed, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::Subscription,
    log::{EventLog, Head, MAX_PAGE_BYTES, StreamInfo},
    sequencer::Sequencer,
    work::{WorkFilter, WorkItem},
};

use crate::{
    checkpoint,
    connections::{self, LogOptions},
    error::storage_error,
    folder_lock::FolderLock,
    guards, migrations,
    reading::{self, select_events},
    writer::{SqliteBatchWriter, WriteConnection, read_head},
};

/// Commands that are forgotten in one transaction, so that appends need not wait long.
const FORGET_AT_ONCE: i64 = 2_000;

/// The log of a folder.
#[derive(Debug)]
pub struct SqliteLog {
    itself: Weak<Self>,
    readers: SqlitePool,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    sequencer: Sequencer,
    store: Arc<WriteConnection>,
}

impl SqliteLog {
    /// Opens the log of a folder for writing: creates the folder and the file if need be, brings the schema up to date.
    ///
    /// # Errors
    /// [`StorageError::Held`] when another process has it, [`StorageError::ReadOnly`] when the folder cannot be written,
    /// [`StorageError::Corrupt`] when `es.db` is no log or a migration was applied with another text.
    pub async fn open(folder: &Path, options: LogOptions) -> Result<Arc<Self>, StorageError> {
        let lock = FolderLock::take(folder)?;
        let path = connections::file(folder);
        let connection = connections::writer(&path, options.max_pages)
            .connect()
            .await
            .map_err(storage_error)?;
        let mut connection = migrations::up(connection, &options).await?;
        sqlx::query("INSERT OR IGNORE INTO Head (Id, LogId, Position, RecordedAt) VALUES (1, ?, 0, '')")
            .bind(Uuid::now_v7().to_string())
            .execute(&mut connection)
            .await
            .map_err(storage_error)?;
        guards::restore(&mut connection).await?;
        let store = Arc::new(WriteConnection::new(connection, &path, &options, lock).await?);
        checkpoint::start(path.clone(), &store);
        let sequencer = Sequencer::start(SqliteBatchWriter::new(store.clone(), options));
        let readers = connections::readers(connections::reader(&path));
        Ok(Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            readers,
            writing: Some(Writing { sequencer, store }),
        }))
    }

    /// Opens the log of a folder for reading, also beside a server that writes it.
    ///
    /// # Errors
    /// When there is no log, or it has not the schema of this program.
    pub async fn open_read_only(folder: &Path) -> Result<Arc<Self>, StorageError> {
        let path = connections::file(folder);
        if !path.exists() {
            return Err(StorageError::Other(format!(
                "there is no event log at {}",
                path.display()
            )));
        }
        migrations::check(folder).await?;
        let readers = connections::readers(connections::reader_that_opens(&path).await);
        Ok(Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            readers,
            writing: None,
        }))
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn writing(&self) -> Result<&WriteConnection, StorageError> {
        Ok(&self.writer()?.store)
    }

    fn writer(&self) -> Result<&Writing, StorageError> {
        self.writing
            .as_ref()
            .ok_or_else(|| StorageError::ReadOnly("the log was opened for reading".into()))
    }

    async fn page<'query>(
        &self,
        query: sqlx::query::Query<'query, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let mut rows = query.fetch(&self.readers);
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(storage_error)? {
            let event = reading::event(&row)?;
            bytes += event.payload.len() + event.metadata.len();
            events.push(event);
            if bytes >= MAX_PAGE_BYTES {
                break;
            }
        }
        Ok(events)
    }

    async fn log_page(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        let query = sqlx::query(select_events!("WHERE Position > ? ORDER BY Position LIMIT ?"));
        self.page(query.bind(after.0.cast_signed()).bind(limit)).await
    }
}

/// A hole between `after` and the end of the page.
fn check_gapless(after: Position, events: &[StoredEvent]) -> Result<(), StorageError> {
    for (expected, event) in (after.0 + 1..).zip(events) {
        if event.position.0 != expected {
            return Err(StorageError::Corrupt(format!(
                "event {expected} is missing; the next one is {}",
                event.position
            )));
        }
    }
    Ok(())
}

fn all<T>(rows: &[SqliteRow], read: impl Fn(&SqliteRow) -> Result<T, StorageError>) -> Result<Vec<T>, StorageError> {
    rows.iter().map(read).collect()
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        self.writer()?.sequencer.append(append).await
    }

    async fn missing_guards(&self) -> Result<Vec<String>, StorageError> {
        guards::missing_names(&self.readers).await
    }

    async fn head(&self) -> Result<Head, StorageError> {
        let mut connection = self.readers.acquire().await.map_err(storage_error)?;
        read_head(&mut connection).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let rows = sqlx::query(select_events!(
            "WHERE Stream = ? AND Version > ? ORDER BY Version LIMIT ?"
        ))
        .bind(stream.shared())
        .bind(after.0.cast_signed())
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(storage_error)?;
        all(&rows, reading::event)
    }

    async fn read_log(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        let events = self.log_page(after, limit).await?;
        check_gapless(after, &events)?;
        if events.is_empty() && limit > 0 {
            // The head is read first, so that every event up to it is visible to the second look.
            let head = self.head().await?.position;
            if head > after {
                let events = self.log_page(after, limit).await?;
                check_gapless(after, &events)?;
                if events.is_empty() {
                    return Err(StorageError::Corrupt(format!(
                        "events after {after} are missing; the log ends at {head}"
                    )));
                }
                return Ok(events);
            }
        }
        Ok(events)
    }

    async fn read_workspace(
        &self,
        workspace: i64,
        after: Position,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let query = sqlx::query(select_events!(
            "WHERE WorkspaceId = ? AND Position > ? ORDER BY Position LIMIT ?"
        ));
        self.page(query.bind(workspace).bind(after.0.cast_signed()).bind(limit))
            .await
    }

    async fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StorageError> {
        let row = sqlx::query("SELECT Stream, Aggregate, WorkspaceId, Version FROM Streams WHERE Stream = ?")
            .bind(stream.shared())
            .fetch_optional(&self.readers)
            .await
            .map_err(storage_error)?;
        row.as_ref().map(reading::stream).transpose()
    }

    async fn streams(
        &self,
        workspace: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StreamInfo>, StorageError> {
        let mut query =
            QueryBuilder::new("SELECT Stream, Aggregate, WorkspaceId, Version FROM Streams WHERE Stream > ");
        query.push_bind(after.unwrap_or_default());
        if let Some(workspace) = workspace {
            query.push(" AND WorkspaceId = ").push_bind(workspace);
        }
        query.push(" ORDER BY Stream LIMIT ").push_bind(limit);
        all(
            &query.build().fetch_all(&self.readers).await.map_err(storage_error)?,
            reading::stream,
        )
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<Claim>, StorageError> {
        let row = sqlx::query("SELECT Scope, Key, Owner FROM Claims WHERE Scope = ? AND Key = ?")
            .bind(key.scope.clone())
            .bind(key.key.clone())
            .fetch_optional(&self.readers)
            .await
            .map_err(storage_error)?;
        row.as_ref().map(reading::claim).transpose()
    }

    async fn claims(&self, scope: &str, after: Option<&str>, limit: u32) -> Result<Vec<Claim>, StorageError> {
        let mut query = QueryBuilder::new("SELECT Scope, Key, Owner FROM Claims WHERE Scope = ");
        query.push_bind(scope);
        if let Some(after) = after {
            query.push(" AND Key > ").push_bind(after);
        }
        query.push(" ORDER BY Key LIMIT ").push_bind(limit);
        all(
            &query.build().fetch_all(&self.readers).await.map_err(storage_error)?,
            reading::claim,
        )
    }

    async fn command(&self, actor: &str, key: &str) -> Result<Option<StoredCommand>, StorageError> {
        let row = sqlx::query(
            "SELECT RequestHash, FirstPosition, LastPosition, Answer FROM Commands WHERE Actor = ? AND Key = ?",
        )
        .bind(actor)
        .bind(key)
        .fetch_optional(&self.readers)
        .await
        .map_err(storage_error)?;
        row.as_ref().map(reading::command).transpose()
    }

    async fn forget_commands(&self, recorded_before: &str) -> Result<u64, StorageError> {
        let mut forgotten = 0;
        loop {
            let query = sqlx::query(
                "DELETE FROM Commands WHERE (Actor, Key) IN (SELECT Actor, Key FROM Commands WHERE RecordedAt < ? LIMIT ?)",
            );
            let removed = self
                .write(query.bind(recorded_before.to_owned()).bind(FORGET_AT_ONCE))
                .await?
                .rows_affected();
            forgotten += removed;
            if removed < FORGET_AT_ONCE.cast_unsigned() {
                return Ok(forgotten);
            }
        }
    }

    async fn work(&self, filter: &WorkFilter, limit: u32) -> Result<Vec<WorkItem>, StorageError> {
        let mut query =
            QueryBuilder::new("SELECT Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch FROM Work");
        if filter.due_until.is_some() {
            // Few of many timers are due: sorting those is less than scanning all in the order that is asked for.
            query.push(" INDEXED BY IX_Work_DueAt");
        }
        query.push(" WHERE true");
        if let Some(state) = filter.state {
            // As text, so that an index over one state can serve.
            query.push(" AND State = '").push(state.name()).push("'");
        }
        if let Some(environment) = filter.environment {
            query.push(" AND EnvironmentId = ").push_bind(environment);
        }
        if let Some(workspace) = filter.workspace {
            query.push(" AND WorkspaceId = ").push_bind(workspace);
        }
        if let Some(due_until) = &filter.due_until {
            query.push(" AND DueAt <= ").push_bind(due_until.clone());
        }
        if let Some(after) = &filter.after {
            query.push(" AND Execution > ").push_bind(after.clone());
        }
        query.push(" ORDER BY Execution LIMIT ").push_bind(limit);
        all(
            &query.build().fetch_all(&self.readers).await.map_err(storage_error)?,
            reading::work,
        )
    }

    async fn next_timer(&self) -> Result<Option<Arc<str>>, StorageError> {
        let row = sqlx::query("SELECT min(DueAt) FROM Work WHERE DueAt IS NOT NULL")
            .fetch_one(&self.readers)
            .await
            .map_err(storage_error)?;
        Ok(row.try_get::<Option<&str>, _>(0).map_err(storage_error)?.map(Arc::from))
    }

    async fn allot(&self, sequence: &str, count: u32) -> Result<i64, StorageError> {
        let mut held = self.writing()?.hold().await;
        let row = sqlx::query(
            "INSERT INTO Sequences (Name, Next) VALUES (?, 1 + ?) ON CONFLICT (Name) DO UPDATE SET Next = Next + excluded.Next - 1
             RETURNING Next - ?",
        )
        .bind(sequence.to_owned())
        .bind(count)
        .bind(count)
        .fetch_all(held.connection().await?)
        .await;
        match row {
            Ok(rows) => rows
                .first()
                .map_or(Err(sqlx::Error::RowNotFound), |row| row.try_get(0))
                .map_err(storage_error),
            Err(error) => Err(held.failed(error).await),
        }
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let live = match &self.writing {
            Some(writing) => writing.sequencer.listen(),
            None => broadcast::channel(1).1,
        };
        let log = self.itself.upgrade().expect("who calls a method of the log holds it");
        Subscription::new(log, live, after)
    }

    fn trouble(&self) -> Option<StorageError> {
        self.writing.as_ref()?.sequencer.trouble()
    }

    async fn close(&self) {
        if let Some(writing) = &self.writing {
            writing.sequencer.close().await;
            writing.store.close().await;
        }
    }
}
