//! Leases in `es.Leases`, judged by the database's clock.
//!
//! Invariant: each statement below is its own transaction, and each looks and writes at once; so of two who take a lease
//! that has run out, the second finds it held.

use std::time::Duration;

use async_trait::async_trait;
use wfm_storage::{
    append::StorageError,
    lease::{Hold, Leases},
};

use crate::{log::SqlServerLog, reading};

/// Renews, or takes over, or begins a lease; leases of processes that went without a word are forgotten after a day.
const HOLD: &str = "SET NOCOUNT ON;
DECLARE @Now DATETIME2(6) = SYSUTCDATETIME();
DECLARE @Until DATETIME2(6) = DATEADD(MILLISECOND, @P3, @Now);
DECLARE @Outcome NVARCHAR(5) = N'other';
UPDATE es.Leases SET HeldUntil = @Until WHERE Name = @P1 AND Holder = @P2 AND HeldUntil > @Now;
IF @@ROWCOUNT = 1
    SET @Outcome = N'kept';
ELSE
BEGIN
    UPDATE es.Leases SET Holder = @P2, HeldUntil = @Until WHERE Name = @P1 AND HeldUntil <= @Now;
    IF @@ROWCOUNT = 1
        SET @Outcome = N'taken';
    ELSE IF NOT EXISTS (SELECT 1 FROM es.Leases WHERE Name = @P1)
    BEGIN
        DELETE FROM es.Leases WHERE HeldUntil < DATEADD(DAY, -1, @Now);
        INSERT INTO es.Leases (Name, Holder, HeldUntil) VALUES (@P1, @P2, @Until);
        SET @Outcome = N'taken';
    END
END
SELECT @Outcome;";

#[async_trait]
impl Leases for SqlServerLog {
    fn shared(&self) -> bool {
        true
    }

    async fn hold(&self, name: &str, holder: &str, duration: Duration) -> Result<Option<Hold>, StorageError> {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let rows = self
            .pool()
            .change(HOLD, &[name.into(), holder.into(), milliseconds.into()])
            .await?;
        let row = rows
            .first()
            .and_then(|rows| rows.first())
            .ok_or_else(|| StorageError::Other("the server does not say who holds the lease".into()))?;
        Ok(match &*reading::text(row, 0)? {
            "kept" => Some(Hold::Kept),
            "taken" => Some(Hold::Taken),
            _ => None,
        })
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), StorageError> {
        let text = "DELETE FROM es.Leases WHERE Name = @P1 AND Holder = @P2";
        self.pool().change_again(text, &[name.into(), holder.into()]).await?;
        Ok(())
    }

    async fn held(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let text = "SELECT Name FROM es.Leases WHERE HeldUntil > SYSUTCDATETIME() AND LEFT(Name, LEN(@P1)) = @P1";
        let rows = self.pool().read(text, &[prefix.into()]).await?;
        rows.first()
            .into_iter()
            .flatten()
            .map(|row| Ok(reading::text(row, 0)?.to_string()))
            .collect()
    }
}
