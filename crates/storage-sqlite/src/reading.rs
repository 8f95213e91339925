//! Rows of the log's tables as the port's types.

use std::sync::Arc;

use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;
use wfm_storage::{
    append::{Claim, ClaimKey, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    log::StreamInfo,
    work::{WorkItem, WorkState},
};

use crate::error::storage_error;

/// Columns of an event, in the order in which [`event`] takes them.
macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, OccurredAt, RecordedAt, LeafHash, Metadata, Payload FROM Events ",
            $rest
        )
    };
}
pub(crate) use select_events;

fn text(row: &SqliteRow, index: usize) -> Result<Arc<str>, StorageError> {
    row.try_get::<&str, _>(index).map(Arc::from).map_err(storage_error)
}

fn optional_text(row: &SqliteRow, index: usize) -> Result<Option<Arc<str>>, StorageError> {
    row.try_get::<Option<&str>, _>(index)
        .map(|text| text.map(Arc::from))
        .map_err(storage_error)
}

fn integer(row: &SqliteRow, index: usize) -> Result<i64, StorageError> {
    row.try_get(index).map_err(storage_error)
}

/// An event from the columns of `select_events!`.
pub(crate) fn event(row: &SqliteRow) -> Result<StoredEvent, StorageError> {
    let position = Position(integer(row, 0)?.cast_unsigned());
    let corrupt = |what: &str| StorageError::Corrupt(format!("event {position} has no proper {what}"));
    let id = row.try_get::<&str, _>(3).map_err(storage_error)?;
    Ok(StoredEvent {
        position,
        stream: StreamId::from_stored(text(row, 1)?),
        version: StreamVersion(integer(row, 2)?.cast_unsigned()),
        id: Uuid::try_parse(id).map_err(|_| corrupt("id"))?,
        event_type: text(row, 4)?,
        schema_version: integer(row, 5)?.try_into().map_err(|_| corrupt("schema version"))?,
        workspace: row.try_get(6).map_err(storage_error)?,
        occurred_at: text(row, 7)?,
        recorded_at: text(row, 8)?,
        leaf_hash: row
            .try_get::<&[u8], _>(9)
            .map_err(storage_error)?
            .try_into()
            .map_err(|_| corrupt("leaf hash"))?,
        metadata: text(row, 10)?,
        payload: text(row, 11)?,
        typed: None,
    })
}

/// A stream from Stream, Aggregate, WorkspaceId, Version.
pub(crate) fn stream(row: &SqliteRow) -> Result<StreamInfo, StorageError> {
    Ok(StreamInfo {
        stream: StreamId::from_stored(text(row, 0)?),
        aggregate: text(row, 1)?,
        workspace: row.try_get(2).map_err(storage_error)?,
        version: StreamVersion(integer(row, 3)?.cast_unsigned()),
    })
}

/// A claim from Scope, Key, Owner.
pub(crate) fn claim(row: &SqliteRow) -> Result<Claim, StorageError> {
    Ok(Claim {
        key: ClaimKey::new(text(row, 0)?, text(row, 1)?),
        owner: StreamId::from_stored(text(row, 2)?),
    })
}

/// A command from RequestHash, FirstPosition, LastPosition, Answer.
pub(crate) fn command(row: &SqliteRow) -> Result<StoredCommand, StorageError> {
    Ok(StoredCommand {
        request_hash: text(row, 0)?,
        first: Position(integer(row, 1)?.cast_unsigned()),
        last: Position(integer(row, 2)?.cast_unsigned()),
        answer: text(row, 3)?,
    })
}

/// Open work from Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch.
pub(crate) fn work(row: &SqliteRow) -> Result<WorkItem, StorageError> {
    let state = text(row, 3)?;
    Ok(WorkItem {
        execution: text(row, 0)?,
        environment: integer(row, 1)?,
        workspace: integer(row, 2)?,
        state: WorkState::parse(&state)
            .ok_or_else(|| StorageError::Corrupt(format!("{state:?} is no state of work")))?,
        due_at: optional_text(row, 4)?,
        owner: optional_text(row, 5)?,
        epoch: integer(row, 6)?,
    })
}
