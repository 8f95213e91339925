//! Where the demonstration keeps its data: the folder `./wfm-demo`, and with a connection string a database of SQL Server.
//!
//! Invariant: only what an earlier demonstration marked is ever replaced.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use wfm_application::clock::{SystemClock, SystemEntropy};
use wfm_storage::event::Position;
use wfm_storage_sqlserver::{Settings, scratch};

use crate::{
    config::{Config, Database},
    database::sql_server_options,
    master_key,
    node::Node,
};

/// The folder; with SQL Server it holds the master key alone.
pub const FOLDER: &str = "wfm-demo";

/// The database, where the connection string names none but `master`.
const DATABASE: &str = "wfm_demo";

/// File that marks a folder as made by the demonstration, so that no other folder is ever replaced.
const MARK: &str = ".made-by-wfm-demo";

/// Events that are looked through at once.
const PAGE: u32 = 1000;

/// Makes the place and returns the configuration that uses it.
pub async fn prepare(config: Config) -> Result<Config> {
    let folder = PathBuf::from(FOLDER);
    make_folder(&folder)?;
    match config.database {
        Database::Sqlite(_) => Ok(Config {
            database: Database::Sqlite(folder),
            master_key_file: None,
            ..config
        }),
        Database::SqlServer(settings) => {
            let settings = own(&settings);
            scratch::make_empty(&settings, &sql_server_options(Arc::new(SystemClock)))
                .await
                .context("preparing the database of the demonstration")?;
            Ok(Config {
                master_key_file: Some(make_master_key(&folder)?),
                database: Database::SqlServer(Box::new(settings)),
                ..config
            })
        }
    }
}

fn own(settings: &Settings) -> Settings {
    match settings.database() {
        "master" => settings.with_database(DATABASE),
        _ => settings.clone(),
    }
}

/// An empty, marked folder; replaces only one that carries the mark.
fn make_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        let empty = fs::read_dir(folder)
            .with_context(|| format!("{}", folder.display()))?
            .next()
            .is_none();
        if !empty && !folder.join(MARK).exists() {
            bail!("./{FOLDER} exists and was not made by a demonstration; move it away or run in another folder");
        }
        wfm_storage_sqlite::demand_free(folder)
            .with_context(|| format!("./{FOLDER} is not replaced while a server runs on it; stop that server first"))?;
        fs::remove_dir_all(folder).with_context(|| format!("replacing ./{FOLDER}"))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making ./{FOLDER}"))?;
    fs::write(
        folder.join(MARK),
        "This folder was made by `wfm demo`, which replaces it at its next run.\n",
    )?;
    Ok(())
}

fn make_master_key(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("master.key");
    master_key::write_new(&path, &SystemEntropy)?;
    Ok(path)
}

/// Demands that what is stored holds the secret nowhere, and says where it looked.
pub async fn check_secret(node: &Node, database: &Database, secret: &str) -> Result<()> {
    match database {
        Database::Sqlite(folder) => {
            ensure!(!holds(folder, secret.as_bytes())?, "a file holds the secret");
            println!("No file of ./{FOLDER} holds the payment key in plain text.");
        }
        Database::SqlServer(_) => {
            let mut after = Position(0);
            loop {
                let events = node.app.store.log.read_log(after, PAGE).await?;
                let Some(last) = events.last() else { break };
                after = last.position;
                ensure!(
                    !events.iter().any(|event| event.payload.contains(secret)),
                    "an event holds the secret"
                );
            }
            println!("No event of the log holds the payment key in plain text.");
        }
    }
    Ok(())
}

/// Whether any file of the folder contains the bytes.
fn holds(folder: &Path, bytes: &[u8]) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let content = fs::read(entry?.path())?;
        if content.windows(bytes.len()).any(|window| window == bytes) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the data is and what to try next.
pub fn next_steps(database: &Database, failed_id: &str, email: &str, password: &str) -> String {
    match database {
        Database::Sqlite(_) => format!(
            "The data is in ./{FOLDER}: es.db is the event log, dbo.db the read models. Try next:\n  \
             sqlite3 {FOLDER}/dbo.db 'SELECT * FROM vw_WorkflowExecutionSummary'\n  \
             wfm --database sqlite:{FOLDER} events list --stream execution-{failed_id}\n  \
             wfm --database sqlite:{FOLDER} events verify\n  \
             wfm --database sqlite:{FOLDER} serve      (log in as {email} with {password}; pages at /docs)"
        ),
        Database::SqlServer(settings) => format!(
            "The data is in the {database}: schema es is the event log, dbo the read models. Try next:\n  \
             SELECT * FROM dbo.vw_WorkflowExecutionSummary\n  \
             export WFM_DATABASE='…;Database={}' WFM_MASTER_KEY_FILE={FOLDER}/master.key\n  \
             wfm events list --stream execution-{failed_id}\n  \
             wfm events verify\n  \
             wfm serve      (log in as {email} with {password}; pages at /docs)",
            settings.database()
        ),
    }
}
