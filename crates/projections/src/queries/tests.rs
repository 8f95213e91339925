//! The texts of all queries in both dialects, as files that people and a T-SQL parser can read.
//!
//! A changed text fails here; `WFM_WRITE_TEXTS=1 cargo test -p wfm-projections queries` writes the files anew, for review with
//! the change.

use std::{fmt::Write as _, path::Path};

use wfm_domain::{ids::WorkspaceId, instant::Instant, retention::Cutoffs};
use wfm_storage::{
    conformance::recorded,
    read_store::{Cell, ColumnKind, Query},
};

use super::{
    ListRequest, Resource, Sorting, Visibility,
    cursor::Cursor,
    list::{page_of, row_of},
    resources, retention, workflow_metrics,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/query_texts");

/// A file of each dialect: statements with what they are, separated by `GO`.
#[derive(Default)]
struct Texts {
    sqlite: String,
    sqlserver: String,
}

impl Texts {
    fn push(&mut self, title: &str, query: &Query) {
        let sqlserver = query.sqlserver.as_ref().unwrap_or(&query.sqlite);
        for (file, text) in [(&mut self.sqlite, &query.sqlite), (&mut self.sqlserver, sqlserver)] {
            writeln!(file, "-- {title}\n{text};\nGO\n").unwrap();
        }
        let placeholders = query.sqlite.matches("@P").count();
        assert!(placeholders >= query.parameters.len(), "{title}: {}", query.sqlite);
    }
}

fn some(kind: ColumnKind) -> Cell {
    match kind {
        ColumnKind::Integer | ColumnKind::Bit => 1.into(),
        ColumnKind::Real => 1.5.into(),
        ColumnKind::Text => "text".into(),
        ColumnKind::Instant => "2026-11-22T16:29:03.123456Z".into(),
    }
}

/// The queries of a resource: its row, its first page, its page by every filter, and a later page in every order.
fn texts(resource: &'static Resource) -> Texts {
    let mut texts = Texts::default();
    let visibility = Visibility::Workspaces(vec![1, 2]);
    let key = &resource.columns[0];
    texts.push("one row", &row_of(resource, some(key.kind), &visibility));
    let first = ListRequest::new(visibility.clone(), 50);
    texts.push("the first page", &page_of(resource, &first).unwrap());
    let mut filtered = ListRequest::new(Visibility::All, 50);
    for column in resource.columns.iter().filter(|column| column.filter) {
        filtered = filtered.filter(column.name, some(column.kind));
    }
    for range in resource.ranges {
        filtered = filtered.filter(range.name, some(range.kind));
    }
    texts.push("every filter", &page_of(resource, &filtered).unwrap());
    for column in resource.columns.iter().filter(|column| column.sorting != Sorting::None) {
        for direction in ["", "-"] {
            let sort = format!("{direction}{}", column.name);
            let cursor = Cursor {
                sort: sort.clone(),
                value: some(column.kind),
                key: some(key.kind),
            };
            let mut next = ListRequest::new(Visibility::All, 50);
            next.cursor = Some(cursor.encode());
            next.sort = Some(sort.clone());
            texts.push(&format!("a later page by {sort}"), &page_of(resource, &next).unwrap());
        }
    }
    texts
}

fn retention_texts(now: Instant) -> Texts {
    let cutoffs = Cutoffs {
        completed_before: now,
        failed_before: now,
    };
    let workspace = WorkspaceId(1);
    let mut texts = Texts::default();
    texts.push("months", &retention::months(&cutoffs));
    texts.push("due", &retention::due(workspace, now, now, &cutoffs, 100));
    texts.push("began_between", &retention::began_between(workspace, now, now));
    texts
}

/// Whoever writes a function that makes a query has its text recorded here, and so parsed.
#[test]
fn every_function_that_makes_a_query_is_recorded() {
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/queries"));
    let recorded = include_str!("tests.rs");
    // `list` and `get` are `page_of` and `row_of` of a resource; `query` is their last step.
    let in_others = ["list", "get", "query"];
    let mut seen = 0;
    for file in std::fs::read_dir(sources).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for function in text.split("fn ").skip(1) {
            let (signature, _) = function.split_once('{').unwrap_or((function, ""));
            if !signature.contains("-> Query") && !signature.contains("-> Result<Query") {
                continue;
            }
            let name = signature.split(['(', '<']).next().unwrap();
            assert!(
                in_others.contains(&name) || recorded.contains(&format!("{name}(")),
                "{name} is not recorded"
            );
            seen += 1;
        }
    }
    assert!(seen > 7, "{seen}");
}

#[test]
fn every_query_text_stands_in_a_file() {
    let now = super::instant("2026-11-30T00:00:00Z").unwrap();
    let mut metrics = Texts::default();
    metrics.push("sp_GetWorkflowMetrics", &workflow_metrics(1, None, None, now));
    let mut files = vec![
        ("sp_GetWorkflowMetrics.sql".to_owned(), metrics),
        ("retention.sql".to_owned(), retention_texts(now)),
    ];
    for resource in resources::ALL.iter().chain(super::run_resources::ALL) {
        files.push((format!("{}.sql", resource.name.replace(' ', "_")), texts(resource)));
    }
    let (sqlite, sqlserver) = files
        .into_iter()
        .map(|(name, Texts { sqlite, sqlserver })| ((name.clone(), sqlite), (name, sqlserver)))
        .unzip();
    recorded::compare(&Path::new(FOLDER).join("sqlite"), &sqlite);
    recorded::compare(&Path::new(FOLDER).join("sqlserver"), &sqlserver);
}
