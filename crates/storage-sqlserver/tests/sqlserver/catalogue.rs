//! The catalogue of a database beside the documented schema: every column with its type, NULLs and default, every key, index,
//! check and foreign key with its rule.
//!
//! Engines that fold the case of names, shorten them or keep six digits of an instant are told apart from wrong ones by
//! [`same_name`] and [`sql_type`] alone.

use std::collections::{BTreeMap, BTreeSet};

use wfm_storage_sqlserver::{Pool, SqlServerReadStore};

use crate::server::TestDatabase;

const DOCUMENTED: &str = include_str!("documented_schema.sql");

/// Where the tables differ from the documentation on purpose: see "Deviations" in the README.
const WIDER_KEYS: [&str; 2] = ["ExecutionLogs", "WorkflowMetrics"];

/// "Execution deletion: Cascades to logs", which the documented DDL leaves out.
const CASCADE_IN_PROSE: (&str, &str) = ("ExecutionLogs", "ExecutionId");

/// Indexes of documented tables that the product's queries need beyond the documented ones.
const INDEXES_OF_OURS: [&str; 11] = [
    "IX_Projects_WorkspaceId",
    "IX_Environments_ProjectId",
    "IX_ApiParameters_ApiEndpointId",
    "IX_Workflows_EnvironmentId",
    "IX_WorkflowSteps_WorkflowId",
    "IX_WorkflowSteps_ApiEndpointId",
    "IX_WorkflowExecutions_ExecutedAt",
    "IX_WorkflowExecutions_ExecutionContext",
    "IX_ExecutionLogs_StepId",
    "IX_WorkflowApprovals_WorkflowId",
    "IX_UserWorkspaces_WorkspaceId",
];

/// A table, everything in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// `name type [not] null [identity] [default …]`, in order.
    columns: Vec<String>,
    /// Columns of the primary key.
    key: Vec<String>,
    /// Columns of each further unique constraint or index.
    unique: BTreeSet<Vec<String>>,
    /// `(column) references table(column) on delete rule`.
    foreign_keys: BTreeSet<String>,
    /// Name and condition of each check, without spaces, brackets and parentheses.
    checks: BTreeSet<(String, String)>,
}

type Tables = BTreeMap<String, Table>;

/// `(a, b) include (c)` by name.
type Indexes = BTreeMap<String, String>;

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn condition(text: &str) -> String {
    lower(text).replace(['(', ')', '[', ']', ' '], "")
}

/// The names within the first parentheses of a text.
fn names(text: &str) -> Vec<String> {
    let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let inner = inner.map_or("", |(inner, _)| inner);
    inner.split(',').map(|name| lower(name.trim())).collect()
}

/// The statements of the documentation, without comments.
fn statements() -> Vec<String> {
    let lines: Vec<&str> = DOCUMENTED
        .lines()
        .map(|line| line.split("--").next().unwrap())
        .collect();
    let text = lines.join("\n");
    text.split(';').map(|statement| statement.trim().to_owned()).collect()
}

fn documented_column(line: &str, table: &mut Table) {
    let (name, rest) = line.split_once(' ').unwrap();
    let name = lower(name.trim_matches(['[', ']']));
    let sql_type = lower(rest.split(' ').next().unwrap());
    let key = rest.contains("PRIMARY KEY");
    if key {
        table.key.push(name.clone());
    }
    if rest.contains("UNIQUE") {
        table.unique.insert(vec![name.clone()]);
    }
    let nullable = if key || rest.contains("NOT NULL") {
        "not null"
    } else {
        "null"
    };
    let identity = if rest.contains("IDENTITY(1,1)") {
        " identity"
    } else {
        ""
    };
    let default = rest
        .split_once("DEFAULT ")
        .map(|(_, value)| format!(" default {}", condition(value)));
    table.columns.push(format!(
        "{name} {sql_type} {nullable}{identity}{}",
        default.unwrap_or_default()
    ));
}

fn documented_table(statement: &str) -> (String, Table) {
    let (head, body) = statement.split_once('(').unwrap();
    let name = lower(head.trim_start_matches("CREATE TABLE").trim());
    let mut table = Table::default();
    for line in body.lines().map(|line| line.trim().trim_end_matches(',')) {
        if line.starts_with("FOREIGN KEY") {
            let (columns, reference) = line.split_once("REFERENCES").unwrap();
            let rule = if line.contains("ON DELETE CASCADE") {
                "cascade"
            } else {
                "no_action"
            };
            let parent = lower(reference.trim().split('(').next().unwrap());
            table.foreign_keys.insert(format!(
                "({}) references {parent}(id) on delete {rule}",
                names(columns).join(", ")
            ));
        } else if line.starts_with("UNIQUE") {
            table.unique.insert(names(line));
        } else if line.contains(' ') {
            documented_column(line, &mut table);
        }
    }
    (name, table)
}

/// What the documentation promises.
fn documented() -> (Tables, Indexes) {
    let (mut tables, mut indexes) = (Tables::new(), Indexes::new());
    for statement in statements() {
        if statement.starts_with("CREATE TABLE") {
            let (name, table) = documented_table(&statement);
            tables.insert(name, table);
        } else if statement.contains("INDEX") {
            let name = statement
                .split("INDEX")
                .nth(1)
                .unwrap()
                .split_whitespace()
                .next()
                .unwrap();
            let key = statement.split_once("ON ").unwrap().1;
            let include = key.split_once("INCLUDE").map_or_else(String::new, |(_, include)| {
                let mut included = names(include);
                included.sort();
                format!(" include ({})", included.join(", "))
            });
            indexes.insert(lower(name), format!("({}){include}", names(key).join(", ")));
        } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
            let table = tables.get_mut(&lower(rest.split_whitespace().next().unwrap())).unwrap();
            let name = rest
                .split("ADD CONSTRAINT ")
                .nth(1)
                .unwrap()
                .split_whitespace()
                .next()
                .unwrap();
            let check = condition(rest.split_once("CHECK ").unwrap().1);
            table.checks.insert((lower(name), check));
        }
    }
    for table in WIDER_KEYS {
        let key = &mut tables.get_mut(&lower(table)).unwrap().columns[0];
        *key = key.replace(" int ", " bigint ");
    }
    let (table, column) = CASCADE_IN_PROSE;
    let foreign_keys = &mut tables.get_mut(&lower(table)).unwrap().foreign_keys;
    *foreign_keys = foreign_keys
        .iter()
        .map(|key| match key.starts_with(&format!("({})", lower(column))) {
            true => key.replace("no_action", "cascade"),
            false => key.clone(),
        })
        .collect();
    (tables, indexes)
}

async fn rows(pool: &Pool, text: &str) -> Vec<Vec<String>> {
    let rows = pool.texts(text).await.unwrap();
    rows.into_iter()
        .map(|row| row.into_iter().map(|cell| lower(&cell.unwrap_or_default())).collect())
        .collect()
}

/// The type as it is written. An engine with six digits has no more to give.
fn sql_type(name: &str, length: &str, scale: &str) -> String {
    match (name, length, scale) {
        ("nvarchar", "-1", _) => "nvarchar(max)".to_owned(),
        ("nvarchar", bytes, _) => format!("nvarchar({})", bytes.parse::<u32>().unwrap() / 2),
        ("datetime2", _, "6" | "7") => "datetime2(7)".to_owned(),
        ("datetime2", _, scale) => format!("datetime2({scale})"),
        (name, _, _) => name.to_owned(),
    }
}

/// Whether an index found has this name. Some engines cut long names and append a hash.
fn same_name(found: &str, expected: &str) -> bool {
    let (hash_length, most) = (32, 63);
    let prefix = expected.get(..most - hash_length).unwrap_or(expected);
    found == expected || (found.len() > hash_length && found.starts_with(prefix) && found.is_ascii())
}

/// An index found: its table and name, whether it is the primary key, whether it is unique.
type FoundIndex = (String, String, bool, bool);

/// What the database has.
async fn catalogue(pool: &Pool) -> (Tables, Indexes) {
    let mut tables = Tables::new();
    let columns = "SELECT OBJECT_NAME(c.object_id), c.name, t.name, CAST(c.max_length AS NVARCHAR(9)), CAST(c.scale AS NVARCHAR(9)), \
        CAST(c.is_nullable AS NVARCHAR(1)), CAST(c.is_identity AS NVARCHAR(1)), d.definition \
        FROM sys.columns c INNER JOIN sys.tables o ON o.object_id = c.object_id \
        INNER JOIN sys.types t ON t.user_type_id = c.user_type_id \
        LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id \
        WHERE SCHEMA_NAME(o.schema_id) = 'dbo' ORDER BY c.object_id, c.column_id";
    for row in rows(pool, columns).await {
        let [table, name, kind, length, scale, nullable, identity, default] = row.try_into().unwrap();
        let nullable = if nullable == "1" { "null" } else { "not null" };
        let identity = if identity == "1" { " identity" } else { "" };
        let default = match default.as_str() {
            "" => String::new(),
            definition => format!(" default {}", condition(definition)),
        };
        let kind = sql_type(&kind, &length, &scale);
        let column = format!("{name} {kind} {nullable}{identity}{default}");
        tables.entry(table).or_default().columns.push(column);
    }
    let indexed = "SELECT OBJECT_NAME(i.object_id), i.name, CAST(i.is_primary_key AS NVARCHAR(1)), \
        CAST(i.is_unique AS NVARCHAR(1)), c.name, CAST(ic.is_included_column AS NVARCHAR(1)) \
        FROM sys.indexes i INNER JOIN sys.tables o ON o.object_id = i.object_id \
        INNER JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id \
        INNER JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id \
        WHERE SCHEMA_NAME(o.schema_id) = 'dbo' ORDER BY i.object_id, i.index_id, ic.is_included_column, ic.key_ordinal, c.name";
    let mut found: BTreeMap<FoundIndex, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for row in rows(pool, indexed).await {
        let [table, name, key, unique, column, included] = row.try_into().unwrap();
        let (keys, includes) = found.entry((table, name, key == "1", unique == "1")).or_default();
        if included == "1" {
            includes.push(column)
        } else {
            keys.push(column)
        }
    }
    let mut indexes = Indexes::new();
    for ((table, name, key, unique), (keys, mut includes)) in found {
        let table = tables.get_mut(&table).unwrap();
        if key {
            table.key = keys;
            continue;
        }
        if unique {
            table.unique.insert(keys.clone());
        }
        includes.sort();
        let include = if includes.is_empty() {
            String::new()
        } else {
            format!(" include ({})", includes.join(", "))
        };
        indexes.insert(name, format!("({}){include}", keys.join(", ")));
    }
    let foreign = "SELECT DISTINCT OBJECT_NAME(f.parent_object_id), p.name, OBJECT_NAME(f.referenced_object_id), r.name, \
        f.delete_referential_action_desc FROM sys.foreign_keys f \
        INNER JOIN sys.foreign_key_columns k ON k.constraint_object_id = f.object_id \
        INNER JOIN sys.columns p ON p.object_id = k.parent_object_id AND p.column_id = k.parent_column_id \
        INNER JOIN sys.columns r ON r.object_id = k.referenced_object_id AND r.column_id = k.referenced_column_id \
        WHERE SCHEMA_NAME(f.schema_id) = 'dbo'";
    for row in rows(pool, foreign).await {
        let [table, column, parent, parent_column, rule] = row.try_into().unwrap();
        let key = format!("({column}) references {parent}({parent_column}) on delete {rule}");
        tables.get_mut(&table).unwrap().foreign_keys.insert(key);
    }
    let checks = "SELECT OBJECT_NAME(parent_object_id), name, definition FROM sys.check_constraints \
        WHERE SCHEMA_NAME(schema_id) = 'dbo'";
    for row in rows(pool, checks).await {
        let [table, name, definition] = row.try_into().unwrap();
        let check = (name, condition(&definition));
        tables.get_mut(&table).unwrap().checks.insert(check);
    }
    (tables, indexes)
}

#[test]
fn the_documentation_is_read_whole() {
    let (tables, indexes) = documented();
    assert_eq!((tables.len(), indexes.len()), (14, 9));
    assert_eq!(tables.values().map(|table| table.columns.len()).sum::<usize>(), 156);
    assert_eq!(tables.values().map(|table| table.foreign_keys.len()).sum::<usize>(), 22);
    assert_eq!(tables["users"].columns[6], "role int not null default 3");
    assert_eq!(tables["workflowexecutions"].columns[0], "id nvarchar(50) not null");
    assert_eq!(tables["executionlogs"].columns[0], "id bigint not null identity");
    assert_eq!(tables["userworkspaces"].unique.len(), 1);
    assert_eq!(
        indexes["ix_workflowschedules_isactive_nextruntime"],
        "(isactive, nextruntime) include (cronexpression, workflowid)"
    );
    assert!(same_name("ix_users_role", "ix_users_role"));
    assert!(same_name(
        "ix_users_roleusers1516bb284951c5202db1a14a9b48c2c0",
        "ix_users_role"
    ));
    assert!(!same_name("ix_users_isactive", "ix_users_role"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_has_what_is_documented() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    SqlServerReadStore::open(pool.clone()).await.unwrap();
    let (expected, expected_indexes) = documented();
    let (mut tables, mut indexes) = catalogue(&pool).await;
    for (name, table) in &expected {
        let found = tables.remove(name).unwrap_or_default();
        assert_eq!(found.columns, table.columns, "columns of {name}");
        assert_eq!(found, *table, "{name}");
    }
    for (name, columns) in &expected_indexes {
        let found = indexes.keys().find(|found| same_name(found, name)).cloned();
        let found = found.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(indexes.remove(&found).unwrap(), *columns, "{name}");
    }
    // Nothing else stands on documented tables but what is named here.
    for name in INDEXES_OF_OURS.map(lower) {
        let found = indexes.keys().find(|found| same_name(found, &name)).cloned();
        indexes.remove(&found.unwrap_or_else(|| panic!("{name} is missing")));
    }
    let own: Vec<&String> = tables.keys().collect();
    let stray: Vec<&String> = indexes
        .keys()
        .filter(|index| !own.iter().any(|table| index.contains(table.as_str())) && !index.starts_with("uq_"))
        .collect();
    assert_eq!(stray, Vec::<&String>::new());
    pool.close();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_procedures_and_trigger_have_their_documented_names() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let pool = database.pool();
    SqlServerReadStore::open(pool.clone()).await.unwrap();
    let objects = "SELECT name FROM sys.objects WHERE SCHEMA_NAME(schema_id) = 'dbo' AND type IN ('V', 'P', 'TR')";
    let found: BTreeSet<String> = rows(&pool, objects).await.concat().into_iter().collect();
    let expected = [
        "sp_CleanupOldExecutions",
        "sp_GetWorkflowMetrics",
        "tr_Users_UpdatedAt",
        "vw_ActiveWorkflows",
        "vw_WorkflowExecutionSummary",
    ];
    assert_eq!(found, expected.map(lower).into_iter().collect());
    let columns = |view: &str| format!("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('dbo.{view}')");
    for (view, expected) in [
        (
            "vw_ActiveWorkflows",
            "Id Name Description Status Version ProjectName EnvironmentName WorkspaceName CreatedBy CreatedAt UpdatedAt",
        ),
        (
            "vw_WorkflowExecutionSummary",
            "WorkflowId WorkflowName TotalExecutions SuccessfulExecutions FailedExecutions SuccessRate LastExecutionAt",
        ),
    ] {
        let found: BTreeSet<String> = rows(&pool, &columns(view)).await.concat().into_iter().collect();
        assert_eq!(found, expected.split(' ').map(lower).collect(), "{view}");
    }
    pool.close();
    database.remove().await;
}
