//! The schema goes up, down and up again.

use wfm_storage::{
    log::EventLog,
    migration::{Back, MigrationError, MigrationStanding},
};
use wfm_storage_sqlserver::{Pool, SqlServerLog};

use crate::{
    samples::{append, open, options},
    schema,
    server::TestDatabase,
};

/// Everything in schema `es` but the history and defaults, whose names may be the server's, as the server's catalogue tells it.
const CATALOGUE: &str = "
    SELECT CAST(CONCAT(N'object ', CAST(o.type AS NVARCHAR(10)), N' ', CAST(o.name AS NVARCHAR(128))) AS NVARCHAR(1000)) AS Line
    FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    WHERE s.name = 'es' AND o.name NOT LIKE '%Migrations%' AND o.type <> 'D'
    UNION ALL
    SELECT CAST(CONCAT(N'column ', o.name, N' ', c.column_id, N' ', c.name, N' ', t.name, N' ', c.max_length, N' ', c.is_nullable, N' ', c.collation_name) AS NVARCHAR(1000))
    FROM sys.columns AS c JOIN sys.objects AS o ON o.object_id = c.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    JOIN sys.types AS t ON t.user_type_id = c.user_type_id
    WHERE s.name = 'es' AND o.name <> 'Migrations'
    UNION ALL
    SELECT CAST(CONCAT(N'index ', o.name, N' ', i.name, N' ', i.is_unique, N' ', i.is_primary_key) AS NVARCHAR(1000))
    FROM sys.indexes AS i JOIN sys.objects AS o ON o.object_id = i.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id
    WHERE s.name = 'es' AND o.name <> 'Migrations'";

async fn catalogue(pool: &Pool) -> Vec<String> {
    let rows = pool.texts(CATALOGUE).await.unwrap();
    // Not every engine keeps the case of names.
    let mut lines: Vec<_> = rows
        .into_iter()
        .flatten()
        .flatten()
        .map(|line| line.to_lowercase())
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_again() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let (settings, pool) = (&database.settings, database.pool());
    let applied = || async {
        let states = schema::status(settings, &options()).await;
        states.iter().filter(|state| state.applied_at.is_some()).count()
    };
    let all = schema::status(settings, &options()).await.len();
    assert_eq!(applied().await, 0);
    let refused = SqlServerLog::open_read_only(pool.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("0001_event_log"), "{refused}");
    assert_eq!(schema::up(settings, &options()).await.unwrap().len(), all);
    assert_eq!(schema::up(settings, &options()).await.unwrap(), [""; 0]);
    assert_eq!(applied().await, all);
    let first = catalogue(&pool).await;
    for name in [
        "Head",
        "Streams",
        "Events",
        "Claims",
        "Commands",
        "Work",
        "Leases",
        "Sequences",
        "Sessions",
        "DataKeys",
        "AppendEvents",
    ] {
        assert!(
            first
                .iter()
                .any(|line| line.starts_with("object") && line.ends_with(&format!(" {}", name.to_lowercase()))),
            "{name}: {first:#?}"
        );
    }
    assert_eq!(
        schema::down(settings, &options(), Back::To(0)).await.unwrap().len(),
        all
    );
    assert_eq!(applied().await, 0);
    assert_eq!(catalogue(&pool).await, [""; 0]);
    assert_eq!(schema::up(settings, &options()).await.unwrap().len(), all);
    assert_eq!(catalogue(&pool).await, first);
    // Step by step as well.
    assert_eq!(schema::down(settings, &options(), Back::One).await.unwrap().len(), 1);
    let log = open(pool.clone()).await;
    log.append(append("a-1", 0)).await.unwrap();
    assert_eq!(catalogue(&pool).await, first);
    let reader = SqlServerLog::open_read_only(pool.clone()).await.unwrap();
    assert_eq!(reader.head().await.unwrap(), log.head().await.unwrap());
    assert!(reader.append(append("a-1", 1)).await.is_err());
    log.close().await;

    pool.execute_batch("UPDATE es.Migrations SET Checksum = 'other'")
        .await
        .unwrap();
    let states = schema::status(settings, &options()).await;
    assert!(states.iter().all(|state| state.standing == MigrationStanding::Changed));
    assert!(matches!(
        schema::up(settings, &options()).await,
        Err(MigrationError::Changed { .. })
    ));
    pool.execute_batch("INSERT INTO es.Migrations VALUES ('9999_future', '', '')")
        .await
        .unwrap();
    let refused = SqlServerLog::open(pool.clone(), options()).await.unwrap_err();
    assert!(refused.to_string().contains("9999_future"), "{refused}");
    pool.close();
    database.remove().await;
}
