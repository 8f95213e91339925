//! Compares the serving file with a shadow, and makes it equal to the shadow.
//!
//! Rows are joined by primary key and compared column by column with `IS`, so that NULLs count as equal; that finds what
//! EXCEPT both ways would find, without sorting whole tables. The order of the DDL is the order of foreign keys.

use sqlx::{AssertSqlSafe, Row, sqlite::SqliteConnection};
use wfm_storage::{append::StorageError, read_store::TableDifference};

use crate::error::rows_error;

/// Tables that are no read models.
const BOOK_KEEPING: [&str; 3] = ["Checkpoint", "ParkedEvents", "ProjectorGuard"];

/// A table's name and columns, the primary key first.
struct Shape {
    name: String,
    columns: Vec<String>,
}

impl Shape {
    fn key(&self) -> &str {
        &self.columns[0]
    }

    /// True where the rows `a` and `b`, joined by key, differ or `b` is missing.
    fn differs(&self) -> String {
        let columns = self
            .columns
            .iter()
            .map(|column| format!("a.[{column}] IS NOT b.[{column}]"));
        columns.collect::<Vec<_>>().join(" OR ")
    }

    /// Rows of `left` that `right` lacks or has otherwise.
    fn surplus(&self, select: &str, left: &str, right: &str) -> String {
        let Self { name, .. } = self;
        let key = self.key();
        let differs = self.differs();
        format!(
            "SELECT {select} FROM {left}.[{name}] a LEFT JOIN {right}.[{name}] b ON b.[{key}] = a.[{key}] WHERE {differs}"
        )
    }
}

/// The read-model tables in the order of the DDL.
async fn shapes(connection: &mut SqliteConnection) -> Result<Vec<Shape>, StorageError> {
    let rows = sqlx::query(
        "SELECT t.name, c.name FROM main.sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.rowid, c.cid",
    )
    .fetch_all(connection)
    .await
    .map_err(rows_error)?;
    let mut shapes: Vec<Shape> = Vec::new();
    for row in rows {
        let (table, column): (String, String) =
            (row.try_get(0).map_err(rows_error)?, row.try_get(1).map_err(rows_error)?);
        if BOOK_KEEPING.contains(&table.as_str()) {
            continue;
        }
        match shapes.last_mut() {
            Some(shape) if shape.name == table => shape.columns.push(column),
            _ => shapes.push(Shape {
                name: table,
                columns: vec![column],
            }),
        }
    }
    Ok(shapes)
}

async fn count(connection: &mut SqliteConnection, text: String) -> Result<u64, StorageError> {
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(text))
        .fetch_one(connection)
        .await
        .map_err(rows_error)?;
    Ok(count.cast_unsigned())
}

/// How the tables of `main` differ from those of the attached `shadow`.
pub async fn compare(connection: &mut SqliteConnection) -> Result<Vec<TableDifference>, StorageError> {
    let mut differences = Vec::new();
    for shape in shapes(connection).await? {
        let missing = count(connection, shape.surplus("COUNT(*)", "shadow", "main")).await?;
        let surplus = count(connection, shape.surplus("COUNT(*)", "main", "shadow")).await?;
        if missing + surplus > 0 {
            differences.push(TableDifference {
                table: shape.name,
                missing,
                surplus,
            });
        }
    }
    Ok(differences)
}

/// Makes the tables of `main` equal to those of the attached `shadow`; returns what differed. To be called within a
/// transaction with foreign keys off: what comes out is as consistent as the shadow, and no cascade must run.
pub async fn copy(connection: &mut SqliteConnection) -> Result<Vec<TableDifference>, StorageError> {
    let mut differences = Vec::new();
    for shape in shapes(connection).await? {
        let Shape { name, .. } = &shape;
        let key = shape.key();
        let gone = shape.surplus(&format!("a.[{key}]"), "main", "shadow");
        let delete = format!("DELETE FROM main.[{name}] WHERE [{key}] IN ({gone})");
        let insert = format!(
            "INSERT INTO main.[{name}] SELECT a.* FROM shadow.[{name}] a \
             WHERE NOT EXISTS (SELECT 1 FROM main.[{name}] b WHERE b.[{key}] = a.[{key}])"
        );
        let surplus = execute(connection, delete).await?;
        let missing = execute(connection, insert).await?;
        if missing + surplus > 0 {
            differences.push(TableDifference {
                table: shape.name,
                missing,
                surplus,
            });
        }
    }
    Ok(differences)
}

async fn execute(connection: &mut SqliteConnection, text: String) -> Result<u64, StorageError> {
    let done = sqlx::query(AssertSqlSafe(text))
        .persistent(false)
        .execute(connection)
        .await
        .map_err(rows_error)?;
    Ok(done.rows_affected())
}
