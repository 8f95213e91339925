//! Appends as the cases need them.

use std::sync::Arc;

use futures::future::join_all;
use uuid::Uuid;

use crate::{
    append::{Append, AppendError, AppendRefusal, Claim, ClaimKey, CommandId, Committed, StreamAppend},
    conformance::TestClock,
    event::{NewEvent, StreamId, StreamVersion},
    log::EventLog,
    work::{WorkItem, WorkState},
};

/// An event whose payload tells `text`.
pub(crate) fn event(text: &str) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: "SampleHappened".into(),
        schema_version: 1,
        occurred_at: TestClock::instant(59).into(),
        payload: format!("{{\"text\":{text:?}}}").into(),
        metadata: "{\"actor\":\"system\"}".into(),
        typed: None,
    }
}

/// An append of `count` events to a stream at version `expected`.
pub(crate) fn append(stream: &str, expected: u64, count: usize) -> Append {
    Append {
        streams: vec![part(stream, expected, count)],
        ..Append::default()
    }
}

/// The part of an append that concerns one stream.
pub(crate) fn part(stream: &str, expected: u64, count: usize) -> StreamAppend {
    StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "sample".into(),
        workspace: None,
        expected: StreamVersion(expected),
        events: (0..count).map(|index| event(&format!("{stream} {index}"))).collect(),
    }
}

/// A claim on `key` in `scope`.
pub(crate) fn claim(scope: &str, key: &str, owner: &str) -> Claim {
    Claim {
        key: ClaimKey::new(scope, key),
        owner: StreamId::new(owner),
    }
}

/// A command of one actor.
pub(crate) fn command(key: &str, request_hash: &str) -> CommandId {
    CommandId {
        actor: "user/3".into(),
        key: key.into(),
        request_hash: request_hash.into(),
        answer: format!("{{\"answer\":{key:?}}}").into(),
    }
}

/// Open work of an execution.
pub(crate) fn work(execution: &str, state: WorkState, due_at: Option<u64>) -> WorkItem {
    WorkItem {
        execution: execution.into(),
        environment: 5,
        workspace: 1,
        state,
        due_at: due_at.map(|second| TestClock::instant(second).into()),
        owner: None,
        epoch: 1,
    }
}

/// Hands all of it in at once, in order: one commit is under way while the rest waits, so that they share a batch.
pub(crate) async fn together(
    log: &Arc<dyn EventLog>,
    appends: impl IntoIterator<Item = Append>,
) -> Vec<Result<Committed, AppendError>> {
    join_all(appends.into_iter().map(|append| log.append(append))).await
}

/// The refusal of an append.
pub(crate) fn refusal(outcome: Result<Committed, AppendError>) -> AppendRefusal {
    match outcome {
        Err(AppendError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}
