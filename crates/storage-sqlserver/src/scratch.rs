//! A database that may be thrown away: made where it is missing, emptied where it carries a mark, else left alone.
//!
//! Invariant: nothing is removed from a database that this module did not mark, and none is marked that held anything.

use wfm_storage::{
    append::StorageError,
    migration::{self, Back, Migrations},
};

use crate::{
    error::SqlError,
    migrations::SqlServerMigrations,
    options::LogOptions,
    pool::{Backoff, Pool},
    read_store::SqlServerReadStore,
    settings::Settings,
};

/// What a database must be, or what it is; `1` stands for yes.
const FOUND: &str = "SELECT
    CAST(CASE WHEN OBJECT_ID('dbo.MadeToBeThrownAway', 'U') IS NULL THEN 0 ELSE 1 END AS NVARCHAR(1)),
    CAST(CASE WHEN EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA IN ('es', 'dbo')) THEN 1 ELSE 0 END
        AS NVARCHAR(1))";

/// Makes the database empty, and makes it where the server has none of this name.
///
/// # Errors
/// [`StorageError::Held`] when it holds something and was not made by this function; otherwise when the server fails or the
/// login lacks the rights.
pub async fn make_empty(settings: &Settings, options: &LogOptions) -> Result<(), StorageError> {
    make(settings).await?;
    let pool = Pool::new(settings.clone());
    let emptied = empty(&pool, options).await;
    pool.close();
    emptied
}

/// How often a database that is still in use is tried to be dropped: sessions end a moment after their connections.
const TRIES: u32 = 20;

/// Drops a database that [`make_empty`] made; nobody may use it any more.
///
/// # Errors
/// [`StorageError::Held`] when it does not carry the mark, or somebody uses it; otherwise when the server fails.
pub async fn remove(settings: &Settings) -> Result<(), StorageError> {
    let pool = Pool::new(settings.clone());
    let found = pool.texts(FOUND).await;
    pool.close();
    let marked = found?.first().is_some_and(|row| row[0].as_deref() == Some("1"));
    if !marked {
        return Err(StorageError::Held(format!(
            "the database {} was not made here",
            settings.database()
        )));
    }
    let administration = Pool::new(settings.with_database("master"));
    let text = format!("DROP DATABASE [{}]", settings.database().replace(']', "]]"));
    let mut backoff = Backoff::default();
    let removed = loop {
        match administration.execute_batch(&text).await {
            Err(SqlError::Server { .. }) if backoff.wait(TRIES).await => {}
            outcome => break outcome,
        }
    };
    administration.close();
    Ok(removed?)
}

async fn make(settings: &Settings) -> Result<(), StorageError> {
    let name = settings.database();
    let administration = Pool::new(settings.with_database("master"));
    let quoted = name.replace('\'', "''");
    let found = administration
        .texts(&format!(
            "SELECT CAST(name AS NVARCHAR(128)) FROM sys.databases WHERE name = N'{quoted}'"
        ))
        .await?;
    let made = if found.is_empty() {
        let text = format!("CREATE DATABASE [{}]", name.replace(']', "]]"));
        administration.execute_batch(&text).await
    } else {
        Ok(())
    };
    administration.close();
    Ok(made?)
}

async fn empty(pool: &Pool, options: &LogOptions) -> Result<(), StorageError> {
    let found = pool.texts(FOUND).await?;
    let is = |column: usize| {
        let cell = found.first().and_then(|row| row.get(column));
        cell.is_some_and(|cell| cell.as_deref() == Some("1"))
    };
    match (is(0), is(1)) {
        (true, _) => {
            SqlServerReadStore::remove(pool).await?;
            let migrations = SqlServerMigrations::new(pool.settings().clone(), options.clone());
            let mut session = migrations.begin().await?;
            migration::down(session.as_mut(), Back::To(0), true).await?;
            session.close().await
        }
        (false, true) => Err(StorageError::Held(format!(
            "the database {} holds tables that no demonstration made; name an empty one, or one that does not exist yet",
            pool.settings().database()
        ))),
        (false, false) => {
            let mark = "CREATE TABLE dbo.MadeToBeThrownAway (Note NVARCHAR(200) NOT NULL);
                INSERT INTO dbo.MadeToBeThrownAway (Note) VALUES (N'Everything here is replaced by the next `wfm demo`.');";
            Ok(pool.execute_batch(mark).await?)
        }
    }
}
