//! The read models on SQL Server: the documented tables in schema `dbo` of the log's database, a rebuild's in `shadow`.
//!
//! Invariant: a batch is one transaction and one call. Its first statement moves the checkpoint, only from where it is expected,
//! and is the lock: so every event takes effect exactly once, whatever crashes and however many nodes try. The tables may be
//! dropped at any time; the log builds them again.

mod bulk;
mod cells;
mod checkpoint;
mod ddl;
mod difference;
mod lanes;
mod parts;
mod pieces;
mod replica;
mod rows;
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tiberius::Row;
use wfm_storage::{
    append::StorageError,
    event::{Position, StreamId},
    fold::fold,
    read_store::{
        ApplyError, Cell, Checkpoint, Gathering, ParkedEvent, ProjectedBatch, Query, ReadStore, TableDifference,
    },
};

use self::{
    ddl::{SERVING, SHADOW},
    parts::Part,
    replica::Replica,
    schema::Shadow,
    shape::SHAPES,
};
use crate::{
    connection::Connection,
    error::SqlError,
    pool::{Pool, Purpose},
};

/// How long comparing or adopting whole tables may take.
const WHOLE_TABLES_TAKE_AT_MOST: Duration = Duration::from_secs(6 * 3600);

/// The read models of one database.
pub struct SqlServerReadStore {
    pool: Pool,
    schema: &'static str,
    /// Answers queries to which rows may be old.
    replica: Option<Replica>,
    /// What keeps the shadow's tables for this store, if it is one.
    shadow: Mutex<Option<Shadow>>,
    /// Whether it is a shadow without foreign keys yet.
    loading: AtomicBool,
}

impl std::fmt::Debug for SqlServerReadStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SqlServerReadStore")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl SqlServerReadStore {
    /// Opens the tables of the pool's database; makes them when they are missing or not this program's.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not let the login make tables.
    pub async fn open(pool: Pool) -> Result<Arc<dyn ReadStore>, StorageError> {
        Self::open_with_replica(pool, None).await
    }

    /// The same, with connections to a readable secondary for queries whose callers can do with rows of a moment ago
    /// ([`ReadStore::query_as_of`]).
    ///
    /// # Errors
    /// See [`Self::open`]; the secondary is not asked yet.
    pub async fn open_with_replica(pool: Pool, replica: Option<Pool>) -> Result<Arc<dyn ReadStore>, StorageError> {
        if schema::ensure_serving(&pool).await? {
            tracing::info!("the read models were missing or had another shape; they are built anew from the log");
        }
        schema::remove_left_shadow(&pool).await?;
        let mut store = Self::over(pool, SERVING, None);
        store.replica = replica.map(Replica::new);
        Ok(Arc::new(store))
    }

    /// Drops the tables; the next opening makes empty ones.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not let the login drop tables.
    pub async fn remove(pool: &Pool) -> Result<(), StorageError> {
        schema::remove_serving(pool).await
    }

    fn over(pool: Pool, schema: &'static str, shadow: Option<Shadow>) -> Self {
        Self {
            pool,
            schema,
            replica: None,
            loading: AtomicBool::new(shadow.is_some()),
            shadow: Mutex::new(shadow),
        }
    }

    /// A connection for a call over whole tables; not one of the pool, whose callers are not so patient.
    async fn patient_connection(&self) -> Result<Connection, StorageError> {
        let settings = self.pool.settings().with_command_timeout(WHOLE_TABLES_TAKE_AT_MOST);
        Ok(Connection::establish(&settings).await?)
    }

    /// Fails when a port's handle is no shadow of this store.
    fn expect_shadow(&self, shadow: &Arc<dyn ReadStore>) -> Result<(), StorageError> {
        let any: &dyn Any = shadow.as_ref();
        match any.downcast_ref::<Self>() {
            Some(store) if store.schema == SHADOW && self.schema == SERVING => Ok(()),
            Some(_) | None => Err(StorageError::Other(
                "the store to compare with is no shadow of this one".into(),
            )),
        }
    }
}

impl Drop for SqlServerReadStore {
    fn drop(&mut self) {
        let Some(shadow) = self.shadow.get_mut().take() else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if let Err(error) = shadow.remove().await {
                        tracing::warn!(%error, "a shadow could not be removed; the next start does");
                    }
                });
            }
            Err(_) => drop(shadow),
        }
    }
}

#[async_trait]
impl ReadStore for SqlServerReadStore {
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StorageError> {
        let answer = self.pool.read(&checkpoint::reading(self.schema), &[]).await?;
        checkpoint::decode(answer.first().map_or(&[], Vec::as_slice))
    }

    async fn apply(&self, mut batch: ProjectedBatch) -> Result<(), ApplyError> {
        let mut parts: Vec<Part> = Vec::new();
        if !batch.park.is_empty() {
            parts.push(parts::parking(self.schema, &batch.park)?);
        }
        if !batch.unpark.is_empty() {
            parts.push(parts::unparking(self.schema, &batch.unpark)?);
        }
        let operations = fold(std::mem::take(&mut batch.changes));
        if self.loading.load(Ordering::Acquire) {
            lanes::load(&self.pool, operations).await?;
        } else {
            for piece in operations.into_iter().flat_map(pieces::pieces) {
                parts.push(parts::part(self.schema, &piece)?);
            }
        }
        let purpose = if self.schema == SERVING {
            Purpose::Projecting
        } else {
            Purpose::Rebuilding
        };
        let mut connection = self.pool.acquire_for(purpose).await.map_err(StorageError::from)?;
        match writer::carry_out(&mut connection, self.schema, &batch, &parts).await {
            Ok(None) => Ok(()),
            Ok(Some(rows)) => Err(checkpoint::moved(&rows)),
            Err(error) => {
                connection.condemn();
                Err(apply_error(error))
            }
        }
    }

    async fn parked(&self) -> Result<Vec<ParkedEvent>, StorageError> {
        let answer = self.pool.read(&reading_parked(self.schema), &[]).await?;
        parked_events(answer.into_iter().next().unwrap_or_default())
    }

    async fn standing(&self) -> Result<(Option<Checkpoint>, Vec<ParkedEvent>), StorageError> {
        let text = format!("{} {}", checkpoint::reading(self.schema), reading_parked(self.schema));
        let mut answer = self.pool.read(&text, &[]).await?.into_iter();
        let checkpoint = checkpoint::decode(&answer.next().unwrap_or_default())?;
        Ok((checkpoint, parked_events(answer.next().unwrap_or_default())?))
    }

    async fn shadow(&self) -> Result<Arc<dyn ReadStore>, StorageError> {
        let shadow = Shadow::make(&self.pool).await?;
        Ok(Arc::new(Self::over(self.pool.clone(), SHADOW, Some(shadow))))
    }

    async fn loaded(&self) -> Result<(), ApplyError> {
        if self.loading.swap(false, Ordering::AcqRel) {
            let mut connection = self.patient_connection().await?;
            connection
                .execute_batch(&ddl::ending_the_load())
                .await
                .map_err(apply_error)?;
        }
        Ok(())
    }

    async fn compare(&self, shadow: &Arc<dyn ReadStore>) -> Result<Vec<TableDifference>, StorageError> {
        self.expect_shadow(shadow)?;
        let mut connection = self.patient_connection().await?;
        let answer = connection.query(&difference::comparing(), &[]).await?;
        let mut differences = Vec::new();
        for (place, rows) in answer.into_iter().enumerate() {
            for row in rows {
                differences.extend(table_difference(place, &cells::row(row)?)?);
            }
        }
        Ok(differences)
    }

    async fn adopt(
        &self,
        shadow: &Arc<dyn ReadStore>,
        expected: Option<&Checkpoint>,
    ) -> Result<Vec<TableDifference>, ApplyError> {
        self.expect_shadow(shadow)?;
        let mut connection = self.patient_connection().await?;
        let answer = connection
            .query(&difference::adopting(), &checkpoint::expected(expected))
            .await
            .map_err(apply_error)?;
        let rows = answer.into_iter().next().unwrap_or_default();
        if rows
            .first()
            .is_some_and(|row| row.len() == checkpoint::EXPECTED_PARAMETERS)
        {
            return Err(checkpoint::moved(&rows));
        }
        let mut differences = Vec::new();
        for row in rows {
            let row = cells::row(row).map_err(StorageError::from)?;
            if let [Cell::Integer(place), counts @ ..] = row.as_slice() {
                differences.extend(table_difference(usize::try_from(*place).unwrap_or(usize::MAX), counts)?);
            }
        }
        Ok(differences)
    }

    fn gathering(&self) -> Gathering {
        Gathering {
            busy_events: 24,
            awaited: Duration::from_millis(10),
            unseen: Duration::from_millis(25),
        }
    }

    /// Loading takes a handful of calls for each table and page.
    fn page_events(&self) -> u32 {
        if self.loading.load(Ordering::Acquire) {
            4096
        } else {
            1024
        }
    }

    async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, StorageError> {
        let (text, parameters) = cells::text_and_parameters(&query);
        let answer = self.pool.read(&text, &parameters).await?;
        let rows = answer.into_iter().next().unwrap_or_default();
        Ok(rows.into_iter().map(cells::row).collect::<Result<_, _>>()?)
    }

    async fn query_as_of(&self, query: Query, position: Position) -> Result<Vec<Vec<Cell>>, StorageError> {
        if let Some(replica) = &self.replica {
            let (text, parameters) = cells::text_and_parameters(&query);
            if let Some(rows) = replica.query(&text, &parameters, position).await {
                return Ok(rows.into_iter().map(cells::row).collect::<Result<_, _>>()?);
            }
        }
        self.query(query).await
    }
}

/// The difference of the table at a place of [`SHAPES`], if there is any.
fn table_difference(place: usize, counts: &[Cell]) -> Result<Option<TableDifference>, StorageError> {
    match (SHAPES.get(place), counts) {
        (Some(_), [Cell::Integer(0), Cell::Integer(0)]) => Ok(None),
        (Some(shape), [Cell::Integer(missing), Cell::Integer(surplus)]) => Ok(Some(TableDifference {
            table: shape.name.to_owned(),
            missing: missing.cast_unsigned(),
            surplus: surplus.cast_unsigned(),
        })),
        _ => Err(StorageError::Corrupt(format!("a difference that is none: {counts:?}"))),
    }
}

/// Reads the parked events of a schema.
fn reading_parked(schema: &str) -> String {
    format!("SELECT Position, Stream, EventType, Reason, ParkedAt FROM {schema}.ParkedEvents ORDER BY Position;")
}

fn parked_events(rows: Vec<Row>) -> Result<Vec<ParkedEvent>, StorageError> {
    rows.into_iter().map(|row| parked_event(cells::row(row)?)).collect()
}

fn parked_event(row: Vec<Cell>) -> Result<ParkedEvent, StorageError> {
    match <[Cell; 5]>::try_from(row) {
        Ok(
            [
                Cell::Integer(position),
                Cell::Text(stream),
                Cell::Text(event_type),
                Cell::Text(reason),
                Cell::Text(parked_at),
            ],
        ) => Ok(ParkedEvent {
            position: Position(position.cast_unsigned()),
            stream: StreamId::new(&*stream),
            event_type,
            reason: reason.to_string(),
            parked_at,
        }),
        other => Err(StorageError::Corrupt(format!("a parked event that is none: {other:?}"))),
    }
}

/// What kept a batch from taking effect.
fn apply_error(error: SqlError) -> ApplyError {
    match error.number() {
        Some(number) if is_refusal(number) => ApplyError::Rejected(error.to_string()),
        Some(_) | None => ApplyError::Storage(error.into()),
    }
}

/// Whether the rows themselves are at fault: no other try of the same rows can succeed.
fn is_refusal(number: u32) -> bool {
    matches!(
        number,
        // NULL, foreign key or check, uniqueness by index and by constraint.
        515 | 547 | 2601 | 2627
        // A text too long for its column.
        | 2628 | 8152
        // A value that its column's type does not take.
        | 220 | 232 | 241 | 242 | 245 | 248 | 295 | 8114 | 8115
    )
}
