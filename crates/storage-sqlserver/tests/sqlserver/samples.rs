//! Appends and logs as the tests need them.

use std::sync::Arc;

use uuid::Uuid;
use wfm_storage::{
    append::{Append, StreamAppend},
    conformance::TestClock,
    event::{NewEvent, StreamId, StreamVersion},
};
use wfm_storage_sqlserver::{LogOptions, Pool, SqlServerLog};

/// Options with a clock that stands still.
pub(crate) fn options() -> LogOptions {
    LogOptions::new(TestClock::at(60).clock())
}

/// The log of a pool's database.
pub(crate) async fn open(pool: Pool) -> Arc<SqlServerLog> {
    SqlServerLog::open(pool, options()).await.unwrap()
}

/// An append of one event.
pub(crate) fn append(stream: &str, expected: u64) -> Append {
    append_with(stream, expected, "{}")
}

/// An append of one event with this payload.
pub(crate) fn append_with(stream: &str, expected: u64, payload: &str) -> Append {
    let event = NewEvent {
        id: Uuid::now_v7(),
        event_type: "SampleHappened".into(),
        schema_version: 1,
        occurred_at: TestClock::instant(1).into(),
        payload: payload.into(),
        metadata: "{}".into(),
        typed: None,
    };
    let part = StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "sample".into(),
        workspace: None,
        expected: StreamVersion(expected),
        events: vec![event],
    };
    Append {
        streams: vec![part],
        ..Append::default()
    }
}
