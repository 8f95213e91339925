//! Cells and rows of the log's tables as the port's types.

use std::sync::Arc;

use tiberius::{FromSql, Row};
use uuid::Uuid;
use wfm_storage::{
    append::{Claim, ClaimKey, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    log::StreamInfo,
    work::{WorkItem, WorkState},
};

use crate::{error::SqlError, exact::name};

/// Columns of an event, in the order in which [`event`] takes them.
pub(crate) const EVENT_COLUMNS: &str = "Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, OccurredAt, RecordedAt, LeafHash, Metadata, Payload";

fn cell<'row, T: FromSql<'row>>(row: &'row Row, column: usize) -> Result<Option<T>, SqlError> {
    row.try_get(column)
        .map_err(|error| SqlError::Answer(format!("column {column}: {error}")))
}

fn required<T>(value: Option<T>, column: usize) -> Result<T, SqlError> {
    value.ok_or_else(|| SqlError::Answer(format!("column {column} is NULL")))
}

/// BIGINT.
pub(crate) fn integer(row: &Row, column: usize) -> Result<i64, SqlError> {
    required(optional_integer(row, column)?, column)
}

/// BIGINT that may be NULL.
pub(crate) fn optional_integer(row: &Row, column: usize) -> Result<Option<i64>, SqlError> {
    cell(row, column)
}

/// INT.
pub(crate) fn small_integer(row: &Row, column: usize) -> Result<i32, SqlError> {
    required(cell(row, column)?, column)
}

/// Text.
pub(crate) fn text(row: &Row, column: usize) -> Result<Arc<str>, SqlError> {
    required(optional_text(row, column)?, column)
}

/// Text that may be NULL.
pub(crate) fn optional_text(row: &Row, column: usize) -> Result<Option<Arc<str>>, SqlError> {
    Ok(cell::<&str>(row, column)?.map(Arc::from))
}

/// Bytes that may be NULL.
pub(crate) fn optional_bytes(row: &Row, column: usize) -> Result<Option<Vec<u8>>, SqlError> {
    Ok(cell::<&[u8]>(row, column)?.map(<[u8]>::to_vec))
}

/// BIT.
pub(crate) fn bit(row: &Row, column: usize) -> Result<bool, SqlError> {
    required(cell(row, column)?, column)
}

fn stored_name(row: &Row, column: usize) -> Result<Arc<str>, SqlError> {
    Ok(name(required(cell::<&str>(row, column)?, column)?))
}

fn stream_id(row: &Row, column: usize) -> Result<StreamId, SqlError> {
    Ok(StreamId::from_stored(text(row, column)?))
}

/// An event from [`EVENT_COLUMNS`].
pub(crate) fn event(row: &Row) -> Result<StoredEvent, SqlError> {
    let position = Position(integer(row, 0)?.cast_unsigned());
    let corrupt = |what: &str| SqlError::Answer(format!("event {position} has no proper {what}"));
    Ok(StoredEvent {
        position,
        stream: stream_id(row, 1)?,
        version: StreamVersion(integer(row, 2)?.cast_unsigned()),
        id: required(cell::<Uuid>(row, 3)?, 3)?,
        event_type: text(row, 4)?,
        schema_version: small_integer(row, 5)?
            .try_into()
            .map_err(|_| corrupt("schema version"))?,
        workspace: optional_integer(row, 6)?,
        occurred_at: text(row, 7)?,
        recorded_at: text(row, 8)?,
        leaf_hash: required(cell::<&[u8]>(row, 9)?, 9)?
            .try_into()
            .map_err(|_| corrupt("leaf hash"))?,
        metadata: text(row, 10)?,
        payload: text(row, 11)?,
        typed: None,
    })
}

/// A stream from Stream, Aggregate, WorkspaceId, Version.
pub(crate) fn stream(row: &Row) -> Result<StreamInfo, SqlError> {
    Ok(StreamInfo {
        stream: stream_id(row, 0)?,
        aggregate: text(row, 1)?,
        workspace: optional_integer(row, 2)?,
        version: StreamVersion(integer(row, 3)?.cast_unsigned()),
    })
}

/// A claim from Scope, Key, Owner.
pub(crate) fn claim(row: &Row) -> Result<Claim, SqlError> {
    Ok(Claim {
        key: ClaimKey::new(stored_name(row, 0)?, stored_name(row, 1)?),
        owner: stream_id(row, 2)?,
    })
}

/// A command from RequestHash, FirstPosition, LastPosition, Answer.
pub(crate) fn command(row: &Row) -> Result<StoredCommand, SqlError> {
    Ok(StoredCommand {
        request_hash: text(row, 0)?,
        first: Position(integer(row, 1)?.cast_unsigned()),
        last: Position(integer(row, 2)?.cast_unsigned()),
        answer: text(row, 3)?,
    })
}

/// Open work from Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch.
pub(crate) fn work(row: &Row) -> Result<WorkItem, SqlError> {
    let state = text(row, 3)?;
    Ok(WorkItem {
        execution: stored_name(row, 0)?,
        environment: integer(row, 1)?,
        workspace: integer(row, 2)?,
        state: WorkState::parse(&state).ok_or_else(|| SqlError::Answer(format!("{state:?} is no state of work")))?,
        due_at: optional_text(row, 4)?,
        owner: optional_text(row, 5)?,
        epoch: integer(row, 6)?,
    })
}
