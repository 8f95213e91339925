//! The suite of read stores, and what only a server has: several processes at one database's tables.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use tokio::sync::Mutex;
use wfm_projections::{
    conformance::{self, Adapter, Store},
    tables::USERS,
};
use wfm_storage::{
    append::StorageError,
    event::Position,
    read_store::{ApplyError, Cell, Change, Checkpoint, Column, ColumnKind, ProjectedBatch, Query, ReadStore},
};
use wfm_storage_sqlserver::{Pool, SqlServerReadStore};

use crate::server::TestDatabase;

/// Makes stores, each in a database of its own.
#[derive(Default)]
struct SqlServer(Mutex<Vec<TestDatabase>>);

struct SqlServerStore {
    pool: Pool,
    store: Arc<dyn ReadStore>,
}

#[async_trait]
impl Adapter for SqlServer {
    async fn fresh(&self) -> Box<dyn Store> {
        let database = TestDatabase::create().await.unwrap();
        let pool = database.pool();
        let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
        self.0.lock().await.push(database);
        Box::new(SqlServerStore { pool, store })
    }
}

#[async_trait]
impl Store for SqlServerStore {
    fn reads(&self) -> Arc<dyn ReadStore> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.pool.close();
        self.pool = Pool::new(self.pool.settings().clone());
        self.store = SqlServerReadStore::open(self.pool.clone()).await.unwrap();
    }

    async fn by_hand(&self, statement: &str) -> Result<(), String> {
        self.pool
            .execute_batch(statement)
            .await
            .map_err(|error| match error.number() {
                // A check or foreign key, uniqueness.
                Some(547 | 2601 | 2627) => error.to_string(),
                _ => panic!("{statement}: {error}"),
            })
    }
}

impl Drop for SqlServerStore {
    fn drop(&mut self) {
        self.pool.close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_of_read_stores_passes() {
    if crate::server::settings().is_none() {
        return;
    }
    let adapter = SqlServer::default();
    conformance::run_all(&adapter).await;
    for database in adapter.0.into_inner() {
        database.remove().await;
    }
}

fn at(position: u64) -> Checkpoint {
    Checkpoint {
        log_id: "log".into(),
        position: Position(position),
        leaf_hash: "hash".into(),
        epoch: 0,
    }
}

/// A batch without changes.
fn step(expected: Option<Checkpoint>, next: Checkpoint) -> ProjectedBatch {
    ProjectedBatch {
        expected,
        next,
        changes: Vec::new(),
        park: Vec::new(),
        unpark: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_make_the_tables_once() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pools: Vec<Pool> = (0..4).map(|_| database.pool()).collect();
    let opened = futures::future::join_all(pools.iter().map(|pool| SqlServerReadStore::open(pool.clone()))).await;
    let stores: Vec<Arc<dyn ReadStore>> = opened.into_iter().map(Result::unwrap).collect();
    stores[0].apply(step(None, at(1))).await.unwrap();
    for store in &stores {
        assert_eq!(store.checkpoint().await.unwrap(), Some(at(1)));
    }
    drop(stores);
    pools.iter().for_each(Pool::close);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_shape_are_made_anew_and_their_writer_is_refused() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let old = SqlServerReadStore::open(pool.clone()).await.unwrap();
    old.apply(step(None, at(1))).await.unwrap();
    // As another version of the program would have left them, with a table that this one does not have in this shape.
    let other =
        "UPDATE dbo.[Checkpoint] SET Shape = 'other'; DROP TABLE dbo.AccessLog; CREATE TABLE dbo.AccessLog (Id INT);";
    pool.execute_batch(other).await.unwrap();
    assert!(matches!(old.checkpoint().await, Err(StorageError::Other(_))));
    let refused = old.apply(step(Some(at(1)), at(2))).await;
    assert!(
        matches!(refused, Err(ApplyError::Storage(StorageError::Other(_)))),
        "{refused:?}"
    );
    let anew = SqlServerReadStore::open(pool.clone()).await.unwrap();
    assert_eq!(anew.checkpoint().await.unwrap(), None);
    let outcome = anew
        .query(Query::new("SELECT OccurredAt FROM AccessLog", Vec::new()))
        .await;
    assert_eq!(outcome.unwrap(), Vec::<Vec<Cell>>::new());
    // A process killed while it made them leaves no checkpoint.
    pool.execute_batch("DELETE FROM dbo.[Checkpoint]").await.unwrap();
    let anew = SqlServerReadStore::open(pool.clone()).await.unwrap();
    assert_eq!(anew.checkpoint().await.unwrap(), None);
    // Those of a later version stay as they are: this one does not start.
    let later = "UPDATE dbo.[Checkpoint] SET Shape = 'later', Generation = Generation + 1";
    pool.execute_batch(later).await.unwrap();
    let refused = SqlServerReadStore::open(pool.clone()).await.map(|_| ());
    assert!(
        matches!(&refused, Err(StorageError::Held(reason)) if reason.contains("later version")),
        "{refused:?}"
    );
    let shape = pool.texts("SELECT Shape FROM dbo.[Checkpoint]").await.unwrap();
    assert_eq!(shape[0][0].as_deref(), Some("later"));
    SqlServerReadStore::remove(&pool).await.unwrap();
    let left = pool
        .texts("SELECT name FROM sys.objects WHERE SCHEMA_NAME(schema_id) = 'dbo'")
        .await
        .unwrap();
    assert_eq!(left, Vec::<Vec<Option<String>>>::new());
    pool.close();
    database.remove().await;
}

/// A database of its own stands for the secondary: what it has can be told from what the primary has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secondary_answers_queries_that_it_is_new_enough_for() {
    let (Some(primary), Some(secondary)) = (TestDatabase::create().await, TestDatabase::create().await) else {
        return;
    };
    let (pool, secondary_pool) = (primary.pool(), secondary.pool());
    let behind = SqlServerReadStore::open(secondary_pool.clone()).await.unwrap();
    behind.apply(step(None, at(1))).await.unwrap();
    let replica = secondary.pool();
    let store = SqlServerReadStore::open_with_replica(pool.clone(), Some(replica.clone()))
        .await
        .unwrap();
    store.apply(step(None, at(1))).await.unwrap();
    store.apply(step(Some(at(1)), at(2))).await.unwrap();
    let asked = || {
        Query::new(
            "SELECT Position FROM [Checkpoint] WHERE Id = @P1",
            vec![Cell::Integer(1)],
        )
    };
    let positions = async |wanted| {
        let rows = store.query_as_of(asked(), Position(wanted)).await.unwrap();
        rows[0][0].clone()
    };
    assert_eq!(positions(0).await, Cell::Integer(1));
    assert_eq!(positions(1).await, Cell::Integer(1));
    // It is behind, and does not catch up.
    assert_eq!(positions(2).await, Cell::Integer(2));
    // It catches up while the query waits.
    let (late, ()) = tokio::join!(positions(3), async {
        behind.apply(step(Some(at(1)), at(3))).await.unwrap();
    });
    assert!(matches!(late, Cell::Integer(2 | 3)), "{late:?}");
    assert_eq!(positions(3).await, Cell::Integer(3));
    // Whoever decides by the rows asks the primary.
    assert_eq!(store.query(asked()).await.unwrap()[0][0], Cell::Integer(2));
    assert_eq!(store.checkpoint().await.unwrap().unwrap().position, Position(2));
    // Without it, all goes on.
    replica.close();
    assert_eq!(positions(0).await, Cell::Integer(2));
    for pool in [pool, secondary_pool] {
        pool.close();
    }
    primary.remove().await;
    secondary.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_belongs_to_one_process_and_is_removed_after_it() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let (pool, other_pool) = (database.pool(), database.pool());
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    let other = SqlServerReadStore::open(other_pool.clone()).await.unwrap();
    let shadow = store.shadow().await.unwrap();
    shadow.apply(step(None, at(1))).await.unwrap();
    let held = other.shadow().await.map(|_| ());
    assert!(matches!(held, Err(StorageError::Held(_))), "{held:?}");
    // Opening leaves another's shadow alone.
    SqlServerReadStore::open(other_pool.clone()).await.unwrap();
    assert_eq!(shadow.checkpoint().await.unwrap(), Some(at(1)));
    drop(shadow);
    let again = other.shadow().await.unwrap();
    assert_eq!(again.checkpoint().await.unwrap(), None);
    let unrelated: Arc<dyn ReadStore> = store.clone();
    assert!(other.compare(&unrelated).await.is_err());
    pool.close();
    other_pool.close();
    drop(again);
    database.remove().await;
}

/// A batch that makes `size` users, from `position` on.
fn users(position: u64, size: u64) -> ProjectedBatch {
    let user = |id: u64| {
        let cell = |column: &Column| match (column.name, column.kind) {
            ("Id", _) => Cell::Integer(id.cast_signed()),
            ("Email", _) => format!("user{id}@example.com").into(),
            (_, ColumnKind::Text) => "text".into(),
            (_, ColumnKind::Instant) => "2026-11-22T16:29:03.123456Z".into(),
            (_, ColumnKind::Integer | ColumnKind::Bit | ColumnKind::Real) => Cell::Integer(1),
        };
        let row = USERS.columns.iter().map(cell).collect();
        Change::Insert { table: &USERS, row }
    };
    ProjectedBatch {
        changes: (position + 1..=position + size).map(user).collect(),
        ..step((position > 0).then(|| at(position)), at(position + size))
    }
}

/// Carries a call on until it was woken so often; `None` when it was given up then.
async fn cut_off<T>(call: impl Future<Output = T>, after: usize) -> Option<T> {
    let mut call = std::pin::pin!(call);
    let mut woken = 0;
    std::future::poll_fn(|context| {
        woken += 1;
        if woken > after {
            Poll::Ready(None)
        } else {
            call.as_mut().poll(context).map(Some)
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_is_cut_off_anywhere_leaves_all_of_a_batch_or_nothing() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    let (mut position, mut after) = (0, 0);
    loop {
        let outcome = cut_off(store.apply(users(position, 2000)), after).await;
        // The next writer waits for what the server may still be doing.
        let probe = store.apply(step(Some(at(u64::MAX >> 1)), at(1))).await;
        assert!(matches!(probe, Err(ApplyError::Moved(_))), "{probe:?}");
        let checkpoint = store.checkpoint().await.unwrap();
        let reached = checkpoint.map_or(0, |checkpoint| checkpoint.position.0);
        assert!(
            reached == position || reached == position + 2000,
            "{reached} after {position}"
        );
        position = reached;
        let count = store
            .query(Query::new("SELECT COUNT(*) FROM Users", Vec::new()))
            .await
            .unwrap();
        assert_eq!(
            count,
            [[Cell::Integer(position.cast_signed())]],
            "cut off after {after}"
        );
        match outcome {
            None => after += 1,
            Some(outcome) => break outcome.unwrap(),
        }
    }
    assert!(after > 1, "{after} cuts");
    pool.close();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_during_a_rebuild_leaves_nothing_that_the_next_one_minds() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    store.apply(users(0, 3)).await.unwrap();
    let settings = database.settings.clone();
    let killed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let shadow = runtime.block_on(async {
            let store = SqlServerReadStore::open(Pool::new(settings)).await.unwrap();
            let shadow = store.shadow().await.unwrap();
            shadow.apply(users(0, 5)).await.unwrap();
            shadow
        });
        drop(runtime);
        drop(shadow);
    });
    killed.join().unwrap();
    let left = "SELECT t.name FROM sys.tables t WHERE SCHEMA_NAME(t.schema_id) = 'shadow'";
    assert!(!pool.texts(left).await.unwrap().is_empty());
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(3)));
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    assert_eq!(pool.texts(left).await.unwrap(), Vec::<Vec<Option<String>>>::new());
    assert_eq!(store.checkpoint().await.unwrap(), Some(at(3)));
    let shadow = store.shadow().await.unwrap();
    shadow.apply(users(0, 3)).await.unwrap();
    assert_eq!(store.adopt(&shadow, Some(&at(3))).await.unwrap(), []);
    drop(shadow);
    pool.close();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_go_on_while_a_shadow_is_filled_and_adopted() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    let store = SqlServerReadStore::open(pool.clone()).await.unwrap();
    store.apply(users(0, 100)).await.unwrap();
    let shadow = store.shadow().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (reads, stopped) = (store.clone(), stop.clone());
    let reading = tokio::spawn(async move {
        let mut seen = Vec::new();
        while !stopped.load(Ordering::SeqCst) {
            let rows = reads
                .query(Query::new("SELECT COUNT(*), MAX(Id) FROM Users", Vec::new()))
                .await
                .unwrap();
            seen.push(rows.concat());
        }
        seen
    });
    for page in 0..10 {
        shadow.apply(users(page * 20, 20)).await.unwrap();
    }
    let differences = store.adopt(&shadow, Some(&at(100))).await.unwrap();
    assert_eq!((differences[0].missing, differences[0].surplus), (100, 0));
    stop.store(true, Ordering::SeqCst);
    // Before the moment or after it, never between.
    let seen = reading.await.unwrap();
    assert!(seen.len() > 3);
    assert!(
        seen.iter()
            .all(|cells| *cells == [100, 100].map(Cell::Integer) || *cells == [200, 200].map(Cell::Integer))
    );
    drop(shadow);
    pool.close();
    database.remove().await;
}
