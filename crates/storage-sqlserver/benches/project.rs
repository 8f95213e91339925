//! How fast events become rows: pages of a rebuild into a shadow, and small batches into the serving tables.
//!
//! `WFM_TEST_SQLSERVER=… cargo bench -p wfm-storage-sqlserver --bench project -- [PAGES]` prints one line a case. It makes a
//! database and leaves it. The rows are those of runs of three steps, eight events each, as the projectors write them.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;
use wfm_projections::tables::{
    self, EXECUTION_LOGS, EXECUTION_STATES, STEP_RUNS, WORKFLOW_EXECUTIONS, WORKFLOW_METRICS,
};
use wfm_storage::{
    event::Position,
    read_store::{Cell, Change, Checkpoint, Column, ColumnKind, ProjectedBatch, ReadStore, Table},
};
use wfm_storage_sqlserver::{Pool, Settings, SqlServerReadStore};

const INSTANT: &str = "2026-11-22T16:29:03.123456Z";
const EVENTS_PER_RUN: u64 = 8;

fn checkpoint(position: u64) -> Option<Checkpoint> {
    (position > 0).then(|| Checkpoint {
        log_id: "log".into(),
        position: Position(position),
        leaf_hash: "00".repeat(32).into(),
        epoch: 0,
    })
}

fn insert(table: &'static Table, row: Vec<Cell>) -> Change {
    Change::Insert { table, row }
}

fn update(table: &'static Table, key: &Cell, set: Vec<(usize, Cell)>) -> Change {
    let key = key.clone();
    Change::Update { table, key, set }
}

/// The rows that others refer to, all with id 1.
fn ground() -> Vec<Change> {
    let cell = |(place, column): (usize, &Column)| match (place, column.name, column.kind) {
        (_, "Email", _) => "ada@example.com".into(),
        (_, _, ColumnKind::Integer | ColumnKind::Bit) => Cell::Integer(1),
        (_, _, ColumnKind::Real) => 1.5.into(),
        (_, _, ColumnKind::Text) => "text".into(),
        (_, _, ColumnKind::Instant) => INSTANT.into(),
    };
    let parents = [
        &tables::USERS,
        &tables::WORKSPACES,
        &tables::PROJECTS,
        &tables::ENVIRONMENTS,
        &tables::API_ENDPOINTS,
        &tables::WORKFLOWS,
        &tables::WORKFLOW_STEPS,
    ];
    let rows = parents.map(|table| insert(table, table.columns.iter().enumerate().map(cell).collect()));
    rows.into()
}

/// What the events of one run, at positions from `first` on, change.
fn run(first: u64, changes: &mut Vec<Change>) {
    let execution = Uuid::now_v7().to_string();
    let key = Cell::from(execution.as_str());
    let id = |offset: u64, ordinal: i64| Cell::Integer((first + offset).cast_signed() * 256 + ordinal);
    let log = |offset: u64, step: Cell, message: &str, details: &str| {
        let row = vec![
            id(offset, 0),
            key.clone(),
            step,
            "Info".into(),
            message.into(),
            details.into(),
            INSTANT.into(),
        ];
        insert(&EXECUTION_LOGS, row)
    };
    let metric = |offset: u64, ordinal: i64, name: &str| {
        let metadata = format!("{{\"executionId\":\"{execution}\"}}");
        let row = vec![
            id(offset, ordinal),
            1.into(),
            name.into(),
            12.345.into(),
            metadata.into(),
            INSTANT.into(),
        ];
        insert(&WORKFLOW_METRICS, row)
    };
    let input = "{\"customerId\":\"c-1042\",\"orderTotal\":129.90,\"note\":\"leave at the \\\"door\\\"\"}";
    changes.push(insert(
        &WORKFLOW_EXECUTIONS,
        vec![
            key.clone(),
            1.into(),
            0.into(),
            INSTANT.into(),
            Cell::Null,
            input.into(),
            Cell::Null,
            Cell::Null,
            "order-1042".into(),
        ],
    ));
    changes.push(insert(
        &EXECUTION_STATES,
        vec![
            key.clone(),
            1.into(),
            1.into(),
            1.into(),
            "Running".into(),
            0.into(),
            Cell::Null,
            Cell::Null,
            1.into(),
        ],
    ));
    changes.push(log(
        0,
        Cell::Null,
        "Execution started",
        "{\"executionContext\":\"order-1042\"}",
    ));
    for step in 0_u64..3 {
        let offset = 1 + step * 2;
        let attempt = Cell::from(format!("{execution}/{step:04}/0001"));
        let name = ["reserve", "charge", "confirm"][step as usize];
        let mut row = vec![
            attempt.clone(),
            key.clone(),
            1.into(),
            name.into(),
            step.cast_signed().into(),
            1.into(),
        ];
        row.extend([
            "Running".into(),
            INSTANT.into(),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
        ]);
        changes.push(insert(&STEP_RUNS, row));
        changes.push(update(
            &EXECUTION_STATES,
            &key,
            vec![(8, (offset + 1).cast_signed().into())],
        ));
        let output = "{\"id\":\"r-77\",\"status\":\"reserved\",\"items\":[1,2,3]}";
        let done = vec![
            (6, "Succeeded".into()),
            (8, INSTANT.into()),
            (9, 12.345.into()),
            (10, 200.into()),
            (13, output.into()),
        ];
        changes.push(update(&STEP_RUNS, &attempt, done));
        changes.push(update(
            &EXECUTION_STATES,
            &key,
            vec![(8, (offset + 2).cast_signed().into())],
        ));
        let details = format!("{{\"step\":\"{name}\",\"attempt\":1,\"statusCode\":200,\"durationMs\":12.345}}");
        changes.push(log(offset + 1, 1.into(), &format!("Step '{name}' succeeded"), &details));
        changes.push(metric(offset + 1, 0, "StepDurationMs"));
    }
    let output = "{\"confirmation\":\"c-991\",\"total\":129.90}";
    changes.push(update(
        &WORKFLOW_EXECUTIONS,
        &key,
        vec![(2, 1.into()), (4, INSTANT.into()), (6, output.into())],
    ));
    changes.push(update(
        &EXECUTION_STATES,
        &key,
        vec![(4, "Completed".into()), (6, 61.5.into()), (8, 8.into())],
    ));
    changes.push(log(
        7,
        Cell::Null,
        "Execution completed",
        "{\"durationMs\":61.5,\"retryCount\":0}",
    ));
    changes.push(metric(7, 0, "DurationMs"));
    changes.push(metric(7, 1, "RetryCount"));
}

/// Applies batches of so many runs; returns events a second and the median of a batch.
async fn apply(store: &Arc<dyn ReadStore>, from: u64, batches: u64, runs: u64) -> (f64, Duration) {
    let (mut position, mut took) = (from, Vec::new());
    for _ in 0..batches {
        let mut changes = Vec::new();
        for place in 0..runs {
            run(position + 1 + place * EVENTS_PER_RUN, &mut changes);
        }
        let next = position + runs * EVENTS_PER_RUN;
        let batch = ProjectedBatch {
            expected: checkpoint(position),
            next: checkpoint(next).unwrap(),
            changes,
            park: Vec::new(),
            unpark: Vec::new(),
        };
        let started = Instant::now();
        store.apply(batch).await.unwrap();
        took.push(started.elapsed());
        position = next;
    }
    let all: Duration = took.iter().sum();
    took.sort_unstable();
    ((position - from) as f64 / all.as_secs_f64(), took[took.len() / 2])
}

#[tokio::main]
async fn main() {
    let pages: u64 = std::env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(20);
    let Ok(text) = std::env::var("WFM_TEST_SQLSERVER") else {
        eprintln!("SQL Server: SKIPPED, WFM_TEST_SQLSERVER holds no connection string");
        return;
    };
    let settings = Settings::parse(&text).unwrap();
    let name = format!("wfm_bench_{}", Uuid::now_v7().simple());
    Pool::new(settings.with_database("master"))
        .execute_batch(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let pool = Pool::new(settings.with_database(name));
    let store = SqlServerReadStore::open(pool).await.unwrap();
    let shadow = store.shadow().await.unwrap();
    for (case, store, batches, runs) in [
        ("rebuild, 1,024 events a batch", &shadow, pages, 128),
        ("live, 8 events a batch", &store, 200, 1),
        ("live, 64 events a batch", &store, 50, 8),
    ] {
        let from = store
            .checkpoint()
            .await
            .unwrap()
            .map_or(0, |checkpoint| checkpoint.position.0);
        if from == 0 {
            let batch = ProjectedBatch {
                expected: None,
                next: checkpoint(1).unwrap(),
                changes: ground(),
                park: Vec::new(),
                unpark: Vec::new(),
            };
            store.apply(batch).await.unwrap();
        }
        let (rate, median) = apply(store, from.max(1), batches, runs).await;
        println!("{case}: {rate:.0} events/s, {median:?} a batch");
    }
}
