//! A rebuild's shadow: filled while the other tables serve, compared with them, adopted.

use wfm_storage::{
    event::{Position, StreamId},
    read_store::{ApplyError, Cell, Change, ParkedEvent, TableDifference},
};

use super::{
    Adapter,
    samples::{AT, at, batch, column, delete, first, insert, insert_with, one_of_each, place, row, rows, update},
};
use crate::tables::{
    self, API_ENDPOINTS, ENVIRONMENTS, EXECUTION_LOGS, EXECUTION_STATES, PROJECTS, STEP_RUNS, USER_WORKSPACES, USERS,
    WORKFLOW_EXECUTIONS, WORKFLOW_METRICS, WORKFLOW_SCHEDULES, WORKFLOW_STEPS, WORKFLOWS, WORKSPACES,
};

fn difference(table: &str, missing: u64, surplus: u64) -> TableDifference {
    TableDifference {
        table: table.to_owned(),
        missing,
        surplus,
    }
}

/// What differs is told and replaced, at the expected checkpoint only.
pub async fn adopting_makes_every_table_equal(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut serving = one_of_each();
    serving.push(insert(&USERS, 2));
    store.apply(batch(None, at(5, 0), serving)).await.unwrap();

    let shadow = store.shadow().await.unwrap();
    assert_eq!(shadow.checkpoint().await.unwrap(), None);
    let mut rebuilt = one_of_each();
    rebuilt.push(insert(&USERS, 3));
    rebuilt.push(update(&WORKFLOW_EXECUTIONS, "id-1", &[("ErrorMessage", Cell::Null)]));
    shadow.apply(batch(None, at(5, 0), rebuilt)).await.unwrap();

    let expected = [difference("Users", 1, 1), difference("WorkflowExecutions", 1, 1)];
    assert_eq!(store.compare(&shadow).await.unwrap(), expected);
    let moved = store.adopt(&shadow, Some(&at(4, 0))).await;
    assert!(matches!(moved, Err(ApplyError::Moved(Some(checkpoint))) if checkpoint == at(5, 0)));
    assert_eq!(store.adopt(&shadow, Some(&at(5, 0))).await.unwrap(), expected);
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(5, 1)));
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    assert_eq!(
        column(&store, "SELECT Id FROM Users ORDER BY Id").await,
        [1, 3].map(Cell::Integer)
    );
    // Foreign keys hold as before.
    let orphaning = vec![delete(&WORKFLOWS, 1)];
    let orphaning = store.apply(batch(Some(at(5, 1)), at(6, 1), orphaning)).await;
    assert!(matches!(orphaning, Err(ApplyError::Rejected(_))), "{orphaning:?}");
}

/// Rows change owners, swap unique values, come and go in chains, all at once.
pub async fn adopting_finds_its_way_through_keys_and_unique_columns(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let user = |id: i64, address: &str| insert_with(&USERS, id, &[("Email", address.into())]);
    let owned = |table, id: i64, column: &str, owner: i64| insert_with(table, id, &[(column, owner.into())]);
    let common = |owner: i64| {
        vec![
            owned(&WORKSPACES, 1, "CreatedByUserId", owner),
            owned(&PROJECTS, 1, "CreatedByUserId", owner),
            owned(&ENVIRONMENTS, 1, "CreatedByUserId", owner),
            owned(&API_ENDPOINTS, 1, "CreatedByUserId", owner),
            owned(&WORKFLOWS, 1, "CreatedByUserId", owner),
            owned(&WORKFLOWS, 2, "CreatedByUserId", owner),
        ]
    };
    let run = |id: i64, workflow: i64| {
        [
            owned(&WORKFLOW_STEPS, id, "WorkflowId", workflow),
            owned(&WORKFLOW_EXECUTIONS, id, "WorkflowId", workflow),
            owned(&EXECUTION_LOGS, id, "StepId", id),
            insert(&EXECUTION_STATES, id),
        ]
    };
    // Serving: owner 3 is to go, addresses 1 and 2 are swapped, workflow 3 with all it has is to go.
    let mut serving = vec![user(1, "one@a.bc"), user(2, "two@a.bc"), user(3, "three@a.bc")];
    serving.extend(common(3));
    serving.push(owned(&WORKFLOWS, 3, "CreatedByUserId", 3));
    serving.extend([
        insert_with(&USER_WORKSPACES, 1, &[("UserId", 1.into())]),
        insert_with(&USER_WORKSPACES, 2, &[("UserId", 2.into())]),
        insert_with(&USER_WORKSPACES, 3, &[("UserId", 3.into())]),
        owned(&WORKFLOW_SCHEDULES, 1, "WorkflowId", 1),
        owned(&WORKFLOW_SCHEDULES, 2, "WorkflowId", 2),
        owned(&WORKFLOW_SCHEDULES, 3, "WorkflowId", 3),
    ]);
    serving.extend(run(1, 1));
    serving.extend(run(3, 3));
    store.apply(batch(None, at(9, 4), serving)).await.unwrap();
    // Rebuilt: owner 4 has the address of the one who goes, workflow 4 comes with all it has.
    let mut rebuilt = vec![user(1, "two@a.bc"), user(2, "one@a.bc"), user(4, "three@a.bc")];
    rebuilt.extend(common(4));
    rebuilt.push(owned(&WORKFLOWS, 4, "CreatedByUserId", 4));
    rebuilt.extend([
        insert_with(&USER_WORKSPACES, 1, &[("UserId", 2.into())]),
        insert_with(&USER_WORKSPACES, 2, &[("UserId", 1.into())]),
        insert_with(&USER_WORKSPACES, 4, &[("UserId", 4.into())]),
        owned(&WORKFLOW_SCHEDULES, 1, "WorkflowId", 2),
        owned(&WORKFLOW_SCHEDULES, 2, "WorkflowId", 1),
        owned(&WORKFLOW_SCHEDULES, 4, "WorkflowId", 4),
    ]);
    rebuilt.extend(run(1, 2));
    rebuilt.extend(run(4, 4));
    let shadow = store.shadow().await.unwrap();
    shadow.apply(batch(None, at(9, 0), rebuilt)).await.unwrap();
    let differences = store.compare(&shadow).await.unwrap();
    assert!(differences.contains(&difference("Users", 3, 3)), "{differences:?}");
    assert_eq!(store.adopt(&shadow, Some(&at(9, 4))).await.unwrap(), differences);
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(9, 5)));
    let seen = rows(&store, "SELECT Id, Email, UpdatedAt FROM Users ORDER BY Id").await;
    let expected = [(1, "two@a.bc"), (2, "one@a.bc"), (4, "three@a.bc")];
    assert_eq!(
        seen,
        expected.map(|(id, address)| [Cell::Integer(id), address.into(), AT.into()])
    );
    for table in tables::ALL {
        let text = format!("SELECT COUNT(*) FROM {}", table.name);
        let (serving, rebuilt) = (
            column(&store, &text).await,
            differences.iter().any(|known| known.table == table.name),
        );
        assert!(serving != [Cell::Integer(0)] || !rebuilt, "{}", table.name);
    }
}

/// The rebuilt rows bring their checkpoint; a writer of the old epoch is refused.
pub async fn adopting_takes_the_checkpoint_and_the_parked_events(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let parked = |position: u64| ParkedEvent {
        position: Position(position),
        stream: StreamId::new("user-7"),
        event_type: "UserRegistered".into(),
        reason: "because".to_owned(),
        parked_at: AT.into(),
    };
    let mut batch_of_serving = batch(None, at(5, 0), vec![insert(&USERS, 1)]);
    batch_of_serving.park.push(parked(4));
    store.apply(batch_of_serving).await.unwrap();
    let shadow = store.shadow().await.unwrap();
    let mut next = at(8, 0);
    next.log_id = "the log after a restore".into();
    next.leaf_hash = "another".into();
    let mut batch_of_shadow = batch(None, next.clone(), vec![insert(&USERS, 1)]);
    batch_of_shadow.park = vec![parked(6), parked(7)];
    shadow.apply(batch_of_shadow).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [parked(4)]);
    assert_eq!(store.adopt(&shadow, Some(&at(5, 0))).await.unwrap(), []);
    next.epoch = 1;
    assert_eq!(store.checkpoint().await.unwrap(), Some(next.clone()));
    assert_eq!(store.parked().await.unwrap(), [parked(6), parked(7)]);
    let late = store
        .apply(batch(Some(at(5, 0)), at(6, 0), vec![insert(&USERS, 2)]))
        .await;
    assert!(matches!(late, Err(ApplyError::Moved(Some(checkpoint))) if checkpoint == next));
    // Into tables in which nothing was ever projected, too.
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let shadow = store.shadow().await.unwrap();
    first(&shadow, one_of_each()).await;
    assert_eq!(store.adopt(&shadow, None).await.unwrap().len(), tables::ALL.len());
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(1, 1)));
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
}

/// Rows that differ in what a careless comparison overlooks.
pub async fn differences_are_exact(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let pairs: [(&str, Cell, Cell); 9] = [
        ("FirstName", "ada".into(), "Ada".into()),
        ("FirstName", "ada".into(), "ada ".into()),
        ("FirstName", "ada".into(), "adá".into()),
        ("FirstName", "\u{1f600}".into(), "\u{1f601}".into()),
        ("PhoneNumber", Cell::Null, "".into()),
        ("PhoneNumber", "1".into(), Cell::Null),
        ("LastLoginAt", Cell::Null, AT.into()),
        ("LastLoginAt", AT.into(), "2026-11-22T16:29:03.123457Z".into()),
        ("IsActive", true.into(), false.into()),
    ];
    let side = |second: bool| -> Vec<Change> {
        let users = (1..).zip(&pairs).map(|(id, (column, left, right))| {
            insert_with(
                &USERS,
                id,
                &[(column, if second { right.clone() } else { left.clone() })],
            )
        });
        let mut changes: Vec<Change> = users.collect();
        changes.extend([
            insert(&USERS, 50),
            insert(&WORKSPACES, 1),
            insert(&PROJECTS, 1),
            insert(&ENVIRONMENTS, 1),
        ]);
        changes.push(insert(&WORKFLOWS, 1));
        let value = if second { 0.1 + 0.2 } else { 0.3 };
        changes.push(insert_with(&WORKFLOW_METRICS, 1, &[("MetricValue", value.into())]));
        changes
    };
    first(&store, side(false)).await;
    let shadow = store.shadow().await.unwrap();
    first(&shadow, side(true)).await;
    let expected = [
        difference("Users", pairs.len() as u64, pairs.len() as u64),
        difference("WorkflowMetrics", 1, 1),
    ];
    assert_eq!(store.compare(&shadow).await.unwrap(), expected);
    assert_eq!(store.adopt(&shadow, Some(&at(1, 0))).await.unwrap(), expected);
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    for (id, (name, _, right)) in (1..).zip(&pairs) {
        let seen = column(&store, &format!("SELECT {name} FROM Users WHERE Id = {id}")).await;
        assert_eq!(seen, std::slice::from_ref(right), "{name}");
    }
}

/// The same batches leave the same rows in a shadow that is being loaded as in tables that serve.
pub async fn loading_leaves_the_rows_that_writing_leaves(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let put = |id: i64, output: Cell| {
        let mut row = row(&STEP_RUNS, id);
        row[place(&STEP_RUNS, "Output")] = output;
        Change::Put { table: &STEP_RUNS, row }
    };
    let step = |id: i64| insert_with(&WORKFLOW_STEPS, id, &[("WorkflowId", 1.into())]);
    let log = |id: i64, step: i64, message: &str| {
        let cells = [
            ("ExecutionId", "id-1".into()),
            ("StepId", step.into()),
            ("Message", message.into()),
        ];
        insert_with(&EXECUTION_LOGS, id, &cells)
    };
    let metric = |id: i64, value: f64| insert_with(&WORKFLOW_METRICS, id, &[("MetricValue", value.into())]);
    let long = "\u{1f600}\"\\\n\u{1}'".repeat(3000);
    let batches = [
        one_of_each(),
        // A log that looks for its step in vain, the step, logs that find theirs.
        vec![
            log(10, 7, "in vain"),
            step(7),
            step(8),
            log(11, 7, &long),
            log(12, 1, " a "),
            put(1, Cell::Null),
            put(2, long.as_str().into()),
            put(3, "".into()),
            metric(2, -0.0),
            metric(3, 5e-324),
            metric(4, 1.797_693_134_862_315_7e308),
        ],
        // Rows that are there and rows that are new, in one breath.
        vec![
            put(2, "changed".into()),
            put(4, long.as_str().into()),
            update(&STEP_RUNS, "id-3", &[("Output", long.as_str().into())]),
            delete(&STEP_RUNS, "id-1"),
            update(&USERS, 1, &[("LastLoginAt", Cell::Null), ("FirstName", "Ада".into())]),
        ],
        // The steps go; a log of one that went looks in vain again.
        vec![
            Change::ClearReferences {
                table: &EXECUTION_LOGS,
                column: place(&EXECUTION_LOGS, "StepId"),
                parent: &WORKFLOW_STEPS,
                parent_column: place(&WORKFLOW_STEPS, "WorkflowId"),
                value: 1.into(),
            },
            Change::DeleteWhere {
                table: &WORKFLOW_STEPS,
                column: place(&WORKFLOW_STEPS, "WorkflowId"),
                value: 1.into(),
            },
            log(13, 7, "gone"),
            step(8),
            log(14, 8, "back"),
        ],
    ];
    let shadow = store.shadow().await.unwrap();
    let mut before = None;
    for (position, changes) in (1..).zip(batches) {
        let next = at(position, 0);
        for store in [&store, &shadow] {
            let batch = batch(before.clone(), next.clone(), changes.clone());
            store.apply(batch).await.unwrap();
        }
        before = Some(next);
    }
    shadow.loaded().await.unwrap();
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    let steps = column(&store, "SELECT StepId FROM ExecutionLogs WHERE Id >= 10 ORDER BY Id").await;
    assert_eq!(
        steps,
        [Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Integer(8)]
    );
}

/// However a shadow was loaded, its rows keep foreign keys afterwards, or it is refused.
pub async fn what_is_loaded_keeps_foreign_keys(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(&store, one_of_each()).await;
    let orphan = || vec![insert(&USERS, 1), insert(&PROJECTS, 1)];

    // A row without its parent is found at once or at the end.
    let shadow = store.shadow().await.unwrap();
    let outcome = match shadow.apply(batch(None, at(1, 0), orphan())).await {
        Ok(()) => shadow.loaded().await,
        refused => refused,
    };
    assert!(matches!(outcome, Err(ApplyError::Rejected(_))), "{outcome:?}");
    drop(shadow);

    // Once loading has ended, at once, and the shadow goes on.
    let shadow = store.shadow().await.unwrap();
    shadow.loaded().await.unwrap();
    let outcome = shadow.apply(batch(None, at(1, 0), orphan())).await;
    assert!(matches!(outcome, Err(ApplyError::Rejected(_))), "{outcome:?}");
    first(&shadow, one_of_each()).await;
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
    drop(shadow);

    // What was loaded in order is as if it had been checked.
    let shadow = store.shadow().await.unwrap();
    first(&shadow, one_of_each()).await;
    shadow.loaded().await.unwrap();
    let orphaning = vec![delete(&WORKFLOWS, 1)];
    let outcome = shadow.apply(batch(Some(at(1, 0)), at(2, 0), orphaning)).await;
    assert!(matches!(outcome, Err(ApplyError::Rejected(_))), "{outcome:?}");
    assert_eq!(store.compare(&shadow).await.unwrap(), []);
}

/// Neither sees the other's rows; one shadow follows another.
pub async fn a_shadow_grows_while_the_other_serves(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    for (epoch, behind) in [(0_i64, 0_u64), (1, 3)] {
        let shadow = store.shadow().await.unwrap();
        assert_eq!(shadow.checkpoint().await.unwrap(), None);
        for turn in 1_u64..=3 {
            let position = behind + turn;
            let before = (position > 1).then(|| at(position - 1, epoch));
            let rows = vec![insert(&USERS, position.cast_signed())];
            store.apply(batch(before, at(position, epoch), rows)).await.unwrap();
            let before = (turn > 1).then(|| at(turn - 1, 0));
            let rows = vec![insert(&USERS, turn.cast_signed())];
            shadow.apply(batch(before, at(turn, 0), rows)).await.unwrap();
            let count = column(&store, "SELECT COUNT(*) FROM Users").await;
            assert_eq!(count, [Cell::Integer(position.cast_signed())]);
        }
        if epoch == 0 {
            assert_eq!(store.compare(&shadow).await.unwrap(), []);
            assert_eq!(store.adopt(&shadow, Some(&at(3, 0))).await.unwrap(), []);
        } else {
            assert_eq!(store.compare(&shadow).await.unwrap(), [difference("Users", 0, 3)]);
        }
    }
    // No shadow of another store is taken for one.
    assert!(store.compare(&store.clone()).await.is_err());
}
