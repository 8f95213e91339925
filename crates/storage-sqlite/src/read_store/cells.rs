//! The port's cells as SQLite's values, and back.

use sqlx::{
    Decode, Row, TypeInfo, ValueRef,
    query::Query,
    sqlite::{Sqlite, SqliteArguments, SqliteRow},
};
use wfm_storage::read_store::Cell;

/// Binds one more value.
pub fn bind(query: Query<'_, Sqlite, SqliteArguments>, cell: Cell) -> Query<'_, Sqlite, SqliteArguments> {
    match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Integer(value) => query.bind(value),
        Cell::Real(value) => query.bind(value),
        Cell::Text(value) => query.bind(value),
    }
}

/// Bytes that a value takes in the file, roughly.
pub fn bytes(cell: &Cell) -> u64 {
    match cell {
        Cell::Null => 1,
        Cell::Integer(_) | Cell::Real(_) => 6,
        Cell::Text(text) => text.len() as u64,
    }
}

/// The cells of a row, by what is stored and not by what was declared.
pub fn row(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len()).map(|column| cell(row, column)).collect()
}

fn cell(row: &SqliteRow, column: usize) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let cell = match value.type_info().name() {
        "INTEGER" => Cell::Integer(<i64 as Decode<Sqlite>>::decode(value).map_err(sqlx::Error::Decode)?),
        "REAL" => Cell::Real(<f64 as Decode<Sqlite>>::decode(value).map_err(sqlx::Error::Decode)?),
        _ => Cell::Text(
            <&str as Decode<Sqlite>>::decode(value)
                .map_err(sqlx::Error::Decode)?
                .into(),
        ),
    };
    Ok(cell)
}
