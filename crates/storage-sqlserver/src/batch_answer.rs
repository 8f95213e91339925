//! What `es.AppendEvents` answers, as the port's outcomes and events.
//!
//! Invariant: refusals are told with the data of the append itself and what the server found; positions follow from the
//! head before the batch and the accepted appends in their order.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tiberius::Row;
use wfm_storage::{
    append::{Append, AppendRefusal, Committed, StoredCommand},
    batch::Prepared,
    event::{Position, StoredEvent, StreamId, StreamVersion},
    sequencer::{BatchOutcome, Outcome},
};

use crate::{
    batch_request::kind,
    error::SqlError,
    reading::{integer, optional_integer, optional_text, small_integer, text},
};

/// A reason for which an append was refused.
struct Reason {
    kind: i32,
    place: usize,
    numbers: (Option<i64>, Option<i64>),
    texts: (Option<Arc<str>>, Option<Arc<str>>),
}

/// The outcome of `appends`, from the rows of the answer.
pub(crate) fn outcome(appends: &[Prepared], rows: &[Row]) -> Result<BatchOutcome, SqlError> {
    let mut head = None;
    let mut reasons: FxHashMap<usize, Reason> = FxHashMap::default();
    let mut workspaces: FxHashMap<usize, Option<i64>> = FxHashMap::default();
    for row in rows {
        let reason = Reason {
            kind: small_integer(row, 0)?,
            place: place(row, 2)?,
            numbers: (optional_integer(row, 3)?, optional_integer(row, 4)?),
            texts: (optional_text(row, 5)?, optional_text(row, 6)?),
        };
        match reason.kind {
            kind::HEAD => head = Some((integer(row, 3)?, text(row, 5)?)),
            kind::WORKSPACE => {
                workspaces.insert(reason.place, reason.numbers.0);
            }
            _ => {
                let ordinal = place(row, 1)?;
                let first = reasons
                    .get(&ordinal)
                    .is_none_or(|known| (reason.kind, reason.place) < (known.kind, known.place));
                if first {
                    reasons.insert(ordinal, reason);
                }
            }
        }
    }
    let (position, recorded_at) = head.ok_or_else(|| SqlError::Answer("it lacks the head".into()))?;
    let mut writing = Written {
        position: Position(position.cast_unsigned()),
        recorded_at,
        events: Vec::new(),
    };
    let mut outcomes = Vec::with_capacity(appends.len());
    let mut part = 0;
    for (ordinal, prepared) in appends.iter().enumerate() {
        let append = prepared.append();
        outcomes.push(match reasons.remove(&ordinal) {
            Some(reason) => Outcome::Refused(reason.refusal(append)?),
            None => Outcome::Committed(writing.accept(prepared, |place| {
                workspaces
                    .get(&(part + place))
                    .copied()
                    .unwrap_or(append.streams[place].workspace)
            })),
        });
        part += append.streams.len() + append.guards.len();
    }
    Ok(BatchOutcome {
        outcomes,
        events: writing.events,
    })
}

/// Events as they were written, appended one after the other.
pub(crate) struct Written {
    pub(crate) position: Position,
    pub(crate) recorded_at: Arc<str>,
    pub(crate) events: Vec<StoredEvent>,
}

impl Written {
    /// Adds an append's events; `workspace` tells the one of each of its streams by place.
    pub(crate) fn accept(&mut self, prepared: &Prepared, workspace: impl Fn(usize) -> Option<i64>) -> Committed {
        let first = Position(self.position.0 + 1);
        let mut leaf_hashes = prepared.leaf_hashes().iter();
        for (place, part) in prepared.append().streams.iter().enumerate() {
            let workspace = workspace(place);
            for (version, event) in (part.expected.0 + 1..).zip(&part.events) {
                self.position.0 += 1;
                self.events.push(StoredEvent {
                    position: self.position,
                    stream: part.stream.clone(),
                    version: StreamVersion(version),
                    id: event.id,
                    event_type: event.event_type.clone(),
                    schema_version: event.schema_version,
                    workspace,
                    occurred_at: event.occurred_at.clone(),
                    recorded_at: self.recorded_at.clone(),
                    payload: event.payload.clone(),
                    metadata: event.metadata.clone(),
                    leaf_hash: *leaf_hashes
                        .next()
                        .expect("a prepared append has one hash for each event"),
                    typed: event.typed.clone(),
                });
            }
        }
        Committed {
            first,
            last: self.position,
        }
    }
}

fn place(row: &Row, column: usize) -> Result<usize, SqlError> {
    usize::try_from(small_integer(row, column)?).map_err(|_| unexpected("a negative place"))
}

fn unexpected(what: &str) -> SqlError {
    SqlError::Answer(format!("es.AppendEvents told {what}"))
}

fn at<T>(items: &[T], place: usize) -> Result<&T, SqlError> {
    items
        .get(place)
        .ok_or_else(|| unexpected("a place that the append does not have"))
}

impl Reason {
    fn count(&self) -> Result<u64, SqlError> {
        let number = self.numbers.0.ok_or_else(|| unexpected("no number"))?;
        number.try_into().map_err(|_| unexpected("a negative number"))
    }

    fn refusal(self, append: &Append) -> Result<AppendRefusal, SqlError> {
        Ok(match self.kind {
            kind::COMMAND => return self.known_command(append),
            kind::VERSION => {
                let part = at(&append.streams, self.place)?;
                AppendRefusal::VersionConflict {
                    stream: part.stream.clone(),
                    expected: part.expected,
                    actual: StreamVersion(self.count()?),
                }
            }
            kind::GUARD => {
                let (stream, expected) = at(&append.guards, self.place)?;
                AppendRefusal::GuardFailed {
                    stream: stream.clone(),
                    expected: *expected,
                    actual: StreamVersion(self.count()?),
                }
            }
            kind::NOT_EMPTY => AppendRefusal::ScopeNotEmpty {
                scope: at(&append.require_empty, self.place)?.clone(),
                count: self.count()?,
            },
            kind::FULL => {
                let (scope, limit) = at(&append.require_fewer, self.place)?;
                AppendRefusal::ScopeFull {
                    scope: scope.clone(),
                    count: self.count()?,
                    limit: *limit,
                }
            }
            kind::TOO_SMALL => {
                let (scope, minimum) = at(&append.require_at_least, self.place)?;
                AppendRefusal::ScopeTooSmall {
                    scope: scope.clone(),
                    count: self.count()?,
                    minimum: *minimum,
                }
            }
            kind::TAKEN => AppendRefusal::ClaimTaken {
                key: at(&append.take, self.place)?.key.clone(),
                owner: StreamId::from_stored(self.texts.0.ok_or_else(|| unexpected("no owner"))?),
            },
            other => return Err(unexpected(&format!("the unknown kind {other}"))),
        })
    }

    fn known_command(self, append: &Append) -> Result<AppendRefusal, SqlError> {
        let sent = append
            .command
            .as_ref()
            .ok_or_else(|| unexpected("a command that was not sent"))?;
        let (Some(request_hash), Some(answer)) = self.texts else {
            return Err(unexpected("a command without its answer"));
        };
        if request_hash != sent.request_hash {
            return Ok(AppendRefusal::CommandMismatch);
        }
        let (Some(first), Some(last)) = self.numbers else {
            return Err(unexpected("a command without its positions"));
        };
        Ok(AppendRefusal::Duplicate(StoredCommand {
            request_hash,
            first: Position(first.cast_unsigned()),
            last: Position(last.cast_unsigned()),
            answer,
        }))
    }
}
