//! Two nodes on one database: both serve, one of them projects, and what one leaves behind the other takes over.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use wfm_application::clock::{Clock, SystemClock};
use wfm_storage::{
    event::Position,
    read_store::{ApplyError, Checkpoint, ProjectedBatch},
};
use wfm_storage_sqlserver::{Pool, SqlServerReadStore};
use wfm_tests::{
    Client, Gate, PASSWORD, Place, Process, Reply, Settings, Target, World,
    saga::{check_completed, counted},
    until,
};

use crate::settings_at;

/// A place on the server under test; `None`, loudly, when there is no server.
pub(crate) async fn on_server(story: &str) -> Option<Place> {
    let place = Place::fresh().await;
    if place.is_on_server() {
        return Some(place);
    }
    say(&format!(
        "{story}: SKIPPED, WFM_TEST_SQLSERVER holds no connection string"
    ));
    None
}

/// Prints a line, not by the macro, whose output a passing test keeps to itself.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Two nodes that start at the same time.
fn two(settings: &Settings) -> [Process; 2] {
    std::thread::scope(|scope| {
        let starting = [(); 2].map(|()| scope.spawn(|| Process::spawn(settings)));
        starting.map(|node| node.join().unwrap())
    })
}

/// How far a node sees the read models, and whether it is the one that moves them on.
async fn projection(client: &Client) -> Value {
    client.get("/api/v1/projections").await.items().remove(0)
}

/// Which of two nodes projects, once one does and the other looks on.
async fn projecting(clients: &[Client; 2]) -> usize {
    until("one node to project and the other to look on", || async {
        let states =
            [projection(&clients[0]).await, projection(&clients[1]).await].map(|status| status["state"].clone());
        match states.each_ref().map(|state| state.as_str().unwrap()) {
            ["Running", "Following"] => Some(0),
            ["Following", "Running"] => Some(1),
            _ => None,
        }
    })
    .await
}

/// Waits until a node projects in a later epoch than `epoch`.
async fn takes_over(client: &Client, epoch: i64) {
    until("the other node to project on", || async {
        let status = projection(client).await;
        (status["state"] == "Running" && status["epoch"].as_i64().unwrap() > epoch).then_some(())
    })
    .await;
}

/// Makes something; its id, and the position from which it shows.
async fn made(client: &Client, path: &str, body: &Value) -> (i64, u64) {
    let answer = client.post(path, body).await.expect(201);
    (answer.id(), answer.json()["position"].as_u64().unwrap())
}

/// Starts a run; its id, and the position from which it shows.
pub(crate) async fn started(client: &Client, workflow: i64, input: &Value) -> (String, u64) {
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let body = json!({"inputParameters": input});
    let answer = client.post(&path, &body).await.expect(202).json();
    let id = answer["executionId"].as_str().unwrap().to_owned();
    (id, answer["position"].as_u64().unwrap())
}

/// A run once it has ended, asked for at any node.
pub(crate) async fn ended(client: &Client, id: &str, position: u64) -> Value {
    let path = format!("/api/v1/executions/{id}?wait=60&min-position={position}");
    let run = client.get(&path).await.expect(200).json();
    assert_ne!(run["status"], "Running", "{run}");
    run
}

/// Checks beside the running nodes that the log is sound and has no gaps, and that the read models are what it says.
pub(crate) async fn check_log_and_rows(settings: &Settings, client: &Client) {
    let report: Value = serde_json::from_str(&settings.succeed(&["events", "verify", "--json"])).unwrap();
    assert_eq!(
        (&report["sound"], &report["problemCount"]),
        (&json!(true), &json!(0)),
        "{report}"
    );
    assert_eq!(report["events"], report["last"], "{report}");
    let events = client.all("/api/v1/events?limit=200").await;
    let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    let rows: Value = serde_json::from_str(&settings.succeed(&["projections", "verify", "--json"])).unwrap();
    assert_eq!(rows["identical"], true, "{rows}");
    assert_eq!(projection(client).await["parked"], 0);
}

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

/// Starters at each node, and runs that each starts at most.
const STARTERS: usize = 2;
const STARTS: usize = 40;

/// Calls after which a node is killed.
const CALLS: usize = 40;

/// What starters were told: accepted runs by key, and the keys whose answer never came.
#[derive(Default)]
struct Told {
    accepted: BTreeMap<String, String>,
    open: Vec<String>,
}

/// Starts a run under each key until told to stop, or until the node is gone.
async fn start_all(client: Client, workflow: i64, keys: Vec<String>, stop: Arc<AtomicBool>) -> Told {
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let mut told = Told::default();
    for key in keys {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let body = json!({"inputParameters": {"n": key}, "executionContext": key});
        let start = client.request(Method::POST, &path).header("idempotency-key", &key);
        match start.json(&body).try_send().await {
            Ok(answer) => {
                let id = answer.expect(202).json()["executionId"].as_str().unwrap().to_owned();
                told.accepted.insert(key, id);
            }
            Err(_) => {
                told.open.push(key);
                break;
            }
        }
    }
    told
}

/// A workflow of three steps; the second one fails at its first attempt.
async fn three_steps(world: &World, target: &Target) -> i64 {
    target.on("/b", |call| {
        if call.attempt == 1 {
            Reply::status(503)
        } else {
            Reply::ok(&call.json()["n"])
        }
    });
    let mut steps = Vec::new();
    for path in ["/a", "/b", "/c"] {
        let endpoint = world.endpoint(path).await;
        steps.push(json!({
            "name": &path[1..], "apiEndpointId": endpoint, "retryCount": 20, "retryDelaySeconds": 0,
            "inputMapping": {"n": "{input.n}", "at": "{system.utcNow}"}, "outputMapping": {"n": "{input.n}"},
        }));
    }
    world.workflow("Three steps", &steps.into()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_node_takes_over_from_one_that_was_killed() {
    let Some(place) = on_server("the take-over from a killed node").await else {
        return;
    };
    let settings = settings_at(&place);
    let target = Target::start().await;
    let mut nodes = vec![Process::spawn(&settings), Process::spawn(&settings)];
    let admin = nodes[0].admin().await;
    let limits = json!({"maxConcurrentExecutions": 12});
    let world = World::build_with(&admin, "Killed", &target, &limits, &json!({})).await;
    let workflow = three_steps(&world, &target).await;

    let mut accepted: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..2 {
        let clients = [admin.at(&nodes[0].url), admin.at(&nodes[1].url)];
        let projects = projecting(&clients).await;
        let epoch = projection(&clients[projects]).await["epoch"].as_i64().unwrap();
        let moment = target.all_calls().len() + CALLS;
        let stop = Arc::new(AtomicBool::new(false));
        let mut starters = Vec::new();
        for (node, client) in clients.iter().enumerate() {
            for starter in 0..STARTERS {
                let keys = (0..STARTS).map(|number| format!("{round}-{node}-{starter}-{number}"));
                let starting = start_all(client.clone(), workflow, keys.collect(), Arc::clone(&stop));
                starters.push(tokio::spawn(starting));
            }
        }
        until("enough calls to kill the node between them", || async {
            (target.all_calls().len() >= moment).then_some(())
        })
        .await;
        nodes.remove(projects).kill();
        let killed = Instant::now();
        let survivor = &clients[1 - projects];
        takes_over(survivor, epoch).await;
        say(&format!("the other node projects on after {:?}", killed.elapsed()));
        stop.store(true, Ordering::Relaxed);
        for told in join_all(starters).await.into_iter().map(Result::unwrap) {
            accepted.extend(told.accepted);
            // What was not answered is asked of the other node, under its old key.
            let again = start_all(survivor.clone(), workflow, told.open, Arc::default()).await;
            assert!(again.open.is_empty());
            accepted.extend(again.accepted);
        }
        nodes.push(Process::spawn(&settings));
    }

    let client = admin.at(&nodes[0].url);
    for (key, id) in &accepted {
        let run = ended(&client, id, 0).await;
        assert_eq!(
            (&run["status"], &run["outputParameters"], &run["executionContext"]),
            (&json!("Completed"), &json!({"n": key}), &json!(key)),
            "{run}"
        );
    }
    let runs = client.all("/api/v1/executions?limit=200&sort=id").await;
    let contexts: BTreeSet<&str> = runs
        .iter()
        .map(|run| run["executionContext"].as_str().unwrap())
        .collect();
    assert_eq!(contexts.len(), runs.len(), "an idempotency key started two runs");
    assert_eq!(runs.len(), accepted.len());
    let calls = counted(&target.all_calls());
    let mut adoptions = 0;
    for id in accepted.values() {
        let events = client.all(&format!("/api/v1/executions/{id}/history")).await;
        adoptions += check_completed(id, 3, &events, &calls);
    }
    assert!(adoptions > 0, "no run was under way at either of the kills");
    check_log_and_rows(&settings, &client).await;
    drop(nodes);
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_frozen_does_no_harm() {
    let Some(place) = on_server("a frozen node").await else {
        return;
    };
    let settings = settings_at(&place);
    let nodes = [Process::spawn(&settings), Process::spawn(&settings)];
    let one = nodes[0].admin().await;
    let clients = [one.clone(), one.at(&nodes[1].url)];
    let target = Target::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    // The frozen node's call is never answered; the one of its successor is.
    target.on("/held", move |call| {
        let reply = Reply::ok(&call.json()["n"]);
        if call.attempt == 1 { reply.behind(&held) } else { reply }
    });
    target.sequence("/fails", vec![Reply::status(503), Reply::ok(&json!(1))]);
    let world = World::build(&clients[0], "Frozen", &target).await;
    let mapping = json!({"n": "{input.n}"});
    let endpoints = [
        world.endpoint("/held").await,
        world.endpoint("/fails").await,
        world.endpoint("/after").await,
    ];
    // One run is in a call, the other between two attempts: what a node would go on with when it wakes.
    let after = json!({"name": "after", "order": 2, "apiEndpointId": endpoints[2], "inputMapping": mapping});
    let in_call = json!([
        {"name": "held", "order": 1, "apiEndpointId": endpoints[0], "inputMapping": mapping}, after
    ]);
    let in_pause = json!([
        {"name": "fails", "order": 1, "apiEndpointId": endpoints[1], "inputMapping": mapping,
         "retryCount": 5, "retryDelaySeconds": 3}, after
    ]);
    let in_call = world.workflow("In a call", &in_call).await;
    let in_pause = world.workflow("In a pause", &in_pause).await;

    let frozen = projecting(&clients).await;
    let (asleep, awake) = (&clients[frozen], &clients[1 - frozen]);
    let epoch = projection(asleep).await["epoch"].as_i64().unwrap();
    let mut runs = Vec::new();
    for number in 0..4 {
        runs.push(started(asleep, in_call, &json!({"n": number})).await);
    }
    target.arrived("/held", 4).await;
    for number in 0..4 {
        runs.push(started(asleep, in_pause, &json!({"n": number})).await);
    }
    target.arrived("/fails", 4).await;
    for (id, _) in &runs[4..] {
        until("the run to wait for its next attempt", || async {
            let types = awake.event_types(id).await;
            types.iter().any(|kind| kind == "StepRetryScheduled").then_some(())
        })
        .await;
    }
    // Commands come all the time, so that the node is frozen while it records and projects.
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|writer| tokio::spawn(write_all(asleep.clone(), writer, Arc::clone(&stop))))
        .collect();
    let head = projection(awake).await["head"].as_u64().unwrap();
    until("commands to come", || async {
        (projection(awake).await["head"].as_u64().unwrap() > head + 10).then_some(())
    })
    .await;
    nodes[frozen].freeze();

    takes_over(awake, epoch).await;
    for (id, position) in &runs {
        let run = ended(awake, id, *position).await;
        assert_eq!(run["status"], "Completed", "{run}");
    }
    let before = target.all_calls().len();
    let (_, recorded) = made(
        awake,
        "/api/v1/workspaces",
        &json!({"name": "Meanwhile", "description": ""}),
    )
    .await;
    let shown = format!("/api/v1/workspaces?min-position={recorded}");
    let _ = awake.get(&shown).await.expect(200);

    late_write_is_refused(&place, epoch).await;

    nodes[frozen].go_on();
    gate.open();
    until("the node that was frozen to look on", || async {
        (projection(asleep).await["state"] == "Following").then_some(())
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    let mut written = BTreeSet::new();
    for accepted in join_all(writers).await.into_iter().map(Result::unwrap) {
        written.extend(accepted);
    }
    // It serves as before, and drives what is started at it.
    let (id, position) = started(asleep, in_call, &json!({"n": 9})).await;
    assert_eq!(ended(awake, &id, position).await["status"], "Completed");
    let late: Vec<String> = target.all_calls()[before..]
        .iter()
        .map(|call| call.key.clone())
        .filter(|key| !key.starts_with(&id))
        .collect();
    assert_eq!(late, [""; 0], "calls of runs that had ended");
    let spaces = awake
        .all(&format!("/api/v1/workspaces?limit=200&min-position={position}"))
        .await;
    let spaces: BTreeSet<i64> = spaces.iter().map(|space| space["id"].as_i64().unwrap()).collect();
    assert!(written.is_subset(&spaces), "{written:?} {spaces:?}");

    let calls = counted(&target.all_calls());
    for (id, _) in &runs {
        let events = awake.all(&format!("/api/v1/executions/{id}/history")).await;
        let adoptions = check_completed(id, 2, &events, &calls);
        // A node that a busy machine starves for longer than its lease is taken for gone as well, and rightly.
        assert!(adoptions >= 1, "{id} was adopted");
    }
    check_log_and_rows(&settings, awake).await;
    let log = nodes[frozen].log();
    assert!(log.contains("another node projects from now on"), "{log}");
    drop(nodes);
    place.remove().await;
}

/// Writes the read models as a node of an old epoch would that wakes up in the middle of it: everything is as it expects
/// but the epoch.
async fn late_write_is_refused(place: &Place, epoch: i64) {
    let pool = Pool::new(wfm_storage_sqlserver::Settings::parse(&place.database()).unwrap());
    let reads = SqlServerReadStore::open(pool.clone()).await.unwrap();
    let now = reads.checkpoint().await.unwrap().unwrap();
    assert!(now.epoch > epoch, "{now:?}");
    let expected = Checkpoint { epoch, ..now };
    let next = Checkpoint {
        position: Position(expected.position.0 + 1),
        ..expected.clone()
    };
    let late = ProjectedBatch {
        expected: Some(expected),
        next,
        changes: Vec::new(),
        park: Vec::new(),
        unpark: Vec::new(),
    };
    let outcome = reads.apply(late).await;
    assert!(matches!(outcome, Err(ApplyError::Moved(Some(_)))), "{outcome:?}");
    pool.close();
}

/// Makes workspaces until told to stop; the ids of those that were acknowledged.
async fn write_all(client: Client, writer: usize, stop: Arc<AtomicBool>) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let body = json!({"name": format!("Space {writer}-{number}"), "description": "Written around a freeze"});
        let answer = client.post("/api/v1/workspaces", &body).await;
        if answer.status == 201 {
            ids.push(answer.id());
        } else {
            answer.any_problem();
        }
    }
    ids
}
