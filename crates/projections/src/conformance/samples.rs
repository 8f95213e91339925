//! Rows and batches that cases are made of.

use std::sync::Arc;

use wfm_storage::{
    event::Position,
    read_store::{Cell, Change, Checkpoint, Column, ColumnIndex, ColumnKind, ProjectedBatch, Query, ReadStore, Table},
};

use crate::tables;

/// An instant.
pub const AT: &str = "2026-11-22T16:29:03.123456Z";

/// The checkpoint at a position.
pub fn at(position: u64, epoch: i64) -> Checkpoint {
    Checkpoint {
        log_id: "log".into(),
        position: Position(position),
        leaf_hash: "hash".into(),
        epoch,
    }
}

/// A batch that parks nothing.
pub fn batch(expected: Option<Checkpoint>, next: Checkpoint, changes: Vec<Change>) -> ProjectedBatch {
    ProjectedBatch {
        expected,
        next,
        changes,
        park: Vec::new(),
        unpark: Vec::new(),
    }
}

/// Applies the first batch of a store.
pub async fn first(store: &Arc<dyn ReadStore>, changes: Vec<Change>) {
    store.apply(batch(None, at(1, 0), changes)).await.unwrap();
}

/// A row whose cells fit their columns. References are to rows with id 1; runs are called `id-1`, `id-2`, …
pub fn row(table: &'static Table, id: i64) -> Vec<Cell> {
    let cell = |(place, column): (usize, &Column)| match (place, column.name) {
        (0, _) if column.kind == ColumnKind::Integer => id.into(),
        (0, _) => format!("id-{id}").into(),
        (_, "Email") => format!("user{id}@example.com").into(),
        (_, "IsDeleted") => false.into(),
        (_, "ExecutionId") => format!("id-{id}").into(),
        _ => match column.kind {
            ColumnKind::Integer | ColumnKind::Bit => Cell::Integer(1),
            ColumnKind::Real => 1.5.into(),
            ColumnKind::Text => "* * * * *".into(),
            ColumnKind::Instant => AT.into(),
        },
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// The place of a column.
pub fn place(table: &'static Table, column: &str) -> ColumnIndex {
    table.columns.iter().position(|known| known.name == column).unwrap()
}

/// A new row.
pub fn insert(table: &'static Table, id: i64) -> Change {
    insert_with(table, id, &[])
}

/// A new row with some cells of its own.
pub fn insert_with(table: &'static Table, id: i64, cells: &[(&str, Cell)]) -> Change {
    let mut row = row(table, id);
    for (column, cell) in cells {
        row[place(table, column)] = cell.clone();
    }
    Change::Insert { table, row }
}

/// Some cells of a row that exists.
pub fn update(table: &'static Table, key: impl Into<Cell>, cells: &[(&str, Cell)]) -> Change {
    Change::Update {
        table,
        key: key.into(),
        set: cells
            .iter()
            .map(|(column, cell)| (place(table, column), cell.clone()))
            .collect(),
    }
}

/// A row that goes.
pub fn delete(table: &'static Table, key: impl Into<Cell>) -> Change {
    Change::Delete { table, key: key.into() }
}

/// One row with id 1 in every table.
pub fn one_of_each() -> Vec<Change> {
    let mut tables = tables::ALL.to_vec();
    tables.sort_by_key(|table| table.rank);
    tables.into_iter().map(|table| insert(table, 1)).collect()
}

/// The rows of a query.
pub async fn rows(store: &Arc<dyn ReadStore>, text: &str) -> Vec<Vec<Cell>> {
    store.query(Query::new(text.to_owned(), Vec::new())).await.unwrap()
}

/// The single cell of each row of a query.
pub async fn column(store: &Arc<dyn ReadStore>, text: &str) -> Vec<Cell> {
    rows(store, text).await.concat()
}
