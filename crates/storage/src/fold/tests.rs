//! Folding against a model in memory.

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

/// Its column A holds keys of `Parents`, or NULL where there is no such row.
static LOOSE: Table = Table {
    name: "Loose",
    columns: &[
        COLUMNS[0],
        Column {
            name: "A",
            kind: ColumnKind::Integer,
            loose_parent: Some(&PARENTS),
        },
        COLUMNS[2],
    ],
    rank: 2,
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
    /// The row without references to what is not there.
    fn stored(&self, table: &Table, mut row: Vec<Cell>) -> Vec<Cell> {
        for (column, cell) in table.columns.iter().zip(&mut row) {
            if column
                .loose_parent
                .is_some_and(|parent| !self.0.contains_key(&(parent.name, number(cell))))
            {
                *cell = Cell::Null;
            }
        }
        row
    }

    /// Applies one change; `false` when a database would refuse it.
    fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::Insert { table, row } => {
                let row = self.stored(table, row);
                return self.0.insert((table.name, number(&row[0])), row).is_none();
            }
            Change::Put { table, row } => {
                let row = self.stored(table, row);
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
            Change::DeleteRange { table, from, until } => {
                let range = number(&from)..number(&until);
                self.0
                    .retain(|(name, key), _| *name != table.name || !range.contains(key));
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
            Operation::Insert { table, rows } => rows.into_iter().all(|row| self.apply(Change::Insert { table, row })),
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
            Operation::Delete { table, keys } => keys.into_iter().all(|key| self.apply(Change::Delete { table, key })),
            Operation::DeleteWhere { table, column, values } => values
                .into_iter()
                .all(|value| self.apply(Change::DeleteWhere { table, column, value })),
            Operation::DeleteRanges { table, ranges } => ranges
                .into_iter()
                .all(|[from, until]| self.apply(Change::DeleteRange { table, from, until })),
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
        let table = [&PARENTS, &CHILDREN, &LOOSE][usize::try_from(self.below(3)).unwrap()];
        let key = Cell::Integer(self.below(5));
        let mut value = || Cell::Integer(self.below(4));
        let row = vec![key.clone(), value(), value()];
        let mut set = vec![(2, value()), (1, value())];
        set.truncate(if table == &LOOSE { 1 } else { 2 });
        let value = value();
        match self.below(17) {
            0..5 => Change::Insert { table, row },
            5..7 => Change::Put { table, row },
            7..9 => Change::Update { table, key, set },
            // A loose reference is written with its row only.
            9..11 => Change::Update {
                table,
                key,
                set: vec![(if table == &LOOSE { 2 } else { 1 }, value)],
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
            15 => Change::DeleteRange {
                table,
                from: value,
                until: key,
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

#[test]
fn deletions_of_a_kind_that_follow_each_other_become_one() {
    let by_value = |value| Change::DeleteWhere {
        table: &CHILDREN,
        column: 1,
        value: Cell::Integer(value),
    };
    let by_range = |from, until| Change::DeleteRange {
        table: &LOOSE,
        from: Cell::Integer(from),
        until: Cell::Integer(until),
    };
    let by_key = |key| Change::Delete {
        table: &PARENTS,
        key: Cell::Integer(key),
    };
    let changes = vec![
        by_value(1),
        by_value(2),
        by_range(1, 2),
        by_range(4, 6),
        by_key(1),
        by_key(2),
        by_value(3),
    ];
    let values = |values: &[i64]| Operation::DeleteWhere {
        table: &CHILDREN,
        column: 1,
        values: values.iter().copied().map(Cell::Integer).collect(),
    };
    let expected = [
        values(&[1, 2]),
        Operation::DeleteRanges {
            table: &LOOSE,
            ranges: [[1, 2], [4, 6]].map(|range| range.map(Cell::Integer)).into(),
        },
        Operation::Delete {
            table: &PARENTS,
            keys: vec![Cell::Integer(1), Cell::Integer(2)],
        },
        values(&[3]),
    ];
    assert_eq!(fold(changes), expected);
}
