//! A server that is killed at any moment: nothing accepted is lost, nothing recorded is repeated.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use wfm_tests::{
    Client, Gate, Place, Process, Reply, Target, World, database,
    saga::{check_ended, counted},
    until,
};

use crate::{Random, settings, settings_at};

/// Starts that are sent at once.
const STARTERS: usize = 6;

/// How often the server is killed.
const KILLS: usize = 6;

/// Whether the run of this key fails in its last step.
fn fails(key: &str) -> bool {
    key.ends_with(['1', '3', '5', '7', '9'])
}

/// Starts runs until the server is gone; each start has a key of its own. Answers what was accepted, by key, and the key
/// whose answer never came.
async fn start_until_killed(
    client: Client,
    workflow: i64,
    keys: Vec<String>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let mut accepted = BTreeMap::new();
    for key in keys {
        let body = json!({"inputParameters": {"n": key}, "executionContext": key});
        let start = client
            .request(Method::POST, &path)
            .header("idempotency-key", &key)
            .json(&body);
        match start.try_send().await {
            Ok(answer) => {
                let id = answer.expect(202).json()["executionId"].as_str().unwrap().to_owned();
                accepted.insert(key, id);
            }
            Err(_) => return (accepted, vec![key]),
        }
    }
    (accepted, Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_run_ends_exactly_once_whatever_is_killed_when() {
    let place = Place::fresh().await;
    let settings = settings_at(&place);
    let target = Target::start().await;
    // Some calls need a second attempt, and what begins with an odd number fails in its last step and is undone.
    for path in ["/b", "/undo-c"] {
        target.on(path, |call| {
            if call.attempt == 1 {
                Reply::status(503)
            } else {
                Reply::ok(&call.json()["n"])
            }
        });
    }
    target.on("/d", |call| match fails(call.json()["n"].as_str().unwrap()) {
        true => Reply::status(400),
        false => Reply::ok(&call.json()["n"]),
    });
    let mut process = Process::spawn(&settings);
    let mut client = process.admin().await;
    let limits = json!({"maxConcurrentExecutions": 12});
    let world = World::build_with(&client, "Killed", &target, &limits, &json!({})).await;
    let mut steps = Vec::new();
    for (path, order) in [("/a", 1), ("/b", 2), ("/c", 2), ("/d", 3)] {
        let endpoint = world.endpoint(path).await;
        let undo = world.endpoint(&format!("/undo-{}", &path[1..])).await;
        let input = json!({"n": "{input.n}", "at": "{system.utcNow}"});
        steps.push(json!({
            "name": &path[1..], "order": order, "apiEndpointId": endpoint, "retryCount": 20, "retryDelaySeconds": 0,
            "inputMapping": input, "outputMapping": {"n": "{input.n}"},
            "errorHandling": {"compensation": {"apiEndpointId": undo, "inputMapping": input}},
        }));
    }
    let workflow = world.workflow("Killed", &steps.into()).await;

    let mut random = Random(0x5eed_cafe);
    let mut accepted: BTreeMap<String, String> = BTreeMap::new();
    let mut unanswered: Vec<String> = Vec::new();
    for round in 0..KILLS {
        let moment = target.all_calls().len() + random.below(60) + 15;
        let mut starters = Vec::new();
        for starter in 0..STARTERS {
            // What was not answered is asked again first, with its old key.
            let mut keys: Vec<String> = unanswered.pop().into_iter().collect();
            keys.extend((0..200).map(|number| format!("{round}-{starter}-{number}")));
            starters.push(tokio::spawn(start_until_killed(client.clone(), workflow, keys)));
        }
        until("enough calls to kill the server between them", || async {
            (target.all_calls().len() >= moment).then_some(())
        })
        .await;
        process.kill();
        for (done, open) in join_all(starters).await.into_iter().map(Result::unwrap) {
            accepted.extend(done);
            unanswered.extend(open);
        }
        process = Process::spawn(&settings);
        client = client.at(&process.url);
    }
    for key in &unanswered {
        let (done, open) = start_until_killed(client.clone(), workflow, vec![key.clone()]).await;
        assert!(open.is_empty());
        accepted.extend(done);
    }
    assert!(
        accepted.len() > KILLS * 4,
        "{} runs are too few to say anything",
        accepted.len()
    );

    let world = World {
        client: client.clone(),
        ..world
    };
    let calls = target.all_calls().len();
    for (key, id) in &accepted {
        let run = world.ended(id).await;
        let expected = if fails(key) {
            (json!("Failed"), Value::Null)
        } else {
            (json!("Completed"), json!({"n": key}))
        };
        assert_eq!(
            (&run["status"], &run["outputParameters"]),
            (&expected.0, &expected.1),
            "{run}"
        );
        assert_eq!(run["executionContext"], key.as_str());
    }
    // Runs whose start was never answered may have begun all the same; each key has one at most.
    until("every run to end", || async {
        client
            .get("/api/v1/executions?status=Running")
            .await
            .items()
            .is_empty()
            .then_some(())
    })
    .await;
    let runs = client.all("/api/v1/executions?limit=200&sort=id").await;
    let contexts: BTreeSet<&str> = runs
        .iter()
        .map(|run| run["executionContext"].as_str().unwrap())
        .collect();
    assert_eq!(contexts.len(), runs.len(), "an idempotency key started two runs");
    assert_eq!(runs.len(), accepted.len(), "{calls}");

    let calls = counted(&target.all_calls());
    let mut adoptions = 0;
    for run in &runs {
        let id = run["id"].as_str().unwrap();
        let events = client.all(&format!("/api/v1/executions/{id}/history")).await;
        let judged = check_ended(id, &events, &calls);
        let expected = if run["status"] == "Failed" { (3, 3) } else { (4, 0) };
        assert_eq!((judged.succeeded.len(), judged.undone.len()), expected, "{events:#?}");
        let last_first: Vec<i64> = judged.succeeded.iter().rev().copied().collect();
        assert!(judged.undone.is_empty() || judged.undone == last_first, "{events:#?}");
        adoptions += judged.adoptions;
    }
    assert!(adoptions > 0, "no run was under way at any of the kills");

    let (status, log) = process.stop();
    assert!(status.success(), "{log}");
    let events: Value = serde_json::from_str(&settings.succeed(&["events", "verify", "--json"])).unwrap();
    assert_eq!(
        (&events["sound"], &events["problemCount"]),
        (&json!(true), &json!(0)),
        "{events}"
    );
    let rows: Value = serde_json::from_str(&settings.succeed(&["projections", "verify", "--json"])).unwrap();
    assert_eq!(rows["identical"], true, "{rows}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_must_not_be_repeated_is_reported_in_doubt() {
    let place = Place::fresh().await;
    let settings = settings_at(&place);
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/pay", move |_| Reply::ok(&json!(1)).behind(&held));
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build(&client, "Doubt", &target).await;
    let step = json!({"retryCount": 5, "retryDelaySeconds": 0, "errorHandling": {"repeatable": false}});
    let workflow = world.one_step("/pay", &step).await;
    let id = world.start(workflow, &json!({})).await;
    target.arrived("/pay", 1).await;
    process.kill();
    let process = Process::spawn(&settings);
    let world = World {
        client: client.at(&process.url),
        ..world
    };
    let run = world.ended(&id).await;
    assert_eq!(run["status"], "Failed");
    let message = run["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("call") && message.contains("must not be repeated"),
        "{message}"
    );
    let types = world.client.event_types(&id).await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "StepStarted",
            "ExecutionAdopted",
            "StepInDoubt",
            "ExecutionFailed"
        ]
    );
    let steps = world
        .client
        .get(&format!("/api/v1/executions/{id}/steps"))
        .await
        .items();
    assert_eq!(steps[0]["status"], "InDoubt");
    gate.open();
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Completed");
    assert_eq!(
        target
            .calls("/pay")
            .iter()
            .filter(|call| call.key.starts_with(&id))
            .count(),
        1,
        "never sent twice"
    );
    assert!(process.stop().0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_ends_its_calls_and_begins_none() {
    let place = Place::fresh().await;
    let settings = settings_at(&place);
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/pay", move |_| Reply::ok(&json!(1)).behind(&held));
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build(&client, "Drained", &target).await;
    let once = json!({"repeatable": false});
    let (pay, ship) = (world.endpoint("/pay").await, world.endpoint("/ship").await);
    let steps = json!([
        {"name": "pay", "apiEndpointId": pay, "errorHandling": once},
        {"name": "ship", "apiEndpointId": ship, "errorHandling": once},
    ]);
    let workflow = world.workflow("Drained", &steps).await;
    let id = world.start(workflow, &json!({})).await;
    target.arrived("/pay", 1).await;
    process.ask_to_stop();
    until("the server to take no more requests", async || {
        client
            .request(Method::GET, "/health/live")
            .try_send()
            .await
            .err()
            .map(drop)
    })
    .await;
    gate.open();
    assert!(process.ended().0.success());
    assert!(target.calls("/ship").is_empty());

    let process = Process::spawn(&settings);
    let world = World {
        client: client.at(&process.url),
        ..world
    };
    let run = world.ended(&id).await;
    assert_eq!(run["status"], "Completed", "{run}");
    assert_eq!((target.calls("/pay").len(), target.calls("/ship").len()), (1, 1));
    let types = world.client.event_types(&id).await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "StepStarted",
            "StepSucceeded",
            "ExecutionAdopted",
            "StepStarted",
            "StepSucceeded",
            "ExecutionCompleted",
        ]
    );
    assert!(process.stop().0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_or_older_read_models_come_back_identical() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let target = Target::start().await;
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build(&client, "Replayed", &target).await;
    let workflow = world.one_step("/a", &json!({"inputMapping": {"n": "{input.n}"}})).await;
    world.run(workflow, &json!({"n": 1})).await;
    assert!(process.stop().0.success());
    let read_models = |name: &str| name.starts_with("dbo.db");
    let older = tempfile::tempdir().unwrap();
    copy(folder.path(), older.path(), read_models);

    let process = Process::spawn(&settings);
    let world = World {
        client: client.at(&process.url),
        ..world
    };
    for n in 2..6 {
        world.run(workflow, &json!({"n": n})).await;
    }
    let (_, person) = world.client.new_user("Erased", "Viewer").await;
    let me = person.get("/api/v1/auth/me").await.expect(200).id();
    let _ = world.client.act(&format!("/api/v1/users/{me}/erase")).await.expect(200);
    let expected = settled_rows(&world.client, folder.path()).await;
    // Killed, not stopped: what the read models had not flushed is gone with their write-ahead log.
    process.kill();
    remove(folder.path(), |name| name.starts_with("dbo.db-"));
    check_rows(&settings, &client, &expected).await;
    remove(folder.path(), read_models);
    copy(older.path(), folder.path(), read_models);
    check_rows(&settings, &client, &expected).await;
    remove(folder.path(), read_models);
    check_rows(&settings, &client, &expected).await;
}

type Rows = Vec<(&'static str, Vec<Value>)>;

async fn check_rows(settings: &wfm_tests::Settings, client: &Client, expected: &Rows) {
    let process = Process::spawn(settings);
    let rows = settled_rows(&client.at(&process.url), &settings.folder).await;
    for ((table, found), (_, wanted)) in rows.iter().zip(expected) {
        assert_eq!(found, wanted, "{table}");
    }
    process.kill();
}

async fn settled_rows(client: &Client, folder: &std::path::Path) -> Rows {
    until("the read models to be up to date", || async {
        let status = client.get("/api/v1/projections").await.items().remove(0);
        (status["lag"] == 0 && status["parked"] == 0).then_some(())
    })
    .await;
    database::everything(folder).await
}

fn copy(from: &std::path::Path, to: &std::path::Path, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if wanted(&name) {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn remove(folder: &std::path::Path, wanted: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if wanted(&entry.file_name().into_string().unwrap()) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}
