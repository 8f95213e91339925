//! The suite of the port, and what only SQLite has: the folder's lock, its permissions, a full disk, migrations.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;
use wfm_storage::{
    append::{Append, AppendError, Claim, ClaimKey, StorageError, StreamAppend},
    conformance::{self, Adapter, Clock, Store, Tampering, TestClock},
    event::{NewEvent, Position, StreamId, StreamVersion},
    log::EventLog,
    migration::{self, Back, MigrationError, MigrationStanding, Migrations},
    vault::Vault,
    verify::{Problem, verify},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, SqliteMigrations};

struct Sqlite;

struct SqliteStore {
    folder: TempDir,
    options: LogOptions,
    log: Arc<SqliteLog>,
}

#[async_trait]
impl Adapter for Sqlite {
    async fn fresh(&self, clock: Clock) -> Box<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let options = LogOptions::new(clock);
        let log = SqliteLog::open(folder.path(), options.clone()).await.unwrap();
        Box::new(SqliteStore { folder, options, log })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn vault(&self) -> Arc<dyn Vault> {
        self.log.clone()
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        self.log = SqliteLog::open(self.folder.path(), self.options.clone()).await.unwrap();
    }

    async fn tamper(&self, attempt: Tampering) -> Result<(), String> {
        let text = match attempt {
            Tampering::Update(position) => format!("UPDATE Events SET Payload = '{{}}' WHERE Position = {position}"),
            Tampering::Delete(position) => format!("DELETE FROM Events WHERE Position = {position}"),
            Tampering::Replace(position) => format!(
                "INSERT OR REPLACE INTO Events SELECT Position, 'other-1', Version, EventId, Type, SchemaVersion, WorkspaceId,
                     OccurredAt, RecordedAt, LeafHash, Metadata, Payload FROM Events WHERE Position = {position}"
            ),
        };
        execute(self.folder.path(), &text)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Runs a statement on the log's file behind the log's back.
async fn execute(folder: &Path, text: &str) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(folder.join("es.db"));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let result = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await;
    connection.close().await?;
    result.map(|_| ())
}

fn options() -> LogOptions {
    LogOptions::new(TestClock::at(60).clock())
}

fn append(stream: &str, expected: u64, payload: &str) -> Append {
    let event = NewEvent {
        id: Uuid::now_v7(),
        event_type: "SampleHappened".into(),
        schema_version: 1,
        occurred_at: TestClock::instant(1).into(),
        payload: payload.into(),
        metadata: "{}".into(),
        typed: None,
    };
    let part = StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "sample".into(),
        workspace: None,
        expected: StreamVersion(expected),
        events: vec![event],
    };
    Append {
        streams: vec![part],
        ..Append::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes() {
    conformance::run_all(Arc::new(Sqlite)).await;
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_has_closed() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    let refused = SqliteLog::open(folder.path(), options()).await.unwrap_err();
    assert!(matches!(refused, StorageError::Held(_)));
    let (text, process) = (refused.to_string(), std::process::id().to_string());
    assert!(
        text.contains(&folder.path().display().to_string()) && text.contains(&process),
        "{text}"
    );
    assert!(matches!(
        migrate_up(folder.path()).await,
        Err(MigrationError::Storage(StorageError::Held(_)))
    ));
    log.close().await;
    // A subscription or a handler may still hold the closed log.
    let next = SqliteLog::open(folder.path(), options()).await.unwrap();
    assert!(matches!(
        log.append(append("a-1", 0, "{}")).await,
        Err(AppendError::Storage(StorageError::Unavailable(_)))
    ));
    assert!(matches!(log.allot("User", 1).await, Err(StorageError::Unavailable(_))));
    next.append(append("a-1", 0, "{}")).await.unwrap();
    next.close().await;
}

#[tokio::test]
async fn a_log_that_was_dropped_lets_go_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    log.append(append("a-1", 0, "{}")).await.unwrap();
    drop(log);
    // Its task ends by itself, soon.
    let mut turns = 0;
    let log = loop {
        match SqliteLog::open(folder.path(), options()).await {
            Ok(log) => break log,
            Err(StorageError::Held(_)) if turns < 10_000 => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
        turns += 1;
    };
    assert_eq!(log.head().await.unwrap().position, Position(1));
    log.close().await;
}

#[tokio::test]
async fn readers_stand_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SqliteLog::open_read_only(folder.path()).await.is_err());
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    log.append(append("a-1", 0, "{}")).await.unwrap();
    let reader = SqliteLog::open_read_only(folder.path()).await.unwrap();
    assert_eq!(reader.head().await.unwrap(), log.head().await.unwrap());
    log.append(append("a-1", 1, "{}")).await.unwrap();
    assert_eq!(
        reader.read_log(Position(0), 10).await.unwrap(),
        log.read_log(Position(0), 10).await.unwrap()
    );
    assert!(matches!(
        reader.append(append("a-1", 2, "{}")).await,
        Err(AppendError::Storage(StorageError::ReadOnly(_)))
    ));
    assert!(matches!(reader.end_sessions(1).await, Err(StorageError::ReadOnly(_))));
    log.close().await;
    drop(log);
    assert_eq!(reader.read_log(Position(0), 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_as_read_only() {
    let folder = tempfile::tempdir().unwrap();
    // A folder in the file's place cannot be opened, whoever runs this: permissions do not bind every user.
    std::fs::create_dir(folder.path().join("es.db")).unwrap();
    let refused = SqliteLog::open(folder.path(), options()).await.unwrap_err();
    assert!(matches!(refused, StorageError::ReadOnly(_)), "{refused}");
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    SqliteLog::open(&file, options()).await.unwrap_err();
}

#[tokio::test]
async fn what_is_no_database_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("es.db"),
        "no database at all, though long enough for a header of one".repeat(20),
    )
    .unwrap();
    let refused = SqliteLog::open(folder.path(), options()).await.unwrap_err();
    assert!(matches!(refused, StorageError::Corrupt(_)), "{refused}");
}

#[tokio::test]
async fn a_full_disk_refuses_appends_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(
        folder.path(),
        LogOptions {
            max_pages: Some(120),
            ..options()
        },
    )
    .await
    .unwrap();
    let payload = format!("\"{}\"", "x".repeat(10_000));
    let mut accepted = 0;
    let full = loop {
        let both = futures::future::join(
            log.append(append(&format!("full-{accepted}"), 0, &payload)),
            log.append(append(&format!("beside-{accepted}"), 0, &payload)),
        );
        match both.await {
            (Ok(_), Ok(_)) => accepted += 1,
            (Err(error), _) | (_, Err(error)) => break error,
        }
    };
    assert!(matches!(full, AppendError::Storage(StorageError::Full(_))), "{full:?}");
    assert!(accepted > 5);
    let head = log.head().await.unwrap();
    assert!(matches!(
        log.append(append("late-1", 0, &payload)).await,
        Err(AppendError::Storage(StorageError::Full(_)))
    ));
    assert_eq!(log.head().await.unwrap(), head);
    assert!(verify(&*log, Position(0), |_| ()).await.unwrap().is_sound());
    log.close().await;
    // With room again, it goes on.
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    assert_eq!(
        log.append(append("late-1", 0, &payload)).await.unwrap().first.0,
        head.position.0 + 1
    );
    log.close().await;
}

#[tokio::test]
async fn verification_finds_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    for turn in 0..6 {
        log.append(append("a-1", turn, "{}")).await.unwrap();
    }
    let unlock = "DROP TRIGGER tr_Events_NoUpdate; DROP TRIGGER tr_Events_NoDelete;";
    execute(folder.path(), unlock).await.unwrap();
    let problems = |change: &'static str| {
        let (log, folder) = (log.clone(), folder.path().to_owned());
        async move {
            execute(&folder, change).await.unwrap();
            let mut problems = verify(&*log, Position(0), |_| ()).await.unwrap().problems;
            if !matches!(problems[..], [Problem::Unreadable { .. }]) {
                let unguarded = problems.split_off(problems.len() - 2);
                let names = ["tr_Events_NoUpdate", "tr_Events_NoDelete"].map(str::to_owned);
                assert_eq!(unguarded, names.map(|name| Problem::Unguarded { name }));
            }
            problems
        }
    };
    let found = problems("UPDATE Events SET Payload = '{ }' WHERE Position = 2").await;
    assert_eq!(found, [Problem::LeafHash { position: Position(2) }]);
    let found =
        problems("UPDATE Events SET Payload = '{}', RecordedAt = '2026-11-22T16:01:01.000000Z' WHERE Position = 2")
            .await;
    assert_eq!(found, [Problem::RunsBackwards { position: Position(3) }]);
    let undo = "UPDATE Events SET RecordedAt = '2026-11-22T16:01:00.000000Z' WHERE Position = 2;";
    execute(folder.path(), undo).await.unwrap();
    let found = problems("UPDATE Streams SET Version = 5").await;
    let told = Problem::Stream {
        stream: StreamId::new("a-1"),
        told: StreamVersion(5),
        last: StreamVersion(6),
    };
    assert_eq!(found, [told]);
    let found = problems("UPDATE Streams SET Version = 6; UPDATE Events SET Stream = 'b-1' WHERE Position = 6").await;
    assert!(
        matches!(
            found[..],
            [
                Problem::LeafHash { .. },
                Problem::StreamGap { .. },
                Problem::Stream { .. },
                Problem::Rowless { count: 1 }
            ]
        ),
        "{found:?}"
    );
    let found = problems("UPDATE Events SET Stream = 'a-1', WorkspaceId = 31 WHERE Position = 6").await;
    let stream = StreamId::new("a-1");
    let of_other = Problem::StreamWorkspace { stream };
    assert_eq!(found, [Problem::Workspace { position: Position(6) }, of_other.clone()]);
    let found =
        problems("UPDATE Events SET WorkspaceId = NULL WHERE Position = 6; UPDATE Streams SET WorkspaceId = 31").await;
    assert_eq!(found, [of_other]);
    let found = problems("UPDATE Streams SET WorkspaceId = NULL; UPDATE Head SET RecordedAt = ''").await;
    assert!(matches!(found[..], [Problem::Head { .. }]), "{found:?}");
    let found = problems("DELETE FROM Events WHERE Position = 6").await;
    assert!(
        matches!(found[..], [Problem::Unreadable { after: Position(5), .. }]),
        "{found:?}"
    );
    let found = problems("DELETE FROM Events WHERE Position = 3").await;
    assert!(
        matches!(found[..], [Problem::Unreadable { after: Position(0), .. }]),
        "{found:?}"
    );
    log.close().await;
    // Whoever opens the log for writing finds it append-only again.
    execute(folder.path(), "DROP TRIGGER tr_Events_OnlyAtTheEnd")
        .await
        .unwrap();
    let replaced = "CREATE TRIGGER tr_Events_NoUpdate BEFORE UPDATE ON Events BEGIN SELECT 1; END";
    execute(folder.path(), replaced).await.unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    assert_eq!(log.missing_guards().await.unwrap(), Vec::<String>::new());
    log.close().await;
    for change in [
        "UPDATE Events SET Payload = '!'",
        "DELETE FROM Events",
        "REPLACE INTO Events SELECT * FROM Events",
    ] {
        let refused = execute(folder.path(), change).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn the_write_ahead_log_stays_small_and_ends_empty() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    let wal = folder.path().join("es.db-wal");
    let payload = format!("\"{}\"", "x".repeat(1024 * 1024));
    let mut greatest = 0;
    for turn in 0..120 {
        log.append(append("large-1", turn, &payload)).await.unwrap();
        greatest = greatest.max(wal.metadata().unwrap().len());
    }
    assert!(greatest < 64 * 1024 * 1024, "it grew to {greatest} bytes");
    log.close().await;
    assert_eq!(wal.metadata().map(|file| file.len()).unwrap_or_default(), 0);
}

#[tokio::test]
async fn a_destroyed_key_leaves_no_bytes_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    let key = b"the wrapped key of one person, to be destroyed";
    for name in ["person/1", "person/2", "person/3"] {
        log.create_data_key(name, if name == "person/2" { key } else { b"another" })
            .await
            .unwrap();
    }
    let holds_key = || {
        ["es.db", "es.db-wal"].iter().any(|file| {
            let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
            bytes.windows(key.len()).any(|window| window == key)
        })
    };
    assert!(holds_key());
    log.destroy_data_key("person/2").await.unwrap();
    assert!(!holds_key());
    assert!(log.data_key("person/3").await.unwrap().is_some());
    log.close().await;
}

fn migrations(folder: &Path) -> SqliteMigrations {
    SqliteMigrations::new(folder, options())
}

async fn migrate_up(folder: &Path) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations(folder).begin().await?;
    let applied = migration::up(session.as_mut()).await;
    session.close().await?;
    applied
}

async fn migrate_down(folder: &Path, back: Back, accept_loss: bool) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations(folder).begin().await?;
    let taken_back = migration::down(session.as_mut(), back, accept_loss).await;
    session.close().await?;
    taken_back
}

async fn standings(folder: &Path) -> Vec<MigrationStanding> {
    let states = migration::status(&migrations(folder)).await.unwrap();
    states.iter().map(|state| state.standing).collect()
}

/// Tables, indexes and triggers of a folder's log.
async fn catalogue(folder: &Path) -> Vec<(String, String, Option<String>)> {
    let options = SqliteConnectOptions::new().filename(folder.join("es.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let rows = sqlx::query_as("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<&str> = migrations(folder.path()).steps().iter().map(|step| step.name).collect();
    assert!(
        standings(folder.path())
            .await
            .iter()
            .all(|standing| *standing == MigrationStanding::Pending)
    );
    assert_eq!(migrate_up(folder.path()).await.unwrap(), all);
    assert_eq!(migrate_up(folder.path()).await.unwrap(), [""; 0]);
    assert!(
        standings(folder.path())
            .await
            .iter()
            .all(|standing| *standing == MigrationStanding::Applied)
    );
    let before = catalogue(folder.path()).await;
    // Step by step back, then all at once; each way leads to the same schema.
    for _ in &all {
        assert_eq!(migrate_down(folder.path(), Back::One, false).await.unwrap().len(), 1);
    }
    let nothing: Vec<String> = catalogue(folder.path())
        .await
        .into_iter()
        .map(|(_, name, _)| name)
        .collect();
    assert_eq!(nothing, ["sqlite_autoindex_es_Migrations_1", "es_Migrations"]);
    assert_eq!(migrate_up(folder.path()).await.unwrap(), all);
    assert_eq!(catalogue(folder.path()).await, before);
    assert_eq!(
        migrate_down(folder.path(), Back::To(0), false).await.unwrap().len(),
        all.len()
    );
    assert_eq!(migrate_up(folder.path()).await.unwrap(), all);
    assert_eq!(catalogue(folder.path()).await, before);
}

#[tokio::test]
async fn a_log_with_events_goes_down_only_when_their_loss_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    log.append(append("a-1", 0, "{}")).await.unwrap();
    log.close().await;
    let error = migrate_down(folder.path(), Back::To(0), false).await.unwrap_err();
    assert!(error.to_string().contains("1 rows of Events"), "{error}");
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    assert_eq!(log.head().await.unwrap().position, Position(1));
    log.close().await;
    migrate_down(folder.path(), Back::To(0), true).await.unwrap();
    // The next opening makes a new log.
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    assert_eq!(log.head().await.unwrap().position, Position(0));
    log.close().await;
}

#[tokio::test]
async fn two_that_migrate_at_once_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let outcomes = futures::future::join_all((0..8).map(|_| migrate_up(folder.path()))).await;
    let applied: Vec<usize> = outcomes
        .iter()
        .flatten()
        .map(Vec::len)
        .filter(|count| *count > 0)
        .collect();
    assert_eq!(
        applied,
        [migrations(folder.path()).steps().len()],
        "one of them applied everything"
    );
    for outcome in outcomes {
        let met = matches!(&outcome, Ok(_) | Err(MigrationError::Storage(StorageError::Held(_))));
        assert!(met, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_changed_text_and_a_newer_schema_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    migrate_up(folder.path()).await.unwrap();
    execute(folder.path(), "UPDATE es_Migrations SET Checksum = 'other'")
        .await
        .unwrap();
    assert_eq!(standings(folder.path()).await[0], MigrationStanding::Changed);
    let error = migrate_up(folder.path()).await.unwrap_err().to_string();
    assert!(
        error.contains("0001_event_log was applied with another text"),
        "{error}"
    );
    for opened in [
        SqliteLog::open(folder.path(), options()).await,
        SqliteLog::open_read_only(folder.path()).await,
    ] {
        assert!(matches!(opened, Err(StorageError::Corrupt(_))));
    }
    execute(
        folder.path(),
        "INSERT INTO es_Migrations VALUES ('9999_future', '', '')",
    )
    .await
    .unwrap();
    assert_eq!(standings(folder.path()).await.last(), Some(&MigrationStanding::Unknown));
    for opened in [
        SqliteLog::open(folder.path(), options()).await,
        SqliteLog::open_read_only(folder.path()).await,
    ] {
        assert!(opened.unwrap_err().to_string().contains("9999_future"));
    }
}

#[test]
fn every_file_is_a_step() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let steps = migrations(Path::new("")).steps();
    let names = steps
        .iter()
        .flat_map(|step| ["down", "up"].map(|way| format!("{}.{way}.sql", step.name)));
    assert_eq!(files, names.collect::<Vec<_>>());
    assert!(
        steps.windows(2).all(|pair| pair[0].number() + 1 == pair[1].number()),
        "numbered without gaps"
    );
}

#[tokio::test]
async fn batches_of_any_size_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), options()).await.unwrap();
    let mut position = 0;
    for count in [1, 2, 3, 5, 7, 9, 13, 63, 64, 65, 129, 511, 512, 513, 1024, 1025, 1700] {
        let mut many = append(&format!("many-{count}"), 0, "{}");
        let event = many.streams[0].events[0].clone();
        many.streams[0].events = (0..count)
            .map(|_| NewEvent {
                id: Uuid::now_v7(),
                ..event.clone()
            })
            .collect();
        many.take = (0..count)
            .map(|key| Claim {
                key: ClaimKey::new(format!("many/{count}"), format!("{key:05}")),
                owner: StreamId::new("many-1"),
            })
            .collect();
        let committed = log.append(many).await.unwrap();
        assert_eq!((committed.first.0, committed.last.0), (position + 1, position + count));
        position += count;
        assert_eq!(
            log.claims(&format!("many/{count}"), None, 5000).await.unwrap().len() as u64,
            count
        );
    }
    let report = verify(&*log, Position(0), |_| ()).await.unwrap();
    assert!(report.is_sound() && report.events == position, "{report:?}");
    log.close().await;
}
