//! The suite of the port.

use std::sync::Arc;

use async_trait::async_trait;
use wfm_storage::{
    conformance::{self, Adapter, Clock, Store, Tampering},
    log::EventLog,
    vault::Vault,
};
use wfm_storage_sqlserver::{LogOptions, Pool, SqlServerLog};

use crate::{samples::options, schema, server::TestDatabase};

/// Makes stores in one database, one after the other: each finds an empty log. They share connections, because a server
/// takes its time with what a connection does for the first time.
struct SqlServer(Pool);

struct SqlServerStore {
    options: LogOptions,
    log: Arc<SqlServerLog>,
}

/// A log as the migrations leave it. Truncating is what the owner of a database can do, and no role of the product.
const EMPTY: &str =
    "TRUNCATE TABLE es.Events; TRUNCATE TABLE es.Streams; TRUNCATE TABLE es.Claims; TRUNCATE TABLE es.Commands;
    TRUNCATE TABLE es.Work; TRUNCATE TABLE es.Sequences; TRUNCATE TABLE es.Sessions; TRUNCATE TABLE es.DataKeys;
    UPDATE es.Head SET LogId = LOWER(CAST(NEWID() AS VARCHAR(36))), Position = 0, RecordedAt = '';";

#[async_trait]
impl Adapter for SqlServer {
    async fn fresh(&self, clock: Clock) -> Box<dyn Store> {
        let options = LogOptions::new(clock);
        self.0.execute_batch(EMPTY).await.unwrap();
        let log = SqlServerLog::open(self.0.clone(), options.clone()).await.unwrap();
        Box::new(SqlServerStore { options, log })
    }
}

#[async_trait]
impl Store for SqlServerStore {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn vault(&self) -> Arc<dyn Vault> {
        self.log.clone()
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        let pool = self.log.pool().clone();
        self.log = SqlServerLog::open(pool, self.options.clone()).await.unwrap();
    }

    async fn tamper(&self, attempt: Tampering) -> Result<(), String> {
        let text = match attempt {
            Tampering::Update(position) | Tampering::Replace(position) => {
                format!("UPDATE es.Events SET Payload = N'{{}}' WHERE Position = {position}")
            }
            Tampering::Delete(position) => format!("DELETE FROM es.Events WHERE Position = {position}"),
        };
        self.log
            .pool()
            .execute_batch(&text)
            .await
            .map_err(|error| error.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    schema::up(&database.settings, &options()).await.unwrap();
    let pool = database.pool();
    conformance::run_all(Arc::new(SqlServer(pool.clone()))).await;
    pool.close();
    database.remove().await;
}
