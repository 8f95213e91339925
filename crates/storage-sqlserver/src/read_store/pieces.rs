//! Cuts operations of many rows into pieces.
//!
//! A server takes a JSON text apart as a whole before the first row comes out of it; that is cheap as long as the cells fit
//! into its caches. Carrying a prepared statement out once more costs next to nothing.

use wfm_storage::{
    fold::Operation,
    read_store::{Cell, ColumnIndex, Table},
};

/// Cells of a piece, roughly.
const CELLS: usize = 512;

/// The operation in pieces that do the same, one after another.
pub fn pieces(operation: Operation) -> Vec<Operation> {
    let cut = |table: &Table, rows: Vec<Vec<Cell>>| chunks(rows, table.columns.len());
    match operation {
        Operation::Insert { table, rows } => cut(table, rows).map(|rows| Operation::Insert { table, rows }).collect(),
        Operation::Put { table, rows } => cut(table, rows).map(|rows| Operation::Put { table, rows }).collect(),
        Operation::Update { table, columns, rows } => {
            let update = |rows, columns: &Vec<ColumnIndex>| Operation::Update {
                table,
                columns: columns.clone(),
                rows,
            };
            chunks(rows, columns.len() + 1)
                .map(|rows| update(rows, &columns))
                .collect()
        }
        Operation::Delete { table, keys } => chunks(keys, 1).map(|keys| Operation::Delete { table, keys }).collect(),
        one => vec![one],
    }
}

/// Items, so many a chunk that their cells are about [`CELLS`].
fn chunks<T>(items: Vec<T>, cells: usize) -> impl Iterator<Item = Vec<T>> {
    let size = (CELLS / cells).max(1);
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<T> = items.by_ref().take(size).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use wfm_projections::tables::USERS;

    use super::*;

    #[test]
    fn pieces_hold_every_row_in_order_and_none_is_large() {
        for count in [1, 28, 29, 1000] {
            let rows: Vec<Vec<Cell>> = (0..count)
                .map(|id| vec![Cell::Integer(id); USERS.columns.len()])
                .collect();
            let operation = Operation::Insert {
                table: &USERS,
                rows: rows.clone(),
            };
            let mut seen = Vec::new();
            for piece in pieces(operation) {
                match piece {
                    Operation::Insert { rows, .. } => {
                        assert!(rows.len() * USERS.columns.len() <= CELLS);
                        seen.extend(rows);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(seen, rows);
        }
    }

    #[test]
    fn updates_and_deletes_are_cut_too() {
        let update = Operation::Update {
            table: &USERS,
            columns: vec![1, 2, 3],
            rows: vec![vec![Cell::Integer(1); 4]; 300],
        };
        assert_eq!(pieces(update).len(), 3);
        let delete = Operation::Delete {
            table: &USERS,
            keys: vec![Cell::Integer(1); 1025],
        };
        assert_eq!(pieces(delete).len(), 3);
    }
}
