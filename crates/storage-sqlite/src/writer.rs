//! The one writer of `es.db`: judges a batch from what it remembers, reads what it does not, writes all of it at once.
//!
//! Invariant: this process alone writes the file, so what the writer remembers of it is true; after any failure it
//! forgets everything. Absence that a uniqueness constraint checks is presumed instead of read; a refusal is never built
//! on a presumption.

use std::{hash::Hash, path::Path, sync::Arc};

use async_trait::async_trait;
use futures::TryStreamExt;
use quick_cache::unsync::Cache;
use sqlx::{
    ConnectOptions, Executor, Row, query_with,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{Mutex, MutexGuard};
use wfm_storage::{
    append::{ClaimKey, StorageError},
    batch::{Batch, Changes, Facts, Need, Needs, Prepared, StreamFact},
    event::{Position, StreamId},
    log::Head,
    sequencer::{BatchOutcome, BatchWriter, Outcome},
};

use crate::{
    checkpoint::{self, Pressure},
    connections::{self, LogOptions},
    error::{is_broken, is_constraint, storage_error},
    facts::{self, Found, Questions},
    folder_lock::FolderLock,
    write_texts::{APPENDING, PreparedWrite, WriteTexts},
};

/// Streams, and claims, that the writer remembers at most: some megabytes.
const REMEMBERED: usize = 16_384;

/// Scopes whose count the writer remembers at most.
const REMEMBERED_SCOPES: usize = 4_096;

/// The connection that writes, shared by appends, keys, sessions and ids; the folder is locked as long as it lives.
#[derive(Debug)]
pub(crate) struct WriteConnection {
    slot: Mutex<Slot>,
    options: SqliteConnectOptions,
    pub(crate) pressure: Arc<Pressure>,
}

#[derive(Debug)]
struct Slot {
    connection: Option<SqliteConnection>,
    /// Gone when the writer was closed.
    lock: Option<FolderLock>,
}

/// The write connection while nobody else has it.
pub(crate) struct Held<'connection> {
    slot: MutexGuard<'connection, Slot>,
    options: &'connection SqliteConnectOptions,
}

impl WriteConnection {
    /// Takes over a connection to the log of a folder whose lock is held.
    pub(crate) async fn new(
        mut connection: SqliteConnection,
        path: &Path,
        options: &LogOptions,
        lock: FolderLock,
    ) -> Result<Self, StorageError> {
        take_batches(&mut connection).await?;
        Ok(Self {
            slot: Mutex::new(Slot {
                connection: Some(connection),
                lock: Some(lock),
            }),
            options: connections::writer(path, options.max_pages),
            pressure: Arc::default(),
        })
    }

    /// Waits for whoever writes just now.
    pub(crate) async fn hold(&self) -> Held<'_> {
        Held {
            slot: self.slot.lock().await,
            options: &self.options,
        }
    }

    /// Closes the connection for good and lets go of the folder.
    pub(crate) async fn close(&self) {
        let _turn = self.pressure.turn().await;
        let mut slot = self.slot.lock().await;
        if let Some(mut connection) = slot.connection.take() {
            if let Err(error) = checkpoint::truncate(&mut connection).await {
                tracing::warn!(%error, "the write-ahead log could not be moved at the end");
            }
            checkpoint::close(connection).await;
        }
        slot.lock = None;
    }
}

impl Drop for WriteConnection {
    fn drop(&mut self) {
        checkpoint::stop(&self.pressure);
    }
}

impl Held<'_> {
    /// The connection; opened again if it broke.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, StorageError> {
        let Slot { connection, lock } = &mut *self.slot;
        match connection {
            Some(connection) => Ok(connection),
            None if lock.is_none() => Err(StorageError::Unavailable("the log is closed".into())),
            empty => {
                let mut connection = self.options.connect().await.map_err(storage_error)?;
                take_batches(&mut connection).await?;
                Ok(empty.insert(connection))
            }
        }
    }

    /// Maps an error, ends the transaction it left open, and drops a connection that broke.
    pub(crate) async fn failed(&mut self, error: sqlx::Error) -> StorageError {
        if is_broken(&error) {
            self.slot.connection = None;
        } else if let Some(connection) = &mut self.slot.connection {
            // Fails when the statement did not come as far as to begin one, or SQLite ended it.
            let _no_transaction = sqlx::query("ROLLBACK").execute(connection).await;
        }
        storage_error(error)
    }
}

/// Writes a batch.
async fn execute(write: PreparedWrite, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let query = query_with(write.text, write.arguments).persistent(write.keep);
    let mut results = connection.fetch_many(query);
    if write.alone {
        // Its result is all there is: waiting for the end of the results would wake this task again for nothing.
        results.try_next().await.map(|_| ())
    } else {
        while results.try_next().await?.is_some() {}
        Ok(())
    }
}

/// Gives a connection what takes batches.
async fn take_batches(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    sqlx::raw_sql(APPENDING)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(storage_error)
}

/// What the writer remembers of the log.
struct Memory {
    head: Head,
    streams: Cache<StreamId, StreamFact>,
    claims: Cache<ClaimKey, Option<StreamId>>,
    scopes: Cache<Arc<str>, u64>,
}

/// See the module.
pub(crate) struct SqliteBatchWriter {
    store: Arc<WriteConnection>,
    options: LogOptions,
    texts: WriteTexts,
    memory: Option<Memory>,
}

/// How an attempt at a batch ended.
enum Attempt {
    Settled(BatchOutcome),
    /// A presumption was wrong.
    Presumptuous,
}

impl SqliteBatchWriter {
    pub(crate) fn new(store: Arc<WriteConnection>, options: LogOptions) -> Self {
        Self {
            store,
            options,
            texts: WriteTexts::default(),
            memory: None,
        }
    }

    async fn attempt(
        &mut self,
        held: &mut Held<'_>,
        needs: &Needs,
        appends: &[Prepared],
        presume: bool,
    ) -> Result<Attempt, StorageError> {
        let memory = match &mut self.memory {
            Some(memory) => memory,
            None => self.memory.insert(Memory::load(held).await?),
        };
        let mut facts = Facts::absent(needs);
        let questions = memory.recall(needs, &mut facts, presume);
        if !questions.is_empty() {
            for found in questions.read(held.connection().await?).await? {
                memory.learn(&found);
                facts::state(&mut facts, found);
            }
        }
        let recorded_at = (self.options.clock)();
        let recorded_at = if recorded_at.as_str() < &*memory.head.recorded_at {
            memory.head.recorded_at.clone()
        } else {
            recorded_at.into()
        };
        let mut batch = Batch::new(facts, memory.head.position, recorded_at);
        let mut outcomes = Vec::with_capacity(appends.len());
        let mut refused = Vec::new();
        for append in appends {
            outcomes.push(match batch.judge(append) {
                Ok(committed) => Outcome::Committed(committed),
                Err(refusal) => {
                    refused.push(append);
                    Outcome::Refused(refusal)
                }
            });
        }
        if presume && !refused.is_empty() && memory.presumed_wrongly(held, needs, &refused).await? {
            return Ok(Attempt::Presumptuous);
        }
        let mut changes = batch.finish();
        if let Some(last) = changes.events.last() {
            let head = Head {
                log_id: memory.head.log_id.clone(),
                position: last.position,
                recorded_at: last.recorded_at.clone(),
            };
            if let Err(error) = execute(self.texts.write(&changes), held.connection().await?).await {
                let constraint = is_constraint(&error);
                let error = held.failed(error).await;
                return if constraint && presume {
                    Ok(Attempt::Presumptuous)
                } else {
                    Err(error)
                };
            }
            memory.advance(&changes, head);
            self.store
                .pressure
                .written(changes.events.len(), appends.iter().map(Prepared::bytes).sum());
        }
        Ok(Attempt::Settled(BatchOutcome {
            outcomes,
            events: std::mem::take(&mut changes.events),
        }))
    }
}

#[async_trait]
impl BatchWriter for SqliteBatchWriter {
    async fn commit(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, StorageError> {
        let needs = Needs::of(appends);
        let store = self.store.clone();
        let mut held = store.hold().await;
        for presume in [true, false] {
            match self.attempt(&mut held, &needs, appends, presume).await {
                Ok(Attempt::Settled(outcome)) => return Ok(outcome),
                // What is remembered was neither presumed nor changed.
                Ok(Attempt::Presumptuous) => {}
                Err(error) => {
                    self.memory = None;
                    return Err(error);
                }
            }
        }
        self.memory = None;
        Err(StorageError::Other("a constraint objects to what was read".into()))
    }
}

impl Memory {
    async fn load(held: &mut Held<'_>) -> Result<Self, StorageError> {
        Ok(Self {
            head: read_head(held.connection().await?).await?,
            streams: Cache::new(REMEMBERED),
            claims: Cache::new(REMEMBERED),
            scopes: Cache::new(REMEMBERED_SCOPES),
        })
    }

    /// States what is remembered, and tells what must be read: without presuming, everything that is not remembered.
    fn recall(&mut self, needs: &Needs, facts: &mut Facts, presume: bool) -> Questions {
        let mut questions = Questions::default();
        let must_read = |need: &Need| !presume || *need == Need::Read;
        for (stream, need) in &needs.streams {
            match self.streams.get(stream) {
                Some(fact) => facts.state_stream(stream.clone(), *fact),
                None if must_read(need) => questions.streams.push(stream.clone()),
                None => {}
            }
        }
        for (key, need) in &needs.claims {
            match self.claims.get(key) {
                Some(Some(owner)) => facts.state_claim(key.clone(), owner.clone()),
                Some(None) => {}
                None if must_read(need) => questions.claims.push(key.clone()),
                None => {}
            }
        }
        for scope in &needs.scopes {
            match self.scopes.get(scope) {
                Some(count) => facts.state_scope(scope.clone(), *count),
                None => questions.scopes.push(scope.clone()),
            }
        }
        if !presume {
            questions.commands.extend(needs.commands.iter().cloned());
        }
        questions
    }

    fn learn(&mut self, found: &Found) {
        match found {
            Found::Stream(stream, fact) => self.streams.insert(stream.clone(), *fact),
            Found::Claim(key, owner) => self.claims.insert(key.clone(), Some(owner.clone())),
            Found::Scope(scope, count) => self.scopes.insert(scope.clone(), *count),
            Found::Command(..) => {}
        }
    }

    /// Whether something exists that was presumed absent when these appends were refused.
    async fn presumed_wrongly(
        &mut self,
        held: &mut Held<'_>,
        needs: &Needs,
        refused: &[&Prepared],
    ) -> Result<bool, StorageError> {
        let mut questions = Questions::default();
        for append in refused.iter().map(|append| append.append()) {
            let presumed = |need: Option<&Need>| need == Some(&Need::Presumed);
            for part in &append.streams {
                if presumed(needs.streams.get(&part.stream)) && self.streams.peek(&part.stream).is_none() {
                    questions.streams.push(part.stream.clone());
                }
            }
            for claim in &append.take {
                if presumed(needs.claims.get(&claim.key)) && self.claims.peek(&claim.key).is_none() {
                    questions.claims.push(claim.key.clone());
                }
            }
            questions.commands.extend(
                append
                    .command
                    .iter()
                    .map(|command| (command.actor.clone(), command.key.clone())),
            );
        }
        Ok(!questions.is_empty() && !questions.read(held.connection().await?).await?.is_empty())
    }

    /// Remembers what was written.
    fn advance(&mut self, changes: &Changes, head: Head) {
        self.head = head;
        for change in &changes.streams {
            self.streams.insert(change.stream.clone(), change.fact);
        }
        for claim in &changes.claims_removed {
            self.claims.insert(claim.key.clone(), None);
            adjust(&mut self.scopes, &claim.key.scope, |count| count.saturating_sub(1));
        }
        for claim in &changes.claims_inserted {
            self.claims.insert(claim.key.clone(), Some(claim.owner.clone()));
            adjust(&mut self.scopes, &claim.key.scope, |count| count + 1);
        }
        // These have the changes in them already.
        for (scope, count) in &changes.scopes {
            self.scopes.insert(scope.clone(), *count);
        }
    }
}

fn adjust<K: Hash + Eq>(counts: &mut Cache<K, u64>, key: &K, change: impl FnOnce(u64) -> u64) {
    if let Some(mut count) = counts.get_mut(key) {
        *count = change(*count);
    }
}

/// The log's end, from a connection that sees all of it.
pub(crate) async fn read_head(connection: &mut SqliteConnection) -> Result<Head, StorageError> {
    let row = sqlx::query("SELECT LogId, Position, RecordedAt FROM Head")
        .fetch_optional(connection)
        .await
        .map_err(storage_error)?;
    // A log that was migrated and never written has no identity yet.
    let Some(row) = row else {
        return Ok(Head {
            log_id: Arc::from(""),
            position: Position(0),
            recorded_at: Arc::from(""),
        });
    };
    let text = |index: usize| row.try_get::<&str, _>(index).map(Arc::from).map_err(storage_error);
    let position = row.try_get::<i64, _>(1).map_err(storage_error)?;
    Ok(Head {
        log_id: text(0)?,
        position: Position(position.cast_unsigned()),
        recorded_at: text(2)?,
    })
}
