//! The texts of all queries in both dialects, as files that people and a T-SQL parser can read.
//!
//! A changed text fails here; `WFM_WRITE_TEXTS=1 cargo test -p wfm-projections queries` writes the files anew, for review with
//! the change.

use std::{fmt::Write as _, path::Path};

use wfm_storage::{
    conformance::recorded,
    read_store::{Cell, ColumnKind, Query},
};

use super::{
    ListRequest, Resource, Sorting, Visibility,
    cursor::Cursor,
    list::{page_of, row_of},
    resources, workflow_metrics,
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

#[test]
fn every_query_text_stands_in_a_file() {
    let now = super::instant("2026-11-30T00:00:00Z").unwrap();
    let mut metrics = Texts::default();
    metrics.push("sp_GetWorkflowMetrics", &workflow_metrics(1, None, None, now));
    let mut files = vec![("sp_GetWorkflowMetrics.sql".to_owned(), metrics)];
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
