//! Folds row changes, in order, into the fewest set-based operations.
//!
//! Invariant: carrying out the operations one after another leaves the same rows as carrying out the changes one after
//! another, and foreign keys hold after every operation when they hold after every change. Changes by condition
//! (`…Where`, `DeleteRange`, `ClearReferences`) are barriers: nothing moves across them, though deletions of a kind that
//! follow each other become one. So is a new row of a loose parent (see
//! [`crate::read_store::Column::loose_parent`]) behind rows that looked for it in vain, and the
//! other way round.

use rustc_hash::FxHashMap;
use std::sync::Arc;

use crate::read_store::{Cell, Change, ColumnIndex, Table};

/// One set-based operation on one table.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// New rows, all columns.
    Insert {
        /// The table.
        table: &'static Table,
        /// Every column of every row.
        rows: Vec<Vec<Cell>>,
    },
    /// Rows, all columns, whether or not their keys exist.
    Put {
        /// The table.
        table: &'static Table,
        /// Every column of every row.
        rows: Vec<Vec<Cell>>,
    },
    /// The same columns of many rows.
    Update {
        /// The table.
        table: &'static Table,
        /// The columns set, ascending.
        columns: Vec<ColumnIndex>,
        /// The key, then the columns' values, of every row.
        rows: Vec<Vec<Cell>>,
    },
    /// Rows by key.
    Delete {
        /// The table.
        table: &'static Table,
        /// One key a row.
        keys: Vec<Cell>,
    },
    /// Rows whose `column` has one of the values.
    DeleteWhere {
        /// The table.
        table: &'static Table,
        /// Column compared.
        column: ColumnIndex,
        /// The values.
        values: Vec<Cell>,
    },
    /// Rows by ranges of their keys.
    DeleteRanges {
        /// The table.
        table: &'static Table,
        /// First key that goes and first key after it that stays, of every range.
        ranges: Vec<[Cell; 2]>,
    },
    /// Another change by condition, as it came: `UpdateWhere` or `ClearReferences`.
    Conditional(Change),
}

/// Folds `changes` into operations.
#[must_use]
pub fn fold(changes: Vec<Change>) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut segment = Segment::default();
    for change in changes {
        match change {
            Change::Insert { table, row } => segment.coming(table, &mut operations).insert(row),
            Change::Put { table, row } => segment.coming(table, &mut operations).put(row),
            Change::Update { table, key, set } => segment.table(table).update(key, set),
            Change::Delete { table, key } => segment.table(table).delete(key),
            Change::DeleteWhere { table, column, value } => {
                segment.finish(&mut operations);
                delete_where(table, column, value, &mut operations);
            }
            Change::DeleteRange { table, from, until } => {
                segment.finish(&mut operations);
                delete_range(table, [from, until], &mut operations);
            }
            conditional @ (Change::UpdateWhere { .. } | Change::ClearReferences { .. }) => {
                segment.finish(&mut operations);
                operations.push(Operation::Conditional(conditional));
            }
        }
    }
    segment.finish(&mut operations);
    operations
}

/// Joins a deletion by value to one of the same column right before it.
fn delete_where(table: &'static Table, column: ColumnIndex, value: Cell, operations: &mut Vec<Operation>) {
    match operations.last_mut() {
        Some(Operation::DeleteWhere {
            table: last,
            column: compared,
            values,
        }) if *last == table && *compared == column => values.push(value),
        _ => operations.push(Operation::DeleteWhere {
            table,
            column,
            values: vec![value],
        }),
    }
}

/// Joins a deletion by range to one of the same table right before it.
fn delete_range(table: &'static Table, range: [Cell; 2], operations: &mut Vec<Operation>) {
    match operations.last_mut() {
        Some(Operation::DeleteRanges { table: last, ranges }) if *last == table => ranges.push(range),
        _ => operations.push(Operation::DeleteRanges {
            table,
            ranges: vec![range],
        }),
    }
}

/// The changes between two barriers.
#[derive(Default)]
struct Segment {
    tables: Vec<(&'static Table, TableFold)>,
    /// Loose parents of these tables.
    parents: Vec<&'static Table>,
}

impl Segment {
    /// The table for a row that comes. Rows that looked for it in vain go first, and so do changes of the rows that it
    /// will look for.
    fn coming(&mut self, table: &'static Table, operations: &mut Vec<Operation>) -> &mut TableFold {
        let looked_for = self.parents.contains(&table);
        let looks = table.columns.iter().filter_map(|column| column.loose_parent);
        if looked_for
            || looks
                .into_iter()
                .any(|parent| self.tables.iter().any(|(pending, _)| *pending == parent))
        {
            self.finish(operations);
        }
        self.table(table)
    }

    fn table(&mut self, table: &'static Table) -> &mut TableFold {
        let place = self
            .tables
            .iter()
            .position(|(known, _)| std::ptr::eq(*known, table) || *known == table);
        let place = place.unwrap_or_else(|| {
            self.tables.push((table, TableFold::default()));
            self.parents
                .extend(table.columns.iter().filter_map(|column| column.loose_parent));
            self.tables.len() - 1
        });
        &mut self.tables[place].1
    }

    /// Parents before children for what comes, children before parents for what goes.
    fn finish(&mut self, operations: &mut Vec<Operation>) {
        self.parents.clear();
        self.tables.sort_by_key(|(table, _)| table.rank);
        let mut deletes = Vec::new();
        for (table, fold) in self.tables.drain(..) {
            fold.finish(table, operations, &mut deletes);
        }
        operations.extend(deletes.into_iter().rev());
    }
}

/// What becomes of one row.
enum Fate {
    Insert(Vec<Cell>),
    Put(Vec<Cell>),
    Update(Cell, Vec<(ColumnIndex, Cell)>),
    Delete(Cell),
    /// Came and went within the segment.
    Nothing,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Integer(i64),
    Text(Arc<str>),
    Other(u64),
}

impl Key {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Integer(value) => Self::Integer(*value),
            Cell::Text(value) => Self::Text(Arc::clone(value)),
            Cell::Real(value) => Self::Other(value.to_bits()),
            Cell::Null => Self::Other(u64::MAX),
        }
    }
}

/// The rows of one table. The index is built when the first change asks for a row by key, so that tables which only grow
/// (logs, metrics) cost no hashing.
#[derive(Default)]
struct TableFold {
    fates: Vec<Fate>,
    index: Option<FxHashMap<Key, usize>>,
}

impl TableFold {
    fn index(&mut self) -> &mut FxHashMap<Key, usize> {
        let fates = &self.fates;
        self.index.get_or_insert_with(|| {
            let key = |fate: &Fate| match fate {
                Fate::Insert(row) | Fate::Put(row) => row.first().map(Key::of),
                Fate::Update(key, _) | Fate::Delete(key) => Some(Key::of(key)),
                Fate::Nothing => None,
            };
            fates
                .iter()
                .enumerate()
                .filter_map(|(place, fate)| Some((key(fate)?, place)))
                .collect()
        })
    }

    fn push(&mut self, key: Key, fate: Fate) {
        let place = self.fates.len();
        self.fates.push(fate);
        self.index().insert(key, place);
    }

    fn insert(&mut self, row: Vec<Cell>) {
        if self.index.is_none() {
            self.fates.push(Fate::Insert(row));
            return;
        }
        let Some(key) = row.first().map(Key::of) else { return };
        match self.index().get(&key).copied() {
            Some(place) => match &self.fates[place] {
                Fate::Delete(_) => self.fates[place] = Fate::Put(row),
                Fate::Nothing => self.fates[place] = Fate::Insert(row),
                // An update before the row exists is without effect and runs first. Over a row that exists, the insert is
                // for the database to refuse.
                Fate::Update(..) | Fate::Insert(_) | Fate::Put(_) => self.push(key, Fate::Insert(row)),
            },
            None => self.push(key, Fate::Insert(row)),
        }
    }

    fn put(&mut self, row: Vec<Cell>) {
        let Some(key) = row.first().map(Key::of) else { return };
        match self.index().get(&key).copied() {
            Some(place) => {
                let fate = &mut self.fates[place];
                *fate = match fate {
                    Fate::Insert(_) | Fate::Nothing => Fate::Insert(row),
                    Fate::Put(_) | Fate::Update(..) | Fate::Delete(_) => Fate::Put(row),
                };
            }
            None => self.push(key, Fate::Put(row)),
        }
    }

    fn update(&mut self, key: Cell, set: Vec<(ColumnIndex, Cell)>) {
        let index_key = Key::of(&key);
        match self.index().get(&index_key).copied() {
            Some(place) => match &mut self.fates[place] {
                Fate::Insert(row) | Fate::Put(row) => {
                    for (column, value) in set {
                        if let Some(cell) = row.get_mut(column) {
                            *cell = value;
                        }
                    }
                }
                Fate::Update(_, earlier) => {
                    for (column, value) in set {
                        match earlier.iter_mut().find(|(known, _)| *known == column) {
                            Some((_, cell)) => *cell = value,
                            None => earlier.push((column, value)),
                        }
                    }
                }
                Fate::Delete(_) | Fate::Nothing => {}
            },
            None => self.push(index_key, Fate::Update(key, set)),
        }
    }

    fn delete(&mut self, key: Cell) {
        let index_key = Key::of(&key);
        match self.index().get(&index_key).copied() {
            Some(place) => {
                let fate = &mut self.fates[place];
                *fate = match fate {
                    Fate::Insert(_) | Fate::Nothing => Fate::Nothing,
                    Fate::Put(_) | Fate::Update(..) | Fate::Delete(_) => Fate::Delete(key),
                };
            }
            None => self.push(index_key, Fate::Delete(key)),
        }
    }

    fn finish(self, table: &'static Table, operations: &mut Vec<Operation>, deletes: &mut Vec<Operation>) {
        let mut inserts = Vec::new();
        let mut puts = Vec::new();
        let mut keys = Vec::new();
        let mut updates: Vec<(Vec<ColumnIndex>, Vec<Vec<Cell>>)> = Vec::new();
        for fate in self.fates {
            match fate {
                Fate::Insert(row) => inserts.push(row),
                Fate::Put(row) => puts.push(row),
                Fate::Delete(key) => keys.push(key),
                Fate::Nothing => {}
                Fate::Update(key, mut set) => {
                    set.sort_by_key(|(column, _)| *column);
                    let same = |columns: &[ColumnIndex]| columns.iter().eq(set.iter().map(|(column, _)| column));
                    let place = updates
                        .iter()
                        .position(|(columns, _)| same(columns))
                        .unwrap_or_else(|| {
                            updates.push((set.iter().map(|(column, _)| *column).collect(), Vec::new()));
                            updates.len() - 1
                        });
                    let row = std::iter::once(key)
                        .chain(set.into_iter().map(|(_, value)| value))
                        .collect();
                    updates[place].1.push(row);
                }
            }
        }
        operations.extend(
            updates
                .into_iter()
                .map(|(columns, rows)| Operation::Update { table, columns, rows }),
        );
        if !puts.is_empty() {
            operations.push(Operation::Put { table, rows: puts });
        }
        if !inserts.is_empty() {
            operations.push(Operation::Insert { table, rows: inserts });
        }
        if !keys.is_empty() {
            deletes.push(Operation::Delete { table, keys });
        }
    }
}

#[cfg(test)]
mod tests;
