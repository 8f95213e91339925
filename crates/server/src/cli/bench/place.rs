//! Where the bench keeps its data: a scratch folder, and with a connection string databases `wfm_bench_…` of its own.
//!
//! Invariant: nothing is used or removed that the bench did not make.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use wfm_application::clock::{SystemClock, SystemEntropy};
use wfm_storage_sqlite::read_store::SqliteReadStore;
use wfm_storage_sqlserver::{Pool, SqlServerReadStore, scratch};

use crate::{
    config::{Config, Database},
    database::sql_server_options,
    master_key,
};

/// A folder that is removed when dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("the scratch folder {} could not be removed: {error}", self.0.display());
        }
    }
}

/// See the module.
pub struct Place {
    scratch: Scratch,
    config: Config,
}

impl Place {
    /// A place below `folder`, or on the server that the configuration names.
    pub fn new(config: &Config, folder: &Path) -> Result<Self> {
        let scratch = Scratch(folder.join(format!("wfm-bench-{}", std::process::id())));
        std::fs::create_dir_all(&scratch.0)?;
        let mut config = config.clone();
        if let Database::SqlServer(_) = config.database {
            let file = scratch.0.join("master.key");
            master_key::write_new(&file, &SystemEntropy)?;
            config.master_key_file = Some(file);
        }
        Ok(Self { scratch, config })
    }

    /// The configuration that uses an empty database of this name.
    pub async fn make(&self, name: &str) -> Result<Config> {
        let database = match &self.config.database {
            Database::Sqlite(_) => Database::Sqlite(self.scratch.0.join(name)),
            Database::SqlServer(settings) => {
                let settings = settings.with_database(format!("wfm_bench_{}_{name}", std::process::id()));
                scratch::make_empty(&settings, &sql_server_options(Arc::new(SystemClock)))
                    .await
                    .with_context(|| format!("preparing the database {}", settings.database()))?;
                Database::SqlServer(Box::new(settings))
            }
        };
        Ok(Config {
            database,
            database_read: None,
            ..self.config.clone()
        })
    }
}

/// Removes the read models alone.
pub async fn remove_read_models(database: &Database) -> Result<()> {
    match database {
        Database::Sqlite(folder) => SqliteReadStore::remove(folder)?,
        Database::SqlServer(settings) => {
            let pool = Pool::new((**settings).clone());
            let removed = SqlServerReadStore::remove(&pool).await;
            pool.close();
            removed?;
        }
    }
    Ok(())
}

/// Removes a database that [`Place::make`] made; a folder goes with all others at the end.
pub async fn remove(database: &Database) {
    if let Database::SqlServer(settings) = database
        && let Err(error) = scratch::remove(settings).await
    {
        eprintln!("the database {} could not be removed: {error}", settings.database());
    }
}
