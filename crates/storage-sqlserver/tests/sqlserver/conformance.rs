//! The suite of the port.

use std::sync::Arc;

use async_trait::async_trait;
use wfm_storage::{
    conformance::{self, Adapter, Clock, Store, Tampering},
    log::EventLog,
    vault::Vault,
};
use wfm_storage_sqlserver::{LogOptions, Pool, Settings, SqlServerLog, migrate_down, migrate_up};

use crate::server::TestDatabase;

/// Makes stores in one database, one after the other: each finds the schema anew.
struct SqlServer(Settings);

struct SqlServerStore {
    options: LogOptions,
    log: Arc<SqlServerLog>,
}

#[async_trait]
impl Adapter for SqlServer {
    async fn fresh(&self, clock: Clock) -> Box<dyn Store> {
        let options = LogOptions::new(clock);
        migrate_down(&self.0, usize::MAX).await.unwrap();
        migrate_up(&self.0, &options).await.unwrap();
        let log = SqlServerLog::open(Pool::new(self.0.clone()), options.clone())
            .await
            .unwrap();
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
        let settings = self.log.pool().settings().clone();
        self.log.pool().close();
        self.log = SqlServerLog::open(Pool::new(settings), self.options.clone())
            .await
            .unwrap();
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

impl Drop for SqlServerStore {
    fn drop(&mut self) {
        self.log.pool().close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    conformance::run_all(Arc::new(SqlServer(database.settings.clone()))).await;
    database.remove().await;
}
