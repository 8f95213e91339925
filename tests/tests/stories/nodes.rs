//! Two nodes on one database: both serve, one of them projects, and each shows what the other recorded.

use futures::future::join_all;
use http::Method;
use serde_json::json;
use wfm_application::clock::{Clock, SystemClock};
use wfm_tests::{Client, Gate, PASSWORD, Process, Reply, Target, World, until};

use crate::{
    pair::{check_log_and_rows, ended, made, on_server, projecting, say, started, two},
    settings_at,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_nodes_serve_and_each_shows_at_once_what_the_other_recorded() {
    let Some(place) = on_server("two nodes that serve").await else {
        return;
    };
    let settings = settings_at(&place);
    let nodes = two(&settings);
    let one = nodes[0].admin().await;
    let clients = [one.clone(), one.at(&nodes[1].url)];
    let _ = projecting(&clients).await;
    let target = Target::start().await;
    let limits = json!({"maxConcurrentExecutions": 3});
    let world = World::build_with(&clients[0], "Shared", &target, &limits, &json!({})).await;
    let mapping = json!({"inputMapping": {"n": "{input.n}"}});
    let workflow = world.one_step("/a", &mapping).await;

    for number in 0..8 {
        let (writer, reader) = (&clients[number % 2], &clients[1 - number % 2]);
        let name = format!("Project {number}");
        let body = json!({"workspaceId": world.workspace, "name": name, "description": "Of either node"});
        let (id, position) = made(writer, "/api/v1/projects", &body).await;
        let path = format!("/api/v1/projects/{id}?min-position={position}");
        assert_eq!(reader.get(&path).await.expect(200).json()["name"], name.as_str());
    }
    // Somebody who was made at one node signs in at the other as soon as that shows the account.
    let body = json!({
        "firstName": "New", "lastName": "Comer", "email": "new@example.com", "password": PASSWORD, "role": "Viewer",
    });
    let (id, position) = made(&clients[1], "/api/v1/users", &body).await;
    let path = format!("/api/v1/users/{id}?min-position={position}");
    let _ = clients[0].get(&path).await.expect(200);
    let newcomer = Client::login(nodes[0].url.clone(), "new@example.com").await;
    assert_eq!(newcomer.get("/api/v1/auth/me").await.expect(200).id(), id);

    // More runs than there are places, started at both nodes, awaited at the other.
    let starts = (0..16).map(|number| {
        let (starter, reader) = (&clients[number % 2], &clients[1 - number % 2]);
        async move {
            let (id, position) = started(starter, workflow, &json!({"n": number})).await;
            (id.clone(), ended(reader, &id, position).await, number)
        }
    });
    for (id, run, number) in join_all(starts).await {
        assert_eq!(run["status"], "Completed", "{run}");
        assert_eq!(run["outputParameters"]["body"]["n"], json!(number), "{run}");
        let calls = target.calls("/a");
        assert_eq!(calls.iter().filter(|call| call.key.starts_with(&id)).count(), 1);
    }
    let _ = projecting(&clients).await;
    check_log_and_rows(&settings, &clients[1]).await;
    for node in nodes {
        let (status, log) = node.stop();
        assert!(status.success(), "{log}");
    }
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_one_node_is_cancelled_through_the_other() {
    let Some(place) = on_server("a run cancelled through another node").await else {
        return;
    };
    let settings = settings_at(&place);
    let nodes = [Process::spawn(&settings), Process::spawn(&settings)];
    let one = nodes[0].admin().await;
    let clients = [one.clone(), one.at(&nodes[1].url)];
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/held", move |_| Reply::ok(&json!(1)).behind(&held));
    let world = World::build(&clients[0], "Cancelled", &target).await;
    let endpoints = [world.endpoint("/held").await, world.endpoint("/after").await];
    let steps = json!([
        {"name": "held", "order": 1, "apiEndpointId": endpoints[0]},
        {"name": "after", "order": 2, "apiEndpointId": endpoints[1]},
    ]);
    let workflow = world.workflow("Held", &steps).await;
    let (id, position) = started(&clients[0], workflow, &json!({})).await;
    target.arrived("/held", 1).await;
    let waiting = ended(&clients[0], &id, position);
    let cancel = async {
        let body = json!({"reason": "asked for elsewhere"});
        let path = format!("/api/v1/executions/{id}/cancel");
        clients[1].post(&path, &body).await.expect(200).json()
    };
    let (awaited, cancelled) = tokio::join!(waiting, cancel);
    for run in [&awaited, &cancelled] {
        assert_eq!(
            (&run["status"], &run["errorMessage"]),
            (&json!("Cancelled"), &json!("asked for elsewhere")),
            "{run}"
        );
    }
    gate.open();
    // The node that drove it serves on, and sends nothing more for it.
    let (other, position) = started(&clients[0], workflow, &json!({})).await;
    assert_eq!(ended(&clients[1], &other, position).await["status"], "Completed");
    let after: Vec<String> = target.calls("/after").iter().map(|call| call.key.clone()).collect();
    assert!(after.len() == 1 && after[0].starts_with(&other), "{after:?}");
    let types = clients[1].event_types(&id).await;
    assert_eq!(types, ["ExecutionStarted", "StepStarted", "ExecutionCancelled"]);
    check_log_and_rows(&settings, &clients[0]).await;
    drop(nodes);
    place.remove().await;
}

/// Commands of which the median says how soon the other node knows.
const MEASURED: usize = 21;

/// Bound of that median, wide enough for a busy machine; an idle one is tenfold below.
const SOON_MILLISECONDS: i64 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_soon_knows_what_the_other_recorded() {
    let Some(place) = on_server("how soon a node knows").await else {
        return;
    };
    let settings = settings_at(&place);
    let nodes = [Process::spawn(&settings), Process::spawn(&settings)];
    let one = nodes[0].admin().await;
    let clients = [one.clone(), one.at(&nodes[1].url)];
    let projects = projecting(&clients).await;
    for (what, reader) in [("looks on", 1 - projects), ("projects", projects)] {
        let (writer, reader) = (&clients[1 - reader], &clients[reader]);
        let (mut after_record, mut after_answer) = (Vec::new(), Vec::new());
        for number in 0..MEASURED {
            let (record, answer) = milliseconds_until_known(writer, reader, &format!("{what} {number}")).await;
            after_record.push(record);
            after_answer.push(answer);
        }
        let (record, answer) = (median(&mut after_record), median(&mut after_answer));
        say(&format!(
            "the node that {what} knows an event, in the median, {record} ms after its record was begun and {answer} ms \
             after it was acknowledged"
        ));
        assert!(record < SOON_MILLISECONDS, "{what}: {after_record:?}");
    }
    drop(nodes);
    place.remove().await;
}

fn median(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// From the record of an API key at one node, and from its answer, until the other knows the key's owner: a key is judged
/// by what a node heard of the log, not by the rows, which both read.
async fn milliseconds_until_known(writer: &Client, reader: &Client, name: &str) -> (i64, i64) {
    // Otherwise answered only when the rows show it, which is later.
    let issue = writer
        .request(Method::POST, "/api/v1/api-keys")
        .header("prefer", "respond-async");
    let body = json!({"name": name, "maxRole": "Viewer"});
    let answer = issue.json(&body).send().await;
    let answered = SystemClock.now();
    assert!(answer.status.is_success(), "{}", answer.text);
    let key = answer.json();
    let by_key = reader.with_token(key["token"].as_str().unwrap());
    until("the other node to know the key", || async {
        // A stranger is asked who he is; a viewer is told that users are not for him, without a look at any row.
        (by_key.get("/api/v1/users").await.status == 403).then_some(())
    })
    .await;
    let known = SystemClock.now();
    let before = key["position"].as_u64().unwrap() - 1;
    let path = format!("/api/v1/events?after={before}&limit=1");
    let event = writer.get(&path).await.items().remove(0);
    let recorded = wfm_domain::instant::Instant::parse(event["recordedAt"].as_str().unwrap()).unwrap();
    let milliseconds = |since| known.microseconds_since(since) / 1000;
    (milliseconds(recorded), milliseconds(answered))
}
