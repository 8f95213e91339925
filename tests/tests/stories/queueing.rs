//! Places of an environment: at most so many runs at once, the others wait their turn; and cancelling either kind.

use serde_json::{Value, json};
use wfm_tests::{Gate, Reply, Target, TestServer, World, until};

/// A world with one place, and a workflow whose calls wait at the gate.
async fn one_place(server: &TestServer, target: &Target) -> (World, i64, Gate) {
    let world = World::build_with(
        &server.admin,
        "Places",
        target,
        &json!({"maxConcurrentExecutions": 1}),
        &json!({}),
    )
    .await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/work", move |call| Reply::ok(&call.json()["n"]).behind(&held));
    let workflow = world
        .one_step("/work", &json!({"inputMapping": {"n": "{input.n}"}}))
        .await;
    (world, workflow, gate)
}

#[tokio::test]
async fn one_run_at_a_time_and_the_others_in_order() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow, gate) = one_place(&server, &target).await;
    let mut runs = Vec::new();
    for n in 0..5 {
        runs.push(world.start(workflow, &json!({"n": n})).await);
    }
    target.arrived("/work", 1).await;
    let states: Vec<Value> = {
        let mut states = Vec::new();
        for run in &runs {
            let run = world.execution(run).await;
            states.push(json!([run["status"], run["state"]]));
        }
        states
    };
    let queued = json!(["Running", "Queued"]);
    assert_eq!(
        states,
        [
            json!(["Running", "Running"]),
            queued.clone(),
            queued.clone(),
            queued.clone(),
            queued
        ]
    );
    assert_eq!(
        server.admin.get("/api/v1/executions?state=Queued").await.items().len(),
        4
    );
    for n in 0..5 {
        let calls = target.arrived("/work", n + 1).await;
        assert_eq!(calls.len(), n + 1, "never more than one at a time");
        assert_eq!(calls[n].json(), json!({"n": n}), "oldest first");
        gate.pass_one();
        assert_eq!(world.ended(&runs[n]).await["outputParameters"], n);
    }
    let types = server.admin.event_types(&runs[1]).await;
    assert_eq!(
        types,
        [
            "ExecutionQueued",
            "ExecutionStarted",
            "StepStarted",
            "StepSucceeded",
            "ExecutionCompleted"
        ]
    );
    server.finish().await;
}

#[tokio::test]
async fn a_higher_limit_lets_queued_runs_go() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow, gate) = one_place(&server, &target).await;
    let mut runs = Vec::new();
    for n in 0..4 {
        runs.push(world.start(workflow, &json!({"n": n})).await);
    }
    target.arrived("/work", 1).await;
    let more = json!({"configuration": {"timeout": 120, "retries": 0, "maxConcurrentExecutions": 3}});
    let _ = server
        .admin
        .patch(&format!("/api/v1/environments/{}", world.environment), &more)
        .await
        .expect(200);
    let calls = target.arrived("/work", 3).await;
    assert_eq!(calls.len(), 3);
    assert_eq!(world.execution(&runs[3]).await["state"], "Queued");
    gate.open();
    for run in &runs {
        assert_eq!(world.ended(run).await["status"], "Completed");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_run_in_flight_is_cancelled_and_its_place_goes_to_the_next() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow, gate) = one_place(&server, &target).await;
    let first = world.start(workflow, &json!({"n": 1})).await;
    let second = world.start(workflow, &json!({"n": 2})).await;
    let third = world.start(workflow, &json!({"n": 3})).await;
    target.arrived("/work", 1).await;
    // Queued: it never calls anything.
    let cancel = |id: &str| format!("/api/v1/executions/{id}/cancel");
    let answer = server
        .admin
        .post(&cancel(&second), &json!({"reason": "not needed"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&answer["status"], &answer["state"], &answer["errorMessage"]),
        (&json!("Cancelled"), &json!("Cancelled"), &json!("not needed"))
    );
    // In flight: its late answer changes nothing.
    let answer = server
        .admin
        .post(&cancel(&first), &json!({"reason": "changed my mind"}))
        .await
        .expect(200)
        .json();
    assert_eq!(answer["status"], "Cancelled");
    target.arrived("/work", 2).await;
    gate.open();
    assert_eq!(world.ended(&third).await["outputParameters"], 3);
    for id in [&first, &second] {
        let run = world.execution(id).await;
        assert_eq!(
            (&run["status"], &run["outputParameters"]),
            (&json!("Cancelled"), &Value::Null)
        );
        assert_eq!(server.admin.event_types(id).await.last().unwrap(), "ExecutionCancelled");
        server.admin.act(&cancel(id)).await.problem(409, "execution-ended");
    }
    let numbers: Vec<Value> = target
        .calls("/work")
        .iter()
        .map(|call| call.json()["n"].clone())
        .collect();
    assert_eq!(numbers, [1, 3]);
    let steps = server
        .admin
        .get(&format!("/api/v1/executions/{first}/steps"))
        .await
        .items();
    assert_eq!(steps[0]["status"], "Cancelled");
    // The attempt in flight ended with its run, and counts among the steps that were called.
    assert_eq!(
        server
            .rows("SELECT json_array(Status, CompletedAt IS NOT NULL) FROM StepRuns ORDER BY Id")
            .await,
        [json!(["Cancelled", 1]), json!(["Succeeded", 1])]
    );
    let durations =
        "SELECT json_array(MetricName, Metadata) FROM WorkflowMetrics WHERE MetricName = 'StepDurationMs' ORDER BY Id";
    let told: Vec<bool> = server
        .rows(durations)
        .await
        .iter()
        .map(|row| row[1].to_string().contains(&first))
        .collect();
    assert_eq!(told, [true, false]);
    let cancelled = "SELECT json_array(Status, ErrorMessage, CompletedAt IS NOT NULL) FROM WorkflowExecutions WHERE Status = 3 ORDER BY Id";
    assert_eq!(
        server.rows(cancelled).await,
        [json!([3, "changed my mind", 1]), json!([3, "not needed", 1])]
    );
    let summary = server
        .admin
        .get("/api/v1/views/workflow-execution-summary")
        .await
        .items();
    assert_eq!(summary[0]["totalExecutions"], 3);
    assert_eq!(summary[0]["failedExecutions"], 0);
    server.finish().await;
}

#[tokio::test]
async fn many_starts_at_once_never_exceed_the_places() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build_with(
        &server.admin,
        "Rush",
        &target,
        &json!({"maxConcurrentExecutions": 3}),
        &json!({}),
    )
    .await;
    let gauge = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&gauge);
    target.on("/work", move |_| {
        seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::ok(&json!(1))
    });
    let workflow = world.one_step("/work", &json!({})).await;
    let world = &world;
    let starts = (0..30).map(|n| async move { world.run(workflow, &json!({"n": n})).await["status"].clone() });
    let runs = futures::future::join_all(starts).await;
    assert!(runs.iter().all(|status| *status == "Completed"), "{runs:?}");
    assert_eq!(gauge.load(std::sync::atomic::Ordering::SeqCst), 30);
    // The log itself says how many ran at once.
    let mut running = 0_i32;
    for event in server.admin.all("/api/v1/events?limit=200").await {
        match event["type"].as_str().unwrap() {
            "ExecutionStarted" => running += 1,
            "ExecutionCompleted" => running -= 1,
            _ => {}
        }
        assert!((0..=3).contains(&running), "{event}");
    }
    assert_eq!(running, 0);
    server.finish().await;
}

#[tokio::test]
async fn queued_runs_survive_a_restart() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow, gate) = one_place(&server, &target).await;
    let first = world.start(workflow, &json!({"n": 1})).await;
    let second = world.start(workflow, &json!({"n": 2})).await;
    target.arrived("/work", 1).await;
    let server = server.restart().await;
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    // The call that was under way is made again, as the same request.
    let calls = target.arrived("/work", 2).await;
    assert_eq!((&calls[0].key, &calls[0].body), (&calls[1].key, &calls[1].body));
    gate.open();
    assert_eq!(world.ended(&first).await["outputParameters"], 1);
    assert_eq!(world.ended(&second).await["outputParameters"], 2);
    until("both places to be free", || async {
        server
            .admin
            .get("/api/v1/executions?state=Queued")
            .await
            .items()
            .is_empty()
            .then_some(())
    })
    .await;
    assert!(
        server
            .admin
            .event_types(&first)
            .await
            .contains(&"ExecutionAdopted".to_owned())
    );
    server.finish().await;
}

#[tokio::test]
async fn starts_beyond_the_bound_are_told_to_come_back() {
    let server = TestServer::spawn_with(&[("max_queued_executions", "2")]).await;
    let target = Target::start().await;
    let (world, workflow, gate) = one_place(&server, &target).await;
    let running = world.start(workflow, &json!({"n": 0})).await;
    target.arrived("/work", 1).await;
    let queued = [
        world.start(workflow, &json!({"n": 1})).await,
        world.start(workflow, &json!({"n": 2})).await,
    ];
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let body = json!({"inputParameters": {"n": 3}});
    let refused = server.admin.post(&path, &body).await;
    refused.problem(429, "too-many").clear();
    assert_eq!(refused.header("retry-after"), "5");
    // The bound is each workspace's own.
    let elsewhere = World::build(&server.admin, "Elsewhere", &target).await;
    let other = elsewhere.one_step("/other", &json!({})).await;
    assert_eq!(elsewhere.run(other, &json!({})).await["status"], "Completed");
    gate.open();
    for run in [&running, &queued[0], &queued[1]] {
        assert_eq!(world.ended(run).await["status"], "Completed");
    }
    assert_eq!(world.run(workflow, &json!({"n": 3})).await["outputParameters"], 3);
    server.finish().await;
}

/// Runs of another workspace that may start while one waits for a place that is free: those of one turn, and those that
/// were being started when it became free.
const OVERTAKEN_AT_MOST: usize = 100;

#[tokio::test]
async fn a_flood_of_one_workspace_holds_no_other_one_up() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let narrow = json!({"maxConcurrentExecutions": 2});
    let flood = World::build_with(&server.admin, "Flood", &target, &narrow, &json!({})).await;
    let flooding = flood.one_step("/flood", &json!({})).await;
    let (world, workflow, gate) = one_place(&server, &target).await;
    let first = world.start(workflow, &json!({"n": 1})).await;
    let second = world.start(workflow, &json!({"n": 2})).await;
    target.arrived("/work", 1).await;
    let starts = (0..400).map(|_| async { flood.start(flooding, &json!({})).await });
    let flooded = futures::future::join_all(starts).await;
    gate.open();
    for run in [&first, &second] {
        assert_eq!(world.ended(run).await["status"], "Completed");
    }
    for run in &flooded {
        assert_eq!(flood.ended(run).await["status"], "Completed");
    }
    let (mut freed, mut overtaken) = (false, 0);
    for event in server.admin.all("/api/v1/events?limit=200").await {
        let of = |run: &String| event["stream"] == format!("execution-{run}");
        match event["type"].as_str().unwrap() {
            "ExecutionCompleted" if of(&first) => freed = true,
            "ExecutionStarted" if of(&second) => break,
            "ExecutionStarted" if freed => overtaken += 1,
            _ => {}
        }
    }
    assert!(overtaken <= OVERTAKEN_AT_MOST, "{overtaken} runs came before");
    server.finish().await;
}
