//! What the calls of an endpoint may take together: its circuit breaker, its rate, its bound on concurrency.

use serde_json::{Value, json};
use wfm_tests::{Gate, Reply, Target, TestServer, World, until};

/// A workflow of one step that calls an endpoint with these members; the endpoint and the workflow.
async fn calling(world: &World, path: &str, limits: Value, step: Value) -> (i64, i64) {
    let endpoint = world.endpoint_with(path, &json!({"limits": limits})).await;
    let mut body = json!({"name": "call", "order": 1, "apiEndpointId": endpoint, "retryCount": 0});
    for (key, value) in step.as_object().unwrap() {
        body[key] = value.clone();
    }
    let flow = world.workflow(&format!("Flow {endpoint}"), &json!([body])).await;
    (endpoint, flow)
}

/// The kinds of the failed attempts.
async fn kinds(world: &World, run: &Value) -> Vec<String> {
    let id = run["executionId"].as_str().unwrap();
    let rows = world.client.all(&format!("/api/v1/executions/{id}/steps")).await;
    let kind = |row: &Value| row["errorKind"].as_str().map(str::to_owned);
    rows.iter().filter_map(kind).collect()
}

async fn ready(world: &World) -> Value {
    world.client.get("/health/ready").await.expect(200).json()
}

async fn metrics(world: &World) -> String {
    world.client.get("/metrics").await.expect(200).text
}

#[tokio::test]
async fn an_open_circuit_holds_calls_back_and_closes_after_a_success() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Circuits", &target).await;
    target.on("/down", |_| Reply::status(503));
    let limits = json!({"circuitBreaker": {"failures": 3, "openSeconds": 1}});
    let step = json!({"retryCount": 4, "retryDelaySeconds": 0});
    let (endpoint, flow) = calling(&world, "/down", limits.clone(), step).await;
    let run = world.run(flow, &json!({})).await;
    // What is held back is tried again like a target that cannot be reached, and was not sent.
    let expected = ["status", "status", "status", "circuit-open", "circuit-open"];
    assert_eq!(kinds(&world, &run).await, expected);
    assert_eq!(target.calls("/down").len(), 3);
    let health = ready(&world).await;
    assert_eq!(health["status"], "ready", "it is no fault of the server: {health}");
    let circuit = &health["circuits"][0];
    assert_eq!(
        (&circuit["apiEndpointId"], &circuit["failures"]),
        (&json!(endpoint), &json!(3))
    );
    let text = metrics(&world).await;
    let named = format!("wfm_endpoint_circuit{{endpoint=\"{endpoint}\",state=");
    assert!(text.contains(&named), "{text}");
    assert!(
        text.contains("wfm_endpoint_calls_turned_away_total{reason=\"circuit\"} 2"),
        "{text}"
    );
    // Another endpoint on the same target has a circuit of its own, and another run of this one has not.
    let (_, other) = calling(&world, "/fine", limits, json!({})).await;
    assert_eq!(world.run(other, &json!({})).await["status"], "Completed");
    target.on("/down", |_| Reply::ok(&json!({})));
    until("the circuit to let one call try", || async {
        (ready(&world).await["circuits"][0]["state"] == "halfOpen").then_some(())
    })
    .await;
    assert_eq!(world.run(flow, &json!({})).await["status"], "Completed");
    assert_eq!(ready(&world).await["circuits"], Value::Null);
    assert_eq!(target.calls("/down").len(), 4);
    server.finish().await;
}

#[tokio::test]
async fn by_default_twenty_failures_open_the_circuit_and_refusals_of_the_caller_do_not() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Defaults", &target).await;
    target.on("/refuses", |_| Reply::status(404));
    target.on("/fails", |_| Reply::status(500));
    let retries = json!({"retryCount": 10, "retryDelaySeconds": 0, "errorHandling": {"retry": {"retryOn": ["4xx", "5xx", "connect"]}}});
    let (_, refuses) = calling(&world, "/refuses", json!(null), retries.clone()).await;
    let (_, fails) = calling(&world, "/fails", json!(null), retries.clone()).await;
    let (_, never) = calling(&world, "/fails", json!({"circuitBreaker": {"failures": 0}}), retries).await;
    for flow in [refuses, refuses, refuses, fails, fails, never, never] {
        assert_eq!(world.run(flow, &json!({})).await["status"], "Failed");
    }
    assert_eq!(target.calls("/refuses").len(), 33);
    assert_eq!(target.calls("/fails").len(), 20 + 22);
    server.finish().await;
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_the_endpoint_takes() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Concurrency", &target).await;
    let gate = Gate::default();
    let behind = gate.clone();
    target.on("/slow", move |_| Reply::ok(&json!({})).behind(&behind));
    let (_, flow) = calling(&world, "/slow", json!({"maxConcurrent": 2}), json!({})).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(world.start(flow, &json!({})).await);
    }
    target.arrived("/slow", 2).await;
    until("the others to wait", || async {
        let text = metrics(&world).await;
        (text.contains("wfm_endpoint_calls_waiting 3") && text.contains("wfm_endpoint_calls_under_way 2")).then_some(())
    })
    .await;
    assert_eq!(target.calls("/slow").len(), 2);
    gate.pass_one();
    target.arrived("/slow", 3).await;
    gate.open();
    for id in &runs {
        until("the run to end", || async {
            Some(world.execution(id).await).filter(|run| run["status"] == "Completed")
        })
        .await;
    }
    server.finish().await;
}

#[tokio::test]
async fn a_rate_spreads_calls_and_gives_up_within_the_timeout() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Rates", &target).await;
    let begun = std::time::Instant::now();
    let limits = json!({"requestsPerSecond": 10, "burst": 1});
    let (_, flow) = calling(&world, "/paced", limits, json!({})).await;
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(world.start(flow, &json!({})).await);
    }
    target.arrived("/paced", 6).await;
    assert!(begun.elapsed().as_millis() >= 500, "{:?}", begun.elapsed());
    for id in &runs {
        until("the run to end", || async {
            Some(world.execution(id).await).filter(|run| run["status"] == "Completed")
        })
        .await;
    }
    let limits = json!({"requestsPerSecond": 0.01, "burst": 1});
    let (_, flow) = calling(&world, "/rare", limits, json!({"timeoutSeconds": 1})).await;
    assert_eq!(world.run(flow, &json!({})).await["status"], "Completed");
    let run = world.run(flow, &json!({})).await;
    assert_eq!(kinds(&world, &run).await, ["connect"]);
    assert_eq!(target.calls("/rare").len(), 1);
    assert!(
        metrics(&world)
            .await
            .contains("wfm_endpoint_calls_turned_away_total{reason=\"limit\"} 1")
    );
    server.finish().await;
}

#[tokio::test]
async fn limits_are_checked_and_shown() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Shown", &target).await;
    let limits = json!({"requestsPerSecond": 2.5, "circuitBreaker": {"failures": 5}});
    let endpoint = world
        .endpoint_with("/x", &json!({"limits": limits, "followRedirects": 2}))
        .await;
    let path = format!("/api/v1/api-endpoints/{endpoint}");
    let shown = world.client.get(&path).await.expect(200).json();
    assert_eq!(
        (&shown["limits"], &shown["followRedirects"], &shown["soap"]),
        (&limits, &json!(2), &Value::Null)
    );
    let answer = world
        .client
        .patch(&path, &json!({"limits": {"rate": 1}, "followRedirects": 6}))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.any_problem(), ["/limits/rate", "/followRedirects"]);
    let changed = world
        .client
        .patch(&path, &json!({"limits": null, "followRedirects": null}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["limits"], &changed["followRedirects"]),
        (&Value::Null, &Value::Null)
    );
    server.finish().await;
}
