//! The event log on SQL Server: appends through the sequencer, reads through pooled connections.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tiberius::Row;
use tokio::sync::broadcast;
use wfm_storage::{
    append::{Append, AppendError, Claim, ClaimKey, Committed, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::Subscription,
    log::{EventLog, Head, MAX_PAGE_BYTES, StreamInfo},
    sequencer::Sequencer,
    work::{WorkFilter, WorkItem},
};

use crate::{
    conditions::Conditions,
    error::SqlError,
    exact::stored,
    migrations,
    options::LogOptions,
    parameter::Parameter,
    pool::Pool,
    reading::{self, EVENT_COLUMNS},
    watch::{self, Progress},
    writer::SqlServerBatchWriter,
};

/// Commands that are forgotten in one transaction, so that appends need not wait long.
const FORGET_AT_ONCE: u64 = 2_000;

/// The log of a database.
#[derive(Debug)]
pub struct SqlServerLog {
    itself: Weak<Self>,
    pool: Pool,
    sequencer: Option<Sequencer>,
    closed: AtomicBool,
}

impl SqlServerLog {
    /// Opens the log of the pool's database for writing; any number of nodes may. Brings the schema up to date.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] when the server cannot be reached, [`StorageError::ReadOnly`] when the schema is not up
    /// to date and the login may not change it, [`StorageError::Corrupt`] when a migration was applied with another text.
    pub async fn open(pool: Pool, options: LogOptions) -> Result<Arc<Self>, StorageError> {
        migrations::bring_up_to_date(&pool, &options).await?;
        let progress = Arc::<Progress>::default();
        let sequencer = Sequencer::start(SqlServerBatchWriter::new(pool.clone(), options, progress.clone()));
        let log = Self::new(pool, Some(sequencer));
        progress.reached(log.position().await?);
        watch::start(Arc::downgrade(&log), progress);
        Ok(log)
    }

    /// Opens the log for reading.
    ///
    /// # Errors
    /// When there is no log, or it has not the schema of this program.
    pub async fn open_read_only(pool: Pool) -> Result<Arc<Self>, StorageError> {
        migrations::check(&pool).await?;
        Ok(Self::new(pool, None))
    }

    fn new(pool: Pool, sequencer: Option<Sequencer>) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            pool,
            sequencer,
            closed: AtomicBool::new(false),
        })
    }

    /// The connections that the log uses.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) fn sequencer_is_heard(&self) -> bool {
        self.sequencer.as_ref().is_some_and(Sequencer::is_heard)
    }

    /// Sends subscribers to the log.
    pub(crate) fn announce(&self) {
        if let Some(sequencer) = &self.sequencer {
            sequencer.announce();
        }
    }

    /// Position of the last event.
    pub(crate) async fn position(&self) -> Result<Position, StorageError> {
        let rows = self.pool.read("SELECT Position FROM es.Head", &[]).await?;
        let row = first(&rows).ok_or_else(|| StorageError::Corrupt("es.Head has no row".into()))?;
        Ok(Position(reading::integer(row, 0)?.cast_unsigned()))
    }

    pub(crate) fn writing(&self) -> Result<&Sequencer, StorageError> {
        let sequencer = self
            .sequencer
            .as_ref()
            .ok_or_else(|| StorageError::ReadOnly("the log was opened for reading".into()))?;
        if self.is_closed() {
            return Err(StorageError::Unavailable("the log is closed".into()));
        }
        Ok(sequencer)
    }

    /// Events in the order in which the statement tells them; ends early when they are large.
    async fn page(&self, rest: &str, parameters: &[Parameter<'_>]) -> Result<Vec<StoredEvent>, StorageError> {
        let text = format!("SELECT TOP (@P1) {EVENT_COLUMNS} FROM es.Events {rest}");
        let page = self
            .pool
            .read_while(&text, parameters, |page: &mut Page, row| {
                let event = reading::event(&row)?;
                page.bytes += event.payload.len() + event.metadata.len();
                page.events.push(event);
                Ok(page.bytes < MAX_PAGE_BYTES)
            })
            .await?;
        Ok(page.events)
    }

    async fn log_page(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        let events = self
            .page(
                "WHERE Position > @P2 ORDER BY Position",
                &[limit.into(), after.0.cast_signed().into()],
            )
            .await?;
        for (expected, event) in (after.0 + 1..).zip(&events) {
            if event.position.0 != expected {
                return Err(StorageError::Corrupt(format!(
                    "event {expected} is missing; the next one is {}",
                    event.position
                )));
            }
        }
        Ok(events)
    }

    async fn one<T>(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
        read: impl Fn(&Row) -> Result<T, SqlError>,
    ) -> Result<Option<T>, StorageError> {
        let rows = self.pool.read(text, parameters).await?;
        Ok(first(&rows).map(read).transpose()?)
    }

    async fn all<T>(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
        read: impl Fn(&Row) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, StorageError> {
        let rows = self.pool.read(text, parameters).await?;
        Ok(rows.first().into_iter().flatten().map(read).collect::<Result<_, _>>()?)
    }
}

#[derive(Default)]
struct Page {
    events: Vec<StoredEvent>,
    bytes: usize,
}

/// The first row of the first result set.
pub(crate) fn first(rows: &[Vec<Row>]) -> Option<&Row> {
    rows.first()?.first()
}

#[async_trait]
impl EventLog for SqlServerLog {
    async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        let sequencer = self.sequencer.as_ref();
        sequencer
            .ok_or_else(|| StorageError::ReadOnly("the log was opened for reading".into()))?
            .append(append)
            .await
    }

    async fn head(&self) -> Result<Head, StorageError> {
        let head = self
            .one("SELECT LogId, Position, RecordedAt FROM es.Head", &[], |row| {
                Ok(Head {
                    log_id: reading::text(row, 0)?,
                    position: Position(reading::integer(row, 1)?.cast_unsigned()),
                    recorded_at: reading::text(row, 2)?,
                })
            })
            .await?;
        head.ok_or_else(|| StorageError::Corrupt("es.Head has no row".into()))
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let text = format!(
            "SELECT TOP (@P1) {EVENT_COLUMNS} FROM es.Events WHERE Stream = CAST(@P2 AS VARCHAR(100)) AND Version > @P3 ORDER BY Version"
        );
        self.all(
            &text,
            &[limit.into(), stream.as_str().into(), after.0.cast_signed().into()],
            reading::event,
        )
        .await
    }

    async fn read_log(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        let events = self.log_page(after, limit).await?;
        if events.is_empty() && limit > 0 {
            // The head is read first, so that every event up to it is visible to the second look.
            let head = self.position().await?;
            if head > after {
                let events = self.log_page(after, limit).await?;
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
        self.page(
            "WHERE WorkspaceId = @P2 AND Position > @P3 ORDER BY Position",
            &[limit.into(), workspace.into(), after.0.cast_signed().into()],
        )
        .await
    }

    async fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StorageError> {
        self.one(
            "SELECT Stream, Aggregate, WorkspaceId, Version FROM es.Streams WHERE Stream = CAST(@P1 AS VARCHAR(100))",
            &[stream.as_str().into()],
            reading::stream,
        )
        .await
    }

    async fn streams(
        &self,
        workspace: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StreamInfo>, StorageError> {
        let mut conditions = Conditions::limited(limit);
        if let Some(after) = after {
            conditions.add("Stream >", after);
        }
        if let Some(workspace) = workspace {
            conditions.add("WorkspaceId =", workspace);
        }
        let text = format!(
            "SELECT TOP (@P1) Stream, Aggregate, WorkspaceId, Version FROM es.Streams {} ORDER BY Stream",
            conditions.text
        );
        self.all(&text, &conditions.parameters, reading::stream).await
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<Claim>, StorageError> {
        let (scope, name) = (stored(&key.scope), stored(&key.key));
        self.one(
            "SELECT Scope, [Key], Owner FROM es.Claims WHERE Scope = @P1 AND [Key] = @P2",
            &[(&*scope).into(), (&*name).into()],
            reading::claim,
        )
        .await
    }

    async fn claims(&self, scope: &str, after: Option<&str>, limit: u32) -> Result<Vec<Claim>, StorageError> {
        let (scope, after) = (stored(scope), after.map(stored));
        let mut conditions = Conditions::limited(limit);
        conditions.add("Scope =", &*scope);
        if let Some(after) = &after {
            conditions.add("[Key] >", &**after);
        }
        let text = format!(
            "SELECT TOP (@P1) Scope, [Key], Owner FROM es.Claims {} ORDER BY [Key]",
            conditions.text
        );
        self.all(&text, &conditions.parameters, reading::claim).await
    }

    async fn command(&self, actor: &str, key: &str) -> Result<Option<StoredCommand>, StorageError> {
        let (actor, key) = (stored(actor), stored(key));
        self.one(
            "SELECT RequestHash, FirstPosition, LastPosition, Answer FROM es.Commands WHERE Actor = @P1 AND [Key] = @P2",
            &[(&*actor).into(), (&*key).into()],
            reading::command,
        )
        .await
    }

    async fn forget_commands(&self, recorded_before: &str) -> Result<u64, StorageError> {
        self.writing()?;
        let text =
            format!("DELETE TOP ({FORGET_AT_ONCE}) FROM es.Commands WHERE RecordedAt < CAST(@P1 AS VARCHAR(27))");
        let mut forgotten = 0;
        loop {
            let removed = self.pool.change_again(&text, &[recorded_before.into()]).await?;
            forgotten += removed;
            if removed < FORGET_AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    async fn work(&self, filter: &WorkFilter, limit: u32) -> Result<Vec<WorkItem>, StorageError> {
        let after = filter.after.as_deref().map(stored);
        let mut conditions = Conditions::limited(limit);
        if let Some(environment) = filter.environment {
            conditions.add("EnvironmentId =", environment);
        }
        if let Some(workspace) = filter.workspace {
            conditions.add("WorkspaceId =", workspace);
        }
        if let Some(due_until) = &filter.due_until {
            conditions.add("DueAt <=", &**due_until);
        }
        if let Some(after) = &after {
            conditions.add("Execution >", &**after);
        }
        // As text, so that an index over one state can serve.
        let state = match filter.state {
            Some(state) if conditions.text.is_empty() => format!("WHERE State = '{}'", state.name()),
            Some(state) => format!(" AND State = '{}'", state.name()),
            None => String::new(),
        };
        let text = format!(
            "SELECT TOP (@P1) Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch FROM es.Work {}{state} ORDER BY Execution",
            conditions.text
        );
        self.all(&text, &conditions.parameters, reading::work).await
    }

    async fn next_timer(&self) -> Result<Option<Arc<str>>, StorageError> {
        let due = self
            .one("SELECT MIN(DueAt) FROM es.Work WHERE DueAt IS NOT NULL", &[], |row| {
                reading::optional_text(row, 0)
            })
            .await?;
        Ok(due.flatten())
    }

    async fn allot(&self, sequence: &str, count: u32) -> Result<i64, StorageError> {
        self.writing()?;
        let sequence = stored(sequence);
        let rows = self
            .pool
            .change("EXEC es.Allot @P1, @P2", &[(&*sequence).into(), count.into()])
            .await?;
        let row = first(&rows).ok_or_else(|| StorageError::Other("es.Allot told no id".into()))?;
        Ok(reading::integer(row, 0)?)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let live = match &self.sequencer {
            Some(sequencer) => sequencer.listen(),
            None => broadcast::channel(1).1,
        };
        let log = self.itself.upgrade().expect("who calls a method of the log holds it");
        Subscription::new(log, live, after)
    }

    fn trouble(&self) -> Option<StorageError> {
        self.sequencer.as_ref()?.trouble()
    }

    async fn close(&self) {
        if let Some(sequencer) = &self.sequencer {
            sequencer.close().await;
        }
        self.closed.store(true, Ordering::SeqCst);
    }
}
