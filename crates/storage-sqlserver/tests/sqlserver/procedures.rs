//! The documented procedures, called as operators and analysts call them.

use std::sync::Arc;

use wfm_projections::{
    queries::{instant, workflow_metrics},
    tables::{self, WORKFLOW_EXECUTIONS},
};
use wfm_storage::{
    event::Position,
    read_store::{Cell, Change, Checkpoint, Column, ColumnKind, ProjectedBatch, Query, ReadStore},
};
use wfm_storage_sqlserver::{LogOptions, SqlServerReadStore};

use crate::server::TestDatabase;

/// One row in every table, and runs of workflow 1 that ended in different ways.
fn batch() -> ProjectedBatch {
    let cell = |(place, column): (usize, &Column)| match (place, column.name, column.kind) {
        (_, "Email", _) => "ada@example.com".into(),
        (_, "IsDeleted", _) => false.into(),
        (_, _, ColumnKind::Integer | ColumnKind::Bit) => Cell::Integer(1),
        (_, _, ColumnKind::Real) => 1.5.into(),
        (_, _, ColumnKind::Text) => "* * * * *".into(),
        (_, _, ColumnKind::Instant) => "2026-11-22T16:29:03.123456Z".into(),
    };
    let mut tables = tables::ALL.to_vec();
    tables.sort_by_key(|table| table.rank);
    let mut changes: Vec<Change> = tables
        .into_iter()
        .map(|table| Change::Insert {
            table,
            row: table.columns.iter().enumerate().map(cell).collect(),
        })
        .collect();
    for (id, status, to) in [("a", 1, Some("05.500000")), ("b", 2, Some("03.999999")), ("c", 0, None)] {
        let mut row: Vec<Cell> = WORKFLOW_EXECUTIONS.columns.iter().enumerate().map(cell).collect();
        row[0] = id.into();
        row[2] = Cell::Integer(status);
        row[3] = "2026-11-22T16:29:03.000000Z".into();
        row[4] = to.map(|to| format!("2026-11-22T16:29:{to}Z")).into();
        let table = &WORKFLOW_EXECUTIONS;
        changes.push(Change::Insert { table, row });
    }
    let next = Checkpoint {
        log_id: "log".into(),
        position: Position(1),
        leaf_hash: "hash".into(),
        epoch: 0,
    };
    ProjectedBatch {
        expected: None,
        next,
        changes,
        park: Vec::new(),
        unpark: Vec::new(),
    }
}

async fn rows(store: &Arc<dyn ReadStore>, text: &str) -> Vec<Vec<Cell>> {
    store.query(Query::new(text.to_owned(), Vec::new())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_those_of_the_api() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    store.apply(batch()).await.unwrap();
    let range = "@StartDate = '2026-11-01T00:00:00', @EndDate = '2026-11-30T00:00:00'";
    let called = rows(
        &store,
        &format!("EXEC dbo.sp_GetWorkflowMetrics @WorkflowId = 1, {range}"),
    )
    .await;
    let (start, end) = (
        instant("2026-11-01T00:00:00Z").unwrap(),
        instant("2026-11-30T00:00:00Z").unwrap(),
    );
    let asked = store
        .query(workflow_metrics(1, Some(start), Some(end), end))
        .await
        .unwrap();
    assert_eq!(called, asked);
    assert_eq!(called[0][1], Cell::Integer(4));
    let nothing = rows(&store, &format!("EXEC sp_GetWorkflowMetrics @WorkflowId = 7, {range}")).await;
    assert_eq!(nothing[0][..3], [Cell::Integer(7), Cell::Integer(0), Cell::Null]);
    // The documented default is the thirty days up to now.
    assert_eq!(
        rows(&store, "EXEC dbo.sp_GetWorkflowMetrics @WorkflowId = 1")
            .await
            .len(),
        1
    );
    pool.close();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleaning_up_files_a_request_and_deletes_nothing() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let options = LogOptions::new(Arc::new(|| "2026-11-22T16:29:03.123456Z".to_owned()));
    crate::schema::up(&database.settings, &options).await.unwrap();
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    store.apply(batch()).await.unwrap();
    pool.execute_batch("EXEC dbo.sp_CleanupOldExecutions").await.unwrap();
    pool.execute_batch("EXEC dbo.sp_CleanupOldExecutions @RetentionDays = 30, @BatchSize = 500")
        .await
        .unwrap();
    let requests = "SELECT RetentionDays, BatchSize, AnsweredAt, AnswerPosition FROM es.RetentionRequests ORDER BY Id";
    let expected = [(730, 1000), (30, 500)].map(|(days, batch)| [days.into(), batch.into(), Cell::Null, Cell::Null]);
    assert_eq!(rows(&store, requests).await, expected);
    assert_eq!(
        rows(&store, "SELECT COUNT(*) FROM ExecutionLogs").await,
        [[Cell::Integer(1)]]
    );
    assert_eq!(
        rows(&store, "SELECT COUNT(*) FROM WorkflowExecutions").await,
        [[Cell::Integer(4)]]
    );
    // What makes no sense is refused, and requests outlive the read models.
    assert!(
        pool.execute_batch("EXEC dbo.sp_CleanupOldExecutions @RetentionDays = -1")
            .await
            .is_err()
    );
    SqlServerReadStore::remove(&pool).await.unwrap();
    assert_eq!(rows(&store, requests).await, expected);
    pool.close();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_read_as_documented() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    store.apply(batch()).await.unwrap();
    let active = rows(
        &store,
        "SELECT Id, Name, ProjectName, EnvironmentName, WorkspaceName, CreatedBy FROM vw_ActiveWorkflows",
    )
    .await;
    let text = || Cell::from("* * * * *");
    assert_eq!(
        active,
        [[
            Cell::Integer(1),
            text(),
            text(),
            text(),
            text(),
            "* * * * * * * * * *".into()
        ]]
    );
    let summary = rows(
        &store,
        "SELECT WorkflowId, TotalExecutions, SuccessfulExecutions, FailedExecutions, SuccessRate, LastExecutionAt \
         FROM vw_WorkflowExecutionSummary",
    )
    .await;
    let expected = [
        1.into(),
        4.into(),
        2.into(),
        1.into(),
        50.0.into(),
        Cell::from("2026-11-22T16:29:03.123456Z"),
    ];
    assert_eq!(summary, [expected]);
    pool.close();
    database.remove().await;
}
