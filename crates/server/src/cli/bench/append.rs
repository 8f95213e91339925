//! Appends to the log, beside a bare multi-row insert into the same tables.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::{Value, json};
use wfm_application::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use wfm_storage::{
    append::{Append, StreamAppend},
    event::{NewEvent, StreamId, StreamVersion},
    log::EventLog,
};
use wfm_storage_sqlite::{SqliteLog, measure::bare_insert};

use super::rate;
use crate::database::log_options;

const WRITERS: usize = 64;

/// Events of a bare insert: what the group commit puts together with as many writers.
const BARE_BATCH: usize = WRITERS * 2;

/// Measures both for `seconds` each.
pub async fn measure(folder: &Path, seconds: u64) -> Result<Value> {
    let duration = Duration::from_secs(seconds);
    let bare = bare_insert(&folder.join("bare"), duration, BARE_BATCH).await?;
    let appended = appends(&folder.join("log"), duration).await?;
    let (bare_rate, rate) = (
        rate(bare, duration.as_secs_f64()),
        rate(appended, duration.as_secs_f64()),
    );
    #[allow(clippy::cast_precision_loss)]
    let ratio = rate as f64 / bare_rate.max(1) as f64;
    Ok(json!({ "writers": WRITERS, "eventsPerSecond": rate, "bareInsertEventsPerSecond": bare_rate, "ratio": ratio }))
}

/// How many events 64 writers append in two-event appends.
async fn appends(folder: &Path, duration: Duration) -> Result<u64> {
    let log = SqliteLog::open(folder, log_options(Arc::new(SystemClock))).await?;
    let until = Instant::now() + duration;
    let mut writers = Vec::with_capacity(WRITERS);
    for _ in 0..WRITERS {
        let log: Arc<dyn EventLog> = Arc::clone(&log) as _;
        writers.push(tokio::spawn(async move {
            let mut events = 0;
            while Instant::now() < until {
                log.append(append()).await?;
                events += 2;
            }
            Ok::<u64, wfm_storage::append::AppendError>(events)
        }));
    }
    let mut events = 0;
    for writer in writers {
        events += writer.await??;
    }
    log.close().await;
    Ok(events)
}

/// A new stream with two events, as long as those of a run.
fn append() -> Append {
    let entropy = SystemEntropy;
    let occurred_at: Arc<str> = SystemClock.now().to_string().into();
    let payload: Arc<str> = json!({ "run": { "id": entropy.uuid(), "workflowId": 1 }, "text": "x".repeat(500) })
        .to_string()
        .into();
    let metadata: Arc<str> = json!({ "actor": { "userId": 1 }, "correlationId": entropy.uuid() })
        .to_string()
        .into();
    let event = || NewEvent {
        id: entropy.uuid(),
        event_type: "StepSucceeded".into(),
        schema_version: 1,
        occurred_at: Arc::clone(&occurred_at),
        payload: Arc::clone(&payload),
        metadata: Arc::clone(&metadata),
        typed: None,
    };
    let stream = StreamAppend {
        stream: StreamId::new(format!("execution-{}", entropy.uuid())),
        aggregate: "execution".into(),
        workspace: Some(1),
        expected: StreamVersion(0),
        events: vec![event(), event()],
    };
    Append {
        streams: vec![stream],
        ..Append::default()
    }
}
