//! What a projector knows about an event besides its content.

use std::sync::Arc;

use wfm_storage::{
    event::{StoredEvent, StreamId},
    read_store::Cell,
};

/// Coordinates of the event being projected.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Place in the log.
    pub position: u64,
    /// The event's stream.
    pub stream: StreamId,
    /// Place in its stream.
    pub version: u64,
    /// When it happened: fixed-width instant.
    pub occurred_at: Arc<str>,
    /// Place among the events that an upcaster split a stored one into; 0 for all others.
    pub part: u8,
}

/// Derived rows that one stored event may have in one table.
const ROWS_PER_EVENT: i64 = 256;

/// Derived rows that one part of it may have.
const ROWS_PER_PART: i64 = 16;

impl Envelope {
    /// The coordinates of a stored event.
    #[must_use]
    pub fn of(event: &StoredEvent) -> Self {
        Self {
            position: event.position.0,
            stream: event.stream.clone(),
            version: event.version.0,
            occurred_at: Arc::clone(&event.occurred_at),
            part: 0,
        }
    }

    /// When it happened, as a cell.
    #[must_use]
    pub fn at(&self) -> Cell {
        Cell::Text(Arc::clone(&self.occurred_at))
    }

    /// The position as SQL has it.
    #[must_use]
    pub fn position_number(&self) -> i64 {
        self.position.cast_signed()
    }

    /// The stream's version as SQL has it.
    #[must_use]
    pub fn version_number(&self) -> i64 {
        self.version.cast_signed()
    }

    /// Id of the derived row with this ordinal: position × 256 + ordinal.
    #[must_use]
    pub fn derived_id(&self, ordinal: u8) -> Cell {
        Cell::Integer(
            self.position_number() * ROWS_PER_EVENT + i64::from(self.part) * ROWS_PER_PART + i64::from(ordinal),
        )
    }
}
