//! Requests to clean up, which administrators of the database file with a procedure; the application answers them.

use async_trait::async_trait;

use crate::{append::StorageError, event::Position};

/// A request that nobody has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanupRequest {
    /// Its number.
    pub id: i64,
    /// Completed and Cancelled executions that began so many days ago or longer are to go.
    pub retention_days: u32,
    /// Executions that are to go at once, at most.
    pub batch_size: u32,
}

/// The requests of a database.
#[async_trait]
pub trait CleanupRequests: Send + Sync + 'static {
    /// Requests without an answer, oldest first, at most 100.
    async fn open_requests(&self) -> Result<Vec<CleanupRequest>, StorageError>;

    /// Notes that a request was answered by what the log holds up to `position`; one that was answered before stays as it is.
    async fn answer_request(&self, id: i64, position: Position) -> Result<(), StorageError>;
}
