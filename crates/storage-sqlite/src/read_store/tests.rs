//! The read store on SQLite, table by table and query by query.

use std::{path::Path, sync::Arc};

use wfm_projections::{
    queries::{ListRequest, Listed, Visibility, get, list, page, resources, workflow_metrics},
    tables::{
        self, EXECUTION_LOGS, STEP_RUNS, USERS, Users, WORKFLOW_EXECUTIONS, WORKFLOW_STEPS, WorkflowSteps,
        step_run_keys,
    },
};
use wfm_storage::read_store::{Change, ColumnKind, Table};

use super::*;

async fn open() -> (tempfile::TempDir, Arc<dyn ReadStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteReadStore::open(folder.path()).await.unwrap();
    (folder, store)
}

fn at(position: u64, epoch: i64) -> Checkpoint {
    Checkpoint {
        log_id: "log".into(),
        position: Position(position),
        leaf_hash: "hash".into(),
        epoch,
    }
}

fn batch(expected: Option<Checkpoint>, next: Checkpoint, changes: Vec<Change>) -> ProjectedBatch {
    ProjectedBatch {
        expected,
        next,
        changes,
        park: Vec::new(),
        unpark: Vec::new(),
    }
}

/// A row whose cells fit their columns.
fn row(table: &'static Table, id: i64) -> Vec<Cell> {
    let cell = |(place, column): (usize, &wfm_storage::read_store::Column)| match (place, column.name) {
        (0, _) if column.kind == ColumnKind::Integer => id.into(),
        (0, _) => format!("id-{id}").into(),
        (_, "Email") => format!("user{id}@example.com").into(),
        (_, "IsDeleted") => false.into(),
        (_, "ExecutionId") => format!("id-{id}").into(),
        _ => match column.kind {
            ColumnKind::Integer | ColumnKind::Bit => Cell::Integer(1),
            ColumnKind::Real => 1.5.into(),
            ColumnKind::Text => "text text text".into(),
            ColumnKind::Instant => "2026-11-22T16:29:03.123456Z".into(),
        },
    };
    table.columns.iter().enumerate().map(cell).collect()
}

fn insert(table: &'static Table, id: i64) -> Change {
    Change::Insert {
        table,
        row: row(table, id),
    }
}

/// One row with id 1 in every table.
fn one_of_each() -> Vec<Change> {
    let mut tables = tables::ALL.to_vec();
    tables.sort_by_key(|table| table.rank);
    tables.into_iter().map(|table| insert(table, 1)).collect()
}

async fn cells(store: &Arc<dyn ReadStore>, text: &str) -> Vec<Vec<Cell>> {
    store.query(Query::new(text.to_owned(), Vec::new())).await.unwrap()
}

#[tokio::test]
async fn table_definitions_agree_with_the_ddl() {
    let (_folder, store) = open().await;
    for table in tables::ALL {
        let columns = cells(
            &store,
            &format!("SELECT name, pk FROM pragma_table_info('{}')", table.name),
        )
        .await;
        let names: Vec<Cell> = columns.iter().map(|column| column[0].clone()).collect();
        let defined: Vec<Cell> = table.columns.iter().map(|column| column.name.into()).collect();
        assert_eq!(names, defined, "{}", table.name);
        assert_eq!(columns[0][1], Cell::Integer(1), "the key of {}", table.name);
    }
    let count = cells(&store, "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'").await;
    let book_keeping = 3;
    assert_eq!(count[0][0], Cell::Integer(tables::ALL.len() as i64 + book_keeping));
}

#[tokio::test]
async fn the_checkpoint_moves_only_from_where_it_is_expected() {
    let (_folder, store) = open().await;
    assert_eq!(store.checkpoint().await.unwrap(), None);
    store
        .apply(batch(None, at(3, 0), vec![insert(&USERS, 1)]))
        .await
        .unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(3, 0)));
    for expected in [None, Some(at(2, 0)), Some(at(3, 1))] {
        let moved = store.apply(batch(expected, at(4, 0), vec![insert(&USERS, 2)])).await;
        assert!(matches!(moved, Err(ApplyError::Moved(Some(checkpoint))) if checkpoint == at(3, 0)));
    }
    assert_eq!(cells(&store, "SELECT Id FROM Users").await, [[Cell::Integer(1)]]);
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_and_the_next_one_goes_through() {
    let (_folder, store) = open().await;
    let orphan = vec![insert(&USERS, 1), insert(&tables::PROJECTS, 1)];
    let refused = store.apply(batch(None, at(1, 0), orphan)).await;
    assert!(matches!(refused, Err(ApplyError::Rejected(_))), "{refused:?}");
    assert_eq!(store.checkpoint().await.unwrap(), None);
    store.apply(batch(None, at(1, 0), one_of_each())).await.unwrap();
    assert_eq!(
        cells(&store, "SELECT COUNT(*) FROM Projects").await,
        [[Cell::Integer(1)]]
    );
}

#[tokio::test]
async fn rows_travel_in_statements_of_every_size() {
    let (_folder, store) = open().await;
    let mut expected = None;
    let mut next = 0;
    for size in [1, 2, 4, 5, 16, 17, 63, 64, 65, 200] {
        let changes = (next..next + size).map(|id| insert(&USERS, id + 1)).collect();
        next += size;
        let checkpoint = at(next.unsigned_abs(), 0);
        store
            .apply(batch(expected.replace(checkpoint.clone()), checkpoint, changes))
            .await
            .unwrap();
        let set = |id| Change::Update {
            table: &USERS,
            key: Cell::Integer(id),
            set: vec![(Users::Role.into(), size.into())],
        };
        let checkpoint = at(next.unsigned_abs(), next);
        let updates = (1..=next).map(set).collect();
        store
            .apply(batch(expected.replace(checkpoint.clone()), checkpoint, updates))
            .await
            .unwrap();
        let seen = cells(&store, &format!("SELECT COUNT(*), SUM(Role = {size}) FROM Users")).await;
        assert_eq!(seen, [[Cell::Integer(next), Cell::Integer(next)]]);
    }
    let delete = |id| Change::Delete {
        table: &USERS,
        key: Cell::Integer(id),
    };
    store
        .apply(batch(expected, at(1, 1), (3..=next).map(delete).collect()))
        .await
        .unwrap();
    assert_eq!(cells(&store, "SELECT COUNT(*) FROM Users").await, [[Cell::Integer(2)]]);
}

#[tokio::test]
async fn the_audit_trigger_touches_hand_made_changes_only() {
    let (folder, store) = open().await;
    store
        .apply(batch(None, at(1, 0), vec![insert(&USERS, 1)]))
        .await
        .unwrap();
    let login = (Users::LastLoginAt.into(), Cell::from("2027-01-01T00:00:00.000000Z"));
    let update = Change::Update {
        table: &USERS,
        key: Cell::Integer(1),
        set: vec![login],
    };
    store
        .apply(batch(Some(at(1, 0)), at(2, 0), vec![update]))
        .await
        .unwrap();
    let updated_at = "SELECT UpdatedAt, (SELECT Writing FROM ProjectorGuard) FROM Users";
    let written: Vec<Cell> = vec!["2026-11-22T16:29:03.123456Z".into(), Cell::Integer(0)];
    assert_eq!(cells(&store, updated_at).await[0], written);

    let mut analyst = file::open(&folder.path().join("dbo.db"), Use::Serving).await.unwrap();
    sqlx::raw_sql("UPDATE Users SET Department = 'by hand'")
        .execute(&mut analyst)
        .await
        .unwrap();
    let seen = cells(&store, updated_at).await;
    assert_ne!(seen[0], written);
    assert!(
        matches!(&seen[0][0], Cell::Text(at) if at.len() == 27 && at.ends_with("000Z")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_log_row_keeps_its_step_while_the_table_has_it() {
    let (_folder, store) = open().await;
    let mut changes = one_of_each();
    let mut orphan = row(&EXECUTION_LOGS, 2);
    orphan[1] = "id-1".into();
    orphan[2] = Cell::Integer(99);
    changes.push(Change::Insert {
        table: &EXECUTION_LOGS,
        row: orphan,
    });
    store.apply(batch(None, at(1, 0), changes)).await.unwrap();
    let steps = "SELECT StepId FROM ExecutionLogs ORDER BY Id";
    assert_eq!(cells(&store, steps).await, [[Cell::Integer(1)], [Cell::Null]]);
    let gone = vec![
        Change::ClearReferences {
            table: &EXECUTION_LOGS,
            column: 2,
            parent: &WORKFLOW_STEPS,
            parent_column: WorkflowSteps::WorkflowId.into(),
            value: Cell::Integer(1),
        },
        Change::DeleteWhere {
            table: &WORKFLOW_STEPS,
            column: WorkflowSteps::WorkflowId.into(),
            value: Cell::Integer(1),
        },
    ];
    store.apply(batch(Some(at(1, 0)), at(2, 0), gone)).await.unwrap();
    assert_eq!(cells(&store, steps).await, [[Cell::Null], [Cell::Null]]);
}

#[tokio::test]
async fn what_belongs_to_purged_runs_goes_and_nothing_else() {
    let (_folder, store) = open().await;
    store.apply(batch(None, at(1, 0), one_of_each())).await.unwrap();
    let of_run = |run: i64, key: i64| {
        let mut log = row(&EXECUTION_LOGS, key);
        log[1] = format!("id-{run}").into();
        let mut step = row(&STEP_RUNS, key);
        (step[0], step[1]) = (format!("id-{run}/{key:04}/0001").into(), format!("id-{run}").into());
        [
            Change::Insert {
                table: &EXECUTION_LOGS,
                row: log,
            },
            Change::Insert {
                table: &STEP_RUNS,
                row: step,
            },
        ]
    };
    // Runs 2 to 301, of three logs and steps each: more than one statement takes.
    let runs = || (2..302_i64).map(|run| insert(&WORKFLOW_EXECUTIONS, run));
    let parts = (2..302).flat_map(|run| (0..3).flat_map(move |part| of_run(run, run * 10 + part)));
    store
        .apply(batch(Some(at(1, 0)), at(2, 0), runs().chain(parts).collect()))
        .await
        .unwrap();
    let purged = 3..302_i64;
    let mut gone: Vec<Change> = Vec::new();
    gone.extend(purged.clone().map(|run| Change::DeleteWhere {
        table: &EXECUTION_LOGS,
        column: 1,
        value: format!("id-{run}").into(),
    }));
    gone.extend(purged.clone().map(|run| {
        let [from, until] = step_run_keys(&format!("id-{run}"));
        Change::DeleteRange {
            table: &STEP_RUNS,
            from,
            until,
        }
    }));
    gone.extend(purged.map(|run| Change::Delete {
        table: &WORKFLOW_EXECUTIONS,
        key: format!("id-{run}").into(),
    }));
    store.apply(batch(Some(at(2, 0)), at(3, 0), gone)).await.unwrap();
    for (text, left) in [
        (
            "SELECT DISTINCT ExecutionId FROM ExecutionLogs ORDER BY 1",
            &["id-1", "id-2"][..],
        ),
        ("SELECT Id FROM WorkflowExecutions ORDER BY 1", &["id-1", "id-2"]),
        (
            "SELECT Id FROM StepRuns ORDER BY 1",
            &["id-1", "id-2/0020/0001", "id-2/0021/0001", "id-2/0022/0001"],
        ),
    ] {
        let expected: Vec<Vec<Cell>> = left.iter().map(|id| vec![Cell::from(*id)]).collect();
        assert_eq!(cells(&store, text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn adopting_a_shadow_makes_every_table_equal_to_it() {
    let (folder, store) = open().await;
    let mut serving = one_of_each();
    serving.push(insert(&USERS, 2));
    store.apply(batch(None, at(5, 0), serving)).await.unwrap();

    let shadow = store.shadow().await.unwrap();
    let mut rebuilt = one_of_each();
    rebuilt.push(insert(&USERS, 3));
    rebuilt.push(Change::Update {
        table: &WORKFLOW_EXECUTIONS,
        key: "id-1".into(),
        set: vec![(7, Cell::Null)],
    });
    shadow.apply(batch(None, at(5, 0), rebuilt)).await.unwrap();

    let difference = |table: &str, missing, surplus| TableDifference {
        table: table.to_owned(),
        missing,
        surplus,
    };
    let expected = [difference("Users", 1, 1), difference("WorkflowExecutions", 1, 1)];
    assert_eq!(store.compare(&shadow).await.unwrap(), expected);
    let moved = store.adopt(&shadow, Some(&at(4, 0))).await;
    assert!(matches!(moved, Err(ApplyError::Moved(_))));
    assert_eq!(store.adopt(&shadow, Some(&at(5, 0))).await.unwrap(), expected);
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(5, 1)));
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    assert_eq!(
        cells(&store, "SELECT Id FROM Users").await,
        [[Cell::Integer(1)], [Cell::Integer(3)]]
    );
    // Foreign keys are on again, and the shadow leaves no file.
    let orphan = store.apply(batch(
        Some(at(5, 1)),
        at(6, 1),
        vec![Change::Delete {
            table: &tables::WORKFLOWS,
            key: 1.into(),
        }],
    ));
    assert!(matches!(orphan.await, Err(ApplyError::Rejected(_))));
    drop(shadow);
    let shadows = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(
        shadows
            .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("shadow"))
            .count(),
        0
    );
}

#[tokio::test]
async fn a_file_of_another_shape_is_built_anew() {
    let (folder, store) = open().await;
    store
        .apply(batch(None, at(1, 0), vec![insert(&USERS, 1)]))
        .await
        .unwrap();
    drop(store);
    let again = SqliteReadStore::open(folder.path()).await.unwrap();
    assert_eq!(again.checkpoint().await.unwrap(), Some(at(1, 0)));
    drop(again);
    let mut connection = file::open(&folder.path().join("dbo.db"), Use::Serving).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 7")
        .execute(&mut connection)
        .await
        .unwrap();
    drop(connection);
    let anew = SqliteReadStore::open(folder.path()).await.unwrap();
    assert_eq!(anew.checkpoint().await.unwrap(), None);
    drop(anew);
    std::fs::write(
        folder.path().join("dbo.db"),
        "this is no database, but it is long enough to look like one",
    )
    .unwrap();
    let anew = SqliteReadStore::open(folder.path()).await.unwrap();
    assert_eq!(anew.checkpoint().await.unwrap(), None);
}

#[tokio::test]
async fn parked_events_come_and_go_with_the_batch() {
    let (_folder, store) = open().await;
    let event = ParkedEvent {
        position: Position(1),
        stream: StreamId::new("user-1"),
        event_type: "UserRegistered".into(),
        reason: "because".to_owned(),
        parked_at: "2026-11-22T16:29:03.123456Z".into(),
    };
    let mut parking = batch(None, at(1, 0), Vec::new());
    parking.park.push(event.clone());
    store.apply(parking).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [event]);
    let mut release = batch(Some(at(1, 0)), at(1, 0), vec![insert(&USERS, 1)]);
    release.unpark.push(Position(1));
    store.apply(release).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), []);
}

/// Lists with every sort and filter in turn, page by page, and gets each row by its key.
async fn exercise<R: Listed + std::fmt::Debug>(store: &Arc<dyn ReadStore>) {
    let resource = R::RESOURCE;
    for visibility in [Visibility::All, Visibility::Workspaces(vec![1, 7])] {
        let whole = ListRequest::new(visibility.clone(), 50);
        let rows: Vec<R> = page(&whole, store.query(list::<R>(&whole).unwrap()).await.unwrap())
            .unwrap()
            .items;
        assert!(!rows.is_empty(), "{}", resource.name);
        for column in resource.columns {
            for direction in ["", "-"] {
                let mut request = ListRequest::new(visibility.clone(), 1);
                request.sort = Some(format!("{direction}{}", column.name));
                let Ok(_) = list::<R>(&request) else { continue };
                let mut seen = 0;
                loop {
                    let found = store.query(list::<R>(&request).unwrap()).await.unwrap();
                    let found = page::<R>(&request, found).unwrap();
                    seen += found.items.len();
                    request.cursor = found.next_cursor;
                    if request.cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, rows.len(), "{} by {direction}{}", resource.name, column.name);
            }
            let filter = ListRequest::new(visibility.clone(), 50).filter(column.name, Cell::Null);
            if let Ok(query) = list::<R>(&filter) {
                assert_eq!(store.query(query).await.unwrap().len(), 0, "nothing equals NULL");
            }
        }
        for range in resource.ranges {
            let request = ListRequest::new(visibility.clone(), 50).filter(range.name, "");
            store.query(list::<R>(&request).unwrap()).await.unwrap();
        }
        let key = store.query(list::<R>(&whole).unwrap()).await.unwrap()[0][0].clone();
        assert_eq!(
            store.query(get::<R>(key, &visibility)).await.unwrap().len(),
            1,
            "{}",
            resource.name
        );
    }
    let nothing = ListRequest::new(Visibility::Workspaces(vec![2]), 50);
    let seen = store.query(list::<R>(&nothing).unwrap()).await.unwrap().len();
    let unscoped = resource.scope == wfm_projections::queries::Scope::Unscoped;
    assert_eq!(seen == 0, !unscoped, "{} of another workspace", resource.name);
}

#[tokio::test]
async fn every_resource_lists_sorts_filters_and_hides() {
    let (_folder, store) = open().await;
    let mut changes = one_of_each();
    changes.extend([
        insert(&USERS, 2),
        insert(&USERS, 3),
        insert(&tables::PROJECTS, 2),
        insert(&WORKFLOW_EXECUTIONS, 2),
    ]);
    store.apply(batch(None, at(1, 0), changes)).await.unwrap();
    exercise::<resources::UserRow>(&store).await;
    exercise::<resources::WorkspaceRow>(&store).await;
    exercise::<resources::MemberRow>(&store).await;
    exercise::<resources::ProjectRow>(&store).await;
    exercise::<resources::EnvironmentRow>(&store).await;
    exercise::<resources::ApiEndpointRow>(&store).await;
    exercise::<resources::ApiParameterRow>(&store).await;
    exercise::<resources::WorkflowRow>(&store).await;
    exercise::<resources::WorkflowStepRow>(&store).await;
    exercise::<resources::WorkflowVersionRow>(&store).await;
    exercise::<resources::ExecutionRow>(&store).await;
    exercise::<resources::StepRunRow>(&store).await;
    exercise::<resources::ExecutionLogRow>(&store).await;
    exercise::<resources::WorkflowMetricRow>(&store).await;
    exercise::<resources::ApiKeyRow>(&store).await;
    exercise::<resources::AccessLogRow>(&store).await;
    exercise::<resources::ActiveWorkflowRow>(&store).await;
    exercise::<resources::WorkflowExecutionSummaryRow>(&store).await;
}

#[tokio::test]
async fn workflow_metrics_count_second_boundaries_and_cut_their_average() {
    let (_folder, store) = open().await;
    let run = |id: i64, status: i64, from: &str, to: Option<&str>| {
        let mut cells = row(&WORKFLOW_EXECUTIONS, id);
        cells[2] = status.into();
        cells[3] = format!("2026-11-22T16:29:{from}Z").into();
        cells[4] = to.map(|to| format!("2026-11-22T16:29:{to}Z")).into();
        Change::Put {
            table: &WORKFLOW_EXECUTIONS,
            row: cells,
        }
    };
    let mut changes = one_of_each();
    changes.extend([
        // One boundary within 2 milliseconds, none within 998, two in 2.5 seconds, and one that runs.
        run(1, 1, "03.999000", Some("04.001000")),
        run(2, 1, "03.001000", Some("03.999000")),
        run(3, 2, "03.000000", Some("05.500000")),
        run(4, 0, "06.000000", None),
    ]);
    store.apply(batch(None, at(1, 0), changes)).await.unwrap();
    let now = wfm_projections::queries::instant("2026-11-30T00:00:00Z").unwrap();
    let rows = store.query(workflow_metrics(1, None, None, now)).await.unwrap();
    let last = Cell::from("2026-11-22T16:29:06.000000Z");
    let numbers: Vec<Cell> = [1, 4, 2, 1, 1].map(Cell::Integer).into();
    assert_eq!(rows, [[numbers, vec![last]].concat()]);
    let later = wfm_projections::queries::instant("2027-11-30T00:00:00Z").unwrap();
    let rows = store.query(workflow_metrics(1, None, None, later)).await.unwrap();
    assert_eq!(
        rows[0][1..],
        [Cell::Integer(0), Cell::Null, Cell::Null, Cell::Null, Cell::Null]
    );
}

#[tokio::test]
async fn the_file_carries_the_documented_indexes_views_and_checks() {
    let (folder, store) = open().await;
    for name in [
        "IX_Users_Email",
        "IX_Users_Role",
        "IX_Users_IsActive",
        "IX_WorkflowExecutions_WorkflowId_ExecutedAt",
        "IX_ExecutionLogs_ExecutionId_CreatedAt",
        "IX_WorkflowMetrics_WorkflowId_MetricName_RecordedAt",
        "IX_UserWorkspaces_UserId_IsActive",
        "IX_Workflows_ProjectId_Status_IsDeleted",
        "IX_WorkflowSchedules_IsActive_NextRunTime",
        "vw_ActiveWorkflows",
        "vw_WorkflowExecutionSummary",
        "tr_Users_UpdatedAt",
    ] {
        let found = cells(
            &store,
            &format!("SELECT COUNT(*) FROM sqlite_schema WHERE name = '{name}'"),
        )
        .await;
        assert_eq!(found, [[Cell::Integer(1)]], "{name}");
    }
    let mut analyst = file::open(Path::new(&folder.path().join("dbo.db")), Use::Serving)
        .await
        .unwrap();
    for wrong in [
        "INSERT INTO Users (FirstName, LastName, Email, PasswordHash) VALUES ('a', 'b', 'no address', '!')",
        "INSERT INTO Workspaces (Name, CreatedByUserId) VALUES ('a', 99)",
        "INSERT INTO WorkflowSchedules (WorkflowId, CronExpression) VALUES (1, '* * *')",
    ] {
        assert!(
            is_constraint(&sqlx::raw_sql(wrong).execute(&mut analyst).await.unwrap_err()),
            "{wrong}"
        );
    }
}
