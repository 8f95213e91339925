//! Runs that people repair: paused, resumed, redriven, rerun, told by signals; and starts that must not happen twice.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Gate, Reply, Target, TestServer, World, until};

fn path(run: &str, what: &str) -> String {
    format!("/api/v1/executions/{run}/{what}")
}

async fn state(world: &World, run: &str, wanted: &str) {
    until(&format!("the state {wanted}"), async || {
        (world.execution(run).await["state"] == wanted).then_some(())
    })
    .await;
}

async fn two_steps(world: &World) -> i64 {
    let (first, second) = (world.endpoint("/first").await, world.endpoint("/second").await);
    let steps = json!([
        {"name": "first", "apiEndpointId": first, "inputMapping": {"n": "{input.n}", "at": "{system.utcNow}"}},
        {"name": "second", "apiEndpointId": second, "inputMapping": {"n": "{steps.first.output}", "at": "{system.utcNow}"}},
    ]);
    world.workflow("Two", &steps).await
}

#[tokio::test]
async fn a_paused_run_ends_its_call_gives_its_place_back_and_goes_on_when_resumed() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let limit = json!({"maxConcurrentExecutions": 1});
    let world = World::build_with(&server.admin, "Pause", &target, &limit, &json!({})).await;
    let workflow = two_steps(&world).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/first", move |call| Reply::ok(&call.json()["n"]).behind(&held));
    target.on("/second", |_| Reply::ok(&json!("done")));
    let run = world.start(workflow, &json!({"n": 1})).await;
    target.arrived("/first", 1).await;
    let body = json!({"reason": "the warehouse is closed"});
    let paused = server.admin.post(&path(&run, "pause"), &body).await.expect(200).json();
    assert_eq!(
        (&paused["status"], &paused["state"]),
        (&json!("Running"), &json!("Paused"))
    );
    server
        .admin
        .act(&path(&run, "pause"))
        .await
        .problem(409, "execution-state");
    // Who decides by an older state of the run than the present one is told so.
    let stale = server.admin.request(Method::POST, &path(&run, "resume"));
    stale
        .header("If-Match", "\"2\"")
        .send()
        .await
        .problem(412, "version-mismatch");
    // Its place is free as soon as the call has ended; another run takes it, and waits in its own call.
    let other = world.start(workflow, &json!({"n": 2})).await;
    gate.pass_one();
    target.arrived("/first", 2).await;
    assert!(target.calls("/second").is_empty());
    let resumed = server.admin.act(&path(&run, "resume")).await.expect(200).json();
    assert_eq!(resumed["state"], "Queued", "the place is taken");
    gate.open();
    for run in [&run, &other] {
        assert_eq!(world.ended(run).await["outputParameters"], "done");
    }
    assert_eq!(target.calls("/first").len(), 2, "a finished step is kept");
    let types = server.admin.event_types(&run).await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "StepStarted",
            "ExecutionPaused",
            "StepSucceeded",
            "ExecutionParked",
            "ExecutionResumed",
            "ExecutionRequeued",
            "ExecutionContinued",
            "StepStarted",
            "StepSucceeded",
            "ExecutionCompleted",
        ]
    );
    server.finish().await;
}

#[tokio::test]
async fn a_redrive_goes_on_from_what_failed_under_the_same_id() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Redrive", &target).await;
    let workflow = two_steps(&world).await;
    target.on("/first", |call| Reply::ok(&call.json()["n"]));
    target.in_turn("/second", vec![Reply::status(400), Reply::ok(&json!("done"))]);
    let failed = world.run(workflow, &json!({"n": 1})).await;
    assert_eq!(failed["status"], "Failed");
    let run = failed["executionId"].as_str().unwrap();
    let redriven = server.admin.act(&path(run, "redrive")).await.expect(200).json();
    assert_eq!(
        (&redriven["status"], &redriven["errorMessage"]),
        (&json!("Running"), &Value::Null)
    );
    let ended = world.ended(run).await;
    assert_eq!(
        (&ended["status"], &ended["outputParameters"]),
        (&json!("Completed"), &json!("done"))
    );
    assert_eq!(target.calls("/first").len(), 1, "a finished step is kept");
    let second = target.calls("/second");
    assert_ne!(
        second[0].key, second[1].key,
        "the target said no for certain: this is another request"
    );
    server
        .admin
        .act(&path(run, "redrive"))
        .await
        .problem(409, "execution-not-failed");
    server.finish().await;
}

#[tokio::test]
async fn a_redrive_repeats_a_call_of_unknown_effect_byte_for_byte() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Unknown", &target).await;
    let workflow = two_steps(&world).await;
    target.on("/first", |call| Reply::ok(&call.json()["n"]));
    target.sequence("/second", vec![Reply::broken(), Reply::ok(&json!("done"))]);
    let failed = world.run(workflow, &json!({"n": 1})).await;
    let run = failed["executionId"].as_str().unwrap();
    let _ = server.admin.act(&path(run, "redrive")).await.expect(200);
    assert_eq!(world.ended(run).await["status"], "Completed");
    let second = target.calls("/second");
    assert_eq!((&second[0].key, &second[0].body), (&second[1].key, &second[1].body));
    server.finish().await;
}

#[tokio::test]
async fn a_step_in_doubt_is_not_repeated_before_somebody_says_so() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Doubt", &target).await;
    target.sequence("/charge", vec![Reply::broken()]);
    let step = json!({"retryCount": 3, "retryDelaySeconds": 0, "errorHandling": {"repeatable": false}});
    let workflow = world.one_step("/charge", &step).await;
    let failed = world.run(workflow, &json!({})).await;
    assert_eq!(failed["status"], "Failed", "{failed}");
    assert_eq!(target.calls("/charge").len(), 1);
    let run = failed["executionId"].as_str().unwrap();
    let redrive = path(run, "redrive");
    let pointers = server.admin.act(&redrive).await.problem(422, "invalid-field");
    assert_eq!(pointers, ["/inDoubt"]);
    let answer = json!({"inDoubt": "succeeded", "output": {"charged": 12}});
    let _ = server.admin.post(&redrive, &answer).await.expect(200);
    let ended = world.ended(run).await;
    assert_eq!(ended["outputParameters"], json!({"charged": 12}));
    assert_eq!(target.calls("/charge").len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_run_of_undone_steps_runs_them_anew_when_it_is_redriven() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Undone", &target).await;
    let (reserve, release) = (world.endpoint("/reserve").await, world.endpoint("/release").await);
    let ship = world.endpoint("/ship").await;
    let steps = json!([
        {"name": "reserve", "apiEndpointId": reserve,
         "errorHandling": {"compensation": {"apiEndpointId": release}}},
        {"name": "ship", "apiEndpointId": ship},
    ]);
    let workflow = world.workflow("Undone", &steps).await;
    for path in ["/reserve", "/release"] {
        target.on(path, |_| Reply::ok(&json!(1)));
    }
    target.in_turn(
        "/ship",
        vec![Reply::status(400), Reply::status(400), Reply::ok(&json!("shipped"))],
    );
    let failed = world.run(workflow, &json!({})).await;
    let run = failed["executionId"].as_str().unwrap();
    for _ in 0..2 {
        let _ = server.admin.act(&path(run, "redrive")).await.expect(200);
        world.ended(run).await;
    }
    assert_eq!(world.execution(run).await["status"], "Completed");
    let keys = |path: &str| {
        let calls = target.calls(path);
        let mut keys: Vec<String> = calls.into_iter().map(|call| call.key).collect();
        keys.sort();
        keys.dedup();
        keys.len()
    };
    assert_eq!((keys("/reserve"), keys("/release"), keys("/ship")), (3, 2, 3));
    server.finish().await;
}

#[tokio::test]
async fn a_step_waits_for_its_signal_without_a_place_and_across_a_restart() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let limit = json!({"maxConcurrentExecutions": 1});
    let world = World::build_with(&server.admin, "Signal", &target, &limit, &json!({})).await;
    target.on("/ask", |_| Reply::ok(&json!({"asked": true})));
    let wait = json!({"errorHandling": {"waitForSignal": {"name": "approved", "timeoutSeconds": 3600}}});
    let workflow = world.one_step("/ask", &wait).await;
    let runs = [
        world.start(workflow, &json!({})).await,
        world.start(workflow, &json!({})).await,
    ];
    for run in &runs {
        state(&world, run, "WaitingSignal").await;
    }
    server = server.restart().await;
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    let send = |run: &str, name: &str| path(run, &format!("signals/{name}"));
    let payload = json!({"by": "Ada"});
    let _ = server.admin.post(&send(&runs[0], "other"), &payload).await.expect(200);
    assert_eq!(world.execution(&runs[0]).await["state"], "WaitingSignal");
    for run in &runs {
        let _ = server.admin.post(&send(run, "approved"), &payload).await.expect(200);
        let ended = world.ended(run).await;
        assert_eq!(
            ended["outputParameters"],
            json!({"response": {"asked": true}, "signal": {"by": "Ada"}})
        );
    }
    server
        .admin
        .post(&send(&runs[0], "approved"), &payload)
        .await
        .problem(409, "execution-ended");
    assert_eq!(target.calls("/ask").len(), 2, "waiting repeats nothing");
    server.finish().await;
}

#[tokio::test]
async fn a_signal_that_is_early_is_kept_and_one_that_is_late_fails_the_step() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Early", &target).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/ask", move |_| Reply::ok(&json!(1)).behind(&held));
    let wait = json!({"errorHandling": {"waitForSignal": {"name": "go", "timeoutSeconds": 1}}});
    let workflow = world.one_step("/ask", &wait).await;
    let early = world.start(workflow, &json!({})).await;
    target.arrived("/ask", 1).await;
    let _ = server
        .admin
        .post(&path(&early, "signals/go"), &json!({"n": 7}))
        .await
        .expect(200);
    gate.open();
    assert_eq!(
        world.ended(&early).await["outputParameters"],
        json!({"response": 1, "signal": {"n": 7}})
    );
    let late = world.run(workflow, &json!({})).await;
    assert_eq!(late["status"], "Failed");
    let message = late["errorMessage"].as_str().unwrap();
    assert!(message.contains("the signal \"go\" did not come in time"), "{message}");
    server.finish().await;
}

#[tokio::test]
async fn a_rerun_is_a_new_run_of_the_same_input_and_the_wanted_definition() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Rerun", &target).await;
    target.on("/old", |call| Reply::ok(&json!({"old": call.json()["n"]})));
    target.on("/new", |call| Reply::ok(&json!({"new": call.json()["n"]})));
    let mapping = json!({"inputMapping": {"n": "{input.n}"}});
    let workflow = world.one_step("/old", &mapping).await;
    let first = world.run(workflow, &json!({"n": 5})).await;
    let endpoint = world.endpoint("/new").await;
    let steps = json!({"steps": [{"name": "call", "apiEndpointId": endpoint, "inputMapping": {"n": "{input.n}"}}]});
    let _ = server
        .admin
        .patch(&format!("/api/v1/workflows/{workflow}"), &steps)
        .await
        .expect(200);
    let _ = world.publish(workflow).await.expect(200);
    let rerun = path(first["executionId"].as_str().unwrap(), "rerun");
    for (definition, expected) in [("same", json!({"old": 5})), ("newest", json!({"new": 5}))] {
        let request = server.admin.request(Method::POST, &rerun).waiting();
        let run = request
            .json(&json!({"definition": definition}))
            .send()
            .await
            .expect(200)
            .json();
        assert_eq!(run["outputParameters"], expected);
        assert_ne!(run["executionId"], first["executionId"]);
    }
    server.finish().await;
}

#[tokio::test]
async fn an_execution_key_keeps_a_piece_of_work_from_running_twice() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Keys", &target).await;
    target.in_turn("/work", vec![Reply::status(400), Reply::ok(&json!("done"))]);
    let workflow = world.one_step("/work", &json!({})).await;
    let start = |policy: &'static str| {
        let path = format!("/api/v1/workflows/{workflow}/executions");
        let request = server.admin.request(Method::POST, &path).waiting();
        let body = json!({"executionKey": "order-7", "executionKeyPolicy": policy});
        async move { request.json(&body).send().await }
    };
    let failed = start("reject").await.expect(200).json();
    assert_eq!(failed["status"], "Failed");
    start("reject").await.problem(409, "execution-key-taken");
    let same = start("returnExisting").await.expect(200).json();
    assert_eq!(same["executionId"], failed["executionId"]);
    let again = start("allowIfFailed").await.expect(200).json();
    assert_eq!(again["status"], "Completed");
    start("allowIfFailed").await.problem(409, "execution-key-taken");
    let same = start("returnExisting").await.expect(200).json();
    assert_eq!(same["executionId"], again["executionId"]);
    let third = start("allow").await.expect(200).json();
    assert_ne!(third["executionId"], again["executionId"]);
    assert_eq!(target.calls("/work").len(), 3);
    server.finish().await;
}
