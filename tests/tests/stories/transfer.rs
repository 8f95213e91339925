//! One log, two databases: the events of an embedded database, appended to a server's, are the same to the last hash, and
//! so are the rows that come of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use wfm_projections::tables;
use wfm_server::{
    config::{Config, Values},
    core::{Parts, Surroundings},
};
use wfm_storage::{
    append::{Append, StreamAppend},
    event::{NewEvent, Position, StoredEvent, StreamVersion},
    log::EventLog,
    read_store::{Cell, Query, ReadStore, Table},
    vault::Vault,
    verify::verify,
};
use wfm_tests::{Answer, Gate, PASSWORD, Place, Reply, Target, TestServer, World};

use crate::pair::{on_server, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_and_its_rows_are_the_same_on_either_database() {
    let Some(place) = on_server("a log on either database").await else {
        return;
    };
    let source = TestServer::over(Place::embedded(), &[]).await;
    live_through(&source).await;
    source.settled().await;
    let app = &source.node.app;
    let events = whole(app.store.log.as_ref()).await;
    let rows = everything(app.reads.as_ref()).await;

    // The same master key opens the same data keys.
    let config = config(&place);
    let surroundings = Surroundings {
        clock: source.clock.clone(),
        ..Surroundings::default()
    };
    std::fs::copy(source.place().path().join("master.key"), master_key_file(&place)).unwrap();
    let parts = Parts::open(&config, &surroundings).await.unwrap();
    copy_keys(app.vault.as_ref(), parts.database.vault.as_ref(), &events).await;
    for event in &events {
        append(app.store.log.as_ref(), parts.database.log.as_ref(), event).await;
    }

    let copied = whole(parts.database.log.as_ref()).await;
    assert_eq!(copied.len(), events.len());
    for (copy, original) in copied.into_iter().zip(&events) {
        // When it was recorded is each database's own affair, and no part of the hash.
        let recorded_at = original.recorded_at.clone();
        assert_eq!(&StoredEvent { recorded_at, ..copy }, original, "{original:?}");
    }
    let report = verify(parts.database.log.as_ref(), Position(0), |_| {}).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);

    let projection = parts.projection().await.unwrap();
    projection.catch_up().await.unwrap();
    assert!(!projection.has_parked_events(), "{:?}", projection.parked().await);
    assert_eq!(projection.position().0, events.len() as u64);
    for ((table, copied), (_, original)) in everything(parts.database.reads.as_ref()).await.iter().zip(&rows) {
        assert_eq!(copied, original, "{table}");
    }
    let count: usize = rows.iter().map(|(_, rows)| rows.len()).sum();
    say(&format!(
        "{} events and {count} rows are the same on either database",
        events.len()
    ));
    parts.database.close().await;
    source.finish().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_commands_record_the_same_on_either_database() {
    let Some(place) = on_server("commands on either database").await else {
        return;
    };
    let mut recorded = Vec::new();
    for place in [Place::embedded(), place] {
        let server = TestServer::over(place, &[]).await;
        live_through(&server).await;
        server.settled().await;
        recorded.push(by_stream(&whole(server.node.app.store.log.as_ref()).await));
        server.finish().await;
    }
    assert_eq!(recorded[0], recorded[1]);
}

/// Types and schema versions of the events of each stream. Runs, whose ids are chance, are told by their order.
fn by_stream(events: &[StoredEvent]) -> BTreeMap<String, Vec<(String, u16)>> {
    let mut runs = Vec::new();
    let mut streams: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for event in events {
        let stream = event.stream.as_str();
        let name = if stream.starts_with("execution-") {
            if !runs.contains(&stream) {
                runs.push(stream);
            }
            format!("run {:?}", runs.iter().position(|run| *run == stream))
        } else {
            stream.to_owned()
        };
        let kind = (event.event_type.to_string(), event.schema_version);
        streams.entry(name).or_default().push(kind);
    }
    streams
}

/// A bit of everything that can happen.
async fn live_through(server: &TestServer) {
    let admin = &server.admin;
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/held", move |_| Reply::ok(&json!(1)).behind(&held));
    target.on("/fails", |_| {
        Reply::json(422, &json!({"why": "Größe „XL“ – 😀 \u{1f9d1}\u{200d}\u{1f680}"}))
    });
    target.sequence("/recovers", vec![Reply::status(503), Reply::ok(&json!({"n": 1.50}))]);
    target.on("/numbers", |_| {
        Reply::text(
            200,
            "application/json",
            r#"{"amount":12.50,"big":12345678901234567890123,"tiny":1e-7,"e":"é"}"#,
        )
    });
    let variables = json!({
        "TOKEN": {"value": "s3cr3t-ß", "secret": true}, "REGION": {"value": "eu – „west“", "secret": false},
    });
    let world = World::build_with(admin, "Wörk 😀", &target, &json!({"retries": 1}), &variables).await;
    let (member, _) = admin.new_user("Membér", "Developer").await;
    let (leaver, leaving) = admin.new_user("Leaver", "Viewer").await;
    for user in [member, leaver] {
        let path = format!("/api/v1/workspaces/{}/members/{user}", world.workspace);
        succeeded(&admin.put(&path, &json!({"role": "Developer"})).await);
    }
    let key = leaving.post("/api/v1/api-keys", &json!({"name": "Leaver's"})).await;
    let _ = key.expect(201);

    let numbers = world
        .one_step("/numbers", &json!({"inputMapping": {"n": "{input.n}"}}))
        .await;
    let recovers = json!({"retryCount": 2, "retryDelaySeconds": 0});
    let recovers = world.one_step("/recovers", &recovers).await;
    let fails = world.one_step("/fails", &json!({})).await;
    let held = world.one_step("/held", &json!({})).await;
    let draft = world.draft("Draft that goes", &json!([])).await;
    succeeded(&admin.delete(&format!("/api/v1/workflows/{draft}")).await);
    for (workflow, status) in [(numbers, "Completed"), (recovers, "Completed"), (fails, "Failed")] {
        for number in 0..3 {
            let run = world
                .run(workflow, &json!({"n": number, "text": "naïve \u{feff}\u{2028}"}))
                .await;
            assert_eq!(run["status"], status, "{run}");
        }
    }
    let id = world.start(held, &json!({"n": 7})).await;
    target.arrived("/held", 1).await;
    let cancel = format!("/api/v1/executions/{id}/cancel");
    let _ = admin
        .post(&cancel, &json!({"reason": "changed – mind"}))
        .await
        .expect(200);
    gate.open();

    // Changes, a second version, an erasure, and a workspace that goes with all it holds.
    let path = format!("/api/v1/workflows/{recovers}");
    succeeded(&admin.patch(&path, &json!({"description": "Second – version"})).await);
    succeeded(&world.publish(recovers).await);
    succeeded(&admin.act(&format!("/api/v1/users/{leaver}/erase")).await);
    let other = World::build(admin, "Goes", &target).await;
    let flow = other.one_step("/numbers", &json!({})).await;
    let _ = other.run(flow, &json!({})).await;
    succeeded(&admin.delete(&format!("/api/v1/workspaces/{}", other.workspace)).await);
    let nobody = json!({
        "firstName": "D", "lastName": "E", "email": "gone@example.com", "password": PASSWORD, "role": "Viewer",
    });
    let gone = admin.create("/api/v1/users", &nobody).await;
    succeeded(&admin.delete(&format!("/api/v1/users/{gone}")).await);
}

#[track_caller]
fn succeeded(answer: &Answer) {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
}

fn master_key_file(place: &Place) -> String {
    place.master_key_file().unwrap()
}

fn config(place: &Place) -> Config {
    let flags = [
        ("database", Some(place.database())),
        ("master_key_file", Some(master_key_file(place))),
        ("listen", Some("127.0.0.1:0".to_owned())),
    ];
    Config::new(&Values::read(None, [], &flags).unwrap()).unwrap()
}

/// Every event of a log.
async fn whole(log: &dyn EventLog) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position(0), |event| event.position);
        let page = log.read_log(after, 500).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// Appends an event as it stands at the other log's end.
async fn append(from: &dyn EventLog, to: &dyn EventLog, event: &StoredEvent) {
    let stream = from.stream(&event.stream).await.unwrap().unwrap();
    let append = Append {
        streams: vec![StreamAppend {
            stream: event.stream.clone(),
            aggregate: stream.aggregate,
            workspace: stream.workspace,
            expected: StreamVersion(event.version.0 - 1),
            events: vec![NewEvent {
                id: event.id,
                event_type: event.event_type.clone(),
                schema_version: event.schema_version,
                occurred_at: event.occurred_at.clone(),
                payload: event.payload.clone(),
                metadata: event.metadata.clone(),
                typed: None,
            }],
        }],
        ..Append::default()
    };
    let committed = to.append(append).await.unwrap();
    assert_eq!(committed.last, event.position);
}

/// Copies the data keys that events name; one that was destroyed is destroyed on the other side as well.
async fn copy_keys(from: &dyn Vault, to: &dyn Vault, events: &[StoredEvent]) {
    let mut names = BTreeSet::new();
    for event in events {
        sealing_keys(&serde_json::from_str(&event.payload).unwrap(), &mut names);
    }
    let (mut copied, mut destroyed) = (0, 0);
    for name in names {
        match from.data_key(&name).await.unwrap() {
            Some(wrapped) => {
                copied += 1;
                assert_eq!(to.create_data_key(&name, &wrapped).await.unwrap(), Some(wrapped));
            }
            None => {
                destroyed += 1;
                to.destroy_data_key(&name).await.unwrap();
            }
        }
    }
    assert!(copied > 3 && destroyed == 1, "{copied} keys, {destroyed} destroyed");
}

/// Names of the keys under which values in `value` are sealed.
fn sealing_keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(key), Some(_)) = (members.get("key"), members.get("sealed")) {
                names.insert(key.as_str().unwrap().to_owned());
            }
            members.values().for_each(|member| sealing_keys(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| sealing_keys(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every row of every table, in an order that is no database's own.
async fn everything(reads: &dyn ReadStore) -> Vec<(&'static str, Vec<Vec<Cell>>)> {
    let mut found = Vec::new();
    for table in tables::ALL {
        let mut rows = reads.query(select(table)).await.unwrap();
        rows.sort_by_cached_key(|row| format!("{:?}", row[0]));
        found.push((table.name, rows));
    }
    let filled = found.iter().filter(|(_, rows)| !rows.is_empty()).count();
    assert!(filled > 10, "only {filled} tables hold anything");
    found
}

fn select(table: &Table) -> Query {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("[{}]", column.name))
        .collect();
    Query::new(
        format!("SELECT {} FROM [{}]", columns.join(", "), table.name),
        Vec::new(),
    )
}
