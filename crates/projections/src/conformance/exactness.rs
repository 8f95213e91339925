//! What is written comes back, to the last digit and letter, and is found under nothing else.

use std::sync::Arc;

use wfm_storage::read_store::{Cell, Change, ReadStore, Table};

use super::{
    Adapter,
    samples::{at, batch, column, first, insert, insert_with, one_of_each, place, row, rows},
};
use crate::{
    queries::{ListRequest, Listed, Visibility, list, page, resources},
    tables::{self, EXECUTION_LOGS, PROJECTS, USERS, WORKFLOW_METRICS, WORKSPACES},
};

/// Every column of every table, by its type.
pub async fn every_column_returns_what_was_written(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    first(&store, one_of_each()).await;
    for table in tables::ALL {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("[{}]", column.name))
            .collect();
        let text = format!("SELECT {} FROM {}", columns.join(", "), table.name);
        assert_eq!(rows(&store, &text).await, [row(table, 1)], "{}", table.name);
    }
    let instants = [
        "0001-01-01T00:00:00.000000Z",
        "1900-02-28T23:59:59.999999Z",
        "2000-02-29T12:00:00.000001Z",
        "9999-12-31T23:59:59.999999Z",
    ];
    let numbers = [0.1, -2.5, 1.0 / 3.0, 1_234.567_890_123_456_7, 2.5e-300];
    let mut changes = Vec::new();
    for (id, instant) in (10..).zip(instants) {
        changes.push(insert_with(&USERS, id, &[("LastLoginAt", instant.into())]));
    }
    for (id, number) in (10..).zip(numbers) {
        changes.push(insert_with(&WORKFLOW_METRICS, id, &[("MetricValue", number.into())]));
    }
    // Ids of derived rows outgrow 32 bits.
    changes.push(insert_with(&EXECUTION_LOGS, 1 << 52, &[("ExecutionId", "id-1".into())]));
    store.apply(batch(Some(at(1, 0)), at(2, 0), changes)).await.unwrap();
    let seen = column(
        &store,
        "SELECT LastLoginAt FROM Users WHERE Id >= 10 ORDER BY LastLoginAt",
    )
    .await;
    assert_eq!(seen, instants.map(Cell::from));
    let seen = column(
        &store,
        "SELECT MetricValue FROM WorkflowMetrics WHERE Id >= 10 ORDER BY Id",
    )
    .await;
    assert_eq!(seen, numbers.map(Cell::from));
    let seen = column(&store, "SELECT Id FROM ExecutionLogs WHERE Id > 1").await;
    assert_eq!(seen, [Cell::Integer(1 << 52)]);
}

/// Texts with every kind of character that some notation gives a meaning to.
const HOSTILE: [&str; 13] = [
    "'; DROP TABLE Users; --",
    "quote \" and 'apostrophe' and ]bracket[",
    "back\\slash \\n \\u0041 \\",
    "line\nfeed\r\ttab\u{1}\u{1f}\u{7f}",
    "@P1 ?1 $[0] {json} %s :name",
    "percent % under_score [a-z]",
    "é e\u{301} ß ﬁ İ ı Ǆ",
    "\u{1f600}\u{1f468}\u{200d}\u{1f469}",
    "\u{202e}right to left\u{202c}",
    "\u{feff}\u{fffd}\u{e000}\u{ffff}",
    " blanks around ",
    "",
    "null",
];

/// They come back byte for byte, long ones too.
pub async fn hostile_texts_come_back(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut texts: Vec<String> = HOSTILE.map(str::to_owned).into();
    texts.push(HOSTILE.concat().repeat(500));
    let mut changes = one_of_each();
    for (id, text) in (10..).zip(&texts) {
        let cells = [("ExecutionId", "id-1".into()), ("Message", text.as_str().into())];
        changes.push(insert_with(&EXECUTION_LOGS, id, &cells));
    }
    first(&store, changes).await;
    let seen = column(&store, "SELECT Message FROM ExecutionLogs WHERE Id >= 10 ORDER BY Id").await;
    assert_eq!(seen.len(), texts.len());
    for (seen, text) in seen.iter().zip(&texts) {
        assert_eq!(*seen, Cell::from(text.as_str()));
    }
    // As parameters.
    for text in HOSTILE {
        let request = ListRequest::new(Visibility::All, 50).filter("name", text);
        let found = store
            .query(list::<resources::ProjectRow>(&request).unwrap())
            .await
            .unwrap();
        assert_eq!(found.len(), 0, "{text}");
    }
}

/// Addresses that some collation takes for one.
const ADDRESSES: [&str; 12] = [
    "strasse@example.com",
    "straße@example.com",
    "ada@example.com",
    "ａda@example.com",
    "àda@example.com",
    "a\u{300}da@example.com",
    "\u{1f600}@example.com",
    "\u{1f601}@example.com",
    "ǆ@example.com",
    "dž@example.com",
    "о@example.com",
    "o@example.com",
];

/// The log decides which addresses are one; the unique index takes whatever it accepts.
pub async fn addresses_are_distinct_where_the_log_says_so(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let users = (1..)
        .zip(ADDRESSES)
        .map(|(id, address)| insert_with(&USERS, id, &[("Email", address.into())]));
    first(&store, users.collect()).await;
    for (id, address) in (1..).zip(ADDRESSES) {
        let request = ListRequest::new(Visibility::All, 50).filter("email", address);
        let found = store
            .query(list::<resources::UserRow>(&request).unwrap())
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "{address}");
        assert_eq!(found[0][0], Cell::Integer(id));
    }
}

/// Names whose order depends on a collation.
const NAMES: [&str; 22] = [
    "a",
    "A",
    "b",
    "B",
    "z",
    "Z",
    "ä",
    "Ä",
    "é",
    "e\u{301}",
    "ß",
    "ss",
    "_",
    "-a",
    "a-b",
    "ab",
    "a b",
    "10",
    "9",
    "Ω",
    "日本",
    "\u{1f600}",
];

async fn names<R: Listed>(store: &Arc<dyn ReadStore>, request: &mut ListRequest) -> Vec<Cell> {
    let place = R::RESOURCE
        .columns
        .iter()
        .position(|column| column.name == "name")
        .unwrap();
    let mut seen = Vec::new();
    loop {
        let found = store.query(list::<R>(request).unwrap()).await.unwrap();
        let items = found.len().min(request.limit as usize);
        seen.extend(found[..items].iter().map(|row| row[place].clone()));
        request.cursor = page::<R>(request, found).unwrap().next_cursor;
        if request.cursor.is_none() {
            return seen;
        }
    }
}

/// Filters, orders and cursors tell all texts apart and agree on their order, page by page.
pub async fn texts_are_found_and_ordered_by_their_codes(adapter: &dyn Adapter) {
    let fixture = adapter.fresh().await;
    let store = fixture.reads();
    let mut changes = vec![insert(&USERS, 1), insert(&WORKSPACES, 1)];
    let named = |table: &'static Table, id: i64, name: &str| {
        let mut cells = row(table, id);
        cells[place(table, "Name")] = name.into();
        Change::Insert { table, row: cells }
    };
    changes.extend((1..).zip(NAMES).map(|(id, name)| named(&PROJECTS, id, name)));
    first(&store, changes).await;
    let mut sorted = NAMES;
    sorted.sort_unstable();
    for limit in [1, 3, 50] {
        for (sort, expected) in [
            ("name", sorted.to_vec()),
            ("-name", sorted.iter().rev().copied().collect::<Vec<_>>()),
        ] {
            let mut request = ListRequest::new(Visibility::Workspaces(vec![1]), limit);
            request.sort = Some(sort.to_owned());
            let seen = names::<resources::ProjectRow>(&store, &mut request).await;
            let expected: Vec<Cell> = expected.into_iter().map(Cell::from).collect();
            assert_eq!(seen, expected, "by {sort}, {limit} a page");
        }
    }
    for name in NAMES {
        let mut request = ListRequest::new(Visibility::All, 50).filter("name", name);
        assert_eq!(
            names::<resources::ProjectRow>(&store, &mut request).await,
            [Cell::from(name)]
        );
        let mut request = ListRequest::new(Visibility::All, 50).filter("name", format!("{name} "));
        assert_eq!(
            names::<resources::ProjectRow>(&store, &mut request).await,
            [],
            "{name} with a blank"
        );
    }
}
