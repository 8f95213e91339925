//! Appends to the log, beside a bare multi-row insert into the same tables; on SQL Server beside the bare procedure.

use std::{
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
use wfm_storage_sqlite::measure::bare_insert;
use wfm_storage_sqlserver::{Pool, SqlServerLog, measure::bare_appends};

use super::{
    place::{self, Place},
    rate,
};
use crate::{
    config::Database,
    database::{self, sql_server_options},
};

const WRITERS: usize = 64;

/// Events of a bare insert: what the group commit puts together with as many writers.
const BARE_BATCH: usize = WRITERS * 2;

/// Calls of the bare procedure between two looks at the clock.
const BARE_CALLS: usize = 16;

/// Measures both for `seconds` each.
pub async fn measure(place: &Place, seconds: u64) -> Result<Value> {
    let duration = Duration::from_secs(seconds);
    let (bare_config, config) = (place.make("bare").await?, place.make("append").await?);
    let bare = bare_events(&bare_config.database, duration).await?;
    place::remove(&bare_config.database).await;
    let clock = Arc::new(SystemClock);
    let database = database::open(&config.database, None, config.file_limits, clock).await?;
    let appended = appends(&database.log, duration).await?;
    database.close().await;
    drop(database);
    place::remove(&config.database).await;
    let rate = rate(appended, duration.as_secs_f64());
    #[allow(clippy::cast_precision_loss)]
    let ratio = rate as f64 / bare.max(1) as f64;
    Ok(json!({ "writers": WRITERS, "eventsPerSecond": rate, "bareInsertEventsPerSecond": bare, "ratio": ratio }))
}

/// Events a second without the application: multi-row inserts, or SQL Server's procedure called in a loop, each with what the
/// group commit puts together.
async fn bare_events(database: &Database, duration: Duration) -> Result<u64> {
    match database {
        Database::Sqlite(folder) => {
            let events = bare_insert(folder, duration, BARE_BATCH).await?;
            Ok(rate(events, duration.as_secs_f64()))
        }
        Database::SqlServer(settings) => {
            let pool = Pool::new((**settings).clone());
            let log = SqlServerLog::open(pool.clone(), sql_server_options(Arc::new(SystemClock))).await?;
            let (mut took, mut events) = (Duration::ZERO, 0);
            while took < duration {
                let batches = (0..BARE_CALLS)
                    .map(|_| (0..WRITERS).map(|_| append()).collect())
                    .collect();
                took += bare_appends(&pool, batches, &SystemClock.now().to_string()).await?;
                events += (BARE_CALLS * BARE_BATCH) as u64;
            }
            log.close().await;
            pool.close();
            Ok(rate(events, took.as_secs_f64()))
        }
    }
}

/// How many events 64 writers append in two-event appends.
async fn appends(log: &Arc<dyn EventLog>, duration: Duration) -> Result<u64> {
    let until = Instant::now() + duration;
    let mut writers = Vec::with_capacity(WRITERS);
    for _ in 0..WRITERS {
        let log = Arc::clone(log);
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
