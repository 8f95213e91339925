//! The triggers that keep the events append-only.
//!
//! Invariant: whoever opens a log for writing finds them as the migrations made them. Somebody who removed them may have
//! changed events before; the leaf hashes tell.

use sqlx::{AssertSqlSafe, Executor, Sqlite, sqlite::SqliteConnection};
use wfm_storage::append::StorageError;

use crate::{error::storage_error, migrations::MIGRATIONS};

/// A trigger, with the text that makes it.
struct Guard {
    name: &'static str,
    text: &'static str,
}

/// Every trigger of the migrations.
fn guards() -> impl Iterator<Item = Guard> {
    let texts = MIGRATIONS
        .iter()
        .flat_map(|step| step.up.split("CREATE TRIGGER ").skip(1));
    texts.filter_map(|rest| {
        let name = rest.split_whitespace().next()?;
        let end = rest.find("\nEND;")? + "\nEND".len();
        Some(Guard {
            name,
            text: rest.get(..end)?,
        })
    })
}

/// Those that are not there, or not as they were made.
async fn missing(executor: impl Executor<'_, Database = Sqlite>) -> Result<Vec<Guard>, StorageError> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(executor)
        .await
        .map_err(storage_error)?;
    let is_there = |guard: &Guard| {
        let made = rows.iter().find(|(name, _)| name == guard.name);
        made.and_then(|(_, sql)| sql.strip_prefix("CREATE TRIGGER ")) == Some(guard.text)
    };
    Ok(guards().filter(|guard| !is_there(guard)).collect())
}

/// The names of those that are not as they were made.
pub(crate) async fn missing_names(executor: impl Executor<'_, Database = Sqlite>) -> Result<Vec<String>, StorageError> {
    let missing = missing(executor).await?;
    Ok(missing.into_iter().map(|guard| guard.name.to_owned()).collect())
}

/// Makes anew what is missing.
pub(crate) async fn restore(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    for Guard { name, text } in missing(&mut *connection).await? {
        tracing::error!(
            trigger = name,
            "what keeps the events append-only was removed or changed, and is put back; `wfm events verify` tells whether events were changed"
        );
        let text = format!("BEGIN IMMEDIATE; DROP TRIGGER IF EXISTS {name}; CREATE TRIGGER {text}; COMMIT;");
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut *connection)
            .await
            .map_err(storage_error)?;
    }
    Ok(())
}
