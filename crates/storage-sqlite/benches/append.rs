//! How fast appends are committed, beside a bare multi-row insert into the same tables.
//!
//! `cargo bench -p wfm-storage-sqlite --bench append -- [SECONDS] [FOLDER]` prints one line a case. Folder: on a real disk.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;
use wfm_storage::{
    append::{Append, Claim, ClaimKey, StreamAppend},
    event::{NewEvent, Position, StreamId, StreamVersion},
    log::EventLog,
    verify::verify,
    work::{WorkChange, WorkItem, WorkState},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog};

const INSTANT: &str = "2026-11-22T16:29:03.123456Z";

fn payload() -> Arc<str> {
    format!(
        "{{\"step\":\"reserve\",\"output\":{{\"text\":\"{}\",\"quoted\":\"\\\"yes\\\"\"}}}}",
        "x".repeat(400)
    )
    .into()
}

fn event(payload: &Arc<str>) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: "StepSucceeded".into(),
        schema_version: 1,
        occurred_at: INSTANT.into(),
        payload: payload.clone(),
        metadata: "{\"actor\":\"user/3\",\"correlation\":\"01935aa0-0000-7000-8000-0000000000ff\",\"workspace\":1,\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}".into(),
        typed: None,
    }
}

fn append(stream: &str, expected: u64, payload: &Arc<str>) -> Append {
    let part = StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "execution".into(),
        workspace: Some(1),
        expected: StreamVersion(expected),
        events: vec![event(payload), event(payload)],
    };
    Append {
        streams: vec![part],
        ..Append::default()
    }
}

/// The four appends of a run with three steps.
fn run_append(execution: &str, turn: u64, payload: &Arc<str>) -> Append {
    let stream = format!("execution-{execution}");
    let mut append = append(&stream, turn * 2, payload);
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

async fn open(folder: &Path) -> Arc<SqliteLog> {
    let _absent = std::fs::remove_dir_all(folder);
    SqliteLog::open(folder, LogOptions::new(Arc::new(|| INSTANT.to_owned())))
        .await
        .unwrap()
}

fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|ticks| ticks.parse::<f64>().ok())
            .unwrap_or_default()
    };
    (ticks(11) + ticks(12)) / 100.0
}

async fn appends(folder: &Path, seconds: u64, writers: usize, runs: bool) {
    let log = open(folder).await;
    let payload = payload();
    let (begin, cpu) = (Instant::now(), processor_seconds());
    let until = begin + Duration::from_secs(seconds);
    let batches = Arc::new(AtomicU64::new(0));
    let mut feed = log.subscribe(Position(0));
    let counted = batches.clone();
    let reader = tokio::spawn(async move {
        while let Ok(Some(seen)) = feed.next().await {
            counted.fetch_add(seen.len() as u64, Ordering::Relaxed);
        }
    });
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (log, payload) = (log.clone(), payload.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let execution = Uuid::now_v7().to_string();
                    let stream = format!("execution-{execution}");
                    for turn in 0..4 {
                        let append = if runs {
                            run_append(&execution, turn, &payload)
                        } else {
                            append(&stream, turn * 2, &payload)
                        };
                        let sent = Instant::now();
                        log.append(append).await.unwrap();
                        latencies.push(sent.elapsed());
                    }
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let cpu = processor_seconds() - cpu;
    latencies.sort_unstable();
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let count = latencies.len() as f64;
    println!(
        "{:<28} {writers:>4} writers {:>9.0} appends/s {:>8.0} runs/s  p50 {:.3} ms  p99 {:.3} ms  {:>5.1} appends/batch  {:.1} us CPU/append",
        if runs {
            "runs (claims and work)"
        } else {
            "events and streams"
        },
        count / elapsed,
        count / elapsed / 4.0,
        at(0.5),
        at(0.99),
        count / batches.load(Ordering::Relaxed) as f64,
        cpu / count * 1e6,
    );
    let report = verify(&*log, Position(0), |_| ()).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    log.close().await;
    reader.await.unwrap();
}

/// Multi-row inserts of bound rows into the same tables, nothing else: what the adapter could reach at best.
async fn bare(folder: &Path, seconds: u64, batch: usize) {
    open(folder).await.close().await;
    let options = SqliteConnectOptions::new()
        .filename(folder.join("es.db"))
        .pragma("synchronous", "FULL")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-8192");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let rows = vec!["(?,?,?,?,'StepSucceeded',1,1,?,?,?,?,?)"; batch * 2].join(",");
    let streams = vec!["(?,'execution',1,?)"; batch].join(",");
    let text = format!(
        "BEGIN IMMEDIATE; INSERT INTO Events (Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, OccurredAt, RecordedAt, LeafHash, Metadata, Payload) VALUES {rows};
         INSERT INTO Streams (Stream, Aggregate, WorkspaceId, Version) VALUES {streams} ON CONFLICT (Stream) DO UPDATE SET Version = excluded.Version;
         UPDATE Head SET Position = ?; COMMIT"
    );
    let text: Arc<str> = text.into();
    let payload = payload();
    let (begin, cpu) = (Instant::now(), processor_seconds());
    let (mut position, mut appends) = (0_i64, 0);
    while begin.elapsed().as_secs() < seconds {
        let names: Vec<String> = (0..batch).map(|_| format!("execution-{}", Uuid::now_v7())).collect();
        for turn in 0..4 {
            let mut query = sqlx::query(AssertSqlSafe(text.clone()));
            for name in &names {
                for version in 1..=2 {
                    position += 1;
                    let event = event(&payload);
                    query = query
                        .bind(position)
                        .bind(name.clone())
                        .bind(turn * 2 + version)
                        .bind(event.id.to_string())
                        .bind(event.occurred_at.clone())
                        .bind(event.occurred_at)
                        .bind(vec![7_u8; 32])
                        .bind(event.metadata)
                        .bind(event.payload);
                }
            }
            for name in &names {
                query = query.bind(name.clone()).bind(turn * 2 + 2);
            }
            query.bind(position).execute(&mut connection).await.unwrap();
            appends += batch;
        }
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let cpu = processor_seconds() - cpu;
    println!(
        "{:<28} {batch:>4} a batch {:>9.0} appends/s {:>8.0} runs/s {:>60.1} us CPU/append",
        "bare multi-row insert",
        appends as f64 / elapsed,
        appends as f64 / elapsed / 4.0,
        cpu / appends as f64 * 1e6
    );
    connection.close().await.unwrap();
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let seconds = arguments.next().map_or(3, |seconds| seconds.parse().unwrap());
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("/var/tmp/wfm-bench-append"), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::spawn(async move {
            for batch in [1, 64] {
                bare(&folder, seconds, batch).await;
            }
            for writers in [1, 16, 64, 256] {
                appends(&folder, seconds, writers, false).await;
            }
            for writers in [1, 64, 256] {
                appends(&folder, seconds, writers, true).await;
            }
            let _gone = std::fs::remove_dir_all(&folder);
        })
        .await
        .unwrap();
    });
}
