//! The checkpoint: read, and moved from where it is expected.
//!
//! Invariant: the first statement of every transaction that changes rows is an UPDATE of the checkpoint's row, and only of one
//! that stands where the writer left it. It is the lock of the projection: one writer at a time, and a writer that was frozen
//! while another took over, or while tables were made anew, finds another position or epoch and changes nothing.

use tiberius::Row;
use wfm_storage::{
    append::StorageError,
    event::Position,
    read_store::{ApplyError, Checkpoint},
};

use super::ddl;
use crate::{
    parameter::Parameter,
    reading::{integer, optional_text, text},
};

/// Parameters that [`expected`] takes: `@P1` to `@P5`.
pub const EXPECTED_PARAMETERS: usize = 5;

/// Declaration of `@P1` to `@P9`: those that [`expected`] and then [`next`] make.
pub const PARAMETERS: &str = "@P1 NVARCHAR(64), @P2 NVARCHAR(36), @P3 BIGINT, @P4 NVARCHAR(64), @P5 BIGINT, \
    @P6 NVARCHAR(36), @P7 BIGINT, @P8 NVARCHAR(64), @P9 BIGINT";

/// Parameters that [`next`] makes: `@P6` to `@P9`.
const NEXT_PARAMETERS: usize = 4;

/// Reads the checkpoint of a schema.
pub fn reading(schema: &str) -> String {
    format!("SELECT Shape, LogId, Position, LeafHash, Epoch FROM {schema}.[Checkpoint] WHERE Id = 1;")
}

/// The condition that the row stands where it is expected.
pub const AS_EXPECTED: &str =
    "Id = 1 AND Shape = @P1 AND ISNULL(LogId, N'') = @P2 AND Position = @P3 AND LeafHash = @P4 AND Epoch = @P5";

/// Gives up, and tells where the checkpoint is, when the UPDATE before it found nothing.
pub fn unless_moved(schema: &str, give_up: &str) -> String {
    format!("IF @@ROWCOUNT = 0 BEGIN {give_up}{} RETURN; END;", reading(schema))
}

/// `@P1` to `@P5`: where the checkpoint must be.
pub fn expected(expected: Option<&Checkpoint>) -> [Parameter<'_>; EXPECTED_PARAMETERS] {
    [
        Parameter::from(ddl::FINGERPRINT.as_str()),
        expected.map_or("", |checkpoint| &checkpoint.log_id).into(),
        expected
            .map_or(0, |checkpoint| checkpoint.position.0.cast_signed())
            .into(),
        expected.map_or("", |checkpoint| &checkpoint.leaf_hash).into(),
        expected.map_or(0, |checkpoint| checkpoint.epoch).into(),
    ]
}

/// Where the checkpoint is moved to: log id, position, leaf hash and epoch.
pub fn next(next: &Checkpoint) -> [Parameter<'_>; NEXT_PARAMETERS] {
    [
        Parameter::from(&*next.log_id),
        next.position.0.cast_signed().into(),
        Parameter::from(&*next.leaf_hash),
        next.epoch.into(),
    ]
}

/// The checkpoint that [`reading`] found; `None` when nothing was ever projected.
pub fn decode(rows: &[Row]) -> Result<Option<Checkpoint>, StorageError> {
    let Some(row) = rows.first() else {
        return Err(made_anew());
    };
    if *text(row, 0)? != **ddl::FINGERPRINT {
        return Err(made_anew());
    }
    let Some(log_id) = optional_text(row, 1)? else {
        return Ok(None);
    };
    Ok(Some(Checkpoint {
        log_id,
        position: Position(integer(row, 2)?.cast_unsigned()),
        leaf_hash: text(row, 3)?,
        epoch: integer(row, 4)?,
    }))
}

/// The error of a writer whose checkpoint is elsewhere, by what [`unless_moved`] told.
pub fn moved(rows: &[Row]) -> ApplyError {
    match decode(rows) {
        Ok(current) => ApplyError::Moved(current),
        Err(error) => error.into(),
    }
}

fn made_anew() -> StorageError {
    StorageError::Other("the read models were made anew by another version of this program; restart this one".into())
}
