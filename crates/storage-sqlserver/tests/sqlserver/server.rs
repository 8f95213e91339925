//! The server under test, and databases of the tests' own.

use std::{io::Write, sync::OnceLock, time::Duration};

use uuid::Uuid;
use wfm_storage_sqlserver::{InvalidConnectionString, Pool, Settings};

/// The connection string of the server, or `None`, loudly, when there is none.
pub(crate) fn connection_string() -> Option<String> {
    static SKIPPED: OnceLock<()> = OnceLock::new();
    let text = std::env::var("WFM_TEST_SQLSERVER").unwrap_or_default();
    if text.is_empty() {
        SKIPPED.get_or_init(|| {
            // Not by the macro, whose output a passing test keeps to itself.
            let line = "SQL Server: SKIPPED, WFM_TEST_SQLSERVER holds no connection string; nothing below was tested against a server\n";
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        });
        return None;
    }
    Some(match Settings::parse(&text) {
        Err(InvalidConnectionString::Missing("Database")) => format!("{text};Database=master"),
        _ => text,
    })
}

/// Settings of the server, or `None`, loudly, when there is none.
pub(crate) fn settings() -> Option<Settings> {
    connection_string().map(|text| Settings::parse(&text).unwrap())
}

/// A database that a test made for itself.
pub(crate) struct TestDatabase {
    pub(crate) settings: Settings,
    administration: Pool,
}

impl TestDatabase {
    /// A fresh, empty database; `None` without a server.
    pub(crate) async fn create() -> Option<Self> {
        let settings = settings()?;
        let administration = Pool::new(settings.with_database("master").with_max_connections(1));
        let name = format!("wfm_test_{}", Uuid::now_v7().simple());
        repeated(&administration, &format!("CREATE DATABASE {name}")).await;
        Some(Self {
            settings: settings.with_database(name),
            administration,
        })
    }

    /// Connections to it.
    pub(crate) fn pool(&self) -> Pool {
        Pool::new(self.settings.clone())
    }

    /// Removes it; whatever is still connected is told to go.
    pub(crate) async fn remove(self) {
        let name = self.settings.database();
        // Not every engine has this; without it, connections that were just closed may keep the database a moment longer.
        let alone = format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
        let _refused = self.administration.execute_batch(&alone).await;
        repeated(&self.administration, &format!("DROP DATABASE {name}")).await;
    }
}

/// Some engines refuse to make or remove two databases at once, or a database or login that was left a moment ago.
pub(crate) async fn repeated(administration: &Pool, text: &str) {
    for turn in 0.. {
        match administration.execute_batch(text).await {
            Ok(()) => return,
            Err(_) if turn < 50 => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => panic!("{error}"),
        }
    }
}
