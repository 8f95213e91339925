//! A batch of parts over a connection, whose prepared statements it uses.
//!
//! Invariant: a batch is one transaction. Usually it is one call too, and begins and ends on the server, so that a client that
//! stalls holds nothing. Statements are prepared once a connection: parsing and planning them is what small batches cost.

use std::fmt::Write as _;

use tiberius::Row;
use wfm_storage::read_store::ProjectedBatch;

use super::{
    checkpoint,
    parts::{PARAMETERS, Part},
};
use crate::{connection::Connection, error::SqlError, log::first, parameter::Parameter, reading::small_integer};

/// Parts of one call at most, four parameters each. SQL Server takes 2,100 parameters.
const PARTS_PER_CALL: usize = 256;

/// A connection with more prepared statements is not used again.
const PREPARED_AT_MOST: usize = 1000;

/// Where a call stands in the transaction of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is all of it.
    Whole,
    /// The first of several, within a transaction that the client began.
    First,
    /// A further one.
    Further,
}

/// Moves the checkpoint (`@P1` to `@P9`), unless it is elsewhere, then carries out so many parts, four parameters each: the
/// prepared statement, rows, images and characters.
pub fn applying(schema: &str, place: Place, parts: usize) -> String {
    let mut text = "SET NOCOUNT ON; SET XACT_ABORT ON;".to_owned();
    // Writing to a string cannot fail.
    let mut write = |arguments: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(arguments);
    };
    let mut parameter = 1;
    if place != Place::Further {
        let (begin, give_up) = match place {
            Place::Whole => (" BEGIN TRANSACTION;", "ROLLBACK TRANSACTION; "),
            Place::First | Place::Further => ("", ""),
        };
        write(format_args!(
            "{begin} UPDATE {schema}.[Checkpoint] SET LogId = @P6, Position = @P7, LeafHash = @P8, Epoch = @P9 WHERE {}; {}",
            checkpoint::AS_EXPECTED,
            checkpoint::unless_moved(schema, give_up)
        ));
        parameter += checkpoint::EXPECTED_PARAMETERS + checkpoint::NEXT_PARAMETERS;
    }
    for part in 0..parts {
        let [statement, rows, images, characters] = [0, 1, 2, 3].map(|place| parameter + part * 4 + place);
        // The handle must be an INT; all integers travel as BIGINT.
        write(format_args!(
            " DECLARE @s{part} INT = @P{statement}; EXEC sp_execute @s{part}, @P{rows}, @P{images}, @P{characters};"
        ));
    }
    if place == Place::Whole {
        write(format_args!(" COMMIT TRANSACTION;"));
    }
    text
}

/// Prepares so many statements (`@P1`, `@P2`, …); answers a row with their handles.
pub fn preparing(statements: usize) -> String {
    let mut text = String::new();
    let mut handles = String::new();
    for place in 0..statements {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "DECLARE @s{place} INT; EXEC sp_prepare @s{place} OUTPUT, N'{PARAMETERS}', @P{}; ",
            place + 1
        );
        let separator = if place == 0 { "" } else { ", " };
        let _ = write!(handles, "{separator}@s{place}");
    }
    text + "SELECT " + &handles + ";"
}

/// Carries a batch out. Tells where the checkpoint is when it is not where the batch expects it; then nothing was done.
///
/// After an error the connection must not be used again: IDENTITY_INSERT, for one, outlives a transaction.
pub async fn carry_out(
    connection: &mut Connection,
    schema: &str,
    batch: &ProjectedBatch,
    parts: &[Part],
) -> Result<Option<Vec<Row>>, SqlError> {
    prepare(connection, parts).await?;
    let moved = if parts.len() <= PARTS_PER_CALL {
        call(connection, schema, Place::Whole, batch, parts).await?
    } else {
        carry_out_in_calls(connection, schema, batch, parts).await?
    };
    if connection.prepared.len() > PREPARED_AT_MOST {
        connection.condemn();
    }
    Ok(moved)
}

async fn carry_out_in_calls(
    connection: &mut Connection,
    schema: &str,
    batch: &ProjectedBatch,
    parts: &[Part],
) -> Result<Option<Vec<Row>>, SqlError> {
    connection.execute_batch("BEGIN TRANSACTION").await?;
    let mut place = Place::First;
    for parts in parts.chunks(PARTS_PER_CALL) {
        if let Some(moved) = call(connection, schema, place, batch, parts).await? {
            connection.execute_batch("ROLLBACK TRANSACTION").await?;
            return Ok(Some(moved));
        }
        place = Place::Further;
    }
    connection.execute_batch("COMMIT TRANSACTION").await?;
    Ok(None)
}

async fn call(
    connection: &mut Connection,
    schema: &str,
    place: Place,
    batch: &ProjectedBatch,
    parts: &[Part],
) -> Result<Option<Vec<Row>>, SqlError> {
    let mut parameters = Vec::with_capacity(9 + parts.len() * 4);
    if place != Place::Further {
        parameters.extend(checkpoint::expected(batch.expected.as_ref()));
        parameters.extend(checkpoint::next(&batch.next));
    }
    for Part { statement, rows } in parts {
        let handle = connection.prepared.get(statement).copied();
        let handle = handle.ok_or_else(|| SqlError::Answer("a statement was not prepared".to_owned()))?;
        parameters.push(Parameter::Integer(handle.into()));
        parameters.extend([&rows.json, &rows.images, &rows.characters].map(|text| Parameter::from(text.as_str())));
    }
    let answer = connection
        .query(&applying(schema, place, parts.len()), &parameters)
        .await?;
    Ok(answer.into_iter().next())
}

/// Prepares the statements that the connection does not know yet.
async fn prepare(connection: &mut Connection, parts: &[Part]) -> Result<(), SqlError> {
    let mut new: Vec<&str> = Vec::new();
    for Part { statement, .. } in parts {
        if !connection.prepared.contains_key(statement) && !new.contains(&statement.as_str()) {
            new.push(statement);
        }
    }
    for statements in new.chunks(PARTS_PER_CALL) {
        let parameters: Vec<Parameter<'_>> = statements.iter().map(|statement| Parameter::from(*statement)).collect();
        let answer = connection.query(&preparing(statements.len()), &parameters).await?;
        let row = first(&answer).ok_or_else(|| SqlError::Answer("no handle of a prepared statement".to_owned()))?;
        for (place, statement) in statements.iter().enumerate() {
            let handle = small_integer(row, place)?;
            connection.prepared.insert((*statement).to_owned(), handle);
        }
    }
    Ok(())
}
