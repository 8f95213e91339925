//! Folded operations as parts of one call: a statement that is the same for any rows, and the rows.
//!
//! Invariant: a statement depends on the table, the kind of operation, the columns set, which of them hold images, which are NULL
//! throughout and whether there are long texts, on nothing else, so that the server plans each of them once. Rows are found by an
//! index, whatever the statistics say (`LOOP JOIN`), so that what a statement costs does not grow with its table. Changes of an audited table always set `UpdatedAt`, which its trigger
//! heeds.

use wfm_storage::{
    event::Position,
    fold::Operation,
    read_store::{ApplyError, Cell, Change, Column, ColumnIndex, ColumnKind, ParkedEvent, Table},
};

use super::{
    ddl::SHADOW,
    rows::{Field, Rows, Unfit},
    shape::{self, ColumnShape},
};

/// Declaration of the parameters that a part's statement takes.
pub const PARAMETERS: &str = "@rows NVARCHAR(MAX), @images NVARCHAR(33), @characters NVARCHAR(33)";

/// A statement with its rows.
#[derive(Debug)]
pub struct Part {
    /// T-SQL.
    pub statement: String,
    /// Values of its parameters.
    pub rows: Rows,
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
        Operation::Insert { table, rows } => Target::of(schema, table)?.insert(rows),
        Operation::Put { table, rows } => Target::of(schema, table)?.put(rows),
        Operation::Update { table, columns, rows } => Target::of(schema, table)?.update(0, columns, rows),
        Operation::Delete { table, keys } => {
            let rows: Vec<&[Cell]> = keys.iter().map(std::slice::from_ref).collect();
            Target::of(schema, table)?.delete(0, &rows)
        }
        Operation::DeleteWhere { table, column, values } => {
            let rows: Vec<&[Cell]> = values.iter().map(std::slice::from_ref).collect();
            Target::of(schema, table)?.delete(*column, &rows)
        }
        Operation::DeleteRanges { table, ranges } => Target::of(schema, table)?.delete_ranges(ranges),
        Operation::Conditional(change) => conditional(schema, change),
    }
}

/// The part that parks events.
pub fn parking(schema: &str, events: &[ParkedEvent]) -> Result<Part, ApplyError> {
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
    Target::of(schema, &PARKED_EVENTS)?.insert(&rows)
}

/// The part that unparks events.
pub fn unparking(schema: &str, positions: &[Position]) -> Result<Part, ApplyError> {
    let rows: Vec<[Cell; 1]> = positions
        .iter()
        .map(|position| [position.0.cast_signed().into()])
        .collect();
    Target::of(schema, &PARKED_EVENTS)?.delete(0, &rows)
}

fn conditional(schema: &str, change: &Change) -> Result<Part, ApplyError> {
    match change {
        Change::UpdateWhere {
            table,
            column,
            value,
            set,
        } => {
            let columns: Vec<ColumnIndex> = set.iter().map(|(column, _)| *column).collect();
            let row: Vec<Cell> = std::iter::once(value)
                .chain(set.iter().map(|(_, value)| value))
                .cloned()
                .collect();
            Target::of(schema, table)?.update(*column, &columns, &[row])
        }
        Change::ClearReferences {
            table,
            column,
            parent,
            parent_column,
            value,
        } => Target::of(schema, table)?.clear(*column, &Target::of(schema, parent)?, *parent_column, value),
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

/// The refusal of changes to a table that the DDL does not know.
pub fn no_such_table(table: &Table) -> ApplyError {
    ApplyError::Rejected(format!("the DDL has no table {} of this shape", table.name))
}

/// A table of a schema.
struct Target<'a> {
    schema: &'a str,
    table: &'static Table,
    columns: &'static [ColumnShape],
    audited: bool,
}

impl<'a> Target<'a> {
    fn of(schema: &'a str, table: &'static Table) -> Result<Self, ApplyError> {
        let shape = shape::of(table).ok_or_else(|| no_such_table(table))?;
        Ok(Self {
            schema,
            table,
            columns: &shape.columns,
            audited: shape.audited,
        })
    }

    fn name(&self) -> String {
        format!("{}.[{}]", self.schema, self.table.name)
    }

    /// Rows with a cell for each of these columns.
    fn values<R: AsRef<[Cell]>>(
        &self,
        columns: impl Iterator<Item = ColumnIndex>,
        rows: &[R],
    ) -> Result<Values, ApplyError> {
        let fields: Vec<Field> = columns
            .map(|column| Field {
                shape: &self.columns[column],
                kind: self.table.columns[column].kind,
            })
            .collect();
        let rows = Rows::write(&fields, rows).map_err(|unfit| {
            ApplyError::Rejected(match unfit {
                Unfit::TooLong { column, units } => {
                    format!("{}.{column} does not take {units} characters", self.table.name)
                }
                Unfit::NoImages => format!(
                    "the texts of {} contain nearly every character there is",
                    self.table.name
                ),
            })
        })?;
        Ok(Values { fields, rows })
    }

    /// That row `t` has in `column` what `v` has in its first field.
    fn matches(&self, column: ColumnIndex, values: &Values) -> String {
        self.compares(column, "=", values, 0)
    }

    /// Compares `column` of row `t` with a field of `v`; texts by their characters' codes.
    fn compares(&self, column: ColumnIndex, operator: &str, values: &Values, field: usize) -> String {
        let shape = &self.columns[column];
        // What was translated has this collation already.
        let collation = if shape.is_text() && !values.rows.imaged[field] {
            " COLLATE Latin1_General_100_BIN2"
        } else {
            ""
        };
        format!("t.[{}] {operator} {}{collation}", shape.name, values.cell(field))
    }

    fn insert<R: AsRef<[Cell]>>(&self, rows: &[R]) -> Result<Part, ApplyError> {
        let values = self.values(0..self.columns.len(), rows)?;
        Ok(Part {
            statement: self.insertion(&values, ""),
            rows: values.rows,
        })
    }

    fn insertion(&self, values: &Values, condition: &str) -> String {
        let name = self.name();
        let columns = list(self.columns.iter().map(|column| format!("[{}]", column.name)));
        let cells = self.table.columns.iter().enumerate().map(|(place, column)| {
            let cell = values.cell(place);
            match column.loose_parent {
                Some(parent) if !values.rows.absent[place] => format!(
                    "(SELECT p.[{key}] FROM {}.[{}] AS p WHERE p.[{key}] = {cell})",
                    self.schema,
                    parent.name,
                    key = parent.columns[0].name,
                ),
                Some(_) | None => cell,
            }
        });
        let insert = format!(
            "INSERT INTO {name} ({columns}) SELECT {} FROM {}{condition};",
            list(cells),
            values.table()
        );
        // A shadow numbers nothing.
        if self.columns[0].identity && self.schema != SHADOW {
            format!("SET IDENTITY_INSERT {name} ON; {insert} SET IDENTITY_INSERT {name} OFF;")
        } else {
            insert
        }
    }

    fn put<R: AsRef<[Cell]>>(&self, rows: &[R]) -> Result<Part, ApplyError> {
        let values = self.values(0..self.columns.len(), rows)?;
        let columns: Vec<ColumnIndex> = (1..self.columns.len()).collect();
        let update = self.updating(0, &columns, &values);
        let missing = format!(
            " WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})",
            self.name(),
            self.matches(0, &values)
        );
        Ok(Part {
            statement: format!("{update} {}", self.insertion(&values, &missing)),
            rows: values.rows,
        })
    }

    /// Rows that have in `matched` what comes first; then come the values of the columns set.
    fn update<R: AsRef<[Cell]>>(
        &self,
        matched: ColumnIndex,
        set: &[ColumnIndex],
        rows: &[R],
    ) -> Result<Part, ApplyError> {
        let values = self.values(std::iter::once(matched).chain(set.iter().copied()), rows)?;
        Ok(Part {
            statement: self.updating(matched, set, &values),
            rows: values.rows,
        })
    }

    fn updating(&self, matched: ColumnIndex, set: &[ColumnIndex], values: &Values) -> String {
        let mut assignments: Vec<String> = set
            .iter()
            .enumerate()
            .map(|(place, column)| format!("t.[{}] = {}", self.columns[*column].name, values.cell(place + 1)))
            .collect();
        if self.audited
            && !set
                .iter()
                .any(|column| self.columns[*column].name == shape::AUDIT_COLUMN)
        {
            assignments.push(format!("t.[{0}] = t.[{0}]", shape::AUDIT_COLUMN));
        }
        format!(
            "UPDATE t SET {} FROM {} AS t INNER JOIN {} ON {} OPTION (LOOP JOIN);",
            assignments.join(", "),
            self.name(),
            values.table(),
            self.matches(matched, values)
        )
    }

    fn delete<R: AsRef<[Cell]>>(&self, matched: ColumnIndex, rows: &[R]) -> Result<Part, ApplyError> {
        let values = self.values(std::iter::once(matched), rows)?;
        let statement = format!(
            "DELETE t FROM {} AS t INNER JOIN {} ON {} OPTION (LOOP JOIN);",
            self.name(),
            values.table(),
            self.matches(matched, &values)
        );
        Ok(Part {
            statement,
            rows: values.rows,
        })
    }

    /// Rows from one key on up to another that stays.
    fn delete_ranges(&self, ranges: &[[Cell; 2]]) -> Result<Part, ApplyError> {
        let values = self.values([0, 0].into_iter(), ranges)?;
        let statement = format!(
            "DELETE t FROM {} AS t INNER JOIN {} ON {} AND {} OPTION (LOOP JOIN);",
            self.name(),
            values.table(),
            self.compares(0, ">=", &values, 0),
            self.compares(0, "<", &values, 1),
        );
        Ok(Part {
            statement,
            rows: values.rows,
        })
    }

    /// NULL in `column` where it refers to a row of `parent` with this value.
    fn clear(
        &self,
        column: ColumnIndex,
        parent: &Target<'_>,
        parent_column: ColumnIndex,
        value: &Cell,
    ) -> Result<Part, ApplyError> {
        let values = parent.values(std::iter::once(parent_column), &[std::slice::from_ref(value)])?;
        let column = self.columns[column].name;
        let statement = format!(
            "UPDATE {} SET [{column}] = NULL WHERE [{column}] IN (SELECT t.[{}] FROM {} AS t INNER JOIN {} ON {});",
            self.name(),
            parent.columns[0].name,
            parent.name(),
            values.table(),
            parent.matches(parent_column, &values)
        );
        Ok(Part {
            statement,
            rows: values.rows,
        })
    }
}

/// Rows as statements name them: table `v` with a column `c0`, `c1`, … for each field.
struct Values {
    fields: Vec<Field>,
    rows: Rows,
}

impl Values {
    fn table(&self) -> String {
        let travelling = (0..self.fields.len()).filter(|place| !self.rows.absent[*place]);
        let fields = travelling
            .enumerate()
            .map(|(index, place)| (index, place, self.fields[place].shape.sql_type));
        if self.rows.long {
            // Not every engine that understands WITH leaves long texts whole there.
            let columns = fields.map(|(index, place, sql_type)| {
                format!("CAST(MAX(CASE WHEN cell.[key] = N'{index}' THEN cell.value END) AS {sql_type}) AS c{place}")
            });
            format!(
                "(SELECT {} FROM OPENJSON(@rows) AS given CROSS APPLY OPENJSON(given.value) AS cell GROUP BY given.[key]) AS v",
                list(columns)
            )
        } else {
            let columns = fields.map(|(index, place, sql_type)| format!("c{place} {sql_type} '$[{index}]'"));
            format!("OPENJSON(@rows) WITH ({}) AS v", list(columns))
        }
    }

    /// The value of a field.
    fn cell(&self, place: usize) -> String {
        if self.rows.absent[place] {
            "NULL".to_owned()
        } else if self.rows.imaged[place] {
            format!("TRANSLATE(v.c{place} COLLATE Latin1_General_100_BIN2, @images, @characters)")
        } else {
            format!("v.c{place}")
        }
    }
}

/// `a, b, c`
fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
