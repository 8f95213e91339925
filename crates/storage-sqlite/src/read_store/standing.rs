//! How far the rows are, and which events they lack.

use std::path::Path;

use sqlx::{ConnectOptions, Row, sqlite::SqliteConnection};
use wfm_storage::{
    append::StorageError,
    event::{Position, StreamId},
    read_store::{Checkpoint, ParkedEvent},
};

use super::file;
use crate::{checkpoint, error::rows_error};

/// The checkpoint of a folder's read models and their parked events, also beside a running server; nothing where there are
/// no read models yet.
///
/// # Errors
/// When the file cannot be read, or is of another version of the program.
pub async fn standing(folder: &Path) -> Result<(Option<Checkpoint>, Vec<ParkedEvent>), StorageError> {
    let path = folder.join("dbo.db");
    if !path.exists() {
        return Ok((None, Vec::new()));
    }
    let mut connection = file::reader(&path).connect().await.map_err(rows_error)?;
    let standing = async {
        sqlx::raw_sql("BEGIN")
            .execute(&mut connection)
            .await
            .map_err(rows_error)?;
        Ok((
            read_checkpoint(&mut connection).await?,
            read_parked(&mut connection).await?,
        ))
    };
    let standing = standing.await;
    checkpoint::close(connection).await;
    standing
}

pub async fn read_checkpoint(connection: &mut SqliteConnection) -> Result<Option<Checkpoint>, StorageError> {
    let row = sqlx::query("SELECT LogId, Position, LeafHash, Epoch FROM main.Checkpoint WHERE LogId IS NOT NULL")
        .fetch_optional(connection)
        .await
        .map_err(rows_error)?;
    let Some(row) = row else { return Ok(None) };
    let checkpoint = || -> Result<Checkpoint, sqlx::Error> {
        Ok(Checkpoint {
            log_id: row.try_get::<String, _>(0)?.into(),
            position: Position(row.try_get::<i64, _>(1)?.cast_unsigned()),
            leaf_hash: row.try_get::<String, _>(2)?.into(),
            epoch: row.try_get(3)?,
        })
    };
    checkpoint().map(Some).map_err(rows_error)
}

pub async fn read_parked(connection: &mut SqliteConnection) -> Result<Vec<ParkedEvent>, StorageError> {
    let rows =
        sqlx::query("SELECT Position, Stream, EventType, Reason, ParkedAt FROM main.ParkedEvents ORDER BY Position")
            .fetch_all(connection)
            .await
            .map_err(rows_error)?;
    rows.iter()
        .map(|row| {
            Ok(ParkedEvent {
                position: Position(row.try_get::<i64, _>(0)?.cast_unsigned()),
                stream: StreamId::new(row.try_get::<String, _>(1)?),
                event_type: row.try_get::<String, _>(2)?.into(),
                reason: row.try_get(3)?,
                parked_at: row.try_get::<String, _>(4)?.into(),
            })
        })
        .collect::<Result<_, _>>()
        .map_err(rows_error)
}
