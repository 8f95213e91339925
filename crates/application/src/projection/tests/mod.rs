//! Live projection, replay and rebuild over a real log and real tables.

mod history;
mod turns;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tempfile::TempDir;
use uuid::Uuid;
use wfm_domain::{
    event::Event,
    ids::UserId,
    protected::{DataKey, ProtectedFields},
    user::{UserErased, UserEvent},
};
use wfm_projections::tables::{API_KEYS, WORKFLOW_STEPS, WORKSPACES, WorkflowSteps, Workspaces};
use wfm_storage::{
    event::{NewEvent, Position},
    log::EventLog,
    read_store::{Cell, Change, ProjectedBatch, Query, ReadStore},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, read_store::SqliteReadStore};

use self::history::{History, instant, new_event, seal};
use super::{OpenError, Opener, Projection, ProjectionRunner, ProjectionState, Turn, apply::Now};

const PATIENCE: Duration = Duration::from_secs(30);

/// Opens what [`seal`] sealed, unless its key was destroyed or its event is said to be broken.
#[derive(Default)]
struct TestOpener {
    destroyed: Mutex<HashSet<DataKey>>,
    broken: Mutex<HashSet<Uuid>>,
}

fn open(sealed: &str) -> String {
    let bytes = hex::decode(sealed).unwrap().into_iter().rev().collect();
    String::from_utf8(bytes).unwrap()
}

#[async_trait]
impl Opener for TestOpener {
    async fn open(&self, _stream: &str, event_id: Uuid, event: &mut Event) -> Result<(), OpenError> {
        if self.broken.lock().unwrap().contains(&event_id) {
            return Err(OpenError::Broken("a value does not authenticate".to_owned()));
        }
        event.visit_protected(&mut |_, value| {
            if !self.destroyed.lock().unwrap().contains(value.key()) {
                let text = open(value.sealed().unwrap());
                value.set_open(text);
            }
        });
        Ok(())
    }
}

fn now() -> Now {
    Arc::new(|| instant().to_string().into())
}

async fn open_log(folder: &TempDir) -> Arc<dyn EventLog> {
    SqliteLog::open(folder.path(), LogOptions::new(Arc::new(|| instant().to_string())))
        .await
        .unwrap()
}

/// A folder with a log, tables and a projection.
struct Fixture {
    /// Kept so long as the test runs.
    _folder: TempDir,
    log: Arc<dyn EventLog>,
    store: Arc<dyn ReadStore>,
    opener: Arc<TestOpener>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = open_log(&folder).await;
        let store = SqliteReadStore::open(folder.path()).await.unwrap();
        Self {
            _folder: folder,
            log,
            store,
            opener: Arc::default(),
        }
    }

    async fn start(&self) -> (Projection, ProjectionRunner) {
        let (log, store, opener) = (Arc::clone(&self.log), Arc::clone(&self.store), Arc::clone(&self.opener));
        Projection::start(log, store, opener, now(), Turn::always())
            .await
            .unwrap()
    }

    async fn head(&self) -> Position {
        self.log.head().await.unwrap().position
    }

    async fn caught_up(&self, projection: &Projection) {
        assert!(projection.wait_for(self.head().await, PATIENCE).await);
    }

    async fn append(&self, history: &mut History, batches: Vec<history::Batch>) -> Position {
        let mut last = Position(0);
        for batch in batches {
            last = history.append(self.log.as_ref(), batch).await;
        }
        last
    }

    /// The first cells of a query's rows.
    async fn column(&self, text: &'static str) -> Vec<Cell> {
        let rows = self.store.query(Query::new(text, Vec::new())).await.unwrap();
        rows.into_iter().map(|row| row.into_iter().next().unwrap()).collect()
    }
}

#[tokio::test]
async fn rows_after_live_projection_equal_rows_after_replay() {
    for seed in 0..10 {
        let fixture = Fixture::new().await;
        let (projection, runner) = fixture.start().await;
        let mut history = History::new(seed);
        let beginning = history.beginning();
        fixture.append(&mut history, beginning).await;
        for _ in 0..120 {
            let next = history.step_on();
            fixture.append(&mut history, next).await;
        }
        fixture.caught_up(&projection).await;
        let parked = projection.parked().await.unwrap();
        assert_eq!(parked, [], "seed {seed}");
        assert_eq!(projection.verify(|_| {}).await.unwrap(), [], "seed {seed}");
        assert_eq!(projection.rebuild(|_| {}).await.unwrap(), [], "seed {seed}");
        assert_eq!(projection.status().await.unwrap().epoch, 1);

        let next = (0..20).flat_map(|_| history.step_on()).collect();
        fixture.append(&mut history, next).await;
        fixture.caught_up(&projection).await;
        assert_eq!(projection.verify(|_| {}).await.unwrap(), [], "seed {seed}");
        runner.stop().await;
    }
}

#[tokio::test]
async fn events_that_were_committed_before_a_crash_take_effect_exactly_once() {
    let fixture = Fixture::new().await;
    let mut history = History::new(7);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    for round in 0..5 {
        // The log has these, the rows do not yet: as after a crash between the two files.
        let next = (0..30).flat_map(|_| history.step_on()).collect();
        fixture.append(&mut history, next).await;
        let (projection, runner) = fixture.start().await;
        fixture.caught_up(&projection).await;
        assert_eq!(projection.verify(|_| {}).await.unwrap(), [], "round {round}");
        let status = projection.status().await.unwrap();
        assert_eq!((status.lag, status.parked), (0, 0));
        runner.stop().await;
        assert_eq!(projection.status().await.unwrap().state, ProjectionState::Stopped);
    }
    let executions = fixture.column("SELECT COUNT(*) FROM WorkflowExecutions").await;
    assert_eq!(
        executions,
        fixture
            .column("SELECT COUNT(DISTINCT Id) FROM WorkflowExecutions")
            .await
    );
    assert_ne!(executions, [Cell::Integer(0)]);
}

#[tokio::test]
async fn damaged_rows_are_found_and_repaired() {
    let fixture = Fixture::new().await;
    let (projection, runner) = fixture.start().await;
    let mut history = History::new(3);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    fixture.caught_up(&projection).await;
    let checkpoint = fixture.store.checkpoint().await.unwrap();
    let workspace = fixture.column("SELECT Id FROM Workspaces").await.remove(0);
    let workflow = fixture.column("SELECT Id FROM Workflows").await.remove(0);
    let key = [
        Cell::Integer(99),
        Cell::Integer(1),
        "name".into(),
        "hash".into(),
        Cell::Null,
        Cell::Null,
        Cell::Null,
    ];
    let damage = vec![
        Change::Update {
            table: &WORKSPACES,
            key: workspace,
            set: vec![(Workspaces::Name.into(), "by hand".into())],
        },
        Change::DeleteWhere {
            table: &WORKFLOW_STEPS,
            column: WorkflowSteps::WorkflowId.into(),
            value: workflow,
        },
        Change::Insert {
            table: &API_KEYS,
            row: [&key[..], &["".into(), Cell::Null]].concat(),
        },
    ];
    let next = checkpoint.clone().unwrap();
    let (park, unpark) = (Vec::new(), Vec::new());
    fixture
        .store
        .apply(ProjectedBatch {
            expected: checkpoint,
            next,
            changes: damage,
            park,
            unpark,
        })
        .await
        .unwrap();
    let differences = projection.verify(|_| {}).await.unwrap();
    let tables: Vec<&str> = differences.iter().map(|difference| difference.table.as_str()).collect();
    assert_eq!(tables, ["Workspaces", "WorkflowSteps", "ApiKeys"]);
    let reported = Mutex::new(0);
    let repaired = projection
        .rebuild(|progress| *reported.lock().unwrap() = progress.position)
        .await
        .unwrap();
    assert_eq!(repaired, differences);
    let head = fixture.head().await.0;
    assert_eq!(*reported.lock().unwrap(), head);
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    runner.stop().await;
}

#[tokio::test]
async fn rows_of_another_log_are_replaced() {
    let mut fixture = Fixture::new().await;
    let mut history = History::new(1);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    let (projection, runner) = fixture.start().await;
    fixture.caught_up(&projection).await;
    runner.stop().await;
    drop(projection);

    let other = tempfile::tempdir().unwrap();
    fixture.log = open_log(&other).await;
    let mut history = History::new(2);
    let user = history.beginning().into_iter().take(1).collect();
    fixture.append(&mut history, user).await;
    let (projection, runner) = fixture.start().await;
    fixture.caught_up(&projection).await;
    assert_eq!(fixture.column("SELECT COUNT(*) FROM Users").await, [Cell::Integer(1)]);
    assert_eq!(
        fixture.column("SELECT COUNT(*) FROM Workflows").await,
        [Cell::Integer(0)]
    );
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    runner.stop().await;
}

/// An event of its type whose payload nobody understands.
fn malformed(event_type: &str) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: event_type.into(),
        schema_version: 1,
        occurred_at: instant().to_string().into(),
        payload: "{}".into(),
        metadata: "{}".into(),
        typed: None,
    }
}

#[tokio::test]
async fn a_poison_event_parks_its_stream_and_no_other() {
    let fixture = Fixture::new().await;
    let (projection, runner) = fixture.start().await;
    let mut history = History::new(5);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    let poison = history
        .append_raw(fixture.log.as_ref(), "user-1", vec![malformed("UserRoleChanged")])
        .await;
    let behind = UserEvent::from(wfm_domain::user::UserDeactivated { id: UserId(1) });
    let behind = history
        .append_raw(fixture.log.as_ref(), "user-1", vec![new_event(behind.into())])
        .await;
    let login = wfm_domain::user::AccessEvent::from(wfm_domain::user::UserLoggedIn { id: UserId(1) });
    let login = history
        .append_raw(fixture.log.as_ref(), "access-1", vec![new_event(login.into())])
        .await;
    let other = UserEvent::from(wfm_domain::user::UserDeactivated { id: UserId(2) });
    history
        .append_raw(fixture.log.as_ref(), "user-2", vec![new_event(other.into())])
        .await;
    fixture.caught_up(&projection).await;

    let parked = projection.parked().await.unwrap();
    let positions: Vec<Position> = parked.iter().map(|event| event.position).collect();
    assert_eq!(positions, [poison, behind, login], "{parked:?}");
    assert!(parked[0].reason.contains("malformed"), "{parked:?}");
    assert!(projection.has_parked_events());
    assert_eq!(projection.status().await.unwrap().parked, 3);
    let active = fixture.column("SELECT IsActive FROM Users ORDER BY Id").await;
    assert_eq!(active, [Cell::Integer(1), Cell::Integer(0)]);
    assert_eq!(projection.retry_parked().await.unwrap(), 0);
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    runner.stop().await;
}

#[tokio::test]
async fn events_whose_rows_are_refused_are_found_among_many() {
    let fixture = Fixture::new().await;
    let mut history = History::new(11);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    let mut lost = History::new(12);
    // Runs of workflows that this log does not know.
    lost.beginning();
    let stranger = lost.run().unwrap();
    let stranger = match stranger.1.into_iter().next().unwrap() {
        Event::Execution(event) => match event {
            wfm_domain::execution::ExecutionEvent::ExecutionQueued(mut event) => {
                event.run.workflow_id.0 = 999;
                wfm_domain::execution::ExecutionEvent::from(event)
            }
            wfm_domain::execution::ExecutionEvent::ExecutionStarted(mut event) => {
                event.run.workflow_id.0 = 999;
                wfm_domain::execution::ExecutionEvent::from(event)
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let runs: Vec<_> = (0..20).filter_map(|_| history.run()).collect();
    fixture.append(&mut history, runs).await;
    let refused = history
        .append_raw(fixture.log.as_ref(), "execution-lost", vec![new_event(stranger.into())])
        .await;
    let runs: Vec<_> = (0..20).filter_map(|_| history.run()).collect();
    fixture.append(&mut history, runs).await;

    let (projection, runner) = fixture.start().await;
    fixture.caught_up(&projection).await;
    let parked = projection.parked().await.unwrap();
    assert_eq!(
        parked.iter().map(|event| event.position).collect::<Vec<_>>(),
        [refused],
        "{parked:?}"
    );
    assert!(parked[0].reason.contains("FOREIGN KEY"), "{parked:?}");
    assert_eq!(
        fixture.column("SELECT COUNT(*) FROM WorkflowExecutions").await,
        [Cell::Integer(40)]
    );
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    runner.stop().await;
}

#[tokio::test]
async fn parked_events_take_effect_in_order_once_they_can_be_opened() {
    let fixture = Fixture::new().await;
    let mut history = History::new(13);
    let beginning = history.beginning();
    let mut registered = None;
    for (stream, events) in beginning {
        for event in events {
            let mut event = new_event(event);
            // Read from the log, so that it has to be opened.
            event.typed = None;
            if &*event.event_type == "UserRegistered" && registered.is_none() {
                registered = Some(event.id);
            }
            history.append_raw(fixture.log.as_ref(), &stream, vec![event]).await;
        }
    }
    fixture.opener.broken.lock().unwrap().extend(registered);
    let (projection, runner) = fixture.start().await;
    fixture.caught_up(&projection).await;
    let parked = projection.status().await.unwrap().parked;
    assert!(parked > 0);
    assert_eq!(projection.retry_parked().await.unwrap(), 0);
    fixture.opener.broken.lock().unwrap().clear();
    assert_eq!(projection.retry_parked().await.unwrap(), parked);
    assert!(!projection.has_parked_events());
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    let next = (0..30).flat_map(|_| history.step_on()).collect();
    fixture.append(&mut history, next).await;
    fixture.caught_up(&projection).await;
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    runner.stop().await;
}

#[tokio::test]
async fn an_erased_person_reads_the_same_before_and_after_replay() {
    let fixture = Fixture::new().await;
    let (projection, runner) = fixture.start().await;
    let mut history = History::new(17);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    fixture
        .opener
        .destroyed
        .lock()
        .unwrap()
        .insert(DataKey::Person(UserId(1)));
    let erased = UserEvent::from(UserErased { id: UserId(1) });
    history
        .append_raw(fixture.log.as_ref(), "user-1", vec![new_event(erased.into())])
        .await;
    fixture.caught_up(&projection).await;
    let row = fixture
        .column("SELECT FirstName || Email || PasswordHash FROM Users WHERE Id = 1")
        .await;
    assert_eq!(row, [Cell::from("erasederased-1@erased.invalid!")]);
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    assert_eq!(open(&seal("text")), "text");
    runner.stop().await;
}

#[tokio::test]
async fn a_rebuild_runs_while_events_keep_coming() {
    let fixture = Fixture::new().await;
    let (projection, runner) = fixture.start().await;
    let mut history = History::new(19);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    let rebuilding = tokio::spawn({
        let projection = projection.clone();
        async move {
            for _ in 0..5 {
                assert_eq!(projection.rebuild(|_| {}).await.unwrap(), []);
            }
        }
    });
    while !rebuilding.is_finished() {
        let next = history.step_on();
        fixture.append(&mut history, next).await;
    }
    rebuilding.await.unwrap();
    fixture.caught_up(&projection).await;
    assert_eq!(projection.verify(|_| {}).await.unwrap(), []);
    assert_eq!(projection.status().await.unwrap().epoch, 5);
    runner.stop().await;
}
