//! The schema `es` of a database, step by step, up and down, under the rules of [`wfm_storage::migration`].
//!
//! Invariant: one node at a time changes the schema (an application lock of the server), each step with its row of
//! `es.Migrations` in one transaction.

use std::time::Duration;

use async_trait::async_trait;
use wfm_storage::{
    append::StorageError,
    migration::{self, AppliedMigration, Migration, MigrationSession, Migrations, Schema},
};

use crate::{
    connection::Connection,
    error::SqlError,
    log::first,
    options::LogOptions,
    pool::Pool,
    reading::{integer, small_integer, text},
    settings::Settings,
};

macro_rules! migration {
    ($name:literal, $loses:expr) => {
        Migration {
            name: $name,
            up: include_str!(concat!("../../../migrations/sqlserver/", $name, ".up.sql")),
            down: include_str!(concat!("../../../migrations/sqlserver/", $name, ".down.sql")),
            loses: $loses,
        }
    };
}

/// Every step in order; the name is the files'.
static MIGRATIONS: [Migration; 6] = [
    migration!("0001_event_log", &["Events"]),
    migration!("0002_judge_appends", &[]),
    migration!("0003_append_events", &[]),
    migration!("0004_find_appended", &[]),
    migration!("0005_allot_ids", &[]),
    migration!("0006_retention_requests", &["RetentionRequests"]),
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

/// The migrations of a database's event log.
#[derive(Debug)]
pub struct SqlServerMigrations {
    settings: Settings,
    options: LogOptions,
}

impl SqlServerMigrations {
    /// Those of this database; `options` tell the time.
    #[must_use]
    pub fn new(settings: Settings, options: LogOptions) -> Self {
        Self { settings, options }
    }
}

#[async_trait]
impl Migrations for SqlServerMigrations {
    fn steps(&self) -> &'static [Migration] {
        &MIGRATIONS
    }

    async fn applied(&self) -> Result<Vec<AppliedMigration>, StorageError> {
        Ok(applied(&mut Connection::establish(&self.settings).await?).await?)
    }

    async fn begin(&self) -> Result<Box<dyn MigrationSession>, StorageError> {
        let settings = self.settings.with_command_timeout(STATEMENT_TIMEOUT);
        let mut connection = Connection::establish(&settings).await?;
        lock(&mut connection).await?;
        Ok(Box::new(Session {
            connection,
            options: self.options.clone(),
        }))
    }
}

/// A connection that holds the right to change the schema until it ends.
struct Session {
    connection: Connection,
    options: LogOptions,
}

impl Session {
    async fn run(&mut self, script: &str) -> Result<(), SqlError> {
        for batch in batches(script) {
            self.connection.execute_batch(&batch).await?;
        }
        Ok(())
    }

    /// Applies what the server may not have, or the login may not do; says so when it is skipped.
    async fn apply_feature(&mut self, feature: &str, script: &str) {
        match self.run(script).await {
            Ok(()) => tracing::info!(feature, "in force"),
            Err(error) => {
                tracing::warn!(feature, %error, "skipped: the server does not have it, or the login may not change it");
            }
        }
    }
}

#[async_trait]
impl MigrationSession for Session {
    fn steps(&self) -> &'static [Migration] {
        &MIGRATIONS
    }

    async fn applied(&mut self) -> Result<Vec<AppliedMigration>, StorageError> {
        Ok(applied(&mut self.connection).await?)
    }

    async fn apply(&mut self, step: &Migration) -> Result<(), StorageError> {
        self.connection.execute_batch("BEGIN TRANSACTION").await?;
        self.connection.execute_batch(CREATE_HISTORY).await?;
        self.run(step.up).await?;
        let row = "INSERT INTO es.Migrations (Name, Checksum, AppliedAt) VALUES (@P1, @P2, @P3)";
        let (checksum, now) = (step.checksum(), (self.options.clock)());
        self.connection
            .query(row, &[step.name.into(), checksum.into(), now.into()])
            .await?;
        self.connection.execute_batch("COMMIT TRANSACTION").await?;
        tracing::info!(migration = step.name, "applied");
        if MIGRATIONS.last().is_some_and(|last| last.name == step.name) {
            for (feature, script) in FEATURES {
                self.apply_feature(feature, script).await;
            }
        }
        Ok(())
    }

    async fn take_back(&mut self, step: &Migration) -> Result<(), StorageError> {
        self.connection.execute_batch("BEGIN TRANSACTION").await?;
        self.run(step.down).await?;
        self.connection
            .query("DELETE FROM es.Migrations WHERE Name = @P1", &[step.name.into()])
            .await?;
        self.connection.execute_batch("COMMIT TRANSACTION").await?;
        tracing::info!(migration = step.name, "taken back");
        Ok(())
    }

    async fn rows(&mut self, table: &'static str) -> Result<u64, StorageError> {
        let rows = self
            .connection
            .query(&format!("SELECT COUNT_BIG(*) FROM es.{table}"), &[])
            .await?;
        let count = first(&rows).map(|row| integer(row, 0)).transpose()?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    async fn close(self: Box<Self>) -> Result<(), StorageError> {
        // The lock ends with the connection.
        drop(self);
        Ok(())
    }
}

/// Applies missing steps when there are any: a login without the right to is no obstacle to a database that has them all.
pub(crate) async fn bring_up_to_date(pool: &Pool, options: &LogOptions) -> Result<(), StorageError> {
    let applied = applied(&mut *pool.acquire().await?).await?;
    if Schema::of(&MIGRATIONS, &applied)?.pending.is_empty() {
        return Ok(());
    }
    let migrations = SqlServerMigrations::new(pool.settings().clone(), options.clone());
    let mut session = migrations.begin().await?;
    migration::up(session.as_mut()).await?;
    session.close().await
}

/// Demands that a database has every step of this program and no other.
pub(crate) async fn check(pool: &Pool) -> Result<(), StorageError> {
    let applied = applied(&mut *pool.acquire().await?).await?;
    match Schema::of(&MIGRATIONS, &applied)?.pending.first() {
        Some(missing) => Err(StorageError::Other(format!(
            "the event log misses the migration {}; `wfm migrate up` applies it, and so does a starting server",
            missing.name
        ))),
        None => Ok(()),
    }
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
        for migration in &MIGRATIONS {
            assert!(!batches(migration.up).is_empty() && !batches(migration.down).is_empty());
        }
    }
}
