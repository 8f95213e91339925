//! The suite of read stores, and what only SQLite has: its file, and tables read from a DDL text.

use async_trait::async_trait;
use wfm_projections::{
    conformance::{self, Adapter, Store},
    tables::{self, USERS},
};
use wfm_storage::read_store::Change;

use super::*;

struct Sqlite;

struct SqliteStore {
    folder: tempfile::TempDir,
    store: Arc<dyn ReadStore>,
}

#[async_trait]
impl Adapter for Sqlite {
    async fn fresh(&self) -> Box<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteReadStore::open(folder.path()).await.unwrap();
        Box::new(SqliteStore { folder, store })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn reads(&self) -> Arc<dyn ReadStore> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store = SqliteReadStore::open(self.folder.path()).await.unwrap();
    }

    async fn by_hand(&self, statement: &str) -> Result<(), String> {
        let mut connection = file::open(&self.folder.path().join("dbo.db"), Use::Serving)
            .await
            .unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(error) if is_constraint(&error) => Err(error.to_string()),
            Err(error) => panic!("{statement}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes() {
    conformance::run_all(&Sqlite).await;
}

async fn open() -> (tempfile::TempDir, Arc<dyn ReadStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteReadStore::open(folder.path()).await.unwrap();
    (folder, store)
}

fn at(position: u64) -> Checkpoint {
    Checkpoint {
        log_id: "log".into(),
        position: Position(position),
        leaf_hash: "hash".into(),
        epoch: 0,
    }
}

/// Moves a store that nothing was projected into to position 1.
async fn project(store: &Arc<dyn ReadStore>, changes: Vec<Change>) -> Result<(), ApplyError> {
    let batch = ProjectedBatch {
        expected: None,
        next: at(1),
        changes,
        park: Vec::new(),
        unpark: Vec::new(),
    };
    store.apply(batch).await
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
async fn the_guard_of_the_audit_trigger_is_down_after_a_batch() {
    let (_folder, store) = open().await;
    let mut user = vec![Cell::Integer(1); USERS.columns.len()];
    user[3] = "a@b.cd".into();
    let update = Change::Update {
        table: &USERS,
        key: Cell::Integer(1),
        set: vec![(1, "Ada".into())],
    };
    project(
        &store,
        vec![
            Change::Insert {
                table: &USERS,
                row: user,
            },
            update,
        ],
    )
    .await
    .unwrap();
    assert_eq!(
        cells(&store, "SELECT Writing FROM ProjectorGuard").await,
        [[Cell::Integer(0)]]
    );
}

#[tokio::test]
async fn a_shadow_leaves_no_file() {
    let (folder, store) = open().await;
    let shadows = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        files
            .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("shadow"))
            .count()
    };
    let shadow = store.shadow().await.unwrap();
    assert!(shadows() > 0);
    store.compare(&shadow).await.unwrap();
    drop(shadow);
    assert_eq!(shadows(), 0);
}

#[tokio::test]
async fn a_file_of_another_shape_is_built_anew() {
    let (folder, store) = open().await;
    project(&store, Vec::new()).await.unwrap();
    drop(store);
    let again = SqliteReadStore::open(folder.path()).await.unwrap();
    assert_eq!(again.checkpoint().await.unwrap(), Some(at(1)));
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
async fn the_file_carries_the_documented_indexes_views_and_triggers() {
    let (_folder, store) = open().await;
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
}

#[tokio::test]
async fn a_copy_of_the_file_is_whole_once_the_store_is_closed() {
    let (folder, store) = open().await;
    store.close().await;
    let copy = folder.path().join("copy.db");
    std::fs::copy(folder.path().join("dbo.db"), &copy).unwrap();
    let mut connection = file::open(&copy, Use::Serving).await.unwrap();
    let text = "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('Users', 'Workflows', 'vw_ActiveWorkflows')";
    let (found,): (i64,) = sqlx::query_as(text).fetch_one(&mut connection).await.unwrap();
    assert_eq!(found, 3);
}
