//! Reads the documented tables as an analyst does: with SQL, beside the running server.

use std::path::Path;

use serde_json::Value;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// The rows of a query on `dbo.db`; each is one column of JSON text: `SELECT json_object(…)`.
pub async fn rows(folder: &Path, sql: &str) -> Vec<Value> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("dbo.db"))
        .read_only(true);
    let mut connection = options.connect().await.unwrap();
    let found: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    found
        .iter()
        .map(|(text,)| serde_json::from_str(text).unwrap())
        .collect()
}

/// The documented tables.
pub const TABLES: [&str; 14] = [
    "ApiEndpoints",
    "ApiParameters",
    "Environments",
    "ExecutionLogs",
    "Projects",
    "UserWorkspaces",
    "Users",
    "WorkflowApprovals",
    "WorkflowExecutions",
    "WorkflowMetrics",
    "WorkflowSchedules",
    "WorkflowSteps",
    "Workflows",
    "Workspaces",
];

/// Every row of every documented table, by its key.
pub async fn everything(folder: &Path) -> Vec<(&'static str, Vec<Value>)> {
    let mut tables = Vec::new();
    for table in TABLES {
        let columns = rows(
            folder,
            &format!("SELECT json_quote(name) FROM pragma_table_info('{table}') ORDER BY cid"),
        )
        .await;
        let columns: Vec<&str> = columns.iter().map(|name| name.as_str().unwrap()).collect();
        assert!(!columns.is_empty(), "{table} does not exist");
        let list: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let sql = format!("SELECT json_array({}) FROM {table} ORDER BY Id", list.join(", "));
        tables.push((table, rows(folder, &sql).await));
    }
    tables
}

/// Names of the files in a folder that contain these bytes.
#[must_use]
pub fn files_that_hold(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file()
            && std::fs::read(&path)
                .unwrap()
                .windows(bytes.len())
                .any(|window| window == bytes)
        {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}
