//! Where a story keeps everything: a folder of its own and, with `WFM_TEST_SQLSERVER`, a database of its own on that server.
//!
//! Invariant: what a story made is gone when its place is dropped, also after a failure.

use std::{fmt::Write as _, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use tempfile::TempDir;
use uuid::Uuid;
use wfm_storage_sqlserver::{Pool, Settings};

/// The variable that holds the connection string of a server on which stories may make databases.
pub const SERVER: &str = "WFM_TEST_SQLSERVER";

/// How often a server is asked to make or remove a database, and how long between: some refuse to do it for two at once, or
/// while a connection is still closing.
const TRIES: usize = 100;
const TRIES_AT_LAST: usize = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// A place of a story's own.
pub struct Place {
    folder: TempDir,
    server: Option<OwnDatabase>,
}

impl Place {
    /// On the server under test; without one, embedded.
    pub async fn fresh() -> Self {
        let mut place = Self::embedded();
        if let Ok(server) = std::env::var(SERVER)
            && !server.is_empty()
        {
            place.make_master_key();
            place.server = Some(OwnDatabase::make(&server).await);
        }
        place
    }

    /// Embedded, for stories about files.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    /// The folder: of the embedded database, or of the master key.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the database is a server's.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// The setting `database`.
    #[must_use]
    pub fn database(&self) -> String {
        match &self.server {
            Some(own) => own.connection_string.clone(),
            None => format!("sqlite:{}", self.path().display()),
        }
    }

    /// The setting `master_key_file`; nodes that share a database need one.
    #[must_use]
    pub fn master_key_file(&self) -> Option<String> {
        self.server
            .as_ref()
            .map(|_| self.path().join("master.key").display().to_string())
    }

    /// Removes it. Done by dropping it as well, but then a server that still runs in this thread keeps its database.
    pub async fn remove(mut self) {
        if let Some(own) = &mut self.server {
            own.remove(TRIES).await;
        }
    }

    fn make_master_key(&self) {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path().join("master.key"))
            .unwrap();
        let key = [Uuid::now_v7().simple().to_string(), Uuid::now_v7().simple().to_string()].concat();
        std::io::Write::write_all(&mut file, key.as_bytes()).unwrap();
    }
}

/// A database of a server, removed when dropped.
struct OwnDatabase {
    connection_string: String,
    name: String,
    removed: bool,
}

impl OwnDatabase {
    async fn make(server: &str) -> Self {
        let name = format!("wfm_story_{}", Uuid::now_v7().simple());
        execute(server, format!("CREATE DATABASE {name}"), TRIES).await.unwrap();
        Self {
            connection_string: with_database(server, &name),
            name,
            removed: false,
        }
    }

    async fn remove(&mut self, tries: usize) {
        self.removed = true;
        let server = with_database(&self.connection_string, "master");
        // Not every engine has this.
        let alone = format!("ALTER DATABASE {} SET SINGLE_USER WITH ROLLBACK IMMEDIATE", self.name);
        let _refused = administration(&server).execute_batch(&alone).await;
        if let Err(error) = execute(&server, format!("DROP DATABASE {}", self.name), tries).await {
            eprintln!("a story leaves the database {} behind: {error}", self.name);
        }
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        if self.removed {
            return;
        }
        // A thread of its own: a runtime may be blocked by whoever drops.
        std::thread::scope(|scope| {
            let removal = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(self.remove(TRIES_AT_LAST));
            });
            // What went wrong was printed.
            let _ended = removal.join();
        });
    }
}

fn administration(server: &str) -> Pool {
    let settings = Settings::parse(&with_database(server, "master")).unwrap();
    Pool::new(settings.with_max_connections(1))
}

async fn execute(server: &str, text: String, tries: usize) -> Result<(), wfm_storage_sqlserver::SqlError> {
    let administration = administration(server);
    let mut turn = 1;
    loop {
        match administration.execute_batch(&text).await {
            Err(_) if turn < tries => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
        turn += 1;
    }
}

/// The connection string for another database of the same server.
fn with_database(server: &str, name: &str) -> String {
    let mut text = String::new();
    for pair in server.split(';').filter(|pair| !pair.trim().is_empty()) {
        let key = pair.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(key.as_str(), "database" | "initial catalog") {
            write!(text, "{pair};").unwrap();
        }
    }
    text + "Database=" + name
}
