//! Executions that are old enough go, and with the last one of a month its key.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use wfm_application::{
    context::Context,
    error::ApplicationError,
    executions::starting::StartInput,
    housekeeping::DailyRetention,
    retention::{RetentionMonth, RetentionReport, RetentionRule},
};
use wfm_domain::{
    ids::{ExecutionId, WorkflowId},
    retention::RetentionPeriods,
};
use wfm_projections::tables::{EXECUTION_STATES, ExecutionStates};
use wfm_storage::{
    append::{Append, StorageError, StreamAppend},
    cleanup::{CleanupRequest, CleanupRequests},
    event::{NewEvent, Position, StreamId, StreamVersion},
    read_store::{Cell, Change, ProjectedBatch, Query},
    vault::Vault,
};

use crate::{
    testing::{TestApp, code, from, is_forbidden},
    workflows::prepared,
};

const DAY: i64 = 24 * 60 * 60;

/// Workflow 1 in workspace 1: a run completes without `go`, fails without an `id`, and otherwise stays open.
async fn with_workflow() -> TestApp {
    let (app, _) = prepared().await;
    let body = json!({
        "projectId": 1, "environmentId": 1, "name": "Ship",
        "steps": [{
            "name": "fetch", "apiEndpointId": 1, "condition": "input.go", "inputMapping": {"orderId": "{input.id}"},
        }]
    });
    app.create_workflow(&app.root(), &from(body)).await.unwrap();
    app.publish_workflow(&app.root(), WorkflowId(1)).await.unwrap();
    app
}

async fn start(app: &TestApp, input: Value) -> ExecutionId {
    let input = StartInput {
        input,
        execution_context: None,
        key: None,
    };
    app.runs.start(&app.root(), WorkflowId(1), &input).await.unwrap().id
}

async fn completed(app: &TestApp) -> ExecutionId {
    start(app, json!({"go": false, "note": "complete"})).await
}

async fn failed(app: &TestApp) -> ExecutionId {
    start(app, json!({"go": true, "note": "fail"})).await
}

async fn open(app: &TestApp) -> ExecutionId {
    start(app, json!({"go": true, "id": 7, "note": "open"})).await
}

async fn cancel(app: &TestApp, id: &ExecutionId) {
    app.runs.cancel(&app.root(), id, Some("enough")).await.unwrap();
}

async fn run(app: &TestApp) -> RetentionReport {
    app.run_retention(&app.root(), &app.retention_rule).await.unwrap()
}

async fn plan(app: &TestApp) -> RetentionReport {
    app.plan_retention(&app.root(), &app.retention_rule).await.unwrap()
}

/// Completed, failed and cancelled executions of a month that go, and whether its key does.
fn month(name: &str, [completed, failed, cancelled]: [u64; 3], key_destroyed: bool) -> RetentionMonth {
    RetentionMonth {
        workspace_id: 1,
        month: name.to_owned(),
        completed,
        failed,
        cancelled,
        key_destroyed,
    }
}

async fn rows(app: &TestApp, text: &'static str) -> Vec<Cell> {
    app.projection.catch_up().await.unwrap();
    let rows = app.reads.query(Query::new(text, Vec::new())).await.unwrap();
    rows.into_iter().flatten().collect()
}

/// Ids of executions that are left, wherever a table names one.
async fn left(app: &TestApp) -> Vec<String> {
    let ids = "SELECT Id FROM WorkflowExecutions UNION SELECT ExecutionId FROM ExecutionLogs \
               UNION SELECT ExecutionId FROM ExecutionStates UNION SELECT ExecutionId FROM StepRuns ORDER BY 1";
    let text = |cell| match cell {
        Cell::Text(id) => id.to_string(),
        other => panic!("{other:?}"),
    };
    rows(app, ids).await.into_iter().map(text).collect()
}

async fn has_key(app: &TestApp, month: &str) -> bool {
    app.faulty.data_key(&format!("runs/1/{month}")).await.unwrap().is_some()
}

/// The rows are those of a replay, with and without the keys in memory.
async fn verified(app: &TestApp) {
    app.projection.catch_up().await.unwrap();
    assert_eq!(app.projection.verify(|_| {}).await.unwrap(), []);
}

fn ids(ids: &[&ExecutionId]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn each_execution_goes_when_its_period_is_over_and_the_last_one_takes_the_key_along() {
    let app = with_workflow().await;
    let (done, broken) = (completed(&app).await, failed(&app).await);
    let (stopped, running) = (open(&app).await, open(&app).await);
    cancel(&app, &stopped).await;
    assert_eq!(left(&app).await, ids(&[&done, &broken, &stopped, &running]));

    // At the very cutoff everything is kept, a second later the documented two years are over.
    app.clock.advance(730 * DAY);
    assert_eq!(plan(&app).await.months, []);
    assert_eq!(run(&app).await.executions, 0);
    app.clock.advance(1);
    let due = vec![month("2026-03", [1, 0, 1], false)];
    assert_eq!(plan(&app).await.months, due);
    assert_eq!(left(&app).await.len(), 4, "a plan changes nothing");
    let report = run(&app).await;
    assert_eq!((report.executions, report.months), (2, due));
    assert_eq!(report.completed_before, "2026-03-01T12:00:01.000000Z");
    assert_eq!(left(&app).await, ids(&[&broken, &running]));
    assert_eq!(app.types("run-month-1-2026-03").await, ["ExecutionsPurged"]);
    verified(&app).await;

    // Failed ones after five years; what still runs stays, and so does the key.
    app.clock.advance((1826 - 730) * DAY - 1);
    assert_eq!(run(&app).await.months, []);
    app.clock.advance(1);
    assert_eq!(run(&app).await.months, [month("2026-03", [0, 1, 0], false)]);
    assert_eq!(left(&app).await, ids(&[&running]));
    assert!(has_key(&app, "2026-03").await);

    cancel(&app, &running).await;
    assert_eq!(plan(&app).await.months, [month("2026-03", [0, 0, 1], true)]);
    assert!(has_key(&app, "2026-03").await);
    assert_eq!(run(&app).await.months, [month("2026-03", [0, 0, 1], true)]);
    assert!(!has_key(&app, "2026-03").await);
    assert_eq!(left(&app).await.len(), 0);
    let types = app.types("run-month-1-2026-03").await;
    assert_eq!(types[2..], ["ExecutionsPurged", "RunDataErased"]);
    assert_eq!((plan(&app).await.months, run(&app).await.months), (vec![], vec![]));

    // The history stays, without what the runs carried; the metrics stay, for they are the workflow's.
    let history = app.history(&app.root(), &done.stream(), 0, 10).await.unwrap();
    assert_eq!(history.items[0].data["request"]["input"], "erased");
    assert_ne!(
        rows(&app, "SELECT COUNT(*) FROM WorkflowMetrics").await,
        [Cell::Integer(0)]
    );
    verified(&app).await;
    let app = app.reopen().await;
    verified(&app).await;
    assert_eq!(app.projection.rebuild(|_| {}).await.unwrap(), []);
    // And no new key takes the place of the destroyed one, should the clock ever be set back.
    app.clock.advance(-1826 * DAY);
    let late = StartInput {
        input: json!({"go": false}),
        execution_context: None,
        key: None,
    };
    assert_eq!(code(app.runs.start(&app.root(), WorkflowId(1), &late).await), "erased");
}

#[tokio::test]
async fn many_go_in_batches_month_by_month() {
    let app = with_workflow().await;
    let mut kept = Vec::new();
    for _ in 0..5 {
        completed(&app).await;
    }
    app.clock.advance(40 * DAY);
    for _ in 0..2 {
        completed(&app).await;
    }
    app.clock.advance(3 * DAY);
    kept.push(completed(&app).await);
    app.clock.advance(20 * DAY);
    // As whoever answers a request for a clean-up would call it, with periods and a batch size of their own.
    let rule = RetentionRule::new(RetentionPeriods::new(21, 21).unwrap(), 2);
    let report = app.run_retention(&app.root(), &rule).await.unwrap();
    let expected = [month("2026-03", [5, 0, 0], true), month("2026-04", [2, 0, 0], false)];
    assert_eq!((report.executions, report.months.as_slice()), (7, &expected[..]));
    assert_eq!(
        app.types("run-month-1-2026-03").await,
        [
            "ExecutionsPurged",
            "ExecutionsPurged",
            "ExecutionsPurged",
            "RunDataErased"
        ]
    );
    assert_eq!(left(&app).await, ids(&[&kept[0]]));
    assert_eq!(
        (has_key(&app, "2026-03").await, has_key(&app, "2026-04").await),
        (false, true)
    );
    verified(&app).await;
}

#[tokio::test]
async fn a_month_keeps_its_key_until_it_is_over() {
    let app = with_workflow().await;
    completed(&app).await;
    app.clock.advance(10 * DAY);
    let rule = RetentionRule::new(RetentionPeriods::new(1, 1).unwrap(), 1000);
    let report = app.run_retention(&app.root(), &rule).await.unwrap();
    assert_eq!(report.months, [month("2026-03", [1, 0, 0], false)]);
    // More may begin in the month, under the same key.
    completed(&app).await;
    app.clock.advance(2 * DAY);
    app.run_retention(&app.root(), &rule).await.unwrap();
    assert!(has_key(&app, "2026-03").await);
    // From 2026-03-13 12:00 to a second before the second of April; then to the second.
    app.clock.advance(19 * DAY + DAY / 2 - 1);
    assert_eq!(app.plan_retention(&app.root(), &rule).await.unwrap().months, []);
    app.clock.advance(1);
    let emptied = [month("2026-03", [0, 0, 0], true)];
    assert_eq!(app.plan_retention(&app.root(), &rule).await.unwrap().months, emptied);
    assert_eq!(app.run_retention(&app.root(), &rule).await.unwrap().months, emptied);
    assert!(!has_key(&app, "2026-03").await);
    verified(&app).await;
}

#[tokio::test]
async fn what_a_stop_cuts_short_the_next_run_finishes() {
    let app = with_workflow().await;
    for _ in 0..3 {
        completed(&app).await;
    }
    app.clock.advance(800 * DAY);
    let small = RetentionRule::new(RetentionPeriods::default(), 1);
    let cut_short = async |app: &TestApp| {
        let outcome = app.run_retention(&app.root(), &small).await;
        assert!(matches!(outcome, Err(ApplicationError::Storage(_))), "{outcome:?}");
    };
    // Between two batches.
    app.faulty.appends_left.store(2, Ordering::SeqCst);
    cut_short(&app).await;
    assert_eq!(left(&app).await.len(), 1);
    let app = app.reopen().await;
    // Between the last batch and the event of the erasure.
    app.faulty.appends_left.store(1, Ordering::SeqCst);
    cut_short(&app).await;
    assert_eq!(left(&app).await.len(), 0);
    let app = app.reopen().await;
    assert_eq!(plan(&app).await.months, [month("2026-03", [0, 0, 0], true)]);
    // Between the event and the key.
    app.faulty.keeps_keys.store(true, Ordering::SeqCst);
    cut_short(&app).await;
    let events = [
        "ExecutionsPurged",
        "ExecutionsPurged",
        "ExecutionsPurged",
        "RunDataErased",
    ];
    assert_eq!(app.types("run-month-1-2026-03").await, events);
    assert!(has_key(&app, "2026-03").await);
    let app = app.reopen().await;
    let finished = vec![month("2026-03", [0, 0, 0], true)];
    assert_eq!(
        (plan(&app).await.months, run(&app).await.months),
        (finished.clone(), finished)
    );
    assert!(!has_key(&app, "2026-03").await);
    assert_eq!(app.types("run-month-1-2026-03").await, events, "said once");
    assert_eq!(run(&app).await.months, []);
    verified(&app).await;
}

/// Appends an event that no projector understands.
async fn poison(app: &TestApp) {
    let event = NewEvent {
        id: app.store.entropy.uuid(),
        event_type: "Unheard".into(),
        schema_version: 1,
        occurred_at: app.store.now().to_string().into(),
        payload: "{}".into(),
        metadata: "{}".into(),
        typed: None,
    };
    let append = Append {
        streams: vec![StreamAppend {
            stream: StreamId::new("strange-1"),
            aggregate: "strange".into(),
            workspace: None,
            expected: StreamVersion(0),
            events: vec![event],
        }],
        ..Append::default()
    };
    app.store.log.append(append).await.unwrap();
}

#[tokio::test]
async fn nothing_goes_while_the_read_models_lack_events() {
    let app = with_workflow().await;
    let done = completed(&app).await;
    app.clock.advance(800 * DAY);
    poison(&app).await;
    assert_eq!(
        code(app.plan_retention(&app.root(), &app.retention_rule).await),
        "events-parked"
    );
    assert_eq!(
        code(app.run_retention(&app.root(), &app.retention_rule).await),
        "events-parked"
    );
    assert_eq!(left(&app).await, ids(&[&done]));
    assert!(has_key(&app, "2026-03").await);
}

#[tokio::test]
async fn an_execution_that_moved_on_meanwhile_stays() {
    let app = with_workflow().await;
    let done = completed(&app).await;
    app.clock.advance(800 * DAY);
    app.projection.catch_up().await.unwrap();
    // The rows show another version than the log has: as though it had gone on after the look at the rows.
    let checkpoint = app.reads.checkpoint().await.unwrap().unwrap();
    let batch = ProjectedBatch {
        expected: Some(checkpoint.clone()),
        next: checkpoint,
        changes: vec![Change::Update {
            table: &EXECUTION_STATES,
            key: done.0.as_str().into(),
            set: vec![(ExecutionStates::StreamVersion.into(), 2_i64.into())],
        }],
        park: Vec::new(),
        unpark: Vec::new(),
    };
    app.reads.apply(batch).await.unwrap();
    let outcome = app.run_retention(&app.root(), &app.retention_rule).await;
    assert!(matches!(outcome, Err(ApplicationError::Contended)), "{outcome:?}");
    assert_eq!(left(&app).await, ids(&[&done]));
    assert!(has_key(&app, "2026-03").await);
}

#[tokio::test]
async fn two_at_once_purge_each_execution_once() {
    let app = with_workflow().await;
    for _ in 0..6 {
        completed(&app).await;
    }
    app.clock.advance(800 * DAY);
    let rule = RetentionRule::new(RetentionPeriods::default(), 1);
    let (root, again) = (app.root(), app.root());
    let (one, other) = tokio::join!(app.run_retention(&root, &rule), app.run_retention(&again, &rule));
    assert_eq!(one.unwrap().executions + other.unwrap().executions, 6);
    assert_eq!(app.types("run-month-1-2026-03").await.len(), 7);
    assert!(!has_key(&app, "2026-03").await);
    verified(&app).await;
}

#[tokio::test]
async fn administrators_and_the_system_alone_purge_and_the_log_says_who() {
    let app = with_workflow().await;
    completed(&app).await;
    app.clock.advance(800 * DAY);
    let manager = app.user("pm", "ProjectManager").await;
    assert!(is_forbidden(
        &app.plan_retention(&app.of(manager), &app.retention_rule).await
    ));
    assert!(is_forbidden(
        &app.run_retention(&app.of(manager), &app.retention_rule).await
    ));
    run(&app).await;
    let purged = app.history(&app.root(), "run-month-1-2026-03", 0, 10).await.unwrap();
    assert_eq!(purged.items[0].metadata["actor"], json!({"userId": 1}));
    assert_eq!(purged.items[0].data["executions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn retention_runs_once_a_day_by_itself() {
    let app = with_workflow().await;
    completed(&app).await;
    let mut daily = DailyRetention::default();
    assert_eq!(daily.run(&app).await.unwrap().map(|report| report.executions), Some(0));
    app.clock.advance(730 * DAY - DAY / 2);
    assert_eq!(daily.run(&app).await.unwrap().map(|report| report.executions), Some(0));
    // Later on the same day, when it has become old enough.
    app.clock.advance(DAY / 2 + 3600);
    assert_eq!(plan(&app).await.executions, 1);
    assert_eq!(daily.run(&app).await.unwrap(), None);
    app.clock.advance(DAY / 2);
    assert_eq!(daily.run(&app).await.unwrap().map(|report| report.executions), Some(1));
    assert_eq!(left(&app).await.len(), 0);
    let context = Context::system("test", "request");
    let purged = app.history(&context, "run-month-1-2026-03", 0, 10).await.unwrap();
    assert_eq!(purged.items[0].metadata["actor"], json!({"system": "retention"}));
}

/// Requests as an administrator of the database files them: number, days, and whether it was answered.
struct Requests(std::sync::Mutex<Vec<(CleanupRequest, bool)>>);

#[async_trait::async_trait]
impl CleanupRequests for Requests {
    async fn open_requests(&self) -> Result<Vec<CleanupRequest>, StorageError> {
        let requests = self.0.lock().unwrap();
        Ok(requests
            .iter()
            .filter(|(_, answered)| !answered)
            .map(|(request, _)| *request)
            .collect())
    }

    async fn answer_request(&self, id: i64, _position: Position) -> Result<(), StorageError> {
        let mut requests = self.0.lock().unwrap();
        requests
            .iter_mut()
            .filter(|(request, _)| request.id == id)
            .for_each(|(_, answered)| *answered = true);
        Ok(())
    }
}

#[tokio::test]
async fn a_request_of_the_databases_administrator_is_carried_out_once() {
    let app = with_workflow().await;
    let (completed, failed) = (completed(&app).await, failed(&app).await);
    let request = |id, retention_days| CleanupRequest {
        id,
        retention_days,
        batch_size: 1000,
    };
    let requests = Requests(std::sync::Mutex::new(vec![
        (request(1, 40), false),
        (request(2, 20), false),
    ]));
    app.clock.advance(30 * DAY);
    assert_eq!(app.answer_cleanup_requests(&requests).await.unwrap(), 2);
    // Nothing is 40 days old; the failed run is kept as configured.
    assert_eq!(left(&app).await, [failed.0.as_str()]);
    assert_ne!(completed, failed);
    assert_eq!(app.answer_cleanup_requests(&requests).await.unwrap(), 0);
}
