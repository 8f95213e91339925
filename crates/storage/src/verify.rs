//! Verifying a log: one pass over all events, whatever store holds them.
//!
//! Invariant: it only reads, and may run beside a server that appends. It checks that positions and stream versions have
//! no gaps, that every leaf hash is the one of its event, that instants of recording never run backwards, and that head
//! and streams agree with the events. Memory: some 50 bytes a stream.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::Deserialize;
use thiserror::Error;

use crate::{
    append::StorageError,
    event::{Position, StoredEvent, StreamId, StreamVersion},
    leaf_hash,
    log::{EventLog, StreamInfo},
};

/// Problems that a report names one by one.
pub const MAX_NAMED_PROBLEMS: usize = 20;

const PAGE: u32 = 1000;

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The log cannot be read on from here.
    #[error("after event {after}: {text}")]
    Unreadable {
        /// The last event that could be read.
        after: Position,
        /// What the store says.
        text: String,
    },
    /// An event does not follow the one before it.
    #[error("event {found} follows event {after}")]
    Gap {
        /// The event before.
        after: Position,
        /// The event that was found.
        found: Position,
    },
    /// An event's version does not follow the version before it in its stream.
    #[error("event {position}: version {version} of stream {stream} does not follow version {previous}")]
    StreamGap {
        /// The event.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// Its version.
        version: StreamVersion,
        /// The version before it; 0 when there is none.
        previous: StreamVersion,
    },
    /// An event is not what it was when it was recorded.
    #[error("event {position}: the leaf hash is not the one of its content")]
    LeafHash {
        /// The event.
        position: Position,
    },
    /// An event counts as one of another workspace than it was recorded in.
    #[error("event {position}: its row tells another workspace than what was recorded")]
    Workspace {
        /// The event.
        position: Position,
    },
    /// An event was recorded before the one before it.
    #[error("event {position}: recorded before the event before it")]
    RunsBackwards {
        /// The event.
        position: Position,
    },
    /// The head does not tell the last event.
    #[error("the head tells event {head}, the last event is {last}, or their instants differ")]
    Head {
        /// Position that the head tells.
        head: Position,
        /// Position of the last event.
        last: Position,
    },
    /// A stream's row does not tell its last event.
    #[error("stream {stream} tells version {told}, its last event has {last}")]
    Stream {
        /// The stream.
        stream: StreamId,
        /// Version that its row tells.
        told: StreamVersion,
        /// Version of its last event.
        last: StreamVersion,
    },
    /// A stream's row tells another workspace than its events.
    #[error("stream {stream} tells another workspace than its events")]
    StreamWorkspace {
        /// The stream.
        stream: StreamId,
    },
    /// The log ends before the event after which it was to be checked: what was there is gone.
    #[error("the log ends at event {head}, and was to be checked after event {after}")]
    Short {
        /// Position of the last event.
        head: Position,
        /// Where the check was to begin.
        after: Position,
    },
    /// Nothing in the database keeps the events from being changed.
    #[error("the trigger {name}, which keeps the events append-only, is missing or changed")]
    Unguarded {
        /// The trigger.
        name: String,
    },
    /// Streams have events and no row.
    #[error("{count} streams with events have no row of their own")]
    Rowless {
        /// How many.
        count: usize,
    },
}

/// What an event's metadata tells of its place; the rest is the writer's own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    workspace_id: Option<i64>,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that were checked.
    pub events: u64,
    /// Position of the last one.
    pub last: Position,
    /// How many problems were found.
    pub problem_count: u64,
    /// The first of them.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    fn found(&mut self, problem: Problem) {
        self.problem_count += 1;
        if self.problems.len() < MAX_NAMED_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Verifies the events after `after`; `progress` hears of the last position of each page.
///
/// # Errors
/// When the log cannot be reached; that what it holds is wrong, even unreadable, stands in the report.
pub async fn verify(
    log: &dyn EventLog,
    after: Position,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Report, StorageError> {
    let mut pass = Pass {
        log,
        report: Report {
            last: after,
            ..Report::default()
        },
        streams: FxHashMap::default(),
        recorded_at: None,
    };
    let head = log.head().await?.position;
    if after > head {
        pass.report.found(Problem::Short { head, after });
        return Ok(pass.report);
    }
    loop {
        let page = match log.read_log(pass.report.last, PAGE).await {
            Ok(page) => page,
            Err(StorageError::Corrupt(text)) => {
                let after = pass.report.last;
                pass.report.found(Problem::Unreadable { after, text });
                return Ok(pass.report);
            }
            Err(error) => return Err(error),
        };
        if page.is_empty() && pass.ends().await? {
            break;
        }
        for event in &page {
            pass.check(event).await?;
        }
        progress(pass.report.last);
    }
    if after == Position(0) {
        pass.check_streams().await?;
    }
    for name in log.missing_guards().await? {
        pass.report.found(Problem::Unguarded { name });
    }
    Ok(pass.report)
}

struct Pass<'log> {
    log: &'log dyn EventLog,
    report: Report,
    /// Last version and workspace by the hash of a stream's name; what seems wrong is looked up before it is reported.
    streams: FxHashMap<u64, (u64, Option<i64>)>,
    recorded_at: Option<std::sync::Arc<str>>,
}

impl Pass<'_> {
    async fn check(&mut self, event: &StoredEvent) -> Result<(), StorageError> {
        let position = event.position;
        if position.0 != self.report.last.0 + 1 {
            self.report.found(Problem::Gap {
                after: self.report.last,
                found: position,
            });
        }
        if leaf_hash::expected(event) != event.leaf_hash {
            self.report.found(Problem::LeafHash { position });
        }
        let told = serde_json::from_str(&event.metadata).ok();
        if told.and_then(|placed: Placed| placed.workspace_id) != event.workspace {
            self.report.found(Problem::Workspace { position });
        }
        if self
            .recorded_at
            .as_ref()
            .is_some_and(|before| *before > event.recorded_at)
        {
            self.report.found(Problem::RunsBackwards { position });
        }
        let last = (event.version.0, event.workspace);
        let (previous, _) = self.streams.insert(hash(&event.stream), last).unwrap_or_default();
        if event.version.0 != previous + 1 {
            let previous = self.previous(event).await?;
            if event.version.0 != previous.0 + 1 {
                let (stream, version) = (event.stream.clone(), event.version);
                self.report.found(Problem::StreamGap {
                    position,
                    stream,
                    version,
                    previous,
                });
            }
        }
        self.recorded_at = Some(event.recorded_at.clone());
        self.report.events += 1;
        self.report.last = position;
        Ok(())
    }

    /// The version right before an event in its stream; 0 when it is not there or does not lie before it.
    async fn previous(&self, event: &StoredEvent) -> Result<StreamVersion, StorageError> {
        let Some(before) = event.version.0.checked_sub(2) else {
            return Ok(StreamVersion(0));
        };
        let found = self.log.read_stream(&event.stream, StreamVersion(before), 1).await?;
        let previous = found
            .iter()
            .find(|found| found.version.0 == before + 1 && found.position < event.position);
        Ok(previous.map(|previous| previous.version).unwrap_or_default())
    }

    /// Whether an empty page was the log's end, and the head says so; otherwise events came meanwhile.
    async fn ends(&mut self) -> Result<bool, StorageError> {
        let head = self.log.head().await?;
        let last = self.report.last;
        if head.position > last {
            return Ok(false);
        }
        let same_instant = self
            .recorded_at
            .as_ref()
            .is_none_or(|recorded_at| *recorded_at == head.recorded_at);
        if head.position < last || !same_instant {
            self.report.found(Problem::Head {
                head: head.position,
                last,
            });
        }
        Ok(true)
    }

    /// Whether the event of this version in a stream was recorded in a workspace.
    async fn is_of_workspace(
        &self,
        stream: &StreamId,
        version: StreamVersion,
        workspace: Option<i64>,
    ) -> Result<bool, StorageError> {
        let before = StreamVersion(version.0.saturating_sub(1));
        let events = self.log.read_stream(stream, before, 1).await?;
        Ok(events.first().is_some_and(|event| event.workspace == workspace))
    }

    async fn check_streams(&mut self) -> Result<(), StorageError> {
        let mut after: Option<StreamId> = None;
        loop {
            let page = self
                .log
                .streams(None, after.as_ref().map(StreamId::as_str), PAGE)
                .await?;
            let Some(end) = page.last() else { break };
            after = Some(end.stream.clone());
            for StreamInfo {
                stream,
                version: told,
                workspace,
                ..
            } in page
            {
                let (last, of_events) = self.streams.remove(&hash(&stream)).unwrap_or_default();
                if told.0 == last {
                    if workspace != of_events && !self.is_of_workspace(&stream, told, workspace).await? {
                        self.report.found(Problem::StreamWorkspace { stream });
                    }
                    continue;
                }
                // Events may have come since the pass, or two names may share a hash: the stream itself decides.
                let before = StreamVersion(told.0.saturating_sub(1));
                let events = self.log.read_stream(&stream, before, 2).await?;
                let lags = told.0 < last && events.len() > 1;
                if lags || events.first().is_none_or(|event| event.version != told) {
                    self.report.found(Problem::Stream {
                        stream,
                        told,
                        last: StreamVersion(last),
                    });
                }
            }
        }
        let count = self.streams.len();
        if count > 0 {
            self.report.found(Problem::Rowless { count });
        }
        Ok(())
    }
}

fn hash(stream: &StreamId) -> u64 {
    FxBuildHasher.hash_one(stream.as_str())
}
