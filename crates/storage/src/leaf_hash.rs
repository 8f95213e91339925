//! The leaf hash of an event: what a Merkle tree (RFC 6962) over the log is built from.
//!
//! SHA-256(0x00 ‖ fields), each field as its length in bytes (u64, big endian) followed by its UTF-8 text, in this order:
//! stream, version, event id, type, schema version, occurred at, payload, metadata; numbers in decimal, the id in its
//! lower-case hyphenated form. The same on every database.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::event::{StoredEvent, StreamVersion};

/// The hash of one event's fields.
#[allow(
    clippy::too_many_arguments,
    reason = "the eight hashed fields, in the order in which they are hashed"
)]
#[must_use]
pub fn leaf_hash(
    stream: &str,
    version: StreamVersion,
    id: Uuid,
    event_type: &str,
    schema_version: u16,
    occurred_at: &str,
    payload: &str,
    metadata: &str,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    field(stream);
    field(&version.0.to_string());
    field(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    field(event_type);
    field(&schema_version.to_string());
    field(occurred_at);
    field(payload);
    field(metadata);
    hash.finalize().into()
}

/// The hash that `event` must carry.
#[must_use]
pub fn expected(event: &StoredEvent) -> [u8; 32] {
    leaf_hash(
        event.stream.as_str(),
        event.version,
        event.id,
        &event.event_type,
        event.schema_version,
        &event.occurred_at,
        &event.payload,
        &event.metadata,
    )
}
