//! The tables as their DDL has them: SQL types, lengths, collations and what refers to what.
//!
//! Invariant: the DDL is the only place that states them. It is read once, line by line, as the formatter leaves it: a column a
//! line.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use wfm_storage::read_store::{Column, ColumnKind, Table};

use super::ddl;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnShape {
    /// Its name.
    pub name: &'static str,
    /// Its type without collation, for example `NVARCHAR(100)`.
    pub sql_type: &'static str,
    /// UTF-16 units that it takes at most, where it is a bounded text.
    pub units: Option<usize>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database numbers it, unless told otherwise.
    pub identity: bool,
    /// Whether its texts are compared by their characters' codes.
    pub binary: bool,
}

impl ColumnShape {
    /// Whether it holds texts.
    pub fn is_text(&self) -> bool {
        self.sql_type.starts_with("NVARCHAR")
    }

    /// Whether a text fits, which is measured in UTF-16 units.
    pub fn takes(&self, text: &str) -> bool {
        // Units are no more than bytes.
        self.units
            .is_none_or(|most| text.len() <= most || text.encode_utf16().count() <= most)
    }
}

/// What the trigger of an audited table sets, unless the statement does.
pub const AUDIT_COLUMN: &str = "UpdatedAt";

/// A table.
#[derive(Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// Its columns, the primary key first.
    pub columns: Vec<ColumnShape>,
    /// Whether a foreign key refers to it.
    pub referenced: bool,
    /// Whether a trigger sets [`AUDIT_COLUMN`].
    pub audited: bool,
}

impl Shape {
    /// The primary key.
    pub fn key(&self) -> &ColumnShape {
        &self.columns[0]
    }
}

/// The read models in the order of the DDL, which is the order of foreign keys.
pub static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| ddl::TABLES.into_iter().flat_map(tables).collect());

/// The book-keeping beside them.
static BOOK_KEEPING: LazyLock<Vec<Shape>> = LazyLock::new(|| tables(ddl::BOOK_KEEPING).collect());

static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Shape>> = LazyLock::new(|| {
    SHAPES
        .iter()
        .chain(BOOK_KEEPING.iter())
        .map(|shape| (shape.name, shape))
        .collect()
});

/// The table of this name; `None` when the DDL has none with these columns.
pub fn of(table: &Table) -> Option<&'static Shape> {
    let shape = BY_NAME.get(table.name)?;
    let same = |(column, shape): (&Column, &ColumnShape)| column.name == shape.name && fits(column.kind, shape);
    let all = shape.columns.len() == table.columns.len() && table.columns.iter().zip(&shape.columns).all(same);
    all.then_some(*shape)
}

/// Whether a column takes what the port calls this kind.
fn fits(kind: ColumnKind, shape: &ColumnShape) -> bool {
    match kind {
        ColumnKind::Integer => matches!(shape.sql_type, "INT" | "BIGINT"),
        ColumnKind::Bit => shape.sql_type == "BIT",
        ColumnKind::Real => shape.sql_type == "FLOAT",
        ColumnKind::Text => shape.is_text(),
        ColumnKind::Instant => shape.sql_type == "DATETIME2(7)",
    }
}

fn tables(text: &'static str) -> impl Iterator<Item = Shape> {
    text.split("CREATE TABLE dbo.").skip(1).filter_map(|table| {
        let (name, rest) = table.split_once(" (")?;
        let body = rest.split("\n);").next()?;
        let reference = format!("REFERENCES dbo.{name}(");
        Some(Shape {
            name: name.trim_matches(['[', ']']),
            columns: body.lines().filter_map(column).collect(),
            referenced: ddl::TABLES.iter().any(|text| text.contains(&reference)),
            audited: ddl::TRIGGER.contains(&format!("ON dbo.{name}\nAFTER UPDATE")),
        })
    })
}

/// The column of a line such as `Name NVARCHAR(200) NOT NULL,`; `None` for comments and for the table's constraints.
fn column(line: &'static str) -> Option<ColumnShape> {
    let (name, rest) = line.trim().split_once(' ')?;
    if name == "--" || name == "CONSTRAINT" {
        return None;
    }
    let sql_type = rest.split([' ', ',']).next()?;
    let length = sql_type
        .strip_prefix("NVARCHAR(")
        .and_then(|rest| rest.strip_suffix(')'));
    Some(ColumnShape {
        name: name.trim_matches(['[', ']']),
        sql_type,
        units: length.and_then(|length| length.parse().ok()),
        nullable: !rest.contains(" NOT NULL"),
        identity: rest.contains(" IDENTITY("),
        binary: rest.contains(" COLLATE Latin1_General_100_BIN2"),
    })
}

#[cfg(test)]
mod tests {
    use wfm_projections::{queries::resources, tables};

    use super::*;

    #[test]
    fn the_tables_of_the_projection_are_those_of_the_ddl() {
        for table in tables::ALL {
            assert!(of(table).is_some(), "{} differs", table.name);
        }
        assert_eq!(SHAPES.len(), tables::ALL.len());
    }

    #[test]
    fn parents_stand_before_their_children() {
        for text in ddl::TABLES {
            let mut seen = Vec::new();
            for table in text.split("CREATE TABLE dbo.").skip(1) {
                for parent in table.split("REFERENCES dbo.").skip(1) {
                    let parent = parent.split('(').next().unwrap();
                    assert!(seen.contains(&parent), "{parent} is made before it is referred to");
                }
                seen.push(table.split_once(" (").unwrap().0);
            }
        }
    }

    #[test]
    fn a_column_is_read_with_all_that_statements_need() {
        let users = SHAPES.iter().find(|shape| shape.name == "Users").unwrap();
        assert!(users.referenced && users.audited);
        assert_eq!(SHAPES.iter().filter(|shape| shape.audited).count(), 1);
        let email = ColumnShape {
            name: "Email",
            sql_type: "NVARCHAR(255)",
            units: Some(255),
            nullable: false,
            identity: false,
            binary: true,
        };
        assert_eq!(users.columns[3], email);
        assert!(users.key().identity && users.key().sql_type == "INT");
        let logs = SHAPES.iter().find(|shape| shape.name == "ExecutionLogs").unwrap();
        assert!(!logs.referenced && logs.key().sql_type == "BIGINT");
        assert_eq!((logs.columns[4].units, logs.columns[4].nullable), (None, false));
        let steps = SHAPES.iter().find(|shape| shape.name == "WorkflowSteps").unwrap();
        assert_eq!(steps.columns[4].name, "Order");
    }

    /// The table that an alias of a FROM clause stands for.
    fn aliased<'a>(from: &'a str, alias: &str) -> Option<&'a str> {
        let words: Vec<&str> = from.split_whitespace().collect();
        let place = words.iter().position(|word| *word == alias)?;
        words.get(place.checked_sub(1)?).copied()
    }

    #[test]
    fn queries_know_which_columns_are_compared_by_codes() {
        let mut looked_at = 0;
        for resource in resources::ALL {
            for column in resource.columns.iter().filter(|column| column.kind == ColumnKind::Text) {
                let shape = column.sql.split_once('.').and_then(|(alias, name)| {
                    let table = BY_NAME.get(aliased(resource.from, alias)?)?;
                    table.columns.iter().find(|shape| shape.name == name)
                });
                let binary = shape.is_some_and(|shape| shape.binary);
                assert_eq!(binary, column.binary, "{}: {}", resource.name, column.name);
                looked_at += usize::from(shape.is_some());
            }
        }
        assert!(looked_at > 40, "{looked_at}");
    }
}
