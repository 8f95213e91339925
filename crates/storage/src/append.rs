//! An append: what a command records, all or nothing, and every outcome it can have.

use std::{fmt, sync::Arc};

use thiserror::Error;

use crate::{
    event::{NewEvent, Position, StreamId, StreamVersion},
    work::WorkChange,
};

/// Events for one stream.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// Aggregate type, for example `workflow`; kept when the stream is created.
    pub aggregate: Arc<str>,
    /// Workspace of the stream; kept when the stream is created.
    pub workspace: Option<i64>,
    /// Version at which the decision was made; 0 creates the stream.
    pub expected: StreamVersion,
    /// At least one event.
    pub events: Vec<NewEvent>,
}

/// A fact that at most one owner holds: `key` within `scope`. Both at most 200 characters of text without U+0000.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// What the key is unique in.
    pub scope: Arc<str>,
    /// The claimed key.
    pub key: Arc<str>,
}

impl ClaimKey {
    /// A claim on `key` in `scope`.
    pub fn new(scope: impl Into<Arc<str>>, key: impl Into<Arc<str>>) -> Self {
        Self {
            scope: scope.into(),
            key: key.into(),
        }
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.scope, self.key)
    }
}

/// A claim with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub key: ClaimKey,
    /// Stream that holds it.
    pub owner: StreamId,
}

/// Idempotency key of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandId {
    /// Who sent it, for example `user/3`.
    pub actor: Arc<str>,
    /// The key the caller chose.
    pub key: Arc<str>,
    /// Hash of the request (hex): the same key with another request is refused.
    pub request_hash: Arc<str>,
    /// JSON text of the answer that a repeat gets.
    pub answer: Arc<str>,
}

/// A command that was carried out before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// Hash of the request it came with.
    pub request_hash: Arc<str>,
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
    /// The answer it was given.
    pub answer: Arc<str>,
}

/// What one command records. The parts are judged in the order of the fields, releases before scopes before takes.
#[derive(Debug, Clone, Default)]
pub struct Append {
    /// Idempotency key, if the caller gave one.
    pub command: Option<CommandId>,
    /// Events by stream; each stream at most once. At least one event in all.
    pub streams: Vec<StreamAppend>,
    /// Other streams whose version must be as read.
    pub guards: Vec<(StreamId, StreamVersion)>,
    /// Claims given up; one that is not held, or held by another stream than `owner`, is left alone.
    pub release: Vec<Claim>,
    /// Scopes that must hold nothing.
    pub require_empty: Vec<Arc<str>>,
    /// Scopes that must hold fewer than so many claims.
    pub require_fewer: Vec<(Arc<str>, u64)>,
    /// Scopes that must hold at least so many claims.
    pub require_at_least: Vec<(Arc<str>, u64)>,
    /// Claims taken; one that is held, by whomever, refuses the append.
    pub take: Vec<Claim>,
    /// Changes of open work.
    pub work: Vec<WorkChange>,
}

/// What an accepted append wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
}

/// Why an append was refused; nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendRefusal {
    /// The command was carried out before, with the same request.
    #[error("the command was carried out before")]
    Duplicate(StoredCommand),
    /// The command id was used before with another request.
    #[error("the command id was used with another request")]
    CommandMismatch,
    /// A stream has another version than expected.
    #[error("stream {stream} has version {actual}, not {expected}")]
    VersionConflict {
        /// The stream.
        stream: StreamId,
        /// What the append expected.
        expected: StreamVersion,
        /// What it is.
        actual: StreamVersion,
    },
    /// A guarded stream has another version than read.
    #[error("guarded stream {stream} has version {actual}, not {expected}")]
    GuardFailed {
        /// The stream.
        stream: StreamId,
        /// What was read.
        expected: StreamVersion,
        /// What it is.
        actual: StreamVersion,
    },
    /// A scope that must be empty is not.
    #[error("scope {scope} is not empty: it holds {count}")]
    ScopeNotEmpty {
        /// The scope.
        scope: Arc<str>,
        /// Claims it holds.
        count: u64,
    },
    /// A scope that must hold fewer than `limit` claims does not.
    #[error("scope {scope} is full: it holds {count}, the limit is {limit}")]
    ScopeFull {
        /// The scope.
        scope: Arc<str>,
        /// Claims it holds.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// A scope that must hold at least `minimum` claims does not.
    #[error("scope {scope} would hold {count}, fewer than {minimum}")]
    ScopeTooSmall {
        /// The scope.
        scope: Arc<str>,
        /// Claims it would hold.
        count: u64,
        /// The minimum.
        minimum: u64,
    },
    /// A claim is held already.
    #[error("{key} is held by {owner}")]
    ClaimTaken {
        /// What is claimed.
        key: ClaimKey,
        /// Who holds it.
        owner: StreamId,
    },
}

/// Why an append failed.
#[derive(Debug, Clone, Error)]
pub enum AppendError {
    /// It was judged and refused.
    #[error(transparent)]
    Refused(#[from] AppendRefusal),
    /// It is malformed: no event, a stream twice, a text out of bounds. A bug of the caller.
    #[error("malformed append: {0}")]
    Malformed(String),
    /// The store failed; nothing was written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A failure of the store, in the few kinds that a caller can act on.
#[derive(Debug, Clone, Error)]
pub enum StorageError {
    /// The disk is full.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The store cannot be written.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// The store is busy, closing or not reachable; trying again later may help.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored breaks an invariant.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The read models are damaged. They can be removed: they are built anew from the log.
    #[error("the read models are damaged: {0}")]
    DamagedRows(String),
    /// Another node holds what is needed, for example the folder's lock or the projection's lease.
    #[error("held by another process: {0}")]
    Held(String),
    /// Anything else.
    #[error("storage failure: {0}")]
    Other(String),
}
