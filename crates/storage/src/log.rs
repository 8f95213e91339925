//! The event log as its users see it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    append::{Append, AppendError, Claim, ClaimKey, Committed, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::Subscription,
    work::{WorkFilter, WorkItem},
};

/// Bytes of payload and metadata after which a page of the log ends, whatever its limit.
pub const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The log's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Identity of the log (UUID): read models built from another log are not of this one.
    pub log_id: Arc<str>,
    /// Position of the last event; 0 when there is none.
    pub position: Position,
    /// When the last event was recorded; empty when there is none.
    pub recorded_at: Arc<str>,
}

/// A stream without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// The stream.
    pub stream: StreamId,
    /// Aggregate type.
    pub aggregate: Arc<str>,
    /// Workspace it belongs to.
    pub workspace: Option<i64>,
    /// Number of its events.
    pub version: StreamVersion,
}

/// The append-only log with everything that an append changes atomically.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Records an append durably, or refuses it. Dropping the future does not take it back.
    async fn append(&self, append: Append) -> Result<Committed, AppendError>;

    /// The log's end.
    async fn head(&self) -> Result<Head, StorageError>;

    /// Up to `limit` events of a stream after `after`, in order.
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError>;

    /// Up to `limit` events of the log after `after`, in order; fewer when they are large ([`MAX_PAGE_BYTES`]), none only at
    /// the log's end. A hole is [`StorageError::Corrupt`].
    async fn read_log(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError>;

    /// The same, for the events of one workspace.
    async fn read_workspace(
        &self,
        workspace: i64,
        after: Position,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError>;

    /// A stream without its events; `None` when it does not exist.
    async fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StorageError>;

    /// Streams in name order after `after`, optionally of one workspace.
    async fn streams(
        &self,
        workspace: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StreamInfo>, StorageError>;

    /// Who holds a claim.
    async fn claim(&self, key: &ClaimKey) -> Result<Option<Claim>, StorageError>;

    /// Claims of a scope in key order after the key `after`.
    async fn claims(&self, scope: &str, after: Option<&str>, limit: u32) -> Result<Vec<Claim>, StorageError>;

    /// A command carried out before.
    async fn command(&self, actor: &str, key: &str) -> Result<Option<StoredCommand>, StorageError>;

    /// Forgets commands recorded before `recorded_before`; returns how many.
    async fn forget_commands(&self, recorded_before: &str) -> Result<u64, StorageError>;

    /// Open work in execution order.
    async fn work(&self, filter: &WorkFilter, limit: u32) -> Result<Vec<WorkItem>, StorageError>;

    /// The earliest `due_at` of all open work, whatever its state: fixed-width instant.
    async fn next_timer(&self) -> Result<Option<Arc<str>>, StorageError>;

    /// Allots `count` ids of a sequence, durably and without gaps between calls; returns the first. Sequences start at 1.
    async fn allot(&self, sequence: &str, count: u32) -> Result<i64, StorageError>;

    /// Every event after `after`, and every later one as it is committed.
    fn subscribe(&self, after: Position) -> Subscription;

    /// What should keep the events append-only in the database and is not there any more, by name, where the adapter can tell.
    async fn missing_guards(&self) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    /// Why nothing could be recorded a moment ago; `None` when something was recorded since, or that is long past.
    fn trouble(&self) -> Option<StorageError> {
        None
    }

    /// Commits what was accepted, refuses what comes later, ends subscriptions and lets go of the store. Reads may go on.
    async fn close(&self) {}
}
