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
    /// It is all of a transaction that leaves the checkpoint where it is.
    Apart,
}

impl Place {
    fn moves_the_checkpoint(self) -> bool {
        match self {
            Self::Whole | Self::First => true,
            Self::Further | Self::Apart => false,
        }
    }

    fn is_a_transaction(self) -> bool {
        match self {
            Self::Whole | Self::Apart => true,
            Self::First | Self::Further => false,
        }
    }
}

/// Moves the checkpoint (`@P1` to `@P9`), unless it is elsewhere, then carries out so many parts, four parameters each: the
/// prepared statement, rows, images and characters. Itself to be prepared, see [`declaring`].
pub fn applying(schema: &str, place: Place, parts: usize) -> String {
    let mut text = "SET NOCOUNT ON; SET XACT_ABORT ON;".to_owned();
    // Writing to a string cannot fail.
    let mut write = |arguments: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(arguments);
    };
    if place.is_a_transaction() {
        write(format_args!(" BEGIN TRANSACTION;"));
    }
    if place.moves_the_checkpoint() {
        let give_up = if place.is_a_transaction() {
            "ROLLBACK TRANSACTION; "
        } else {
            ""
        };
        write(format_args!(
            " UPDATE {schema}.[Checkpoint] SET LogId = @P6, Position = @P7, LeafHash = @P8, Epoch = @P9 WHERE {}; {}",
            checkpoint::AS_EXPECTED,
            checkpoint::unless_moved(schema, give_up)
        ));
    }
    for part in 0..parts {
        write(format_args!(
            " EXEC sp_execute @Statement{part}, @Rows{part}, @Images{part}, @Characters{part};"
        ));
    }
    if place.is_a_transaction() {
        write(format_args!(" COMMIT TRANSACTION;"));
    }
    text
}

/// Declaration of the parameters that [`applying`] takes, in their order.
pub fn declaring(place: Place, parts: usize) -> String {
    let mut text = String::new();
    if place.moves_the_checkpoint() {
        text.push_str(checkpoint::PARAMETERS);
    }
    for part in 0..parts {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{separator}@Statement{part} INT, @Rows{part} NVARCHAR(MAX), @Images{part} NVARCHAR(33), @Characters{part} NVARCHAR(33)"
        );
    }
    text
}

/// Prepares so many statements, each told by the declaration of its parameters and its text (`@P1` and `@P2`, `@P3` and `@P4`,
/// …); answers a row with their handles.
pub fn preparing(statements: usize) -> String {
    let mut text = String::new();
    let mut handles = String::new();
    for place in 0..statements {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "DECLARE @s{place} INT; EXEC sp_prepare @s{place} OUTPUT, @P{}, @P{}; ",
            2 * place + 1,
            2 * place + 2
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
    let statements: Vec<&str> = parts.iter().map(|part| part.statement.as_str()).collect();
    prepare(connection, PARAMETERS, &statements).await?;
    let moved = if parts.len() <= PARTS_PER_CALL {
        call(connection, schema, Place::Whole, moving(batch), parts).await?
    } else {
        carry_out_in_calls(connection, schema, batch, parts).await?
    };
    retire(connection);
    Ok(moved)
}

/// Carries parts out without a word about the checkpoint, in transactions as large as a call may be. After an error, see
/// [`carry_out`].
pub async fn carry_out_apart(connection: &mut Connection, schema: &str, parts: &[Part]) -> Result<(), SqlError> {
    let statements: Vec<&str> = parts.iter().map(|part| part.statement.as_str()).collect();
    prepare(connection, PARAMETERS, &statements).await?;
    for parts in parts.chunks(PARTS_PER_CALL) {
        call(connection, schema, Place::Apart, Vec::new(), parts).await?;
    }
    retire(connection);
    Ok(())
}

/// Lets a connection go that holds on to too much.
fn retire(connection: &mut Connection) {
    if connection.prepared.len() > PREPARED_AT_MOST {
        connection.condemn();
    }
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
        let leading = if place.moves_the_checkpoint() {
            moving(batch)
        } else {
            Vec::new()
        };
        if let Some(moved) = call(connection, schema, place, leading, parts).await? {
            connection.execute_batch("ROLLBACK TRANSACTION").await?;
            return Ok(Some(moved));
        }
        place = Place::Further;
    }
    connection.execute_batch("COMMIT TRANSACTION").await?;
    Ok(None)
}

/// Parameters of a call that moves the checkpoint.
fn moving(batch: &ProjectedBatch) -> Vec<Parameter<'_>> {
    let mut parameters = Vec::from(checkpoint::expected(batch.expected.as_ref()));
    parameters.extend(checkpoint::next(&batch.next));
    parameters
}

async fn call(
    connection: &mut Connection,
    schema: &str,
    place: Place,
    mut parameters: Vec<Parameter<'_>>,
    parts: &[Part],
) -> Result<Option<Vec<Row>>, SqlError> {
    let text = applying(schema, place, parts.len());
    prepare(connection, &declaring(place, parts.len()), &[&text]).await?;
    parameters.reserve(parts.len() * 4);
    for Part { statement, rows } in parts {
        parameters.push(Parameter::Small(handle(connection, statement)?));
        parameters.extend([&rows.json, &rows.images, &rows.characters].map(|text| Parameter::from(text.as_str())));
    }
    let handle = handle(connection, &text)?;
    let rows = connection.call_prepared(handle, parameters).await?;
    Ok((!rows.is_empty()).then_some(rows))
}

fn handle(connection: &Connection, statement: &str) -> Result<i32, SqlError> {
    let handle = connection.prepared.get(statement).copied();
    handle.ok_or_else(|| SqlError::Answer("a statement was not prepared".to_owned()))
}

/// Prepares the statements that the connection does not know yet; all take the same parameters.
async fn prepare(connection: &mut Connection, declaration: &str, statements: &[&str]) -> Result<(), SqlError> {
    let mut new: Vec<&str> = Vec::new();
    for statement in statements {
        if !connection.prepared.contains_key(*statement) && !new.contains(statement) {
            new.push(statement);
        }
    }
    for statements in new.chunks(PARTS_PER_CALL) {
        let parameters: Vec<Parameter<'_>> = statements
            .iter()
            .flat_map(|statement| [declaration, statement])
            .map(Parameter::from)
            .collect();
        let answer = connection.query(&preparing(statements.len()), &parameters).await?;
        let row = first(&answer).ok_or_else(|| SqlError::Answer("no handle of a prepared statement".to_owned()))?;
        for (place, statement) in statements.iter().enumerate() {
            let handle = small_integer(row, place)?;
            connection.prepared.insert((*statement).to_owned(), handle);
        }
    }
    Ok(())
}
