//! How fast appends are committed, beside the bare procedure called in a loop with batches of the same size.
//!
//! `WFM_TEST_SQLSERVER='Server=…' cargo bench -p wfm-storage-sqlserver --bench append -- [SECONDS]` prints one line a case. The
//! connection string names a database of the bench's own, whose log it fills.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use uuid::Uuid;
use wfm_storage::{
    append::{Append, Claim, ClaimKey, StreamAppend},
    event::{NewEvent, StreamId, StreamVersion},
    log::EventLog,
    work::{WorkChange, WorkItem, WorkState},
};
use wfm_storage_sqlserver::{LogOptions, Pool, Settings, SqlServerLog, measure::bare_appends};

const INSTANT: &str = "2026-11-22T16:29:03.123456Z";

fn event() -> NewEvent {
    let payload = format!(
        "{{\"step\":\"reserve\",\"output\":{{\"text\":\"{}\",\"quoted\":\"\\\"yes\\\"\"}}}}",
        "x".repeat(400)
    );
    NewEvent {
        id: Uuid::now_v7(),
        event_type: "StepSucceeded".into(),
        schema_version: 1,
        occurred_at: INSTANT.into(),
        payload: payload.into(),
        metadata: "{\"actor\":\"user/3\",\"correlation\":\"01935aa0-0000-7000-8000-0000000000ff\",\"workspace\":1,\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}".into(),
        typed: None,
    }
}

/// The four appends of a run with three steps.
fn run_append(execution: &str, turn: u64) -> Append {
    let stream = format!("execution-{execution}");
    let part = StreamAppend {
        stream: StreamId::new(stream.as_str()),
        aggregate: "execution".into(),
        workspace: Some(1),
        expected: StreamVersion(turn * 2),
        events: vec![event(), event()],
    };
    let mut append = Append {
        streams: vec![part],
        ..Append::default()
    };
    let place = Claim {
        key: ClaimKey::new("environment/5/running", execution),
        owner: StreamId::new(stream),
    };
    match turn {
        0 => {
            append.require_fewer = vec![("environment/5/running".into(), 100_000)];
            append.take = vec![place];
            append.work = vec![WorkChange::Put(WorkItem {
                execution: execution.into(),
                environment: 5,
                workspace: 1,
                state: WorkState::Running,
                due_at: None,
                owner: Some("node-1".into()),
                epoch: 1,
            })];
        }
        3 => {
            append.release = vec![place];
            append.work = vec![WorkChange::Remove(execution.into())];
        }
        _ => {}
    }
    append
}

/// Appends a second, and how many came to a batch.
async fn through_the_log(pool: &Pool, writers: usize, seconds: u64) -> (f64, f64) {
    let log = SqlServerLog::open(pool.clone(), LogOptions::new(Arc::new(|| INSTANT.to_owned())))
        .await
        .unwrap();
    let batches = Arc::new(AtomicU64::new(0));
    let mut feed = log.subscribe(log.head().await.unwrap().position);
    let counted = batches.clone();
    let reader = tokio::spawn(async move {
        while let Ok(Some(seen)) = feed.next().await {
            counted.fetch_add(seen.len() as u64, Ordering::Relaxed);
        }
    });
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while Instant::now() < until {
                    let execution = Uuid::now_v7().to_string();
                    for turn in 0..4 {
                        log.append(run_append(&execution, turn)).await.unwrap();
                        count += 1;
                    }
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    let elapsed = begun.elapsed().as_secs_f64();
    log.close().await;
    reader.await.unwrap();
    (
        f64::from(count) / elapsed,
        f64::from(count) / batches.load(Ordering::Relaxed) as f64,
    )
}

/// Appends a second of the bare procedure.
async fn bare(pool: &Pool, batch: usize, rounds: usize) -> f64 {
    let mut batches = Vec::new();
    for _ in 0..rounds {
        let executions: Vec<_> = (0..batch).map(|_| Uuid::now_v7().to_string()).collect();
        for turn in 0..4 {
            batches.push(executions.iter().map(|execution| run_append(execution, turn)).collect());
        }
    }
    let took = bare_appends(pool, batches, INSTANT).await.unwrap();
    (batch * rounds * 4) as f64 / took.as_secs_f64()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let Ok(text) = std::env::var("WFM_TEST_SQLSERVER") else {
        eprintln!("SQL Server: SKIPPED, WFM_TEST_SQLSERVER holds no connection string");
        return;
    };
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(5);
    let pool = Pool::new(Settings::parse(&text).unwrap());
    for writers in [1, 16, 64, 256] {
        for _ in 0..2 {
            let (appends, batch) = through_the_log(&pool, writers, seconds).await;
            let size = (batch.round() as usize).max(1);
            let best = bare(
                &pool,
                size,
                (appends * seconds as f64 / size as f64 / 4.0).ceil() as usize,
            )
            .await;
            println!(
                "{writers:>4} writers {appends:>8.0} appends/s in batches of {batch:>5.1}; the bare procedure {best:>8.0}: {:>4.0} %",
                appends / best * 100.0
            );
        }
    }
    pool.close();
}
