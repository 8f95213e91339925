//! The net changes of a batch: each row at most once.

use std::sync::Arc;

use crate::{
    append::{Claim, CommandId},
    batch::StreamFact,
    event::{Position, StoredEvent, StreamId},
    work::WorkItem,
};

/// A stream that a batch created or advanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamChange {
    /// The stream.
    pub stream: StreamId,
    /// Aggregate type, to be kept if the stream is new.
    pub aggregate: Arc<str>,
    /// Version after the batch, and the stream's workspace.
    pub fact: StreamFact,
    /// Whether the batch created it.
    pub created: bool,
}

/// A command that a batch carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommand {
    /// Actor, key, request hash and answer.
    pub id: CommandId,
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
}

/// What a batch changes. Claims are removed before others are inserted.
#[derive(Debug, Default)]
pub struct Changes {
    /// Events in order, positions without gaps.
    pub events: Vec<StoredEvent>,
    /// Streams that were created or advanced.
    pub streams: Vec<StreamChange>,
    /// Claims that were held before and are not by the same owner now.
    pub claims_removed: Vec<Claim>,
    /// Claims that are held now and were not by the same owner before.
    pub claims_inserted: Vec<Claim>,
    /// Scopes that the batch required something of, with the number of their claims after it.
    pub scopes: Vec<(Arc<str>, u64)>,
    /// Commands carried out.
    pub commands: Vec<NewCommand>,
    /// Open work to insert or to replace.
    pub work_put: Vec<WorkItem>,
    /// Executions that have no open work any more.
    pub work_removed: Vec<Arc<str>>,
}
