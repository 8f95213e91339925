//! Folds row changes, in order, into the fewest set-based operations.
//!
//! Invariant: carrying out the operations one after another leaves the same rows as carrying out the changes one after
//! another, and foreign keys hold after every operation when they hold after every change. Changes by condition
//! (`…Where`, `ClearReferences`) are barriers: nothing moves across them.

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
    /// A change by condition, as it came.
    Conditional(Change),
}

/// Folds `changes` into operations.
#[must_use]
pub fn fold(changes: Vec<Change>) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut segment = Segment::default();
    for change in changes {
        match change {
            Change::Insert { table, row } => segment.table(table).insert(row),
            Change::Put { table, row } => segment.table(table).put(row),
            Change::Update { table, key, set } => segment.table(table).update(key, set),
            Change::Delete { table, key } => segment.table(table).delete(key),
            conditional
            @ (Change::UpdateWhere { .. } | Change::DeleteWhere { .. } | Change::ClearReferences { .. }) => {
                segment.finish(&mut operations);
                operations.push(Operation::Conditional(conditional));
            }
        }
    }
    segment.finish(&mut operations);
    operations
}

/// The changes between two barriers.
#[derive(Default)]
struct Segment {
    tables: Vec<(&'static Table, TableFold)>,
}

impl Segment {
    fn table(&mut self, table: &'static Table) -> &mut TableFold {
        let place = self
            .tables
            .iter()
            .position(|(known, _)| std::ptr::eq(*known, table) || *known == table);
        let place = place.unwrap_or_else(|| {
            self.tables.push((table, TableFold::default()));
            self.tables.len() - 1
        });
        &mut self.tables[place].1
    }

    /// Parents before children for what comes, children before parents for what goes.
    fn finish(&mut self, operations: &mut Vec<Operation>) {
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::read_store::{Column, ColumnKind};

    const COLUMNS: &[Column] = &[
        Column {
            name: "Id",
            kind: ColumnKind::Integer,
            loose_parent: None,
        },
        Column {
            name: "A",
            kind: ColumnKind::Integer,
            loose_parent: None,
        },
        Column {
            name: "B",
            kind: ColumnKind::Integer,
            loose_parent: None,
        },
    ];
    static PARENTS: Table = Table {
        name: "Parents",
        columns: COLUMNS,
        rank: 0,
    };
    static CHILDREN: Table = Table {
        name: "Children",
        columns: COLUMNS,
        rank: 1,
    };

    /// Rows by table and key.
    #[derive(Debug, Default, Clone, PartialEq)]
    struct Model(BTreeMap<(&'static str, i64), Vec<Cell>>);

    fn number(cell: &Cell) -> i64 {
        match cell {
            Cell::Integer(value) => *value,
            other => panic!("{other:?}"),
        }
    }

    impl Model {
        /// Applies one change; `false` when a database would refuse it.
        fn apply(&mut self, change: Change) -> bool {
            match change {
                Change::Insert { table, row } => return self.0.insert((table.name, number(&row[0])), row).is_none(),
                Change::Put { table, row } => {
                    self.0.insert((table.name, number(&row[0])), row);
                }
                Change::Update { table, key, set } => {
                    if let Some(row) = self.0.get_mut(&(table.name, number(&key))) {
                        set.into_iter().for_each(|(column, value)| row[column] = value);
                    }
                }
                Change::Delete { table, key } => {
                    self.0.remove(&(table.name, number(&key)));
                }
                Change::UpdateWhere {
                    table,
                    column,
                    value,
                    set,
                } => {
                    for ((name, _), row) in &mut self.0 {
                        if *name == table.name && row[column] == value {
                            set.iter().for_each(|(column, value)| row[*column] = value.clone());
                        }
                    }
                }
                Change::DeleteWhere { table, column, value } => {
                    self.0
                        .retain(|(name, _), row| *name != table.name || row[column] != value);
                }
                Change::ClearReferences {
                    table,
                    column,
                    parent,
                    parent_column,
                    value,
                } => {
                    let matches = |row: &Vec<Cell>| row[parent_column] == value;
                    let parents = self
                        .0
                        .iter()
                        .filter(|((name, _), row)| *name == parent.name && matches(row));
                    let keys: Vec<i64> = parents.map(|((_, key), _)| *key).collect();
                    for ((name, _), row) in &mut self.0 {
                        if *name == table.name && matches!(&row[column], Cell::Integer(key) if keys.contains(key)) {
                            row[column] = Cell::Null;
                        }
                    }
                }
            }
            true
        }

        fn carry_out(&mut self, operation: Operation) {
            let accepted = match operation {
                Operation::Insert { table, rows } => {
                    rows.into_iter().all(|row| self.apply(Change::Insert { table, row }))
                }
                Operation::Put { table, rows } => rows.into_iter().all(|row| self.apply(Change::Put { table, row })),
                Operation::Update { table, columns, rows } => rows.into_iter().all(|row| {
                    let mut cells = row.into_iter();
                    let key = cells.next().unwrap();
                    self.apply(Change::Update {
                        table,
                        key,
                        set: columns.iter().copied().zip(cells).collect(),
                    })
                }),
                Operation::Delete { table, keys } => {
                    keys.into_iter().all(|key| self.apply(Change::Delete { table, key }))
                }
                Operation::Conditional(change) => self.apply(change),
            };
            assert!(accepted, "a folded operation is refused");
        }
    }

    /// A small generator of numbers, so that a failure names its seed and can be repeated.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: i64) -> i64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33).cast_signed()) % bound
        }

        fn change(&mut self) -> Change {
            let table = if self.below(2) == 0 { &PARENTS } else { &CHILDREN };
            let key = Cell::Integer(self.below(5));
            let mut value = || Cell::Integer(self.below(4));
            let row = vec![key.clone(), value(), value()];
            let set = vec![(2, value()), (1, value())];
            let value = value();
            match self.below(16) {
                0..5 => Change::Insert { table, row },
                5..7 => Change::Put { table, row },
                7..9 => Change::Update { table, key, set },
                9..11 => Change::Update {
                    table,
                    key,
                    set: vec![(1, value)],
                },
                11..13 => Change::Delete { table, key },
                13 => Change::UpdateWhere {
                    table,
                    column: 1,
                    value,
                    set: vec![(2, Cell::Integer(9))],
                },
                14 => Change::DeleteWhere {
                    table,
                    column: 2,
                    value,
                },
                _ => Change::ClearReferences {
                    table: &CHILDREN,
                    column: 1,
                    parent: &PARENTS,
                    parent_column: 2,
                    value,
                },
            }
        }
    }

    #[test]
    fn folded_changes_leave_the_same_rows_as_changes_one_by_one() {
        for seed in 0..4000 {
            let mut numbers = Numbers(seed);
            let mut before = Model::default();
            for _ in 0..numbers.below(6) {
                let change = numbers.change();
                let mut tried = before.clone();
                if tried.apply(change) {
                    before = tried;
                }
            }
            let mut one_by_one = before.clone();
            let mut changes = Vec::new();
            for _ in 0..numbers.below(40) {
                let change = numbers.change();
                let mut tried = one_by_one.clone();
                if tried.apply(change.clone()) {
                    one_by_one = tried;
                    changes.push(change);
                }
            }
            let mut folded = before;
            fold(changes.clone())
                .into_iter()
                .for_each(|operation| folded.carry_out(operation));
            assert_eq!(folded, one_by_one, "seed {seed}: {changes:?}");
        }
    }

    #[test]
    fn rows_that_grow_and_change_become_one_insert_a_table() {
        let row = |key: i64| vec![Cell::Integer(key), Cell::Integer(0), Cell::Integer(0)];
        let changes = vec![
            Change::Insert {
                table: &CHILDREN,
                row: row(1),
            },
            Change::Update {
                table: &CHILDREN,
                key: Cell::Integer(1),
                set: vec![(1, Cell::Integer(7))],
            },
            Change::Insert {
                table: &PARENTS,
                row: row(1),
            },
            Change::Insert {
                table: &CHILDREN,
                row: row(2),
            },
            Change::Delete {
                table: &CHILDREN,
                key: Cell::Integer(3),
            },
            Change::Delete {
                table: &PARENTS,
                key: Cell::Integer(3),
            },
        ];
        let first = vec![Cell::Integer(1), Cell::Integer(7), Cell::Integer(0)];
        let expected = [
            Operation::Insert {
                table: &PARENTS,
                rows: vec![row(1)],
            },
            Operation::Insert {
                table: &CHILDREN,
                rows: vec![first, row(2)],
            },
            Operation::Delete {
                table: &CHILDREN,
                keys: vec![Cell::Integer(3)],
            },
            Operation::Delete {
                table: &PARENTS,
                keys: vec![Cell::Integer(3)],
            },
        ];
        assert_eq!(fold(changes), expected);
    }
}
