//! Runs whose steps fail: retries, what is not retried, what a failure leads to, and the two timeouts.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Client, Gate, Reply, Target, TestServer, World, until};

/// The attempts of a run's steps: step, attempt, status, kind of error.
async fn attempts(client: &Client, execution: &str) -> Vec<(String, i64, String, Option<String>)> {
    let rows = client.all(&format!("/api/v1/executions/{execution}/steps")).await;
    let row = |row: &Value| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        (
            text("stepName").unwrap(),
            row["attempt"].as_i64().unwrap(),
            text("status").unwrap(),
            text("errorKind"),
        )
    };
    rows.iter().map(row).collect()
}

fn attempt(step: &str, number: i64, status: &str, kind: Option<&str>) -> (String, i64, String, Option<String>) {
    (step.to_owned(), number, status.to_owned(), kind.map(str::to_owned))
}

#[tokio::test]
async fn a_retry_waits_as_asked_and_repeats_the_same_request() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Retries", &target).await;
    target.sequence(
        "/ship",
        vec![
            Reply::json(503, &json!({"error": "busy"})).header("retry-after", "1"),
            Reply::status(500),
            Reply::status(429),
            Reply::broken(),
            Reply::ok(&json!({"tracking": 7})),
        ],
    );
    let step = json!({"retryCount": 4, "retryDelaySeconds": 0, "inputMapping": {"order": "{input.order}", "at": "{system.utcNow}"}});
    let workflow = world.one_step("/ship", &step).await;
    let begun = std::time::Instant::now();
    let run = world.run(workflow, &json!({"order": "O-1"})).await;
    assert_eq!(
        (&run["status"], &run["outputParameters"]),
        (&json!("Completed"), &json!({"tracking": 7}))
    );
    assert!(
        begun.elapsed().as_millis() >= 1000,
        "Retry-After is honoured: {:?}",
        begun.elapsed()
    );
    let calls = target.calls("/ship");
    assert_eq!(calls.len(), 5);
    for call in &calls {
        assert_eq!(
            (&call.key, &call.body),
            (&calls[0].key, &calls[0].body),
            "every attempt is the same request"
        );
    }
    let id = run["executionId"].as_str().unwrap();
    let expected = [
        attempt("call", 1, "Failed", Some("status")),
        attempt("call", 2, "Failed", Some("status")),
        attempt("call", 3, "Failed", Some("status")),
        attempt("call", 4, "Failed", Some("interrupted")),
        attempt("call", 5, "Succeeded", None),
    ];
    assert_eq!(attempts(&server.admin, id).await, expected);
    let retries = "SELECT json_array(MetricValue) FROM WorkflowMetrics WHERE MetricName = 'RetryCount'";
    assert_eq!(server.rows(retries).await[0][0].as_f64(), Some(4.0));
    assert_eq!(world.execution(id).await["retryCount"], 4);
    // Another run has another key.
    world.run(workflow, &json!({"order": "O-2"})).await;
    assert_ne!(target.calls("/ship")[5].key, calls[0].key);
    server.finish().await;
}

#[tokio::test]
async fn a_waiting_retry_is_shown_and_can_be_cancelled() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Waiting", &target).await;
    target.sequence("/ship", vec![Reply::status(503).header("retry-after", "3600")]);
    let workflow = world
        .one_step("/ship", &json!({"retryCount": 1, "retryDelaySeconds": 1}))
        .await;
    let id = world.start(workflow, &json!({})).await;
    let run = until("the retry to be scheduled", || async {
        Some(world.execution(&id).await).filter(|run| run["state"] == "Retrying")
    })
    .await;
    assert_eq!(run["status"], "Running");
    assert!(
        run["dueAt"].as_str().unwrap() > run["executedAt"].as_str().unwrap(),
        "{run}"
    );
    let cancelled = server
        .admin
        .act(&format!("/api/v1/executions/{id}/cancel"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&cancelled["status"], &cancelled["dueAt"]),
        (&json!("Cancelled"), &Value::Null)
    );
    assert_eq!(target.calls("/ship").len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn what_is_not_to_be_retried_fails_at_once() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Finally", &target).await;
    target.on("/conflict", |_| Reply::json(409, &json!({"error": "sold out"})));
    target.on("/server", |_| Reply::status(500));
    target.on("/teapot", |_| Reply::status(418));
    let workflow = world
        .one_step("/conflict", &json!({"retryCount": 5, "retryDelaySeconds": 0}))
        .await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(run["status"], "Failed");
    let message = run["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("call") && message.contains("409") && message.contains("sold out"),
        "{message}"
    );
    assert_eq!(target.calls("/conflict").len(), 1);
    // retryOn says what is retried, and nothing else is.
    let only = json!({"retryCount": 2, "retryDelaySeconds": 0, "errorHandling": {"retry": {"retryOn": [418]}}});
    let workflow = world.one_step("/server", &only).await;
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Failed");
    assert_eq!(target.calls("/server").len(), 1);
    let workflow = world.one_step("/teapot", &only).await;
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Failed");
    assert_eq!(target.calls("/teapot").len(), 3, "attempts are 1 + retryCount");
    let failed =
        "SELECT json_array(Status, ErrorMessage IS NOT NULL, OutputParameters IS NULL) FROM WorkflowExecutions";
    assert!(server.rows(failed).await.iter().all(|row| *row == json!([2, 1, 1])));
    let errors = "SELECT json_array(Message) FROM ExecutionLogs WHERE LogLevel = 'Error' AND StepId IS NOT NULL";
    assert!(!server.rows(errors).await.is_empty());
    server.finish().await;
}

#[tokio::test]
async fn the_retries_of_the_environment_stand_in_when_a_step_says_nothing() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build_with(&server.admin, "Defaults", &target, &json!({"retries": 2}), &json!({})).await;
    target.on("/server", |_| Reply::status(503));
    let workflow = world.one_step("/server", &json!({"retryDelaySeconds": 0})).await;
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Failed");
    assert_eq!(target.calls("/server").len(), 3);
    let step = server
        .admin
        .get(&format!("/api/v1/workflows/{workflow}/steps"))
        .await
        .items();
    assert_eq!(step[0]["retryCount"], 2);
    server.finish().await;
}

#[tokio::test]
async fn an_optional_step_may_fail_and_goto_leads_past_the_steps_between() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Detours", &target).await;
    target.on("/fails", |_| Reply::json(400, &json!({"code": 7})));
    let (fails, works) = (world.endpoint("/fails").await, world.endpoint("/works").await);
    let output = json!({"configuration": {"output": {
        "status": "{steps.first.status}", "code": "{steps.first.error.statusCode}", "last": "{steps.last.status}",
    }}});
    let last = json!({"name": "last", "order": 9, "apiEndpointId": works, "inputMapping": {"previous": "{steps.first.status}"}});
    for first in [
        json!({"name": "first", "order": 1, "apiEndpointId": fails, "isOptional": true}),
        json!({"name": "first", "order": 1, "apiEndpointId": fails, "errorHandling": {"onError": "continue"}}),
    ] {
        let name = format!("Optional {}", first["isOptional"]);
        let workflow = world.workflow_with(&name, &json!([first, last]), &output).await;
        let run = world.run(workflow, &json!({})).await;
        assert_eq!(run["status"], "Completed", "{run}");
        assert_eq!(
            run["outputParameters"],
            json!({"status": "Failed", "code": 400, "last": "Succeeded"})
        );
        assert_eq!(
            target.calls("/works").last().unwrap().json(),
            json!({"previous": "Failed"})
        );
    }
    let called = target.calls("/works").len();
    let steps = json!([
        {"name": "first", "order": 1, "apiEndpointId": fails, "errorHandling": {"onError": "goto", "goto": "last"}},
        {"name": "between", "order": 2, "apiEndpointId": works},
        last,
    ]);
    let workflow = world.workflow_with("Goto", &steps, &output).await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(
        run["outputParameters"],
        json!({"status": "Failed", "code": 400, "last": "Succeeded"}),
        "{run}"
    );
    assert_eq!(target.calls("/works").len(), called + 1);
    let expected = [
        attempt("first", 1, "Failed", Some("status")),
        attempt("between", 0, "Skipped", None),
        attempt("last", 1, "Succeeded", None),
    ];
    assert_eq!(
        attempts(&server.admin, run["executionId"].as_str().unwrap()).await,
        expected
    );
    server.finish().await;
}

#[tokio::test]
async fn success_when_decides_over_the_status() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Judged", &target).await;
    target.on("/accepts", |call| Reply::json(404, &json!({"ok": call.json()["ok"]})));
    let step = json!({
        "inputMapping": {"ok": "{input.ok}"}, "retryCount": 3, "retryDelaySeconds": 0,
        "errorHandling": {"successWhen": "response.status == 404 && response.body.ok"},
    });
    let workflow = world.one_step("/accepts", &step).await;
    let run = world.run(workflow, &json!({"ok": true})).await;
    assert_eq!(
        (&run["status"], &run["outputParameters"]),
        (&json!("Completed"), &json!({"ok": true})),
        "{run}"
    );
    let run = world.run(workflow, &json!({"ok": false})).await;
    assert_eq!(run["status"], "Failed");
    assert!(run["errorMessage"].as_str().unwrap().contains("successWhen"), "{run}");
    assert_eq!(target.calls("/accepts").len(), 2, "404 is not retried");
    server.finish().await;
}

#[tokio::test]
async fn a_step_that_takes_too_long_is_given_up_and_tried_again() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Slow", &target).await;
    let gate = Gate::default();
    target.sequence("/slow", vec![Reply::ok(&json!(1)).behind(&gate), Reply::ok(&json!(2))]);
    let step = json!({"timeoutSeconds": 1, "retryCount": 1, "retryDelaySeconds": 0});
    let workflow = world.one_step("/slow", &step).await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(run["outputParameters"], 2, "{run}");
    let expected = [
        attempt("call", 1, "Failed", Some("timeout")),
        attempt("call", 2, "Succeeded", None),
    ];
    assert_eq!(
        attempts(&server.admin, run["executionId"].as_str().unwrap()).await,
        expected
    );
    gate.open();
    server.finish().await;
}

#[tokio::test]
async fn the_timeout_of_the_environment_ends_the_whole_run() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build_with(&server.admin, "Short", &target, &json!({"timeout": 1}), &json!({})).await;
    let gate = Gate::default();
    let never = gate.clone();
    target.on("/slow", move |_| Reply::ok(&json!(1)).behind(&never));
    target.on("/busy", |_| Reply::status(503).header("retry-after", "60"));
    // While a call is under way, and while a retry waits; neither optional steps nor retries outlive the run.
    for path in ["/slow", "/busy"] {
        let workflow = world
            .one_step(
                path,
                &json!({"retryCount": 5, "retryDelaySeconds": 0, "isOptional": true}),
            )
            .await;
        let run = world.run(workflow, &json!({})).await;
        assert_eq!(run["status"], "Failed", "{path}: {run}");
        assert!(
            run["errorMessage"].as_str().unwrap().contains("timed out"),
            "{path}: {run}"
        );
        assert_eq!(target.calls(path).len(), 1, "{path}");
    }
    gate.open();
    server.finish().await;
}

#[tokio::test]
async fn a_target_that_is_not_there_is_a_failure_that_says_so() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Nobody", &target).await;
    let gone = json!({"url": "http://127.0.0.1:1/nothing"});
    let endpoint = world.endpoint_with("/nothing", &gone).await;
    let steps = json!([{"name": "call", "apiEndpointId": endpoint, "retryCount": 2, "retryDelaySeconds": 0}]);
    let workflow = world.workflow("Nobody", &steps).await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(run["status"], "Failed");
    let id = run["executionId"].as_str().unwrap();
    let expected: Vec<_> = (1..=3)
        .map(|number| attempt("call", number, "Failed", Some("connect")))
        .collect();
    assert_eq!(attempts(&server.admin, id).await, expected);
    server.finish().await;
}

#[tokio::test]
async fn private_targets_are_refused_when_configuration_says_so() {
    let server = TestServer::spawn_with(&[("egress_allow_private", "false")]).await;
    let target = Target::start().await;
    let world = World::build(&server.admin, "Closed", &target).await;
    let workflow = world
        .one_step("/inside", &json!({"retryCount": 3, "retryDelaySeconds": 0}))
        .await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(run["status"], "Failed");
    let message = run["errorMessage"].as_str().unwrap();
    assert!(
        message.to_lowercase().contains("egress_allow_private"),
        "the refusal names the setting: {message}"
    );
    assert!(target.all_calls().is_empty());
    server.finish().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_no_run() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Gone", &target).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/slow", move |_| Reply::ok(&json!(1)).behind(&held));
    let workflow = world.one_step("/slow", &json!({})).await;
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let waiting = tokio::spawn(
        server
            .admin
            .request(Method::POST, &path)
            .waiting()
            .json(&json!({}))
            .send(),
    );
    target.arrived("/slow", 1).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    gate.open();
    let id = until("the run to be listed", || async {
        let runs = server.admin.get("/api/v1/executions").await.items();
        runs.first().map(|run| run["id"].as_str().unwrap().to_owned())
    })
    .await;
    assert_eq!(world.ended(&id).await["status"], "Completed");
    server.finish().await;
}
