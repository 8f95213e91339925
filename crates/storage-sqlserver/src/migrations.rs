//! The schema `es` of a database, step by step, up and down.
//!
//! Invariant: one node at a time changes the schema (an application lock of the server), each step with its row of
//! `es.Migrations` in one transaction. A step that was applied is never changed; its checksum is kept and compared.

use std::time::Duration;

use wfm_storage::{
    append::StorageError,
    migrations::{AppliedMigration, Migration, MigrationState, states},
};

use crate::{
    connection::Connection,
    error::SqlError,
    log::first,
    options::LogOptions,
    pool::Pool,
    reading::{small_integer, text},
    settings::Settings,
};

/// Every step in order; the name is the file's.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_event_log",
        up: include_str!("../../../migrations/sqlserver/0001_event_log.up.sql"),
        down: include_str!("../../../migrations/sqlserver/0001_event_log.down.sql"),
    },
    Migration {
        name: "0002_procedures",
        up: include_str!("../../../migrations/sqlserver/0002_procedures.up.sql"),
        down: include_str!("../../../migrations/sqlserver/0002_procedures.down.sql"),
    },
    Migration {
        name: "0003_retention_requests",
        up: include_str!("../../../migrations/sqlserver/0003_retention_requests.up.sql"),
        down: include_str!("../../../migrations/sqlserver/0003_retention_requests.down.sql"),
    },
];

/// What only some servers have: name and script. Nothing depends on them but speed.
const FEATURES: &[(&str, &str)] = &[(
    "row_versioning",
    include_str!("../../../migrations/sqlserver/features/row_versioning.sql"),
)];

/// Statements of a step may take long on a large log.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3600);

/// How long a node waits for another one that changes the schema.
const LOCK_TIMEOUT_MILLISECONDS: u32 = 600_000;

/// Every step of this program, and whether the database has it.
///
/// # Errors
/// When the server cannot be reached, or the database has steps that this program does not know or knows otherwise.
pub async fn migration_status(settings: &Settings) -> Result<Vec<MigrationState>, StorageError> {
    let mut connection = Connection::establish(settings).await?;
    states(MIGRATIONS, &applied(&mut connection).await?)
}

/// Applies the steps that are missing; returns their names.
///
/// # Errors
/// When the login may not change the schema, or the database has steps that this program does not know or knows otherwise.
pub async fn migrate_up(settings: &Settings, options: &LogOptions) -> Result<Vec<String>, StorageError> {
    let mut connection = Connection::establish(&settings.with_command_timeout(STATEMENT_TIMEOUT)).await?;
    lock(&mut connection).await?;
    let known = states(MIGRATIONS, &applied(&mut connection).await?)?;
    let mut names = Vec::new();
    for (migration, _) in MIGRATIONS
        .iter()
        .zip(known)
        .filter(|(_, state)| state.applied_at.is_none())
    {
        connection.execute_batch("BEGIN TRANSACTION").await?;
        connection.execute_batch(CREATE_HISTORY).await?;
        for batch in batches(migration.up) {
            connection.execute_batch(&batch).await?;
        }
        let row = "INSERT INTO es.Migrations (Name, Checksum, AppliedAt) VALUES (@P1, @P2, @P3)";
        let checksum = migration.checksum();
        connection
            .query(row, &[migration.name.into(), checksum.into(), (options.clock)().into()])
            .await?;
        connection.execute_batch("COMMIT TRANSACTION").await?;
        tracing::info!(migration = migration.name, "applied");
        names.push(migration.name.to_owned());
    }
    for (feature, script) in FEATURES {
        apply_feature(&mut connection, feature, script).await;
    }
    Ok(names)
}

/// Applies what the server may not have, or the login may not do; says so when it is skipped.
async fn apply_feature(connection: &mut Connection, feature: &str, script: &str) {
    for batch in batches(script) {
        if let Err(error) = connection.execute_batch(&batch).await {
            tracing::warn!(feature, %error, "skipped: the server does not have it, or the login may not change it");
            return;
        }
    }
    tracing::info!(feature, "in force");
}

/// Takes the last `steps` applied steps back, with all that is stored in them; returns their names.
///
/// # Errors
/// When the login may not change the schema, or the database has steps that this program does not know or knows otherwise.
pub async fn migrate_down(settings: &Settings, steps: usize) -> Result<Vec<String>, StorageError> {
    let mut connection = Connection::establish(&settings.with_command_timeout(STATEMENT_TIMEOUT)).await?;
    lock(&mut connection).await?;
    let known = states(MIGRATIONS, &applied(&mut connection).await?)?;
    let applied = MIGRATIONS
        .iter()
        .zip(known)
        .filter(|(_, state)| state.applied_at.is_some())
        .map(|(migration, _)| migration);
    let mut names = Vec::new();
    for migration in applied.rev().take(steps) {
        connection.execute_batch("BEGIN TRANSACTION").await?;
        for batch in batches(migration.down) {
            connection.execute_batch(&batch).await?;
        }
        connection
            .query("DELETE FROM es.Migrations WHERE Name = @P1", &[migration.name.into()])
            .await?;
        connection.execute_batch("COMMIT TRANSACTION").await?;
        tracing::info!(migration = migration.name, "taken back");
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

/// Applies missing steps when there are any: a login without the right to is no obstacle to a database that has them all.
pub(crate) async fn bring_up_to_date(pool: &Pool, options: &LogOptions) -> Result<(), StorageError> {
    let states = states(MIGRATIONS, &applied(&mut *pool.acquire().await?).await?)?;
    if states.iter().any(|state| state.applied_at.is_none()) {
        migrate_up(pool.settings(), options).await?;
    }
    Ok(())
}

const CREATE_HISTORY: &str = "IF SCHEMA_ID('es') IS NULL EXEC('CREATE SCHEMA es');
IF OBJECT_ID('es.Migrations', 'U') IS NULL
    CREATE TABLE es.Migrations (
        Name VARCHAR(100) NOT NULL CONSTRAINT PK_Migrations PRIMARY KEY,
        Checksum VARCHAR(64) NOT NULL,
        AppliedAt VARCHAR(27) NOT NULL
    );";

/// Holds the right to change the schema until the connection ends.
async fn lock(connection: &mut Connection) -> Result<(), StorageError> {
    let text = format!(
        "DECLARE @Answer INT;
         EXEC @Answer = sp_getapplock @Resource = 'wfm.migrations', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = {LOCK_TIMEOUT_MILLISECONDS};
         SELECT @Answer;"
    );
    let rows = connection.query(&text, &[]).await?;
    let answer = first(&rows).map(|row| small_integer(row, 0)).transpose()?;
    match answer {
        Some(0..) => Ok(()),
        _ => Err(StorageError::Held("another node changes the schema".into())),
    }
}

/// The steps that a database has, in order.
async fn applied(connection: &mut Connection) -> Result<Vec<AppliedMigration>, SqlError> {
    let exists = connection
        .query("SELECT 1 WHERE OBJECT_ID('es.Migrations', 'U') IS NOT NULL", &[])
        .await?;
    if first(&exists).is_none() {
        return Ok(Vec::new());
    }
    let rows = connection
        .query("SELECT Name, Checksum, AppliedAt FROM es.Migrations ORDER BY Name", &[])
        .await?;
    rows.iter()
        .flatten()
        .map(|row| {
            Ok(AppliedMigration {
                name: text(row, 0)?.to_string(),
                checksum: text(row, 1)?.to_string(),
                applied_at: text(row, 2)?.to_string(),
            })
        })
        .collect()
}

/// The batches of a script: what stands between lines that say `GO`.
pub(crate) fn batches(script: &str) -> Vec<String> {
    let mut batches = vec![String::new()];
    for line in script.lines() {
        if line.trim().eq_ignore_ascii_case("GO") {
            batches.push(String::new());
        } else if let Some(batch) = batches.last_mut() {
            batch.push_str(line);
            batch.push('\n');
        }
    }
    batches.retain(|batch| !batch.trim().is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_cut_at_their_go_lines_only() {
        let script = "SELECT 1;\nGO\n\n  go  \nSELECT 'GO';\nSELECT 2 -- GO\nGO\n";
        assert_eq!(batches(script), ["SELECT 1;\n", "SELECT 'GO';\nSELECT 2 -- GO\n"]);
    }

    #[test]
    fn every_step_stands_in_order_with_a_way_back() {
        let names: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert!(names.is_sorted());
        for migration in MIGRATIONS {
            assert!(!batches(migration.up).is_empty() && !batches(migration.down).is_empty());
        }
    }
}
