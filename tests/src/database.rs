//! Reads the documented tables as an analyst does: with SQL, beside the running server.

use std::path::Path;

use serde_json::Value;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use wfm_storage::read_store::{Cell, Query, ReadStore};

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

/// The same on a server, whose engine makes no JSON of a select list: the list is taken out of `json_array` or
/// `json_object`, and the rows are put together here.
pub async fn rows_of_server(reads: &dyn ReadStore, sql: &str) -> Vec<Value> {
    let (list, rest, named) = select_list(sql);
    let mut names = Vec::new();
    let mut items = Vec::new();
    for (place, item) in list.into_iter().enumerate() {
        if named && place % 2 == 0 {
            names.push(item.trim_matches('\'').to_owned());
        } else {
            items.push(portable(&item));
        }
    }
    let text = format!("SELECT {} {rest}", items.join(", "))
        .replace("json_extract(", "JSON_VALUE(")
        .replace(
            "group_concat(s.Name)",
            "STRING_AGG(s.Name, ',') WITHIN GROUP (ORDER BY s.[Order])",
        );
    let found = reads.query(Query::new(text, Vec::new())).await.unwrap();
    let value = |cell: Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) => (&*text).into(),
    };
    found
        .into_iter()
        .map(|row| {
            let cells = row.into_iter().map(value);
            if named {
                names.iter().cloned().zip(cells).collect()
            } else {
                cells.collect()
            }
        })
        .collect()
}

/// The items within `SELECT json_array(…)` or `SELECT json_object(…)`, what follows, and whether it is an object.
fn select_list(sql: &str) -> (Vec<String>, &str, bool) {
    let inner = sql.strip_prefix("SELECT json_").unwrap();
    let (named, inner) = match inner.strip_prefix("object(") {
        Some(inner) => (true, inner),
        None => (false, inner.strip_prefix("array(").unwrap()),
    };
    let (mut depth, mut items) = (0, vec![String::new()]);
    for (place, character) in inner.char_indices() {
        match character {
            ')' if depth == 0 => {
                let items = items.iter().map(|item| item.trim().to_owned()).collect();
                return (items, &inner[place + 1..], named);
            }
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        items.last_mut().unwrap().push(character);
    }
    panic!("{sql} does not close its list")
}

/// A condition as 1 or 0.
fn portable(item: &str) -> String {
    if item.ends_with(" IS NULL") || item.ends_with(" IS NOT NULL") {
        format!("CASE WHEN {item} THEN 1 ELSE 0 END")
    } else {
        item.to_owned()
    }
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

/// Changes rows of `dbo.db` behind the back of a stopped server.
pub async fn change_rows(folder: &Path, sql: String) {
    let options = SqliteConnectOptions::new().filename(folder.join("dbo.db"));
    let mut connection = options.connect().await.unwrap();
    let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    statements.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

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
