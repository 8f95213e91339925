//! Makes the tables of a schema, and keeps two processes from doing so at once.
//!
//! Invariant: a session lock of the database is held while tables are dropped and made, and as long as a shadow is in use. It
//! ends with its connection, so that a killed process leaves no lock behind, only tables, which the next one drops.

use std::{sync::Arc, time::Duration};

use wfm_storage::append::StorageError;

use super::ddl::{self, SERVING, SHADOW};
use crate::{
    connection::Connection,
    error::SqlError,
    log::first,
    parameter::Parameter,
    pool::Pool,
    reading::{small_integer, text},
};

/// Held while the serving tables are made.
const SERVING_LOCK: &str = "wfm-read-models";

/// Held by whoever uses the shadow.
const SHADOW_LOCK: &str = "wfm-read-models-shadow";

/// Dropping a large table takes its time.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// How long a process waits while another one makes the tables.
const MAKING_TAKES_AT_MOST_MILLISECONDS: i64 = 60_000;

/// How long it takes to drop the tables of a shadow that was let go of.
const REMOVING_TAKES_AT_MOST_MILLISECONDS: i64 = 10_000;

/// Not every engine keeps the locks of databases apart, so that their names do.
const LOCK: &str = "DECLARE @outcome INT, @resource NVARCHAR(255) = CONCAT(DB_NAME(), N'/', @P1); \
    EXEC @outcome = sp_getapplock @Resource = @resource, @LockMode = 'Exclusive', @LockOwner = 'Session', \
    @LockTimeout = @P2; SELECT @outcome;";

/// Makes the serving tables unless they are of this program; returns whether it did. Those of a later version of the program
/// are left alone: otherwise two versions on one database would make them anew in turn.
pub async fn ensure_serving(pool: &Pool) -> Result<bool, StorageError> {
    if is_of_this_program(pool).await? {
        return Ok(false);
    }
    let mut connection = patient(pool).await?;
    lock(&mut connection, SERVING_LOCK, MAKING_TAKES_AT_MOST_MILLISECONDS).await?;
    // Another process may have made them meanwhile.
    let anew = !is_of_this_program(pool).await?;
    if anew {
        // Now, because whoever makes the tables may do what those who rebuild them later may not.
        make_shadow_schema(&mut connection).await?;
        make(&mut connection, SERVING).await?;
        // Not everybody who may make tables may say who reads them.
        if let Err(error) = execute(&mut connection, ddl::granting()).await {
            tracing::warn!(%error, "analysts have no rights on the tables made anew; run scripts/sqlserver/analyst_rights.sql");
        }
    }
    Ok(anew)
}

/// Whether the serving tables are of this program.
///
/// # Errors
/// [`StorageError::Held`] when they are of a later version.
async fn is_of_this_program(pool: &Pool) -> Result<bool, StorageError> {
    let Some((shape, generation)) = shape(pool).await? else {
        return Ok(false);
    };
    if generation > ddl::generation() {
        return Err(StorageError::Held(format!(
            "the read models are of a later version of this program (shape {generation}, this one makes {}); start that version",
            ddl::generation()
        )));
    }
    Ok(*shape == **ddl::FINGERPRINT)
}

/// Drops the serving tables, whatever their shape.
pub async fn remove_serving(pool: &Pool) -> Result<(), StorageError> {
    let mut connection = patient(pool).await?;
    lock(&mut connection, SERVING_LOCK, MAKING_TAKES_AT_MOST_MILLISECONDS).await?;
    Ok(execute(&mut connection, ddl::dropping(SERVING)).await?)
}

/// Drops the tables of a rebuild that was killed, unless another process is at one.
pub async fn remove_left_shadow(pool: &Pool) -> Result<(), StorageError> {
    let left =
        "SELECT COUNT(*) FROM sys.tables t INNER JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = @P1;";
    let rows = pool.read(left, &[Parameter::from(SHADOW)]).await?;
    if first(&rows).map(|row| small_integer(row, 0)).transpose()? == Some(0) {
        return Ok(());
    }
    match Shadow::lock(pool, 0).await {
        Ok(shadow) => shadow.remove().await,
        Err(StorageError::Held(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The shadow's tables, for whoever has this. When it is dropped, the tables are left to the next process.
pub struct Shadow {
    connection: Connection,
}

impl Shadow {
    /// Makes empty tables without foreign keys.
    pub async fn make(pool: &Pool) -> Result<Self, StorageError> {
        let mut shadow = Self::lock(pool, REMOVING_TAKES_AT_MOST_MILLISECONDS).await?;
        make_shadow_schema(&mut shadow.connection).await?;
        execute(&mut shadow.connection, ddl::dropping(SHADOW)).await?;
        execute(&mut shadow.connection, ddl::making_to_load()).await?;
        Ok(shadow)
    }

    async fn lock(pool: &Pool, wait_milliseconds: i64) -> Result<Self, StorageError> {
        let mut connection = patient(pool).await?;
        lock(&mut connection, SHADOW_LOCK, wait_milliseconds).await?;
        Ok(Self { connection })
    }

    /// Drops the tables.
    pub async fn remove(mut self) -> Result<(), StorageError> {
        Ok(execute(&mut self.connection, ddl::dropping(SHADOW)).await?)
    }
}

/// A connection whose calls may take as long as making tables does.
async fn patient(pool: &Pool) -> Result<Connection, SqlError> {
    Connection::establish(&pool.settings().with_command_timeout(STATEMENT_TIMEOUT)).await
}

/// Fingerprint and generation of the serving tables; `None` where there are none, or none that say so.
async fn shape(pool: &Pool) -> Result<Option<(Arc<str>, i32)>, StorageError> {
    // Nested, so that the text is understood where there is no such table or column.
    let query = format!(
        "IF COL_LENGTH('{SERVING}.Checkpoint', 'Generation') IS NOT NULL \
         EXEC('SELECT Shape, Generation FROM {SERVING}.[Checkpoint] WHERE Id = 1;');"
    );
    let rows = pool.read(&query, &[]).await?;
    let read = |row| -> Result<_, SqlError> { Ok((text(row, 0)?, small_integer(row, 1)?)) };
    Ok(first(&rows).map(read).transpose()?)
}

async fn make_shadow_schema(connection: &mut Connection) -> Result<(), SqlError> {
    let create = format!("IF SCHEMA_ID('{SHADOW}') IS NULL EXEC('CREATE SCHEMA {SHADOW}');");
    connection.execute_batch(&create).await
}

async fn make(connection: &mut Connection, schema: &str) -> Result<(), SqlError> {
    execute(connection, ddl::dropping(schema)).await?;
    execute(connection, ddl::making(schema)).await
}

async fn execute(connection: &mut Connection, batches: Vec<String>) -> Result<(), SqlError> {
    for batch in batches {
        connection.execute_batch(&batch).await?;
    }
    Ok(())
}

/// Takes a lock, which the connection holds until it is closed.
async fn lock(connection: &mut Connection, name: &str, wait_milliseconds: i64) -> Result<(), StorageError> {
    let answer = connection
        .query(LOCK, &[Parameter::from(name), wait_milliseconds.into()])
        .await?;
    let outcome = first(&answer).map(|row| small_integer(row, 0)).transpose()?;
    // 0 and 1: granted, at once or after a wait.
    match outcome {
        Some(0 | 1) => Ok(()),
        Some(_) | None => Err(StorageError::Held(format!(
            "another process holds {name}: it makes, rebuilds or verifies the read models"
        ))),
    }
}
