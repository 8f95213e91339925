//! Batches: all or nothing, from where the checkpoint is expected, in order.

use wfm_storage::{
    event::{Position, StreamId},
    read_store::{ApplyError, Cell, Change, ParkedEvent},
};

use super::{
    Adapter,
    samples::{AT, at, batch, column, delete, first, insert, insert_with, one_of_each, place, row, rows, update},
};
use crate::tables::{
    self, EXECUTION_LOGS, EXECUTION_STATES, PROJECTS, ROW_VERSIONS, STEP_RUNS, USERS, WORKFLOW_EXECUTIONS,
    WORKFLOW_STEPS,
};

/// A batch takes effect only from the expected position and epoch.
pub async fn the_checkpoint_moves_only_from_where_it_is_expected(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    assert_eq!(store.checkpoint().await.unwrap(), None);
    store
        .apply(batch(None, at(3, 0), vec![insert(&USERS, 1)]))
        .await
        .unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(3, 0)));
    let mut other_log = at(3, 0);
    other_log.log_id = "another log".into();
    let mut other_event = at(3, 0);
    other_event.leaf_hash = "another hash".into();
    for expected in [None, Some(at(2, 0)), Some(at(3, 1)), Some(other_log), Some(other_event)] {
        let moved = store.apply(batch(expected, at(4, 0), vec![insert(&USERS, 2)])).await;
        assert!(matches!(moved, Err(ApplyError::Moved(Some(checkpoint))) if checkpoint == at(3, 0)));
    }
    assert_eq!(column(&store, "SELECT Id FROM Users").await, [Cell::Integer(1)]);
    // The same position again: a parked event took effect.
    store
        .apply(batch(Some(at(3, 0)), at(3, 0), vec![insert(&USERS, 2)]))
        .await
        .unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(3, 0)));
}

/// Of several writers that stand at the same place, one goes on.
pub async fn one_of_many_writers_wins(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(&store, Vec::new()).await;
    let attempts = (2..10).map(|id| {
        let store = store.clone();
        async move {
            let changes = vec![insert(&USERS, id)];
            store
                .apply(batch(Some(at(1, 0)), at(id.cast_unsigned(), 0), changes))
                .await
        }
    });
    let outcomes = futures::future::join_all(attempts).await;
    let won: Vec<usize> = (0..outcomes.len()).filter(|place| outcomes[*place].is_ok()).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    let winner = won[0] as i64 + 2;
    for outcome in outcomes.into_iter().filter_map(Result::err) {
        assert!(
            matches!(&outcome, ApplyError::Moved(Some(checkpoint)) if *checkpoint == at(winner.cast_unsigned(), 0)),
            "{outcome:?}"
        );
    }
    assert_eq!(column(&store, "SELECT Id FROM Users").await, [Cell::Integer(winner)]);
}

/// A batch that breaks a constraint leaves no trace and no lock.
pub async fn a_refused_batch_leaves_nothing_and_the_next_one_goes_through(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let refused = [
        ("a parent is missing", vec![insert(&USERS, 1), insert(&PROJECTS, 1)]),
        (
            "an address is taken",
            vec![
                insert(&USERS, 1),
                insert_with(&USERS, 2, &[("Email", "user1@example.com".into())]),
            ],
        ),
        (
            "NULL where none may be",
            vec![insert_with(&USERS, 1, &[("TimeZone", Cell::Null)])],
        ),
        (
            "no address",
            vec![insert_with(&USERS, 1, &[("Email", "nobody".into())])],
        ),
    ];
    for (what, changes) in refused {
        let refused = store.apply(batch(None, at(1, 0), changes)).await;
        assert!(matches!(refused, Err(ApplyError::Rejected(_))), "{what}: {refused:?}");
        assert_eq!(store.checkpoint().await.unwrap(), None, "{what}");
        assert_eq!(column(&store, "SELECT Id FROM Users").await, [], "{what}");
    }
    first(&store, one_of_each()).await;
    assert_eq!(
        column(&store, "SELECT COUNT(*) FROM Projects").await,
        [Cell::Integer(1)]
    );
    // A key that exists, and a parent that is still needed.
    for changes in [vec![insert(&USERS, 1)], vec![delete(&tables::WORKFLOWS, 1)]] {
        let refused = store.apply(batch(Some(at(1, 0)), at(2, 0), changes)).await;
        assert!(matches!(refused, Err(ApplyError::Rejected(_))), "{refused:?}");
    }
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(1, 0)));
}

/// Rows and checkpoint outlive the process.
pub async fn what_was_applied_is_there_after_reopening(adapter: &dyn Adapter) {
    let mut fixture = adapter.fresh().await;
    first(&fixture.reads(), one_of_each()).await;
    fixture.reopen().await;
    let store = fixture.reads();
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(1, 0)));
    for table in tables::ALL {
        let count = column(&store, &format!("SELECT COUNT(*) FROM {}", table.name)).await;
        assert_eq!(count, [Cell::Integer(1)], "{}", table.name);
    }
}

/// Inserts, updates and deletes of one row, of thousands, and of numbers between.
pub async fn rows_travel_in_batches_of_every_size(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut expected = None;
    let mut next = 0;
    for size in [1, 2, 4, 5, 16, 17, 63, 64, 65, 200, 2100] {
        let changes = (next..next + size).map(|id| insert(&USERS, id + 1)).collect();
        next += size;
        let checkpoint = at(next.unsigned_abs(), 0);
        store
            .apply(batch(expected.replace(checkpoint.clone()), checkpoint, changes))
            .await
            .unwrap();
        let updates = (1..=next)
            .map(|id| update(&USERS, id, &[("Role", size.into())]))
            .collect();
        let checkpoint = at(next.unsigned_abs(), next);
        store
            .apply(batch(expected.replace(checkpoint.clone()), checkpoint, updates))
            .await
            .unwrap();
        let count = format!("SELECT COUNT(*), SUM(CASE WHEN Role = {size} THEN 1 ELSE 0 END) FROM Users");
        assert_eq!(rows(&store, &count).await, [[Cell::Integer(next), Cell::Integer(next)]]);
    }
    let deletes = (3..=next).map(|id| delete(&USERS, id)).collect();
    store.apply(batch(expected, at(1, 1), deletes)).await.unwrap();
    assert_eq!(
        column(&store, "SELECT Id FROM Users ORDER BY Id").await,
        [1, 2].map(Cell::Integer)
    );
}

/// Changes of all rows that have a value, and of none that has not.
pub async fn changes_by_condition_find_their_rows(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut changes = one_of_each();
    let step = |id: &str, execution: &str| {
        let mut cells = row(&STEP_RUNS, 1);
        cells[0] = id.into();
        cells[place(&STEP_RUNS, "ExecutionId")] = execution.into();
        Change::Insert {
            table: &STEP_RUNS,
            row: cells,
        }
    };
    changes.extend([step("a", "run-1"), step("b", "run-1"), step("c", "run-2")]);
    first(&store, changes).await;
    let execution = place(&STEP_RUNS, "ExecutionId");
    let conditional = vec![
        Change::UpdateWhere {
            table: &STEP_RUNS,
            column: execution,
            value: "run-1".into(),
            set: vec![
                (place(&STEP_RUNS, "Status"), "Failed".into()),
                (place(&STEP_RUNS, "StatusCode"), Cell::Null),
            ],
        },
        Change::DeleteWhere {
            table: &STEP_RUNS,
            column: execution,
            value: "run-2".into(),
        },
        Change::UpdateWhere {
            table: &USERS,
            column: place(&USERS, "Role"),
            value: Cell::Integer(1),
            set: vec![(place(&USERS, "Role"), Cell::Integer(2))],
        },
        Change::UpdateWhere {
            table: &USERS,
            column: place(&USERS, "Department"),
            value: "nobody's".into(),
            set: vec![(place(&USERS, "Role"), Cell::Integer(3))],
        },
    ];
    store.apply(batch(Some(at(1, 0)), at(2, 0), conditional)).await.unwrap();
    let failed = "SELECT Id FROM StepRuns WHERE Status = 'Failed' AND StatusCode IS NULL ORDER BY Id";
    assert_eq!(column(&store, failed).await, [Cell::from("a"), Cell::from("b")]);
    let all = column(&store, "SELECT Id FROM StepRuns ORDER BY Id").await;
    assert_eq!(all, ["a", "b", "id-1"].map(Cell::from));
    let user = rows(&store, "SELECT Role, UpdatedAt FROM Users").await;
    assert_eq!(user, [[Cell::Integer(2), AT.into()]]);
}

/// Changes by condition keep their place among others, however many there are; together they are all or nothing.
pub async fn a_batch_has_any_number_of_barriers(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(&store, vec![insert(&USERS, 1)]).await;
    let role = place(&USERS, "Role");
    let next = |value: i64| Change::UpdateWhere {
        table: &USERS,
        column: role,
        value: Cell::Integer(value),
        set: vec![(role, Cell::Integer(value + 1))],
    };
    let mut refused: Vec<Change> = (1..=600).map(next).collect();
    refused.push(insert(&PROJECTS, 1));
    let refused = store.apply(batch(Some(at(1, 0)), at(2, 0), refused)).await;
    assert!(matches!(refused, Err(ApplyError::Rejected(_))), "{refused:?}");
    let moved = (1..=600).map(next).collect();
    let moved = store.apply(batch(Some(at(0, 0)), at(2, 0), moved)).await;
    assert!(matches!(moved, Err(ApplyError::Moved(Some(checkpoint))) if checkpoint == at(1, 0)));
    assert_eq!(column(&store, "SELECT Role FROM Users").await, [Cell::Integer(1)]);
    store
        .apply(batch(Some(at(1, 0)), at(2, 0), (1..=600).map(next).collect()))
        .await
        .unwrap();
    assert_eq!(column(&store, "SELECT Role FROM Users").await, [Cell::Integer(601)]);
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(2, 0)));
}

/// A Put of rows that exist, of new ones, and of both at once.
pub async fn a_put_replaces_or_adds(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let version = |stream: &str, version: i64| Change::Put {
        table: &ROW_VERSIONS,
        row: vec![stream.into(), version.into(), 7.into()],
    };
    first(&store, vec![version("user-1", 1), version("user-2", 1)]).await;
    let changes = vec![
        version("user-2", 2),
        version("user-3", 1),
        version("user-1", 2),
        version("user-3", 2),
    ];
    store.apply(batch(Some(at(1, 0)), at(2, 0), changes)).await.unwrap();
    let seen = rows(&store, "SELECT Stream, Version FROM RowVersions ORDER BY Stream").await;
    assert_eq!(
        seen,
        ["user-1", "user-2", "user-3"].map(|stream| [Cell::from(stream), Cell::Integer(2)])
    );
    // A table that the database would number.
    let mut changed = row(&USERS, 1);
    changed[1] = "Grace".into();
    let put = |row: Vec<Cell>| Change::Put { table: &USERS, row };
    store
        .apply(batch(
            Some(at(2, 0)),
            at(3, 0),
            vec![put(row(&USERS, 1)), put(row(&USERS, 4))],
        ))
        .await
        .unwrap();
    store
        .apply(batch(Some(at(3, 0)), at(4, 0), vec![put(changed)]))
        .await
        .unwrap();
    let seen = rows(&store, "SELECT Id, FirstName FROM Users ORDER BY Id").await;
    let expected = [(1, "Grace"), (4, "* * * * *")].map(|(id, name)| [Cell::Integer(id), name.into()]);
    assert_eq!(seen, expected);
}

/// A reference to a step that the table does not show is stored as NULL.
pub async fn a_log_row_keeps_its_step_while_the_table_has_it(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut changes = one_of_each();
    let orphan = [("ExecutionId", Cell::from("id-1")), ("StepId", Cell::Integer(99))];
    changes.push(insert_with(&EXECUTION_LOGS, 2, &orphan));
    first(&store, changes).await;
    let steps = "SELECT StepId FROM ExecutionLogs ORDER BY Id";
    assert_eq!(column(&store, steps).await, [Cell::Integer(1), Cell::Null]);
    let workflow = place(&WORKFLOW_STEPS, "WorkflowId");
    let gone = vec![
        Change::ClearReferences {
            table: &EXECUTION_LOGS,
            column: place(&EXECUTION_LOGS, "StepId"),
            parent: &WORKFLOW_STEPS,
            parent_column: workflow,
            value: Cell::Integer(1),
        },
        Change::DeleteWhere {
            table: &WORKFLOW_STEPS,
            column: workflow,
            value: Cell::Integer(1),
        },
        insert(&WORKFLOW_STEPS, 2),
        insert_with(
            &EXECUTION_LOGS,
            3,
            &[("ExecutionId", "id-1".into()), ("StepId", Cell::Integer(2))],
        ),
    ];
    store.apply(batch(Some(at(1, 0)), at(2, 0), gone)).await.unwrap();
    assert_eq!(column(&store, steps).await, [Cell::Null, Cell::Null, Cell::Integer(2)]);
}

/// What belongs to purged runs goes, and nothing else.
pub async fn what_belongs_to_purged_runs_goes(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(&store, one_of_each()).await;
    let of_run = |run: i64, key: i64| {
        let id = Cell::from(format!("id-{run}"));
        let step = Cell::from(format!("id-{run}/{key:04}/0001"));
        [
            insert_with(&EXECUTION_LOGS, key, &[("ExecutionId", id.clone())]),
            insert_with(&STEP_RUNS, key, &[("Id", step), ("ExecutionId", id)]),
        ]
    };
    // Runs 2 to 301, of three logs and steps each: more than one statement takes.
    let runs = (2..302).map(|run| insert(&WORKFLOW_EXECUTIONS, run));
    let parts = (2..302).flat_map(|run| (0..3).flat_map(move |part| of_run(run, run * 10 + part)));
    let many = batch(Some(at(1, 0)), at(2, 0), runs.chain(parts).collect());
    store.apply(many).await.unwrap();
    let ids = || (3..302).map(|run| format!("id-{run}"));
    let logs = ids().map(|id| Change::DeleteWhere {
        table: &EXECUTION_LOGS,
        column: place(&EXECUTION_LOGS, "ExecutionId"),
        value: id.into(),
    });
    let steps = ids().map(|id| {
        let [from, until] = tables::step_run_keys(&id);
        Change::DeleteRange {
            table: &STEP_RUNS,
            from,
            until,
        }
    });
    let gone = logs
        .chain(steps)
        .chain(ids().map(|id| delete(&WORKFLOW_EXECUTIONS, id)));
    store
        .apply(batch(Some(at(2, 0)), at(3, 0), gone.collect()))
        .await
        .unwrap();
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
        let expected: Vec<Cell> = left.iter().map(|id| Cell::from(*id)).collect();
        assert_eq!(column(&store, text).await, expected, "{text}");
    }
}

/// Parked events live beside the rows.
pub async fn parked_events_come_and_go_with_the_batch(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let event = |position: u64| ParkedEvent {
        position: Position(position),
        stream: StreamId::new(format!("user-{position}")),
        event_type: "UserRegistered".into(),
        reason: "because of 'quotes' and \"others\"".to_owned(),
        parked_at: AT.into(),
    };
    let mut parking = batch(None, at(3, 0), Vec::new());
    parking.park = vec![event(3), event(1), event(2)];
    store.apply(parking).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [event(1), event(2), event(3)]);
    let mut release = batch(Some(at(3, 0)), at(3, 0), vec![insert(&USERS, 1)]);
    release.unpark = vec![Position(1), Position(3)];
    store.apply(release).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [event(2)]);
    // A batch that is refused parks nothing.
    let mut refused = batch(Some(at(3, 0)), at(4, 0), vec![insert(&PROJECTS, 1)]);
    refused.park.push(event(4));
    refused.unpark.push(Position(2));
    assert!(matches!(store.apply(refused).await, Err(ApplyError::Rejected(_))));
    assert_eq!(store.parked().await.unwrap(), [event(2)]);
}

/// `tr_Users_UpdatedAt`, as documented, but for what projectors write.
pub async fn the_audit_trigger_touches_hand_made_changes_only(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(
        &store,
        vec![insert(&USERS, 1), insert_with(&USERS, 2, &[("UpdatedAt", Cell::Null)])],
    )
    .await;
    let login = |id: i64| update(&USERS, id, &[("LastLoginAt", "2027-01-01T00:00:00.000000Z".into())]);
    store
        .apply(batch(Some(at(1, 0)), at(2, 0), vec![login(1), login(2)]))
        .await
        .unwrap();
    let updated_at = "SELECT UpdatedAt FROM Users ORDER BY Id";
    assert_eq!(column(&store, updated_at).await, [Cell::from(AT), Cell::Null]);

    fixture
        .by_hand("UPDATE Users SET Department = 'by hand' WHERE Id = 2")
        .await
        .unwrap();
    let seen = column(&store, updated_at).await;
    assert_eq!(seen[0], AT.into());
    assert!(
        matches!(&seen[1], Cell::Text(at) if at.len() == 27 && at.starts_with("20") && at.ends_with('Z')),
        "{seen:?}"
    );
}

/// The documented constraints refuse what people write, too.
pub async fn constraints_hold_against_everybody(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    first(&fixture.reads(), one_of_each()).await;
    for wrong in [
        "INSERT INTO Users (FirstName, LastName, Email, PasswordHash) VALUES ('a', 'b', 'no address', '!')",
        "INSERT INTO Users (FirstName, LastName, Email, PasswordHash) VALUES ('a', 'b', 'user1@example.com', '!')",
        "INSERT INTO Workspaces (Name, CreatedByUserId) VALUES ('a', 99)",
        "INSERT INTO WorkflowSchedules (WorkflowId, CronExpression) VALUES (1, '0 0 * * 1')",
        "UPDATE WorkflowSchedules SET CronExpression = '* * *'",
        "UPDATE WorkflowSteps SET TimeoutSeconds = 0",
        "INSERT INTO UserWorkspaces (UserId, WorkspaceId) VALUES (1, 1)",
        "DELETE FROM Users WHERE Id = 1",
    ] {
        assert!(fixture.by_hand(wrong).await.is_err(), "{wrong}");
    }
    // The defaults, by the documented names.
    fixture
        .by_hand("INSERT INTO Users (FirstName, LastName, Email, PasswordHash) VALUES ('a', 'b', 'c@d.ef', '!')")
        .await
        .unwrap();
    let store = fixture.reads();
    let seen = rows(
        &store,
        "SELECT Role, TimeZone, IsActive, IsDeleted, UpdatedAt FROM Users WHERE Email = 'c@d.ef' AND CreatedAt IS NOT NULL",
    )
    .await;
    let expected = [3.into(), "UTC".into(), Cell::Integer(1), Cell::Integer(0), Cell::Null];
    assert_eq!(seen, [expected]);
    // Deleting a workflow's row takes its steps and schedule with it.
    let runs = [
        "DELETE FROM ExecutionLogs",
        "DELETE FROM WorkflowExecutions",
        "DELETE FROM WorkflowApprovals",
        "DELETE FROM WorkflowMetrics",
        "DELETE FROM Workflows",
    ];
    for statement in runs {
        fixture.by_hand(statement).await.unwrap();
    }
    for table in [&WORKFLOW_STEPS, &tables::WORKFLOW_SCHEDULES, &WORKFLOW_EXECUTIONS] {
        let count = column(&store, &format!("SELECT COUNT(*) FROM {}", table.name)).await;
        assert_eq!(count, [Cell::Integer(0)], "{}", table.name);
    }
    let states = column(&store, &format!("SELECT COUNT(*) FROM {}", EXECUTION_STATES.name)).await;
    assert_eq!(states, [Cell::Integer(1)]);
}
