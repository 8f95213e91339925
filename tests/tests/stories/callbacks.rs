//! Who is told of the ends of runs: signed, once heard, again until then, for a day, whatever is killed.

use http::Method;
use serde_json::{Value, json};
use wfm_application::hooks::signature::Presented;
use wfm_domain::instant::Instant;
use wfm_tests::{Call, Client, Gate, Place, Process, Reply, Target, TestServer, World, until, world::merged};

use crate::{pair::on_server, settings_at};

const SECRET: &str = "whsec_callbacks";

async fn world(client: &Client, name: &str, target: &Target) -> World {
    let variables = json!({"HOOK": SECRET});
    World::build_with(client, name, target, &json!({}), &variables).await
}

/// A workflow of one step that posts to `/work` and tells `callbacks`.
async fn workflow(world: &World, name: &str, callbacks: Value) -> i64 {
    let endpoint = world.endpoint("/work").await;
    let step = json!({"name": "call", "apiEndpointId": endpoint, "inputMapping": {"n": "{input.n ?? null}"},
        "outputMapping": {"n": "{response.body.body.n ?? null}"}});
    let members = json!({"configuration": {"callbacks": callbacks}});
    world.workflow_with(name, &json!([step]), &members).await
}

fn to(path: &str) -> Value {
    json!({"url": format!("{{env.TARGET}}{path}"), "secret": "{env.HOOK}"})
}

/// The callbacks of a run once the first of them stands so.
async fn callbacks(client: &Client, execution: &str, status: &str) -> Vec<Value> {
    let path = format!("/api/v1/executions/{execution}/callbacks");
    until(&format!("a callback to be {status}"), || async {
        let callbacks = client.get(&path).await.items();
        (callbacks[0]["status"] == status).then_some(callbacks)
    })
    .await
}

/// Whether the call was signed with the secret; when, in seconds.
fn signed_at(call: &Call) -> Option<i64> {
    let presented = Presented::read(Some(call.header("x-wfm-signature")));
    let far = Instant::parse("2026-01-01T00:00:00Z").unwrap();
    presented
        .verify(SECRET, &call.body, far, i64::MAX)
        .map(|signature| signature.seconds)
}

#[tokio::test]
async fn each_end_is_told_once_signed() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Told", &target).await;
    let path = "/told/{system.executionContext}?n={input.n}";
    let told = json!([
        merged(to(path), &json!({"on": ["completed"]})),
        {"on": ["failed", "cancelled"], "url": "{env.TARGET}/unsigned"},
        to("/all"),
    ]);
    let workflow = workflow(&world, "Told", told).await;
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let body = json!({"inputParameters": {"n": 7}, "executionContext": "order 7"});
    let request = world.client.request(Method::POST, &start).waiting().json(&body);
    let run = request.send().await.expect(200).json();
    let id = run["executionId"].as_str().unwrap();
    let call = target.arrived("/told/order%207", 1).await.remove(0);
    assert_eq!((call.method.as_str(), call.query.as_str()), ("POST", "n=7"));
    assert_eq!(call.header("content-type"), "application/json");
    assert_eq!(call.header("x-wfm-delivery"), format!("{id}-1-0"));
    assert!(call.header("traceparent").contains(&id.replace('-', "")));
    let now = server.node.app.store.now().utc().timestamp();
    assert!((now - signed_at(&call).expect("signed")).abs() < 60);
    let shown = world.ended(id).await;
    let content = call.json();
    assert_eq!(
        content,
        json!({
            "executionId": id, "workflowId": workflow, "status": "Completed", "outputParameters": {"n": 7},
            "executedAt": shown["executedAt"], "completedAt": shown["completedAt"], "executionContext": "order 7",
        })
    );
    let listed = callbacks(&world.client, id, "Delivered").await;
    assert_eq!(listed[0]["url"], format!("{{env.TARGET}}{path}"));
    assert_eq!(
        (&listed[0]["attempts"], &listed[0]["statusCode"]),
        (&json!(1), &json!(200))
    );
    assert_eq!(
        (listed.len(), &listed[1]["deliveryId"]),
        (2, &json!(format!("{id}-1-2")))
    );

    target.on("/work", |_| Reply::status(400));
    let failed = world.run(workflow, &json!({})).await;
    let failed = failed["executionId"].as_str().unwrap();
    let call = target.arrived("/unsigned", 1).await.remove(0);
    assert!(!call.headers.contains_key("x-wfm-signature"));
    let content = call.json();
    assert_eq!(
        (&content["status"], &content["executionContext"]),
        (&json!("Failed"), &Value::Null)
    );
    assert!(content["errorMessage"].as_str().unwrap().contains("call"), "{content}");
    assert!(content.get("outputParameters").is_none(), "{content}");

    let gate = Gate::default();
    let held = gate.clone();
    target.on("/work", move |_| Reply::ok(&json!(1)).behind(&held));
    let cancelled = world.start(workflow, &json!({})).await;
    let cancel = format!("/api/v1/executions/{cancelled}/cancel");
    let _ = world
        .client
        .post(&cancel, &json!({"reason": "no more"}))
        .await
        .expect(200);
    let content = target.arrived("/unsigned", 2).await.remove(1).json();
    assert_eq!(
        (&content["status"], &content["errorMessage"]),
        (&json!("Cancelled"), &json!("no more"))
    );
    target.arrived("/all", 3).await;
    for run in [id, failed, &cancelled] {
        callbacks(&world.client, run, "Delivered").await;
    }
    gate.open();
    let told = target
        .all_calls()
        .iter()
        .filter(|call| call.headers.contains_key("x-wfm-delivery"))
        .count();
    assert_eq!(told, 6, "each end once to each");
    server.finish().await;
}

#[tokio::test]
async fn a_listener_that_does_not_hear_is_told_again() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Again", &target).await;
    let replies = vec![
        Reply::status(500),
        Reply::status(302).header("location", "/elsewhere"),
        Reply::status(429).header("retry-after", "600"),
        Reply::status(204),
    ];
    target.in_turn("/told", replies);
    let workflow = workflow(&world, "Again", json!([to("/told")])).await;
    let run = world.run(workflow, &json!({"n": 1})).await;
    assert_eq!(run["status"], "Completed", "nothing of it holds the run up");
    let id = run["executionId"].as_str().unwrap();
    let path = format!("/api/v1/executions/{id}/callbacks");
    for (attempt, wait) in [(1, 6), (2, 16), (3, 601)] {
        target.arrived("/told", attempt).await;
        let shown = until("the attempt to be recorded", || async {
            let shown = world.client.get(&path).await.items().remove(0);
            (shown["attempts"] == attempt).then_some(shown)
        })
        .await;
        assert_eq!(
            (&shown["status"], &shown["errorKind"]),
            (&json!("Pending"), &json!("status"))
        );
        let at = |key: &str| Instant::parse(shown[key].as_str().unwrap()).unwrap();
        let waits = at("nextAttemptAt").microseconds_since(at("lastAttemptAt")) / 1_000_000;
        assert!(waits < wait && waits >= wait / 3, "{shown}");
        assert!(attempt < 3 || waits >= 599, "Retry-After is heard: {shown}");
        server.clock.forward_seconds(wait);
    }
    let calls = target.arrived("/told", 4).await;
    let shown = callbacks(&world.client, id, "Delivered").await.remove(0);
    assert_eq!(
        (&shown["attempts"], &shown["statusCode"], &shown["errorKind"]),
        (&json!(4), &json!(204), &Value::Null)
    );
    // The same delivery each time, signed anew.
    for call in &calls {
        assert_eq!((call.key.as_str(), &call.body), (calls[0].key.as_str(), &calls[0].body));
        assert_eq!(call.header("x-wfm-delivery"), format!("{id}-1-0"));
    }
    assert!(signed_at(&calls[3]).unwrap() - signed_at(&calls[0]).unwrap() > 600);
    assert!(target.calls("/elsewhere").is_empty());
    let stream = world.client.all(&format!("/api/v1/streams/callback-{id}-1-0")).await;
    let types: Vec<&str> = stream.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types[2..], ["CallbackAttemptFailed", "CallbackDelivered"]);
    server.finish().await;
}

#[tokio::test]
async fn what_is_not_heard_is_given_up() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Deaf", &target).await;
    target.on("/gone", |_| Reply::status(410));
    target.on("/deaf", |_| Reply::status(500));
    let gone = workflow(&world, "Gone", json!([to("/gone")])).await;
    let run = world.run(gone, &json!({})).await;
    let shown = callbacks(&world.client, run["executionId"].as_str().unwrap(), "GivenUp").await;
    assert_eq!(
        (&shown[0]["givenUpReason"], &shown[0]["attempts"]),
        (&json!("Gone"), &json!(1))
    );

    let nowhere = json!([to("/deaf"), {"url": "http://127.0.0.1:1/x"}, {"url": "{env.MISSING}/x"}]);
    let deaf = workflow(&world, "Deaf", nowhere).await;
    let run = world.run(deaf, &json!({})).await;
    let id = run["executionId"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/executions/{id}/callbacks");
    let tried = |attempts: u64| {
        let (client, path) = (world.client.clone(), path.clone());
        async move {
            until("each to be tried", || async {
                let shown = client.get(&path).await.items();
                let all = shown.iter().all(|one| one["attempts"].as_u64().unwrap() >= attempts);
                all.then_some(shown)
            })
            .await
        }
    };
    let kinds: Vec<Value> = tried(1).await.iter().map(|one| one["errorKind"].clone()).collect();
    assert_eq!(kinds, ["status", "connect", "mapping"]);
    server.clock.forward_seconds(24 * 60 * 60);
    let mut server = server;
    server.sign_in().await;
    let shown = until("all to be given up", || async {
        let shown = server.admin.get(&path).await.items();
        shown.iter().all(|one| one["status"] == "GivenUp").then_some(shown)
    })
    .await;
    for one in &shown {
        assert_eq!(
            (&one["givenUpReason"], &one["attempts"]),
            (&json!("TimeOver"), &json!(2)),
            "{one}"
        );
        assert_eq!(one["nextAttemptAt"], Value::Null);
    }
    assert_eq!(target.calls("/deaf").len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn every_kind_of_end_is_told_under_a_name_of_its_own() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Ends", &target).await;
    // A run that ends with its very start.
    let endpoint = world.endpoint("/work").await;
    let skipped = json!([{"name": "call", "apiEndpointId": endpoint, "condition": "false"}]);
    let members = json!({"configuration": {"callbacks": [to("/told")]}});
    let at_once = world.workflow_with("At once", &skipped, &members).await;
    let run = world.run(at_once, &json!({})).await;
    let call = target.arrived("/told", 1).await.remove(0);
    assert_eq!(call.json()["executionId"], run["executionId"]);

    // A run that fails, is redriven before anybody heard, and completes: two ends, each as it was.
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/told", move |_| Reply::status(200).behind(&held));
    target.in_turn("/work", vec![Reply::status(400), Reply::ok(&json!({"body": {"n": 2}}))]);
    let workflow = workflow(&world, "Redriven", json!([to("/told")])).await;
    let run = world.run(workflow, &json!({"n": 2})).await;
    let id = run["executionId"].as_str().unwrap();
    let _ = world
        .client
        .act(&format!("/api/v1/executions/{id}/redrive"))
        .await
        .expect(200);
    assert_eq!(world.ended(id).await["status"], "Completed");
    let mut calls = target.arrived("/told", 3).await.split_off(1);
    gate.open();
    calls.sort_by_key(|call| call.key.clone());
    let told: Vec<(String, Value)> = calls
        .iter()
        .map(|call| (call.header("x-wfm-delivery").to_owned(), call.json()["status"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (format!("{id}-1-0"), json!("Failed")),
            (format!("{id}-2-0"), json!("Completed"))
        ]
    );
    let shown = callbacks(&world.client, id, "Delivered").await;
    assert_eq!(
        (&shown[0]["executionStatus"], &shown[1]["executionStatus"]),
        (&json!("Completed"), &json!("Failed"))
    );
    callbacks(&world.client, id, "Delivered").await;

    // A run that never began.
    let approved = json!({"configuration": {"callbacks": [to("/late")], "approvals": {"execute": true}}});
    let steps = json!([{"name": "call", "apiEndpointId": endpoint}]);
    let held = world.workflow_with("Held", &steps, &approved).await;
    let held = world.start(held, &json!({})).await;
    let _ = world
        .client
        .act(&format!("/api/v1/executions/{held}/cancel"))
        .await
        .expect(200);
    let call = target.arrived("/late", 1).await.remove(0);
    assert_eq!(
        (&call.json()["status"], &call.json()["executionId"]),
        (&json!("Cancelled"), &json!(held))
    );
    callbacks(&world.client, &held, "Delivered").await;
    server.finish().await;
}

#[tokio::test]
async fn a_deaf_listener_keeps_no_other_waiting() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Fair", &target).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/stuck", move |_| Reply::status(200).behind(&held));
    let stuck = workflow(&world, "Stuck", json!([to("/stuck")])).await;
    let mut runs = Vec::new();
    for _ in 0..30 {
        runs.push(
            world.run(stuck, &json!({})).await["executionId"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    target.arrived("/stuck", 8).await;
    let swift = workflow(&world, "Swift", json!([to("/swift")])).await;
    world.run(swift, &json!({})).await;
    target.arrived("/swift", 1).await;
    assert_eq!(target.calls("/stuck").len(), 8, "so many of one workflow are under way");
    gate.open();
    target.arrived("/stuck", 30).await;
    for run in &runs {
        callbacks(&world.client, run, "Delivered").await;
    }
    assert_eq!(target.calls("/stuck").len(), 30, "each once");
    server.finish().await;
}

#[tokio::test]
async fn callbacks_are_checked_at_publish() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = world(&server.admin, "Checked", &target).await;
    let endpoint = world.endpoint("/work").await;
    let steps = json!([{"name": "call", "apiEndpointId": endpoint}]);
    for (callbacks, place) in [
        (json!("x"), ""),
        (json!([{"on": ["completed"]}]), "/0/url"),
        (
            json!([to("/a"), {"url": "https://a.example", "secret": "literal-secret"}]),
            "/1/secret",
        ),
        (
            json!([{"url": "https://a.example", "secret": "{env.TARGET}"}]),
            "/0/secret",
        ),
        (json!([{"url": "https://{input.host}/"}]), "/0/url"),
        (json!([{"url": "https://a.example", "on": ["ended"]}]), "/0/on"),
    ] {
        let members = json!({"configuration": {"callbacks": callbacks}});
        let body = merged(world.workflow_body("Wrong", &steps), &members);
        let workflow = world.client.create("/api/v1/workflows", &body).await;
        let answer = world.publish(workflow).await;
        assert_eq!(
            answer.any_problem(),
            [format!("/configuration/callbacks{place}")],
            "{}",
            answer.text
        );
        assert!(!answer.text.contains("literal-secret"), "{}", answer.text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_everybody_is_told() {
    let place = Place::fresh().await;
    let settings = settings_at(&place);
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/told", move |_| Reply::status(200).behind(&held));
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = world(&client, "Killed", &target).await;
    let workflow = workflow(&world, "Killed", json!([to("/told")])).await;
    let mut runs = Vec::new();
    for n in 0..20 {
        let run = world.run(workflow, &json!({"n": n})).await;
        runs.push(run["executionId"].as_str().unwrap().to_owned());
    }
    // Some are under way and were not answered, the others were not sent yet.
    target.arrived("/told", 8).await;
    process.kill();
    gate.open();
    let process = Process::spawn(&settings);
    let client = client.at(&process.url);
    for run in &runs {
        let shown = callbacks(&client, run, "Delivered").await;
        assert_eq!(
            shown[0]["attempts"], 1,
            "what was cut short is not counted: {}",
            shown[0]
        );
        let calls: Vec<Call> = target
            .calls("/told")
            .into_iter()
            .filter(|call| call.key.starts_with(run))
            .collect();
        assert!((1..=2).contains(&calls.len()), "{run} was told {} times", calls.len());
        for call in &calls {
            assert_eq!(
                (call.header("x-wfm-delivery"), &call.body),
                (format!("{run}-1-0").as_str(), &calls[0].body)
            );
            assert!(signed_at(call).is_some());
        }
    }
    // What was told is not told again.
    let told = target.calls("/told").len();
    assert!(process.stop().0.success());
    let process = Process::spawn(&settings);
    let client = client.at(&process.url);
    let last = World { client, ..world };
    last.run(workflow, &json!({"n": "last"})).await;
    target.arrived("/told", told + 1).await;
    assert!(process.stop().0.success());
    assert_eq!(target.calls("/told").len(), told + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_cannot_tell_any_more_the_other_tells() {
    let Some(place) = on_server("callbacks of two nodes").await else {
        return;
    };
    let settings = settings_at(&place);
    let nodes = [Process::spawn(&settings), Process::spawn(&settings)];
    let one = nodes[0].admin().await;
    let clients = [one.clone(), one.at(&nodes[1].url)];
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/told", move |_| Reply::status(200).behind(&held));
    let world = world(&clients[0], "Two", &target).await;
    let mut runs = Vec::new();
    for n in 0..12 {
        let workflow = workflow(&world, &format!("Two {n}"), json!([to("/told")])).await;
        runs.push(
            world.run(workflow, &json!({"n": n})).await["executionId"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    target.arrived("/told", 12).await;
    // One is frozen with what it has under way, the other hears of it and tells it; then everybody wakes up.
    nodes[0].freeze();
    gate.open();
    for run in &runs {
        callbacks(&clients[1], run, "Delivered").await;
    }
    let told = target.calls("/told").len();
    assert!(told > 12, "the frozen node had something under way");
    nodes[0].go_on();
    let last = workflow(&world, "Last", json!([to("/last")])).await;
    world.run(last, &json!({})).await;
    target.arrived("/last", 1).await;
    let [one, other] = nodes;
    one.kill();
    // Now the other node deals with every workflow.
    let world = World {
        client: clients[1].clone(),
        ..world
    };
    for n in 0..6 {
        let workflow = workflow(&world, &format!("Alone {n}"), json!([to("/alone")])).await;
        let run = world.run(workflow, &json!({"n": n})).await;
        callbacks(&world.client, run["executionId"].as_str().unwrap(), "Delivered").await;
    }
    assert_eq!(target.calls("/told").len(), told, "what was told is not told again");
    for run in &runs {
        let stream = world.client.all(&format!("/api/v1/streams/callback-{run}-1-0")).await;
        let types: Vec<&str> = stream.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["CallbackDelivered"]);
        let calls: Vec<Call> = target
            .calls("/told")
            .into_iter()
            .filter(|call| call.key.starts_with(run))
            .collect();
        assert!((1..=2).contains(&calls.len()), "{run} was told {} times", calls.len());
    }
    assert!(other.stop().0.success());
    place.remove().await;
}
