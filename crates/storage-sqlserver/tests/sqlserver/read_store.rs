//! The suite of read stores, and what only a server has: several processes at one database's tables.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use wfm_projections::conformance::{self, Adapter, Store};
use wfm_storage::{
    append::StorageError,
    event::Position,
    read_store::{ApplyError, Cell, Checkpoint, ProjectedBatch, Query, ReadStore},
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
    SqlServerReadStore::remove(&pool).await.unwrap();
    let left = pool
        .texts("SELECT name FROM sys.objects WHERE SCHEMA_NAME(schema_id) = 'dbo'")
        .await
        .unwrap();
    assert_eq!(left, Vec::<Vec<Option<String>>>::new());
    pool.close();
    database.remove().await;
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
