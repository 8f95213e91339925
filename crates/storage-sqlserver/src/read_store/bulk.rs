//! New rows of a shadow that is being loaded, as the protocol's bulk load takes them: no statement, no JSON.
//!
//! Invariant: the rows are those that [`parts`](super::parts) would write, and what a column does not take is refused. A bulk load
//! runs no subquery: what a loose reference refers to is looked up before.

use std::borrow::Cow;

use rustc_hash::FxHashSet;
use tiberius::{ColumnData, TokenRow};
use wfm_storage::read_store::{ApplyError, Cell, ColumnIndex, Table};

use super::{
    apply_error, cells,
    ddl::SHADOW,
    parts,
    shape::{self, ColumnShape},
};
use crate::{connection::Connection, parameter::Parameter};

/// Loads rows with all columns of `table`.
///
/// # Errors
/// [`ApplyError::Rejected`] when a column does not take its cell. After an error the connection must not be used again.
pub async fn load(
    connection: &mut Connection,
    table: &'static Table,
    mut rows: Vec<Vec<Cell>>,
) -> Result<(), ApplyError> {
    if rows.is_empty() {
        return Ok(());
    }
    for (place, column) in table.columns.iter().enumerate() {
        if let Some(parent) = column.loose_parent {
            clear_lost(connection, parent, place, &mut rows).await?;
        }
    }
    let shape = shape::of(table).ok_or_else(|| parts::no_such_table(table))?;
    let rows = rows.iter().map(|row| {
        let mut values = TokenRow::with_capacity(row.len());
        for (column, cell) in shape.columns.iter().zip(row) {
            let value = value(column, cell).ok_or_else(|| {
                ApplyError::Rejected(format!("{}.{} does not take {cell:?}", table.name, column.name))
            })?;
            values.push(value);
        }
        Ok(values)
    });
    let rows = rows.collect::<Result<Vec<_>, ApplyError>>()?;
    let name = format!("{SHADOW}.[{}]", table.name);
    connection.load(&name, rows).await.map_err(apply_error)
}

/// The rows whose keys `table` has, and those that are new to it.
pub async fn known_and_new(
    connection: &mut Connection,
    table: &'static Table,
    rows: Vec<Vec<Cell>>,
) -> Result<(Vec<Vec<Cell>>, Vec<Vec<Cell>>), ApplyError> {
    let present = present(connection, table, rows.iter().filter_map(|row| row.first())).await?;
    let is_there = |row: &Vec<Cell>| row.first().and_then(key).is_some_and(|key| present.contains(&key));
    Ok(rows.into_iter().partition(is_there))
}

/// Puts NULL where a row refers to one of `parent` that is not there.
async fn clear_lost(
    connection: &mut Connection,
    parent: &'static Table,
    column: ColumnIndex,
    rows: &mut [Vec<Cell>],
) -> Result<(), ApplyError> {
    let present = present(connection, parent, rows.iter().filter_map(|row| row.get(column))).await?;
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
        if key(cell).is_some_and(|key| !present.contains(&key)) {
            *cell = Cell::Null;
        }
    }
    Ok(())
}

/// Which of these keys `table` has.
async fn present(
    connection: &mut Connection,
    table: &'static Table,
    keys: impl Iterator<Item = &Cell>,
) -> Result<FxHashSet<String>, ApplyError> {
    let wanted: FxHashSet<String> = keys.filter_map(key).collect();
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let keys = serde_json::to_string(&wanted).map_err(|error| ApplyError::Rejected(error.to_string()))?;
    let found = connection
        .query(&looking_up(table)?, &[Parameter::from(keys.as_str())])
        .await
        .map_err(apply_error)?;
    let mut present = FxHashSet::default();
    for row in found.into_iter().flatten() {
        present.extend(cells::row(row).map_err(apply_error)?.first().and_then(key));
    }
    Ok(present)
}

/// A key as text; `None` for what is none.
fn key(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Integer(key) => Some(key.to_string()),
        Cell::Text(key) => Some(key.to_string()),
        Cell::Null | Cell::Real(_) => None,
    }
}

/// Finds those of the keys in `@P1`, a JSON array of texts, that `table` has.
pub fn looking_up(table: &'static Table) -> Result<String, ApplyError> {
    let key = shape::of(table).ok_or_else(|| parts::no_such_table(table))?.key();
    let collation = if key.is_text() {
        " COLLATE Latin1_General_100_BIN2"
    } else {
        ""
    };
    Ok(format!(
        "SELECT t.[{0}] FROM {SHADOW}.[{1}] AS t INNER JOIN OPENJSON(@P1) WITH (c0 {2} '$') AS v ON t.[{0}] = v.c0{collation} \
         OPTION (LOOP JOIN);",
        key.name, table.name, key.sql_type
    ))
}

/// A cell as the column's type has it; `None` when it has not.
fn value<'cell>(column: &ColumnShape, cell: &'cell Cell) -> Option<ColumnData<'cell>> {
    if *cell == Cell::Null && !column.nullable {
        return None;
    }
    let value = match (column.sql_type, cell) {
        ("INT", Cell::Null) => ColumnData::I32(None),
        ("INT", Cell::Integer(value)) => ColumnData::I32(Some(i32::try_from(*value).ok()?)),
        ("BIGINT", Cell::Null) => ColumnData::I64(None),
        ("BIGINT", Cell::Integer(value)) => ColumnData::I64(Some(*value)),
        ("BIT", Cell::Null) => ColumnData::Bit(None),
        ("BIT", Cell::Integer(value)) => ColumnData::Bit(Some(*value != 0)),
        ("FLOAT", Cell::Null) => ColumnData::F64(None),
        ("FLOAT", Cell::Real(value)) => ColumnData::F64(Some(*value)),
        ("DATETIME2(7)", Cell::Null) => ColumnData::DateTime2(None),
        ("DATETIME2(7)", Cell::Text(text)) => ColumnData::DateTime2(Some(cells::date_time(text)?)),
        (_, Cell::Null) if column.is_text() => ColumnData::String(None),
        (_, Cell::Text(text)) if column.is_text() && column.takes(text) => {
            ColumnData::String(Some(Cow::Borrowed(text)))
        }
        _ => return None,
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(sql_type: &'static str, units: Option<usize>, nullable: bool) -> ColumnShape {
        ColumnShape {
            name: "Any",
            sql_type,
            units,
            nullable,
            identity: false,
            binary: false,
        }
    }

    #[test]
    fn cells_have_their_columns_types() {
        let cases = [
            ("INT", Cell::Integer(-7), ColumnData::I32(Some(-7))),
            ("BIGINT", Cell::Integer(-7), ColumnData::I64(Some(-7))),
            ("BIT", true.into(), ColumnData::Bit(Some(true))),
            ("FLOAT", Cell::Real(0.1), ColumnData::F64(Some(0.1))),
            ("NVARCHAR(MAX)", Cell::Null, ColumnData::String(None)),
            (
                "NVARCHAR(MAX)",
                "a\"\u{1}".into(),
                ColumnData::String(Some("a\"\u{1}".into())),
            ),
        ];
        for (sql_type, cell, expected) in cases {
            assert_eq!(
                value(&column(sql_type, None, true), &cell),
                Some(expected),
                "{sql_type}"
            );
        }
    }

    #[test]
    fn what_a_column_does_not_take_is_refused() {
        for (column, cell) in [
            (column("INT", None, true), Cell::Integer(1 << 40)),
            (column("INT", None, false), Cell::Null),
            (column("DATETIME2(7)", None, true), "yesterday".into()),
            (column("NVARCHAR(2)", Some(2), true), "\u{1f600}a".into()),
            (column("NVARCHAR(2)", Some(2), true), Cell::Integer(1)),
        ] {
            assert_eq!(value(&column, &cell), None, "{column:?} {cell:?}");
        }
    }
}
