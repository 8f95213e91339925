//! Keys and sessions: rows of the log's database that may be changed and destroyed.

use async_trait::async_trait;
use tiberius::Row;
use wfm_storage::{
    append::StorageError,
    vault::{Session, Vault},
};

use crate::{
    error::SqlError,
    exact::{name, stored},
    log::{SqlServerLog, first},
    reading::{bit, integer, optional_bytes, small_integer, text},
};

fn session(row: &Row) -> Result<Session, SqlError> {
    Ok(Session {
        token_hash: name(&text(row, 0)?).to_string(),
        family: name(&text(row, 1)?).to_string(),
        user: integer(row, 2)?,
        expires_at: text(row, 3)?.to_string(),
        spent: bit(row, 4)?,
    })
}

#[async_trait]
impl Vault for SqlServerLog {
    async fn data_key(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let rows = self
            .pool()
            .read(
                "SELECT Wrapped FROM es.DataKeys WHERE Name = @P1",
                &[(&*stored(name)).into()],
            )
            .await?;
        let key = first(&rows).map(|row| optional_bytes(row, 0)).transpose()?;
        Ok(key.flatten())
    }

    async fn create_data_key(&self, name: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.writing()?;
        let text = "INSERT INTO es.DataKeys (Name, Wrapped) SELECT @P1, @P2 WHERE NOT EXISTS (SELECT 1 FROM es.DataKeys WHERE Name = @P1)";
        self.pool()
            .change_again(text, &[(&*stored(name)).into(), wrapped.into()])
            .await?;
        self.data_key(name).await
    }

    async fn destroy_data_key(&self, name: &str) -> Result<(), StorageError> {
        self.writing()?;
        let text = "UPDATE es.DataKeys SET Wrapped = NULL WHERE Name = @P1;
            IF @@ROWCOUNT = 0 INSERT INTO es.DataKeys (Name, Wrapped) VALUES (@P1, NULL);";
        self.pool().change_again(text, &[(&*stored(name)).into()]).await?;
        Ok(())
    }

    async fn put_session(&self, session: &Session) -> Result<(), StorageError> {
        self.writing()?;
        let text = "UPDATE es.Sessions SET Family = @P2, UserId = @P3, ExpiresAt = @P4, Spent = @P5 WHERE TokenHash = @P1;
            IF @@ROWCOUNT = 0 INSERT INTO es.Sessions (TokenHash, Family, UserId, ExpiresAt, Spent) VALUES (@P1, @P2, @P3, @P4, @P5);";
        let (token_hash, family) = (stored(&session.token_hash), stored(&session.family));
        let parameters = [
            (&*token_hash).into(),
            (&*family).into(),
            session.user.into(),
            session.expires_at.as_str().into(),
            session.spent.into(),
        ];
        self.pool().change_again(text, &parameters).await?;
        Ok(())
    }

    async fn session(&self, token_hash: &str) -> Result<Option<Session>, StorageError> {
        let text = "SELECT TokenHash, Family, UserId, ExpiresAt, Spent FROM es.Sessions WHERE TokenHash = @P1";
        let rows = self.pool().read(text, &[(&*stored(token_hash)).into()]).await?;
        Ok(first(&rows).map(session).transpose()?)
    }

    async fn spend_session(&self, token_hash: &str) -> Result<bool, StorageError> {
        self.writing()?;
        let text = "UPDATE es.Sessions SET Spent = 1 WHERE TokenHash = @P1 AND Spent = 0; SELECT @@ROWCOUNT;";
        let rows = self.pool().change(text, &[(&*stored(token_hash)).into()]).await?;
        let touched = first(&rows).map(|row| small_integer(row, 0)).transpose()?;
        Ok(touched == Some(1))
    }

    async fn end_family(&self, family: &str) -> Result<(), StorageError> {
        self.writing()?;
        let text = "DELETE FROM es.Sessions WHERE Family = @P1";
        self.pool().change_again(text, &[(&*stored(family)).into()]).await?;
        Ok(())
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StorageError> {
        self.writing()?;
        let text = "DELETE FROM es.Sessions WHERE UserId = @P1";
        self.pool().change_again(text, &[user.into()]).await?;
        Ok(())
    }

    async fn forget_sessions(&self, instant: &str) -> Result<u64, StorageError> {
        self.writing()?;
        let text = "DELETE FROM es.Sessions WHERE ExpiresAt < CAST(@P1 AS VARCHAR(27))";
        Ok(self.pool().change_again(text, &[instant.into()]).await?)
    }
}
