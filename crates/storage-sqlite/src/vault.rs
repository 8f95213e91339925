//! Keys and sessions: rows of the log's file that may be changed and destroyed.

use async_trait::async_trait;
use sqlx::{
    Row,
    sqlite::{SqliteQueryResult, SqliteRow},
};
use wfm_storage::{
    append::StorageError,
    vault::{Session, Vault},
};

use crate::{checkpoint, error::storage_error, log::SqliteLog};

impl SqliteLog {
    /// Executes one writing statement, which is its own transaction.
    pub(crate) async fn write(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<SqliteQueryResult, StorageError> {
        let mut held = self.writing()?.hold().await;
        match query.execute(held.connection().await?).await {
            Ok(result) => Ok(result),
            Err(error) => Err(held.failed(error).await),
        }
    }
}

fn session(row: &SqliteRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        token_hash: row.try_get(0)?,
        family: row.try_get(1)?,
        user: row.try_get(2)?,
        expires_at: row.try_get(3)?,
        spent: row.try_get::<i64, _>(4)? != 0,
    })
}

#[async_trait]
impl Vault for SqliteLog {
    async fn data_key(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let row = sqlx::query("SELECT Wrapped FROM DataKeys WHERE Name = ?")
            .bind(name)
            .fetch_optional(self.readers())
            .await
            .map_err(storage_error)?;
        row.map_or(Ok(None), |row| row.try_get(0).map_err(storage_error))
    }

    async fn create_data_key(&self, name: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.write(
            sqlx::query("INSERT INTO DataKeys (Name, Wrapped) VALUES (?, ?) ON CONFLICT (Name) DO NOTHING")
                .bind(name.to_owned())
                .bind(wrapped.to_vec()),
        )
        .await?;
        self.data_key(name).await
    }

    async fn destroy_data_key(&self, name: &str) -> Result<(), StorageError> {
        self.write(
            sqlx::query(
                "INSERT INTO DataKeys (Name, Wrapped) VALUES (?, NULL) ON CONFLICT (Name) DO UPDATE SET Wrapped = NULL",
            )
            .bind(name.to_owned()),
        )
        .await?;
        // Former page images stand in the write-ahead log until it is emptied.
        let store = self.writing()?;
        let _turn = store.pressure.turn().await;
        let mut held = store.hold().await;
        checkpoint::truncate(held.connection().await?).await
    }

    async fn put_session(&self, session: &Session) -> Result<(), StorageError> {
        self.write(
            sqlx::query(
                "INSERT INTO Sessions (TokenHash, Family, UserId, ExpiresAt, Spent) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (TokenHash) DO UPDATE SET Family = excluded.Family, UserId = excluded.UserId,
                     ExpiresAt = excluded.ExpiresAt, Spent = excluded.Spent",
            )
            .bind(session.token_hash.clone())
            .bind(session.family.clone())
            .bind(session.user)
            .bind(session.expires_at.clone())
            .bind(session.spent),
        )
        .await?;
        Ok(())
    }

    async fn session(&self, token_hash: &str) -> Result<Option<Session>, StorageError> {
        let row = sqlx::query("SELECT TokenHash, Family, UserId, ExpiresAt, Spent FROM Sessions WHERE TokenHash = ?")
            .bind(token_hash)
            .fetch_optional(self.readers())
            .await
            .map_err(storage_error)?;
        row.as_ref().map(session).transpose().map_err(storage_error)
    }

    async fn spend_session(&self, token_hash: &str) -> Result<bool, StorageError> {
        let query =
            sqlx::query("UPDATE Sessions SET Spent = 1 WHERE TokenHash = ? AND Spent = 0").bind(token_hash.to_owned());
        Ok(self.write(query).await?.rows_affected() == 1)
    }

    async fn end_family(&self, family: &str) -> Result<(), StorageError> {
        self.write(sqlx::query("DELETE FROM Sessions WHERE Family = ?").bind(family.to_owned()))
            .await?;
        Ok(())
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StorageError> {
        self.write(sqlx::query("DELETE FROM Sessions WHERE UserId = ?").bind(user))
            .await?;
        Ok(())
    }

    async fn forget_sessions(&self, instant: &str) -> Result<u64, StorageError> {
        let query = sqlx::query("DELETE FROM Sessions WHERE ExpiresAt < ?").bind(instant.to_owned());
        Ok(self.write(query).await?.rows_affected())
    }
}
