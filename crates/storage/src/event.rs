//! Events as the log holds them, and their coordinates.

use std::{any::Any, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Place of an event in the log's total order: 1, 2, 3, … without gaps; 0 stands before the first event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Number of events of a stream; the version of its first event is 1, of a stream that does not exist 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamVersion(pub u64);

impl fmt::Display for StreamVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Name of a stream, for example `workflow-17`: 1 to 100 characters out of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The stream of a name that was built in code; a text from outside goes through [`Self::parse`].
    ///
    /// # Panics
    /// In debug builds, when the text is no stream name. Otherwise such a name is refused when something is appended.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        debug_assert!(Self::parse(&name).is_some(), "{name:?} is no stream name");
        Self(name.into())
    }

    /// The stream of this name, or `None` when the text is no stream name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!name.is_empty() && name.len() <= 100 && name.bytes().all(allowed)).then(|| Self(name.into()))
    }

    /// The stream of a name that comes from the store, whatever it is: adapters read with this form.
    #[must_use]
    pub fn from_stored(name: Arc<str>) -> Self {
        Self(name)
    }

    /// The name, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The typed form of an event, handed along in memory so that subscribers need not parse what was just written.
pub type Typed = Arc<dyn Any + Send + Sync>;

/// An event to be appended. Texts are shared: hash, insert and feed use the same bytes.
#[derive(Clone)]
pub struct NewEvent {
    /// Unique id (UUIDv7).
    pub id: Uuid,
    /// Type name, for example `StepStarted`.
    pub event_type: Arc<str>,
    /// Version of the payload's schema.
    pub schema_version: u16,
    /// When it happened: `2026-11-22T16:29:03.123456Z`, fixed width.
    pub occurred_at: Arc<str>,
    /// JSON text.
    pub payload: Arc<str>,
    /// JSON text.
    pub metadata: Arc<str>,
    /// The typed form, if the writer has it.
    pub typed: Option<Typed>,
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NewEvent({} {})", self.event_type, self.id)
    }
}

/// An event of the log with its envelope.
#[derive(Clone)]
pub struct StoredEvent {
    /// Place in the total order.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Place in its stream, from 1.
    pub version: StreamVersion,
    /// Unique id.
    pub id: Uuid,
    /// Type name.
    pub event_type: Arc<str>,
    /// Version of the payload's schema.
    pub schema_version: u16,
    /// Workspace of the stream, where it belongs to one.
    pub workspace: Option<i64>,
    /// When it happened, fixed-width text.
    pub occurred_at: Arc<str>,
    /// When it was recorded, fixed-width text; never runs backwards.
    pub recorded_at: Arc<str>,
    /// JSON text.
    pub payload: Arc<str>,
    /// JSON text.
    pub metadata: Arc<str>,
    /// See [`crate::leaf_hash`].
    pub leaf_hash: [u8; 32],
    /// The typed form, if the event comes straight from its writer.
    pub typed: Option<Typed>,
}

impl fmt::Debug for StoredEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}@{} {}",
            self.position, self.stream, self.version, self.event_type
        )
    }
}

impl PartialEq for StoredEvent {
    /// Equality of what is stored; the typed form does not count.
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
            && self.stream == other.stream
            && self.version == other.version
            && self.id == other.id
            && self.event_type == other.event_type
            && self.schema_version == other.schema_version
            && self.workspace == other.workspace
            && self.occurred_at == other.occurred_at
            && self.recorded_at == other.recorded_at
            && self.payload == other.payload
            && self.metadata == other.metadata
            && self.leaf_hash == other.leaf_hash
    }
}
