//! Reading what a batch must know: one statement, whatever is asked.

use std::sync::Arc;

use serde::Serialize;
use sqlx::{
    Row,
    sqlite::{SqliteConnection, SqliteRow},
};
use wfm_storage::{
    append::{ClaimKey, StorageError, StoredCommand},
    batch::{CommandKey, Facts, StreamFact},
    event::{Position, StreamId, StreamVersion},
};

use crate::error::storage_error;

/// What is to be read.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    pub(crate) streams: Vec<StreamId>,
    pub(crate) claims: Vec<ClaimKey>,
    pub(crate) scopes: Vec<Arc<str>>,
    pub(crate) commands: Vec<CommandKey>,
}

/// A row that was found.
pub(crate) enum Found {
    Stream(StreamId, StreamFact),
    Claim(ClaimKey, StreamId),
    Scope(Arc<str>, u64),
    Command(CommandKey, StoredCommand),
}

impl Questions {
    pub(crate) fn is_empty(&self) -> bool {
        self.streams.is_empty() && self.claims.is_empty() && self.scopes.is_empty() && self.commands.is_empty()
    }

    /// What exists of it; every scope is answered, with 0 if need be.
    pub(crate) async fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Found>, StorageError> {
        let rows = sqlx::query(
            "SELECT 0, s.Stream, NULL, NULL, s.Version, s.WorkspaceId, NULL
             FROM json_each(?) AS asked CROSS JOIN Streams AS s ON s.Stream = asked.value
             UNION ALL
             SELECT 1, c.Scope, c.Key, c.Owner, NULL, NULL, NULL
             FROM json_each(?) AS asked CROSS JOIN Claims AS c ON c.Scope = asked.value ->> 0 AND c.Key = asked.value ->> 1
             UNION ALL
             SELECT 2, asked.value, NULL, NULL, (SELECT count(*) FROM Claims WHERE Scope = asked.value), NULL, NULL
             FROM json_each(?) AS asked
             UNION ALL
             SELECT 3, c.Actor, c.Key, c.RequestHash, c.FirstPosition, c.LastPosition, c.Answer
             FROM json_each(?) AS asked CROSS JOIN Commands AS c ON c.Actor = asked.value ->> 0 AND c.Key = asked.value ->> 1",
        )
        .bind(json(&self.streams))
        .bind(json(&self.claims.iter().map(|claim| (&claim.scope, &claim.key)).collect::<Vec<_>>()))
        .bind(json(&self.scopes))
        .bind(json(&self.commands))
        .fetch_all(connection)
        .await
        .map_err(storage_error)?;
        rows.iter().map(|row| found(row).map_err(storage_error)).collect()
    }
}

fn json<T: Serialize>(values: &T) -> String {
    serde_json::to_string(values).expect("texts are always JSON")
}

fn found(row: &SqliteRow) -> Result<Found, sqlx::Error> {
    let text = |index: usize| row.try_get::<String, _>(index).map(Arc::<str>::from);
    let number = |index: usize| row.try_get::<i64, _>(index).map(i64::cast_unsigned);
    Ok(match row.try_get::<i64, _>(0)? {
        0 => Found::Stream(
            StreamId::from_stored(text(1)?),
            StreamFact {
                version: StreamVersion(number(4)?),
                workspace: row.try_get(5)?,
            },
        ),
        1 => Found::Claim(ClaimKey::new(text(1)?, text(2)?), StreamId::from_stored(text(3)?)),
        2 => Found::Scope(text(1)?, number(4)?),
        _ => Found::Command(
            (text(1)?, text(2)?),
            StoredCommand {
                request_hash: text(3)?,
                first: Position(number(4)?),
                last: Position(number(5)?),
                answer: text(6)?,
            },
        ),
    })
}

/// States what was found.
pub(crate) fn state(facts: &mut Facts, found: Found) {
    match found {
        Found::Stream(stream, fact) => facts.state_stream(stream, fact),
        Found::Claim(key, owner) => facts.state_claim(key, owner),
        Found::Scope(scope, count) => facts.state_scope(scope, count),
        Found::Command(key, command) => facts.state_command(key, command),
    }
}
