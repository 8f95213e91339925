//! Connections and their pool: limits, bounds, and that nobody gets a connection that another one spoilt.

use std::time::{Duration, Instant};

use wfm_storage_sqlserver::{Pool, Settings, SqlError};

use crate::{
    proxy::{Fate, From, Proxy},
    server::{TestDatabase, connection_string, settings},
};

async fn session(pool: &Pool) -> String {
    let rows = pool.texts("SELECT CAST(@@SPID AS NVARCHAR(20))").await.unwrap();
    rows[0][0].clone().unwrap()
}

async fn open_transactions(pool: &Pool) -> String {
    let rows = pool.texts("SELECT CAST(@@TRANCOUNT AS NVARCHAR(20))").await.unwrap();
    rows[0][0].clone().unwrap()
}

#[tokio::test]
async fn connections_are_reused_and_never_handed_out_within_a_transaction() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = Pool::new(database.settings.with_max_connections(1));
    let first = session(&pool).await;
    assert_eq!(session(&pool).await, first);
    pool.execute_batch("CREATE TABLE Kept (Id INT NOT NULL PRIMARY KEY)")
        .await
        .unwrap();
    pool.execute_batch("BEGIN TRANSACTION; INSERT INTO Kept (Id) VALUES (1)")
        .await
        .unwrap();
    assert_eq!(open_transactions(&pool).await, "0");
    let rows = pool
        .texts("SELECT CAST(COUNT(*) AS NVARCHAR(20)) FROM Kept")
        .await
        .unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("0"));
    // An error in a transaction ends it.
    let error = pool
        .execute_batch("BEGIN TRANSACTION; INSERT INTO Kept (Id) VALUES (1), (2); INSERT INTO Kept (Id) VALUES (2)")
        .await
        .unwrap_err();
    assert!(error.is_duplicate(), "{error:?}");
    assert_eq!(open_transactions(&pool).await, "0");
    let rows = pool
        .texts("SELECT CAST(COUNT(*) AS NVARCHAR(20)) FROM Kept")
        .await
        .unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("0"));
    pool.close();
    assert!(matches!(pool.texts("SELECT N''").await, Err(SqlError::Closed)));
    database.remove().await;
}

#[tokio::test]
async fn silence_ends_a_call_in_time_and_its_connection_with_it() {
    let Some(settings) = settings() else { return };
    let proxy = Proxy::start(settings.address()).await;
    let pool = Pool::new(
        settings
            .with_address("127.0.0.1", proxy.port)
            .with_command_timeout(Duration::from_secs(1))
            .with_max_connections(1),
    );
    let first = session(&pool).await;
    proxy.arm(From::Server, 0, Fate::Freeze);
    let begun = Instant::now();
    let error = pool.texts("SELECT N'a'").await.unwrap_err();
    assert!(matches!(error, SqlError::Timeout(_)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    proxy.disarm();
    assert_ne!(session(&pool).await, first);
    // A caller that goes away leaves nothing behind either.
    let second = session(&pool).await;
    proxy.arm(From::Server, 0, Fate::Freeze);
    let gone = tokio::time::timeout(Duration::from_millis(200), pool.texts("SELECT N'b'")).await;
    assert!(gone.is_err());
    proxy.disarm();
    assert_ne!(session(&pool).await, second);
    let rows = pool.texts("SELECT N'c'").await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("c"));
    // A read whose connection is cut is made again.
    proxy.arm(From::Server, 5, Fate::Cut);
    let rows = pool.texts("SELECT N'd'").await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("d"));
    pool.close();
}

#[tokio::test]
async fn waiting_for_a_connection_is_bounded_and_says_so() {
    let Some(text) = connection_string() else { return };
    let settings = Settings::parse(&format!("{text};Max Pool Size=1;Pool Wait Timeout=1")).unwrap();
    let proxy = Proxy::start(settings.address()).await;
    let pool = Pool::new(settings.with_address("127.0.0.1", proxy.port));
    session(&pool).await;
    proxy.arm(From::Server, 0, Fate::Freeze);
    let holder = {
        let pool = pool.clone();
        tokio::spawn(async move { pool.texts("SELECT N'held'").await })
    };
    proxy.snaps(1).await;
    let error = pool.texts("SELECT N'waits'").await.unwrap_err();
    assert!(
        matches!(error, SqlError::PoolExhausted { connections: 1, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("Max Pool Size"), "{error}");
    proxy.disarm();
    // Its connection ends, so the read is made again.
    holder.await.unwrap().unwrap();
    pool.close();
}

#[tokio::test]
async fn a_password_file_is_read_for_every_new_connection() {
    let Some(text) = connection_string() else { return };
    let given: Vec<_> = text.split(';').collect();
    let is_password = |part: &&&str| {
        let key = part.split('=').next().unwrap_or_default().trim().to_lowercase();
        key == "password" || key == "pwd"
    };
    let password = given
        .iter()
        .find(is_password)
        .and_then(|part| part.split_once('='))
        .unwrap()
        .1;
    let rest: Vec<_> = given.iter().filter(|part| !is_password(part)).copied().collect();
    let file = std::env::temp_dir().join(format!("wfm-password-{}", uuid::Uuid::now_v7()));
    let settings = Settings::parse(&format!("{};Password File={}", rest.join(";"), file.display())).unwrap();
    let pool = Pool::new(settings);
    let error = pool.texts("SELECT N'a'").await.unwrap_err();
    assert!(error.to_string().contains("password file"), "{error}");
    std::fs::write(&file, "surely-wrong-password\n").unwrap();
    let error = pool.texts("SELECT N'a'").await.unwrap_err();
    assert!(matches!(error, SqlError::LoginRefused { .. }), "{error:?}");
    assert!(!error.to_string().contains("surely-wrong-password"));
    std::fs::write(&file, format!("{password}\n")).unwrap();
    pool.texts("SELECT N'a'").await.unwrap();
    std::fs::remove_file(&file).unwrap();
    // The connection that is there goes on.
    pool.texts("SELECT N'a'").await.unwrap();
    pool.close();
}

#[tokio::test]
async fn a_file_with_the_connection_string_is_read_for_every_new_connection() {
    let Some(text) = connection_string() else { return };
    let file = std::env::temp_dir().join(format!("wfm-connection-{}", uuid::Uuid::now_v7()));
    let missing = Settings::from_file(&file).unwrap_err().to_string();
    assert!(missing.contains("cannot be read"), "{missing}");
    std::fs::write(&file, format!("{text}\n")).unwrap();
    let pool = Pool::new(Settings::from_file(&file).unwrap().with_max_connections(2));
    let first = session(&pool).await;
    // Another login from now on: the connection that is there goes on, a new one is refused.
    std::fs::write(
        &file,
        format!("{text};User Id=nobody_of_this_name;Password=surely-wrong"),
    )
    .unwrap();
    assert_eq!(session(&pool).await, first);
    let refused = Pool::new(pool.settings().clone())
        .texts("SELECT N'a'")
        .await
        .unwrap_err();
    assert!(matches!(refused, SqlError::LoginRefused { .. }), "{refused:?}");
    // What is no connection string says where it stands, and repeats nothing of it.
    std::fs::write(&file, "Server=db;Password=hunter2;Nonsense").unwrap();
    let broken = Pool::new(pool.settings().clone())
        .texts("SELECT N'a'")
        .await
        .unwrap_err();
    let broken = broken.to_string();
    assert!(
        broken.contains("wfm-connection-") && !broken.contains("hunter2"),
        "{broken}"
    );
    std::fs::write(&file, &text).unwrap();
    Pool::new(pool.settings().clone()).texts("SELECT N'a'").await.unwrap();
    std::fs::remove_file(&file).unwrap();
    pool.close();
}
