//! The roles of `scripts/sqlserver/roles.sql`: the application can do its work, and neither it nor an analyst can do more.

use std::io::Write;

use uuid::Uuid;
use wfm_storage::{
    append::{Append, CommandId},
    event::Position,
    log::EventLog,
    vault::{Session, Vault},
    verify::verify,
};
use wfm_storage_sqlserver::{Pool, Settings, SqlError, SqlServerReadStore};

use crate::{
    samples::{append, open, options},
    server::{TestDatabase, connection_string, repeated},
};

const SCRIPT: &str = include_str!("../../../../scripts/sqlserver/roles.sql");

const ANALYSTS_RIGHTS: &str = include_str!("../../../../scripts/sqlserver/analyst_rights.sql");

/// What it takes where a procedure has its caller's rights.
const WITHOUT_OWNERSHIP_CHAINS: &str = include_str!("../../../../scripts/sqlserver/roles_without_ownership_chains.sql");

async fn run(owner: &Pool, script: &str) {
    for batch in script.split("\nGO\n").filter(|batch| !batch.trim().is_empty()) {
        let done = owner.execute_batch(batch).await;
        done.unwrap_or_else(|error| panic!("{batch}: {error}"));
    }
}

/// A login of its own in a role, and a pool that uses it.
async fn member(database: &TestDatabase, owner: &Pool, role: &str) -> (String, Pool) {
    let name = format!("wfm_test_{}", Uuid::now_v7().simple());
    let password = format!("Aa1!{}", Uuid::now_v7().simple());
    for text in [
        format!("CREATE LOGIN {name} WITH PASSWORD = '{password}'"),
        format!("CREATE USER {name} FOR LOGIN {name}"),
        format!("ALTER ROLE {role} ADD MEMBER {name}"),
    ] {
        owner.execute_batch(&text).await.unwrap();
    }
    let text = connection_string().unwrap();
    let name_of_database = database.settings.database();
    let settings = Settings::parse(&format!(
        "{text};Database={name_of_database};User Id={name};Password={password}"
    ));
    (name, Pool::new(settings.unwrap()))
}

async fn refuse(pool: &Pool, texts: &[&str]) {
    for text in texts {
        let error = pool.execute_batch(text).await.expect_err(text);
        assert!(matches!(error, SqlError::Server { .. }), "{text}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_appends_and_cannot_change_history() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let owner = database.pool();
    crate::schema::up(&database.settings, &options()).await.unwrap();
    run(&owner, SCRIPT).await;
    run(&owner, SCRIPT).await;
    let (application, pool) = member(&database, &owner, "wfm_application").await;

    let chains = pool.execute_batch("EXEC es.Allot N'Probe', 1").await.is_ok();
    if !chains {
        let line =
            "SQL Server: this engine runs procedures with their caller's rights; the application's are wider here\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        run(&owner, WITHOUT_OWNERSHIP_CHAINS).await;
    }

    // All that the log and the vault do.
    let log = open(pool.clone()).await;
    log.append(Append {
        command: Some(CommandId {
            actor: "user/1".into(),
            key: "key".into(),
            request_hash: "hash".into(),
            answer: "{}".into(),
        }),
        ..append("role-1", 0)
    })
    .await
    .unwrap();
    assert_eq!(log.allot("User", 2).await.unwrap(), 1);
    assert_eq!(log.forget_commands("2027-01-01T00:00:00.000000Z").await.unwrap(), 1);
    let session = Session {
        token_hash: "token".into(),
        family: "family".into(),
        user: 1,
        expires_at: "2026-11-22T16:00:00.000000Z".into(),
        spent: false,
    };
    log.put_session(&session).await.unwrap();
    assert!(log.spend_session("token").await.unwrap());
    log.end_family("family").await.unwrap();
    log.create_data_key("person/1", b"key").await.unwrap();
    log.destroy_data_key("person/1").await.unwrap();
    assert!(verify(&*log, Position(0), |_| ()).await.unwrap().is_sound());

    // Nothing that changes what was recorded.
    refuse(
        &pool,
        &[
            "UPDATE es.Events SET Payload = N'{}'",
            "DELETE FROM es.Events",
            "TRUNCATE TABLE es.Events",
            "DROP TABLE es.Events",
            "DISABLE TRIGGER es.tr_Events_AppendOnly ON es.Events",
            "DROP TRIGGER es.tr_Events_AppendOnly",
            "DELETE FROM es.Migrations",
            "DROP PROCEDURE es.AppendEvents",
            "CREATE TABLE es.Other (Id INT NOT NULL)",
        ],
    )
    .await;
    if chains {
        refuse(
            &pool,
            &[
                "INSERT INTO es.Streams (Stream, Aggregate, Version) VALUES ('forged-1', N'sample', 1)",
                "UPDATE es.Streams SET Version = 0",
                "UPDATE es.Head SET Position = 0",
                "DELETE FROM es.Claims",
                "DELETE FROM es.Work",
                "UPDATE es.Sequences SET Next = 1",
            ],
        )
        .await;
    }
    assert_eq!(log.head().await.unwrap().position, Position(1));

    log.close().await;
    drop(log);
    pool.close();
    dismiss(&owner, &application).await;
    owner.close();
    database.remove().await;
}

/// Removes the login; the server hears a moment late that its last connection was closed.
async fn dismiss(owner: &Pool, name: &str) {
    owner.execute_batch(&format!("DROP USER {name}")).await.unwrap();
    repeated(owner, &format!("DROP LOGIN {name}")).await;
}

/// Analysts read what is documented, before and after the tables were made anew, and neither hashes nor keys nor history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_analyst_reads_the_documented_tables_and_no_secret() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let owner = database.pool();
    crate::schema::up(&database.settings, &options()).await.unwrap();
    drop(SqlServerReadStore::open(owner.clone()).await.unwrap());
    run(&owner, SCRIPT).await;
    run(&owner, ANALYSTS_RIGHTS).await;
    run(&owner, ANALYSTS_RIGHTS).await;
    let (analyst, pool) = member(&database, &owner, "wfm_analyst").await;
    for turn in 0..2 {
        for text in [
            "SELECT * FROM dbo.vw_ActiveWorkflows",
            "SELECT * FROM dbo.vw_WorkflowExecutionSummary",
            "SELECT Id, FirstName, LastName, Email, Role, IsActive FROM dbo.Users",
            "SELECT * FROM dbo.WorkflowExecutions",
            "SELECT * FROM dbo.ExecutionLogs",
            "SELECT * FROM dbo.WorkflowMetrics",
            "SELECT r.* FROM dbo.StepRuns r INNER JOIN dbo.ExecutionStates s ON s.ExecutionId = r.ExecutionId",
        ] {
            let read = pool.execute_batch(text).await;
            read.unwrap_or_else(|error| panic!("turn {turn}: {text}: {error}"));
        }
        refuse(
            &pool,
            &[
                "SELECT PasswordHash FROM dbo.Users",
                "SELECT * FROM dbo.Users",
                "SELECT COUNT(*) FROM dbo.Users WHERE PasswordHash LIKE N'$2b%'",
                "SELECT TokenHash FROM dbo.ApiKeys",
                "SELECT COUNT(*) FROM dbo.AccessLog",
                "SELECT COUNT(*) FROM es.Events",
                "SELECT COUNT(*) FROM es.DataKeys",
                "SELECT COUNT(*) FROM es.Sessions",
                "EXEC es.Allot N'User', 1",
                "UPDATE dbo.Users SET Role = 0",
                "DELETE FROM dbo.ExecutionLogs",
            ],
        )
        .await;
        // As after an update of the program.
        SqlServerReadStore::remove(&owner).await.unwrap();
        drop(SqlServerReadStore::open(owner.clone()).await.unwrap());
    }
    pool.close();
    dismiss(&owner, &analyst).await;
    owner.close();
    database.remove().await;
}
