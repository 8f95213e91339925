//! An append that was checked and hashed, ready to be judged.
//!
//! Invariant: a malformed append never reaches a batch, so it can harm no neighbour. The checks and the hashes depend on
//! the append alone; they are made by the caller's task, off the path that all writers share.

use rustc_hash::FxHashSet;

use crate::{
    append::{Append, AppendError, Claim, ClaimKey, StreamAppend},
    event::{NewEvent, StreamId, StreamVersion},
    leaf_hash::leaf_hash,
    work::WorkChange,
};

/// Most bytes of payload and metadata that one event may have.
pub const MAX_EVENT_BYTES: usize = 12 * 1024 * 1024;

/// Most bytes of payload and metadata that one append may have.
pub const MAX_APPEND_BYTES: usize = 64 * 1024 * 1024;

/// Most UTF-16 units of a name, scope, key or hash.
const MAX_NAME_UNITS: usize = 200;

/// A well-formed append with the leaf hashes of its events.
#[derive(Debug)]
pub struct Prepared {
    append: Append,
    leaf_hashes: Vec<[u8; 32]>,
    bytes: usize,
}

impl Prepared {
    /// Checks an append and hashes its events.
    ///
    /// # Errors
    /// [`AppendError::Malformed`], with the first thing that is out of place.
    pub fn new(append: Append) -> Result<Self, AppendError> {
        let bytes = check(&append).map_err(AppendError::Malformed)?;
        let mut leaf_hashes = Vec::with_capacity(append.streams.iter().map(|part| part.events.len()).sum());
        for part in &append.streams {
            for (version, event) in (part.expected.0 + 1..).zip(&part.events) {
                leaf_hashes.push(leaf_hash(
                    part.stream.as_str(),
                    StreamVersion(version),
                    event.id,
                    &event.event_type,
                    event.schema_version,
                    &event.occurred_at,
                    &event.payload,
                    &event.metadata,
                ));
            }
        }
        Ok(Self {
            append,
            leaf_hashes,
            bytes,
        })
    }

    /// The append.
    #[must_use]
    pub fn append(&self) -> &Append {
        &self.append
    }

    /// Leaf hashes of its events in order; they hold because an append is accepted at its expected versions only.
    #[must_use]
    pub fn leaf_hashes(&self) -> &[[u8; 32]] {
        &self.leaf_hashes
    }

    /// Bytes of payload and metadata.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Bytes of payload and metadata of a well-formed append, or what is wrong with it.
fn check(append: &Append) -> Result<usize, String> {
    if append.streams.is_empty() {
        return Err("it has no event".into());
    }
    let mut seen = FxHashSet::default();
    let mut bytes = 0;
    for part in &append.streams {
        if append.streams.len() > 1 && !seen.insert(&part.stream) {
            return Err(format!("stream {} stands in it twice", part.stream));
        }
        bytes += check_stream(part)?;
    }
    if bytes > MAX_APPEND_BYTES {
        return Err(format!("it has {bytes} bytes, more than {MAX_APPEND_BYTES}"));
    }
    for (stream, _) in &append.guards {
        check_stream_name(stream)?;
    }
    append.release.iter().chain(&append.take).try_for_each(check_claim)?;
    let limited = append
        .require_fewer
        .iter()
        .chain(&append.require_at_least)
        .map(|(scope, _)| scope);
    append
        .require_empty
        .iter()
        .chain(limited)
        .try_for_each(|scope| check_name("a scope", scope))?;
    if let Some(command) = &append.command {
        check_name("the command's actor", &command.actor)?;
        check_name("the command's key", &command.key)?;
        check_name("the command's request hash", &command.request_hash)?;
        check_text("the command's answer", &command.answer)?;
    }
    append.work.iter().try_for_each(check_work)?;
    Ok(bytes)
}

fn check_stream(part: &StreamAppend) -> Result<usize, String> {
    check_stream_name(&part.stream)?;
    check_name("the aggregate", &part.aggregate)?;
    if part.events.is_empty() {
        return Err(format!("stream {} has no event in it", part.stream));
    }
    // Versions and positions are stored as signed 64-bit integers.
    if part.expected.0 > i64::MAX as u64 - part.events.len() as u64 {
        return Err(format!(
            "version {} of stream {} is out of range",
            part.expected, part.stream
        ));
    }
    let mut bytes = 0;
    for event in &part.events {
        bytes += check_event(event)?;
    }
    Ok(bytes)
}

fn check_event(event: &NewEvent) -> Result<usize, String> {
    if event.event_type.is_empty()
        || event.event_type.len() > 100
        || !event.event_type.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(format!("{:?} is no event type", event.event_type));
    }
    if !is_instant(&event.occurred_at) {
        return Err(format!("{:?} is no instant of fixed width", event.occurred_at));
    }
    check_text("a payload", &event.payload)?;
    check_text("metadata", &event.metadata)?;
    let bytes = event.payload.len() + event.metadata.len();
    if bytes > MAX_EVENT_BYTES {
        return Err(format!(
            "event {} has {bytes} bytes, more than {MAX_EVENT_BYTES}",
            event.id
        ));
    }
    Ok(bytes)
}

/// Whether the text has the shape `2026-11-22T16:29:03.123456Z`.
fn is_instant(text: &str) -> bool {
    const SHAPE: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(byte, shape)| {
            if *shape == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == *shape
            }
        })
}

fn check_stream_name(stream: &StreamId) -> Result<(), String> {
    if StreamId::parse(stream.as_str()).is_none() {
        return Err(format!("{:?} is no stream name", stream.as_str()));
    }
    Ok(())
}

fn check_claim(claim: &Claim) -> Result<(), String> {
    let ClaimKey { scope, key } = &claim.key;
    check_name("a claim's scope", scope)?;
    check_name("a claim's key", key)?;
    check_stream_name(&claim.owner)
}

fn check_work(change: &WorkChange) -> Result<(), String> {
    match change {
        WorkChange::Put(item) => {
            check_name("an execution", &item.execution)?;
            if let Some(due_at) = item.due_at.as_deref().filter(|due_at| !is_instant(due_at)) {
                return Err(format!("{due_at:?} is no instant of fixed width"));
            }
            item.owner
                .as_deref()
                .map_or(Ok(()), |owner| check_name("an owner", owner))
        }
        WorkChange::Remove(execution) => check_name("an execution", execution),
    }
}

fn check_name(what: &str, text: &str) -> Result<(), String> {
    // A UTF-16 unit takes at least one byte, so that a short text need not be counted.
    if text.len() > MAX_NAME_UNITS && text.encode_utf16().count() > MAX_NAME_UNITS {
        return Err(format!("{what} has more than {MAX_NAME_UNITS} characters"));
    }
    check_text(what, text)
}

fn check_text(what: &str, text: &str) -> Result<(), String> {
    if text.as_bytes().contains(&0) {
        return Err(format!("{what} contains U+0000"));
    }
    Ok(())
}
