//! Runs through the API.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wfm_application::executions::registry::Ended;
use wfm_domain::{execution::Outcome, ids::ExecutionId};
use wfm_storage::event::Position;

use crate::support::{Answer, TestApp};

async fn start(test: &TestApp, workflow: i64, prefer: &str, body: Value) -> Answer {
    let call = test
        .call(Method::POST, &format!("/api/v1/workflows/{workflow}/executions"))
        .admin();
    call.header("prefer", prefer).json(body).send().await
}

#[tokio::test]
async fn a_start_answers_with_the_end_to_whom_waits() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let body = json!({"inputParameters": {"amount": 3}, "executionContext": "order-42"});
    let ended = start(&test, world.workflow, "wait=30", body).await.expect(200);
    let answer = ended.json();
    assert_eq!(
        (answer["status"].as_str(), answer["state"].as_str()),
        (Some("Completed"), Some("Completed"))
    );
    assert!(
        ended.text.contains(r#""outputParameters":{"ok":true,"amount":12.5}"#),
        "{}",
        ended.text
    );
    assert_eq!((&answer["errorMessage"], answer.get("projected")), (&Value::Null, None));
    let id = answer["executionId"].as_str().unwrap();
    assert_eq!(ended.header("location"), format!("/api/v1/executions/{id}"));
    let shown = test.get(&format!("/api/v1/executions/{id}")).await.expect(200).json();
    assert_eq!(shown["workflowId"], world.workflow);
    assert_eq!(
        (shown["status"].as_str(), shown["executionContext"].as_str()),
        (Some("Completed"), Some("order-42"))
    );
    assert_eq!(
        (&shown["inputParameters"], &shown["outputParameters"]["ok"]),
        (&json!({"amount": 3}), &json!(true))
    );
    assert!(shown["executedAt"].as_str().unwrap() <= shown["completedAt"].as_str().unwrap());
    let steps = test
        .get(&format!("/api/v1/executions/{id}/steps"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            steps["items"][0]["stepName"].as_str(),
            steps["items"][0]["status"].as_str()
        ),
        (Some("charge"), Some("Succeeded"))
    );
    let logs = test
        .get(&format!("/api/v1/executions/{id}/logs?level=Info"))
        .await
        .expect(200)
        .json();
    assert!(!logs["items"].as_array().unwrap().is_empty());
    let history = test
        .get(&format!("/api/v1/executions/{id}/history"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["items"][0]["type"], "ExecutionStarted");
}

#[tokio::test]
async fn a_failed_run_is_answered_as_well() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/fail").await;
    let answer = start(&test, world.workflow, "wait", json!({})).await.expect(200).json();
    assert_eq!(
        (answer["status"].as_str(), &answer["outputParameters"]),
        (Some("Failed"), &Value::Null)
    );
    assert!(answer["errorMessage"].as_str().unwrap().contains("charge"), "{answer}");
    let metrics = test
        .get(&format!("/api/v1/workflows/{}/metrics", world.workflow))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            metrics["totalExecutions"].as_i64(),
            metrics["failedExecutions"].as_i64()
        ),
        (Some(1), Some(1))
    );
    assert_eq!(metrics["successfulExecutions"], 0);
}

#[tokio::test]
async fn a_run_goes_on_until_it_is_cancelled() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/never").await;
    let answer = test
        .act(&format!("/api/v1/workflows/{}/executions", world.workflow))
        .await
        .expect(202);
    let started = answer.json();
    assert_eq!(
        (started["status"].as_str(), started["state"].as_str()),
        (Some("Running"), Some("Running"))
    );
    assert!(started["position"].as_u64().unwrap() > 0);
    let id = started["executionId"].as_str().unwrap();
    assert_eq!(started["id"], id);
    let path = format!("/api/v1/executions/{id}");
    let waited = start(&test, world.workflow, "wait=1", json!({}))
        .await
        .expect(202)
        .json();
    assert_eq!(waited["status"], "Running");
    let listed = test
        .get("/api/v1/executions?status=Running&state=Running")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let waiting = format!("{path}?wait=30");
    let (waiting, cancelled) = tokio::join!(
        test.get(&waiting),
        test.call(Method::POST, &format!("{path}/cancel"))
            .admin()
            .json(json!({"reason": "not needed"}))
            .send()
    );
    assert_eq!(cancelled.expect(200).json()["status"], "Cancelled");
    assert_eq!(waiting.expect(200).json()["status"], "Cancelled");
    let again = test.act(&format!("{path}/cancel")).await;
    assert_eq!(again.status.as_u16(), 409, "{}", again.text);
    test.act("/api/v1/executions/0193-nope/cancel")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn who_waits_is_not_answered_with_an_earlier_end() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/never").await;
    let path = format!("/api/v1/workflows/{}/executions", world.workflow);
    let started = test.act(&path).await.expect(202).json();
    let id = ExecutionId(started["executionId"].as_str().unwrap().to_owned());
    let registry = test.app.runs.registry();
    // What is told late of the run's life before a redrive.
    let earlier = Ended {
        outcome: Outcome::Failed,
        output: None,
        message: None,
        position: Position(1),
        tenure: 1,
    };
    registry.end(&id, &earlier);
    let known = async || {
        let known = async {
            while !registry.knows(&id) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), known).await;
        waited.expect("somebody waits");
    };
    let cancel = async {
        known().await;
        registry.end(&id, &earlier);
        known().await;
        test.act(&format!("/api/v1/executions/{id}/cancel")).await
    };
    let waiting = format!("/api/v1/executions/{id}?wait=30");
    let (waited, cancelled) = tokio::join!(test.get(&waiting), cancel);
    assert_eq!(cancelled.expect(200).json()["status"], "Cancelled");
    assert_eq!(waited.expect(200).json()["status"], "Cancelled");
}

#[tokio::test]
async fn a_repeated_start_starts_nothing_new() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}/executions", world.workflow);
    let send = |prefer: &str| {
        let call = test
            .call(Method::POST, &path)
            .admin()
            .header("idempotency-key", "start-1")
            .header("prefer", prefer);
        call.json(json!({"inputParameters": {"amount": 1}})).send()
    };
    let first = send("wait=30").await.expect(200);
    let again = send("wait=30").await.expect(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let (first, again) = (first.json(), again.json());
    for member in [
        "id",
        "executionId",
        "workflowId",
        "status",
        "state",
        "position",
        "outputParameters",
        "errorMessage",
    ] {
        assert_eq!(again[member], first[member], "{member}");
    }
    let quick = send("respond-async").await.expect(202).json();
    assert_eq!(quick["executionId"], first["executionId"]);
    assert_eq!(
        test.get("/api/v1/executions").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(test.app.runs.registry().is_empty());
}

#[tokio::test]
async fn numbers_pass_byte_for_byte_and_shapes_are_checked() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}/executions", world.workflow);
    let body = r#"{"inputParameters":{"amount":1,"big":123456789012345678901234567890,"small":1.10}}"#;
    let call = test.call(Method::POST, &path).admin().header("prefer", "wait=30");
    let id = call.body("application/json", body).send().await.expect(200).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = test.get(&format!("/api/v1/executions/{id}")).await.expect(200);
    assert!(
        shown
            .text
            .contains(r#""big":123456789012345678901234567890,"small":1.10"#),
        "{}",
        shown.text
    );
    assert_eq!(
        test.post(&path, json!({"inputParameters": []}))
            .await
            .problem(422, "invalid-field"),
        ["/inputParameters"]
    );
    assert_eq!(
        test.post(&path, json!({"input": {}}))
            .await
            .problem(400, "unknown-field"),
        ["/input"]
    );
    let long = json!({"executionContext": "x".repeat(501)});
    assert_eq!(
        test.post(&path, long).await.problem(422, "invalid-field"),
        ["/executionContext"]
    );
    let call = test
        .call(Method::POST, &format!("{path}?wait=30"))
        .admin()
        .header("prefer", "respond-async");
    call.send().await.expect(200);
}
