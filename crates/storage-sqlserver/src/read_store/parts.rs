//! Folded operations as parts of one call: a statement that is the same for any rows, and the rows.
//!
//! Invariant: a statement depends on the table, the kind of operation and the columns set, on nothing else, so that the server
//! plans each of them once. Changes of an audited table always set `UpdatedAt`, which its trigger heeds.

use std::fmt::Write as _;

use wfm_storage::{
    event::Position,
    fold::Operation,
    read_store::{ApplyError, Cell, Change, Column, ColumnIndex, ColumnKind, ParkedEvent, Table},
};

use super::{
    rows::{self, Field},
    shape::{self, ColumnShape},
};

/// A statement with the parameter `@rows`, and its value.
#[derive(Debug)]
pub struct Part {
    /// T-SQL.
    pub statement: String,
    /// JSON array of arrays.
    pub rows: String,
}

/// Parked events as a table.
static PARKED_EVENTS: Table = Table {
    name: "ParkedEvents",
    columns: &[
        column("Position", ColumnKind::Integer),
        column("Stream", ColumnKind::Text),
        column("EventType", ColumnKind::Text),
        column("Reason", ColumnKind::Text),
        column("ParkedAt", ColumnKind::Instant),
    ],
    rank: 0,
};

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column {
        name,
        kind,
        loose_parent: None,
    }
}

/// The part of an operation on a table of `schema`.
pub fn part(schema: &str, operation: &Operation) -> Result<Part, ApplyError> {
    match operation {
        Operation::Insert { table, rows } => {
            let target = Target::of(schema, table)?;
            target.part(target.insert(""), target.all(), rows)
        }
        Operation::Put { table, rows } => {
            let target = Target::of(schema, table)?;
            target.part(target.put(), target.all(), rows)
        }
        Operation::Update { table, columns, rows } => {
            let target = Target::of(schema, table)?;
            target.part(target.update(0, columns), target.some(0, columns), rows)
        }
        Operation::Delete { table, keys } => {
            let target = Target::of(schema, table)?;
            let rows: Vec<&[Cell]> = keys.iter().map(std::slice::from_ref).collect();
            target.part(target.delete(0), target.some(0, &[]), &rows)
        }
        Operation::DeleteWhere { table, column, values } => {
            let target = Target::of(schema, table)?;
            let rows: Vec<&[Cell]> = values.iter().map(std::slice::from_ref).collect();
            target.part(target.delete(*column), target.some(*column, &[]), &rows)
        }
        Operation::DeleteRanges { table, ranges } => {
            let target = Target::of(schema, table)?;
            target.part(target.delete_ranges(), target.some(0, &[0]), ranges)
        }
        Operation::Conditional(change) => conditional(schema, change),
    }
}

/// The part that parks events.
pub fn parking(schema: &str, events: &[ParkedEvent]) -> Result<Part, ApplyError> {
    let target = Target::of(schema, &PARKED_EVENTS)?;
    let rows: Vec<Vec<Cell>> = events
        .iter()
        .map(|event| {
            vec![
                event.position.0.cast_signed().into(),
                event.stream.as_str().into(),
                event.event_type.clone().into(),
                event.reason.as_str().into(),
                event.parked_at.clone().into(),
            ]
        })
        .collect();
    target.part(target.insert(""), target.all(), &rows)
}

/// The part that unparks events.
pub fn unparking(schema: &str, positions: &[Position]) -> Result<Part, ApplyError> {
    let target = Target::of(schema, &PARKED_EVENTS)?;
    let rows: Vec<[Cell; 1]> = positions
        .iter()
        .map(|position| [position.0.cast_signed().into()])
        .collect();
    target.part(target.delete(0), target.some(0, &[]), &rows)
}

fn conditional(schema: &str, change: &Change) -> Result<Part, ApplyError> {
    match change {
        Change::UpdateWhere {
            table,
            column,
            value,
            set,
        } => {
            let target = Target::of(schema, table)?;
            let columns: Vec<ColumnIndex> = set.iter().map(|(column, _)| *column).collect();
            let row: Vec<Cell> = std::iter::once(value)
                .chain(set.iter().map(|(_, value)| value))
                .cloned()
                .collect();
            target.part(target.update(*column, &columns), target.some(*column, &columns), &[row])
        }
        Change::ClearReferences {
            table,
            column,
            parent,
            parent_column,
            value,
        } => {
            let target = Target::of(schema, table)?;
            let parent = Target::of(schema, parent)?;
            let statement = target.clear(*column, &parent, *parent_column);
            parent.part(statement, parent.some(*parent_column, &[]), &[[value.clone()]])
        }
        // Folding turns these into operations of their own.
        Change::Insert { table, .. }
        | Change::Put { table, .. }
        | Change::Update { table, .. }
        | Change::Delete { table, .. }
        | Change::DeleteWhere { table, .. }
        | Change::DeleteRange { table, .. } => Err(ApplyError::Rejected(format!(
            "a change of {} was not folded",
            table.name
        ))),
    }
}

/// A table of a schema.
struct Target<'a> {
    schema: &'a str,
    table: &'static Table,
    columns: &'static [ColumnShape],
    audited: bool,
}

/// Writing to a string cannot fail.
fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

/// `a, b, c`
fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

impl<'a> Target<'a> {
    fn of(schema: &'a str, table: &'static Table) -> Result<Self, ApplyError> {
        let shape = shape::of(table)
            .ok_or_else(|| ApplyError::Rejected(format!("the DDL has no table {} of this shape", table.name)))?;
        Ok(Self {
            schema,
            table,
            columns: &shape.columns,
            audited: shape.audited,
        })
    }

    fn field(&self, column: ColumnIndex) -> Field {
        Field {
            shape: &self.columns[column],
            kind: self.table.columns[column].kind,
        }
    }

    /// The fields of whole rows.
    fn all(&self) -> Vec<Field> {
        (0..self.columns.len()).map(|column| self.field(column)).collect()
    }

    /// The field that finds rows, then those that are set.
    fn some(&self, matched: ColumnIndex, set: &[ColumnIndex]) -> Vec<Field> {
        std::iter::once(&matched)
            .chain(set)
            .map(|column| self.field(*column))
            .collect()
    }

    fn part<R: AsRef<[Cell]>>(&self, statement: String, fields: Vec<Field>, rows: &[R]) -> Result<Part, ApplyError> {
        let rows = rows::json(&fields, rows.iter().map(AsRef::as_ref)).map_err(|too_long| {
            let rows::TooLong { column, units } = too_long;
            ApplyError::Rejected(format!("{}.{column} does not take {units} characters", self.table.name))
        })?;
        Ok(Part { statement, rows })
    }

    fn name(&self) -> String {
        format!("{}.[{}]", self.schema, self.table.name)
    }

    /// The rows as a table `v` with columns `c0`, `c1`, …
    fn values(fields: &[Field]) -> String {
        let columns = fields
            .iter()
            .enumerate()
            .map(|(place, field)| format!("c{place} {} '$[{place}]'", field.shape.sql_type));
        format!("OPENJSON(@rows) WITH ({}) AS v", list(columns))
    }

    /// That row `t` has in `column` what `v` has in `c0`.
    fn matches(&self, column: ColumnIndex) -> String {
        let shape = &self.columns[column];
        let collation = if shape.binary {
            " COLLATE Latin1_General_100_BIN2"
        } else {
            ""
        };
        format!("t.[{}] = v.c0{collation}", shape.name)
    }

    fn insert(&self, condition: &str) -> String {
        let name = self.name();
        let columns = list(self.columns.iter().map(|column| format!("[{}]", column.name)));
        let values = self
            .table
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| match column.loose_parent {
                Some(parent) => format!(
                    "(SELECT p.[{key}] FROM {}.[{}] AS p WHERE p.[{key}] = v.c{place})",
                    self.schema,
                    parent.name,
                    key = parent.columns[0].name,
                ),
                None => format!("v.c{place}"),
            });
        let insert = format!(
            "INSERT INTO {name} ({columns}) SELECT {} FROM {}{condition};",
            list(values),
            Self::values(&self.all())
        );
        if self.columns[0].identity {
            format!("SET IDENTITY_INSERT {name} ON; {insert} SET IDENTITY_INSERT {name} OFF;")
        } else {
            insert
        }
    }

    fn put(&self) -> String {
        let columns: Vec<ColumnIndex> = (1..self.columns.len()).collect();
        let update = self.update(0, &columns);
        let missing = format!(
            " WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})",
            self.name(),
            self.matches(0)
        );
        format!("{update} {}", self.insert(&missing))
    }

    fn update(&self, matched: ColumnIndex, set: &[ColumnIndex]) -> String {
        let mut assignments = String::new();
        for (place, column) in set.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write(
                &mut assignments,
                format_args!("{separator}t.[{}] = v.c{}", self.columns[*column].name, place + 1),
            );
        }
        if self.audited
            && !set
                .iter()
                .any(|column| self.columns[*column].name == shape::AUDIT_COLUMN)
        {
            write(
                &mut assignments,
                format_args!(", t.[{0}] = t.[{0}]", shape::AUDIT_COLUMN),
            );
        }
        format!(
            "UPDATE t SET {assignments} FROM {} AS t INNER JOIN {} ON {};",
            self.name(),
            Self::values(&self.some(matched, set)),
            self.matches(matched)
        )
    }

    fn delete(&self, matched: ColumnIndex) -> String {
        format!(
            "DELETE t FROM {} AS t INNER JOIN {} ON {};",
            self.name(),
            Self::values(&self.some(matched, &[])),
            self.matches(matched)
        )
    }

    /// Rows whose key is `c0` or more and less than `c1`.
    fn delete_ranges(&self) -> String {
        let shape = &self.columns[0];
        let collation = if shape.binary {
            " COLLATE Latin1_General_100_BIN2"
        } else {
            ""
        };
        format!(
            "DELETE t FROM {} AS t INNER JOIN {} ON t.[{key}] >= v.c0{collation} AND t.[{key}] < v.c1{collation};",
            self.name(),
            Self::values(&self.some(0, &[0])),
            key = shape.name,
        )
    }

    /// NULL in `column` where it refers to a row `t` of `parent` that matches.
    fn clear(&self, column: ColumnIndex, parent: &Target<'_>, parent_column: ColumnIndex) -> String {
        let column = self.columns[column].name;
        format!(
            "UPDATE {} SET [{column}] = NULL WHERE [{column}] IN (SELECT t.[{}] FROM {} AS t INNER JOIN {} ON {});",
            self.name(),
            parent.columns[0].name,
            parent.name(),
            Self::values(&parent.some(parent_column, &[])),
            parent.matches(parent_column)
        )
    }
}
