//! The few things that the two databases say differently.
//!
//! Invariant: texts are found and ordered by their characters' codes on both, so that a list has the same pages. SQLite does
//! so by itself. On SQL Server a text that people wrote has the collation of its database, to the liking of those who query
//! the tables, and comparisons take no notice of blanks at the end; both is put right here.

use wfm_storage::read_store::ColumnKind;

use super::list::{ResourceColumn, Sorting};

/// A database's dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite.
    Sqlite,
    /// SQL Server.
    SqlServer,
}

/// Orders texts by their characters' codes.
const BINARY: &str = "COLLATE Latin1_General_100_BIN2";

impl Dialect {
    /// What rows are ordered by. NULL counts as the empty text, which as an instant is before all others.
    pub(super) fn order(self, column: &ResourceColumn) -> String {
        let value = match column.sorting {
            Sorting::NullFirst => format!("COALESCE({}, '')", column.sql),
            Sorting::Value | Sorting::None => column.sql.to_owned(),
        };
        match self {
            Self::SqlServer if column.kind == ColumnKind::Text && !column.binary => format!("{value} {BINARY}"),
            Self::Sqlite | Self::SqlServer => value,
        }
    }

    /// That a column has the value of a parameter. The plain comparison stands first, for an index to serve.
    pub(super) fn equals(self, column: &ResourceColumn, parameter: &str) -> String {
        let sql = column.sql;
        match self {
            Self::SqlServer if column.kind == ColumnKind::Text => {
                let exactly = if column.binary {
                    String::new()
                } else {
                    format!(" AND {sql} = {parameter} {BINARY}")
                };
                format!("{sql} = {parameter}{exactly} AND DATALENGTH({sql}) = DATALENGTH({parameter})")
            }
            Self::Sqlite | Self::SqlServer => format!("{sql} = {parameter}"),
        }
    }

    /// The members of a parameter that is a JSON array of integers, as a subquery.
    pub(super) fn integers(self, parameter: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each({parameter})"),
            Self::SqlServer => format!("SELECT value FROM OPENJSON({parameter}) WITH (value INT '$')"),
        }
    }

    /// The first rows of an ordered query.
    pub(super) fn first(self, rows: u32) -> String {
        match self {
            Self::Sqlite => format!(" LIMIT {rows}"),
            Self::SqlServer => format!(" OFFSET 0 ROWS FETCH NEXT {rows} ROWS ONLY"),
        }
    }
}
