//! Operations as SQL texts with their binds.
//!
//! Rows travel as multi-row `VALUES` in a few fixed sizes, the last one padded with NULL keys that match nothing: so there
//! are few distinct texts, and prepared statements are used again.

use std::fmt::Write as _;

use rustc_hash::FxHashSet;
use wfm_storage::{
    fold::Operation,
    read_store::{Cell, Change, ColumnIndex, Table},
};

/// Rows of the statements that travel alone, descending.
const ALONE: [usize; 2] = [256, 64];

/// Rows of the statements that are strung together with others, ascending. A rest of more rows is padded to travel alone:
/// empty rows cost less than one more text to prepare.
const STRUNG: [usize; 3] = [1, 4, 16];

/// One statement.
pub struct Statement {
    /// Its text, closed with a semicolon.
    pub text: String,
    /// Its binds, in order.
    pub binds: Vec<Cell>,
    /// Whether it is big enough to travel alone.
    pub full: bool,
}

/// The statements of folded operations; those that UPDATE one of the `guarded` tables stand between two that raise and
/// lower the projector's guard.
pub fn statements(operations: Vec<Operation>, guarded: &FxHashSet<String>) -> Vec<Statement> {
    let mut statements = Vec::new();
    let raised = operations
        .iter()
        .any(|operation| updates(operation).is_some_and(|table| guarded.contains(table.name)));
    if raised {
        statements.push(plain("UPDATE ProjectorGuard SET Writing = 1;", Vec::new()));
    }
    for operation in operations {
        match operation {
            Operation::Insert { table, rows } => {
                let columns = table.columns.len();
                chunks(rows, columns, &mut statements, |text, values| {
                    insert(table, text, values, "")
                });
            }
            Operation::Put { table, rows } => {
                let conflict = conflict(table);
                let columns = table.columns.len();
                chunks(rows, columns, &mut statements, |text, values| {
                    insert(table, text, values, &conflict)
                });
            }
            Operation::Update { table, columns, rows } => {
                chunks(rows, columns.len() + 1, &mut statements, |text, values| {
                    update(table, &columns, text, values)
                });
            }
            Operation::Delete { table, keys } => delete(table, 0, keys, &mut statements),
            Operation::DeleteWhere { table, column, values } => delete(table, column, values, &mut statements),
            Operation::DeleteRanges { table, ranges } => {
                let rows = ranges.into_iter().map(Vec::from).collect();
                chunks(rows, 2, &mut statements, |text, values| {
                    delete_ranges(table, text, values)
                });
            }
            Operation::Conditional(change) => statements.extend(conditional(change)),
        }
    }
    if raised {
        statements.push(plain("UPDATE ProjectorGuard SET Writing = 0;", Vec::new()));
    }
    statements
}

/// The table whose UPDATE triggers the operation would fire.
fn updates(operation: &Operation) -> Option<&'static Table> {
    match operation {
        Operation::Put { table, .. } | Operation::Update { table, .. } => Some(table),
        Operation::Conditional(Change::UpdateWhere { table, .. } | Change::ClearReferences { table, .. }) => {
            Some(table)
        }
        Operation::Insert { .. }
        | Operation::Delete { .. }
        | Operation::DeleteWhere { .. }
        | Operation::DeleteRanges { .. }
        | Operation::Conditional(_) => None,
    }
}

/// Writing to a string cannot fail.
fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

fn plain(text: &str, binds: Vec<Cell>) -> Statement {
    Statement {
        text: text.to_owned(),
        binds,
        full: false,
    }
}

/// Cuts rows into statements of the fixed sizes.
fn chunks(rows: Vec<Vec<Cell>>, columns: usize, statements: &mut Vec<Statement>, build: impl Fn(&mut String, &str)) {
    let mut left = rows.len();
    let mut cells = rows.into_iter().flatten();
    while left > 0 {
        let size = STRUNG.into_iter().find(|size| *size >= left);
        let size = size
            .or_else(|| ALONE.into_iter().find(|size| *size <= left))
            .unwrap_or(ALONE[ALONE.len() - 1]);
        let taken = left.min(size);
        let mut binds = Vec::with_capacity(size * columns);
        binds.extend(cells.by_ref().take(taken * columns));
        binds.resize(size * columns, Cell::Null);
        let mut text = String::with_capacity(256 + size * columns * 2);
        build(&mut text, &values(size, columns));
        statements.push(Statement {
            text,
            binds,
            full: size >= ALONE[ALONE.len() - 1],
        });
        left -= taken;
    }
}

/// `(?,?),(?,?)`
fn values(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 2 + 2));
    for row in 0..rows {
        text.push_str(if row == 0 { "(?" } else { ",(?" });
        for _ in 1..columns {
            text.push_str(",?");
        }
        text.push(')');
    }
    text
}

fn insert(table: &Table, text: &mut String, values: &str, conflict: &str) {
    write(text, format_args!("INSERT INTO [{}] SELECT ", table.name));
    for (place, column) in table.columns.iter().enumerate() {
        let separator = if place == 0 { "" } else { "," };
        let number = place + 1;
        match column.loose_parent {
            Some(parent) => write(
                text,
                format_args!(
                    "{separator}(SELECT [{key}] FROM [{parent}] WHERE [{key}] = column{number})",
                    key = parent.columns[0].name,
                    parent = parent.name
                ),
            ),
            None => write(text, format_args!("{separator}column{number}")),
        }
    }
    write(
        text,
        format_args!(" FROM (VALUES {values}) WHERE column1 IS NOT NULL{conflict};"),
    );
}

/// What a Put does to a row that exists.
fn conflict(table: &Table) -> String {
    let mut text = format!(" ON CONFLICT ([{}]) DO UPDATE SET ", table.columns[0].name);
    for (place, column) in table.columns.iter().enumerate().skip(1) {
        let separator = if place == 1 { "" } else { "," };
        write(
            &mut text,
            format_args!("{separator}[{0}] = excluded.[{0}]", column.name),
        );
    }
    text
}

fn update(table: &Table, columns: &[ColumnIndex], text: &mut String, values: &str) {
    write(text, format_args!("UPDATE [{}] SET ", table.name));
    for (place, column) in columns.iter().enumerate() {
        let separator = if place == 0 { "" } else { "," };
        write(
            text,
            format_args!("{separator}[{}] = v.column{}", table.columns[*column].name, place + 2),
        );
    }
    let key = table.columns[0].name;
    write(
        text,
        format_args!(
            " FROM (VALUES {values}) AS v WHERE [{}].[{key}] = v.column1;",
            table.name
        ),
    );
}

fn delete(table: &Table, column: ColumnIndex, values: Vec<Cell>, statements: &mut Vec<Statement>) {
    let rows = values.into_iter().map(|value| vec![value]).collect();
    let column = table.columns[column].name;
    chunks(rows, 1, statements, |text, values| {
        write(
            text,
            format_args!("DELETE FROM [{}] WHERE [{column}] IN (VALUES {values});", table.name),
        );
    });
}

/// One search by key a range: the CROSS JOIN keeps SQLite from walking the table instead.
fn delete_ranges(table: &Table, text: &mut String, values: &str) {
    write(
        text,
        format_args!(
            "DELETE FROM [{table}] WHERE [{key}] IN (SELECT r.[{key}] FROM (VALUES {values}) AS v \
             CROSS JOIN [{table}] AS r WHERE r.[{key}] >= v.column1 AND r.[{key}] < v.column2);",
            table = table.name,
            key = table.columns[0].name,
        ),
    );
}

fn conditional(change: Change) -> Option<Statement> {
    match change {
        Change::UpdateWhere {
            table,
            column,
            value,
            set,
        } => {
            let mut text = format!("UPDATE [{}] SET ", table.name);
            for (place, (column, _)) in set.iter().enumerate() {
                let separator = if place == 0 { "" } else { "," };
                write(
                    &mut text,
                    format_args!("{separator}[{}] = ?", table.columns[*column].name),
                );
            }
            write(&mut text, format_args!(" WHERE [{}] = ?;", table.columns[column].name));
            let binds = set.into_iter().map(|(_, value)| value).chain([value]).collect();
            Some(plain(&text, binds))
        }
        Change::ClearReferences {
            table,
            column,
            parent,
            parent_column,
            value,
        } => {
            let text = format!(
                "UPDATE [{table}] SET [{column}] = NULL WHERE [{column}] IN (SELECT [{key}] FROM [{parent}] WHERE [{parent_column}] = ?);",
                table = table.name,
                column = table.columns[column].name,
                key = parent.columns[0].name,
                parent = parent.name,
                parent_column = parent.columns[parent_column].name,
            );
            Some(plain(&text, vec![value]))
        }
        // Folding turns the others into operations of their own.
        Change::Insert { .. }
        | Change::Put { .. }
        | Change::Update { .. }
        | Change::Delete { .. }
        | Change::DeleteWhere { .. }
        | Change::DeleteRange { .. } => None,
    }
}
