//! Requests filed by `dbo.sp_CleanupOldExecutions`.

use async_trait::async_trait;
use wfm_storage::{
    append::StorageError,
    cleanup::{CleanupRequest, CleanupRequests},
    event::Position,
};

use crate::{log::SqlServerLog, reading::integer};

#[async_trait]
impl CleanupRequests for SqlServerLog {
    async fn open_requests(&self) -> Result<Vec<CleanupRequest>, StorageError> {
        let text = "SELECT TOP (100) Id, CAST(RetentionDays AS BIGINT), CAST(BatchSize AS BIGINT)
            FROM es.RetentionRequests WHERE AnsweredAt IS NULL ORDER BY Id";
        let rows = self.pool().read(text, &[]).await?;
        rows.iter()
            .flatten()
            .map(|row| {
                // CHECKs keep both from being negative.
                let number = |column| integer(row, column).map(|number| u32::try_from(number).unwrap_or_default());
                Ok(CleanupRequest {
                    id: integer(row, 0)?,
                    retention_days: number(1)?,
                    batch_size: number(2)?,
                })
            })
            .collect()
    }

    async fn answer_request(&self, id: i64, position: Position) -> Result<(), StorageError> {
        let text = "UPDATE es.RetentionRequests SET AnsweredAt = SYSUTCDATETIME(), AnswerPosition = @P2
            WHERE Id = @P1 AND AnsweredAt IS NULL";
        self.pool()
            .change_again(text, &[id.into(), position.0.cast_signed().into()])
            .await?;
        Ok(())
    }
}
