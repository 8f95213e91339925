//! What one node leaves behind the other takes over: of one that was killed, of one that was frozen, of one that never began.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures::future::join_all;
use http::Method;
use serde_json::json;
use wfm_storage::{
    event::Position,
    read_store::{ApplyError, Checkpoint, ProjectedBatch},
};
use wfm_storage_sqlserver::{Pool, SqlServerReadStore};
use wfm_tests::{
    Client, Gate, Place, Process, Reply, Target, World,
    saga::{check_completed, counted},
    until,
};

use crate::{
    pair::{check_log_and_rows, ended, made, on_server, projecting, projection, say, started, takes_over},
    settings_at,
};

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

/// A start that fails once the node is known to the others: the table of open runs is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_leaves_nobody_anything_to_wait_for() {
    let Some(place) = on_server("a start that fails").await else {
        return;
    };
    let settings = settings_at(&place);
    assert!(Process::spawn(&settings).stop().0.success());
    let pool = Pool::new(wfm_storage_sqlserver::Settings::parse(&place.database()).unwrap());
    pool.execute_batch("DROP TABLE es.Work").await.unwrap();

    let failed = settings.run(&["serve"]);
    let told = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(
        !failed.status.success() && told.to_lowercase().contains("es.work"),
        "{told}"
    );
    let held = pool.texts("SELECT Name, Holder FROM es.Leases").await.unwrap();
    assert_eq!(held, Vec::<Vec<_>>::new());
    pool.close();
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
