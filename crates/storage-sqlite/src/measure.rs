//! What the disk and SQLite can do at best: a bare multi-row insert into the log's tables, to compare appends with.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use uuid::Uuid;
use wfm_storage::append::StorageError;

use crate::{
    connections::{self, LogOptions},
    error::storage_error,
    log::SqliteLog,
};

const INSTANT: &str = "2026-11-22T16:29:03.123456Z";

/// Inserts batches of `batch` events (two a stream) of some 600 bytes durably into a new log in `folder` for `duration`,
/// with nothing judged, hashed or handed on; returns how many events.
///
/// # Errors
/// When the folder cannot be written.
pub async fn bare_insert(folder: &Path, duration: Duration, batch: usize) -> Result<u64, StorageError> {
    use wfm_storage::log::EventLog;
    SqliteLog::open(folder, LogOptions::new(Arc::new(|| INSTANT.to_owned())))
        .await?
        .close()
        .await;
    let options = connections::writer(&connections::file(folder), None).pragma("wal_autocheckpoint", "4000");
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(storage_error)?;
    let rows = vec!["(?,?,?,?,'StepSucceeded',1,1,?,?,?,?,?)"; batch].join(",");
    let streams = vec!["(?,'execution',1,2)"; batch / 2].join(",");
    let text: Arc<str> = format!(
        "BEGIN IMMEDIATE; INSERT INTO Events (Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, \
         OccurredAt, RecordedAt, LeafHash, Metadata, Payload) VALUES {rows}; \
         INSERT INTO Streams (Stream, Aggregate, WorkspaceId, Version) VALUES {streams}; \
         UPDATE Head SET Position = ?; COMMIT"
    )
    .into();
    let payload: Arc<str> = "x".repeat(600).into();
    let metadata: Arc<str> = "y".repeat(100).into();
    let (begun, mut position) = (Instant::now(), 0_i64);
    while begun.elapsed() < duration {
        let names: Vec<Arc<str>> = (0..batch / 2)
            .map(|_| format!("execution-{}", Uuid::now_v7()).into())
            .collect();
        let mut insert = sqlx::query(AssertSqlSafe(Arc::clone(&text)));
        for name in &names {
            for version in 1..=2_i64 {
                position += 1;
                insert = insert
                    .bind(position)
                    .bind(Arc::clone(name))
                    .bind(version)
                    .bind(Uuid::now_v7().to_string())
                    .bind(INSTANT)
                    .bind(INSTANT)
                    .bind(vec![7_u8; 32])
                    .bind(Arc::clone(&metadata))
                    .bind(Arc::clone(&payload));
            }
        }
        for name in names {
            insert = insert.bind(name);
        }
        insert
            .bind(position)
            .execute(&mut connection)
            .await
            .map_err(storage_error)?;
    }
    connection.close().await.map_err(storage_error)?;
    Ok(position.unsigned_abs())
}
