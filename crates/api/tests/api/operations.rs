//! Health, metrics, documentation, request ids, CORS.

use http::Method;
use serde_json::json;
use wfm_api::{ApiOptions, Readiness};

use crate::support::TestApp;

#[tokio::test]
async fn health_tells_why_not() {
    let readiness = Readiness::default();
    let test = TestApp::start_with(ApiOptions {
        readiness: readiness.clone(),
        ..ApiOptions::default()
    })
    .await;
    let get = |path: &'static str| test.call(Method::GET, path).send();
    assert_eq!(get("/health/live").await.expect(200).json(), json!({"status": "live"}));
    assert_eq!(
        get("/health/ready").await.expect(200).json(),
        json!({"status": "ready"})
    );
    readiness.withdraw("the server is stopping");
    let expected = json!({"status": "notReady", "reasons": ["the server is stopping"]});
    assert_eq!(get("/health/ready").await.expect(503).json(), expected);
    readiness.restore();
    get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn metrics_count_requests_and_runs() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    test.act(&format!("/api/v1/workflows/{}/executions?wait=30", world.workflow))
        .await
        .expect(200);
    let text = loop {
        let text = test.call(Method::GET, "/metrics").send().await.expect(200).text;
        // The counter follows the log in a task of its own.
        if text.contains(r#"wfm_executions_ended_total{outcome="Completed"} 1"#) {
            break text;
        }
        tokio::task::yield_now().await;
    };
    for line in [
        r#"wfm_http_requests_total{method="POST",route="/api/v1/workspaces",status="201"} 1"#,
        r#"wfm_http_request_duration_seconds_count{method="POST",route="/api/v1/workspaces"} 1"#,
        "wfm_executions_started_total 1",
        "wfm_executions_running 0",
        "wfm_executions_queued 0",
        "wfm_projection_parked_events 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("# TYPE wfm_executions_started_total counter\n"), "{text}");
    let open = test.call(Method::GET, "/metrics");
    let accepted = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let open = open.header("accept", accepted).send().await.expect(200).text;
    assert!(
        open.contains("# TYPE wfm_executions_started counter\n") && open.ends_with("# EOF\n"),
        "{open}"
    );
}

#[tokio::test]
async fn the_documentation_needs_no_network() {
    let test = TestApp::start().await;
    let get = |path: &'static str| test.call(Method::GET, path).send();
    assert_eq!(get("/docs").await.expect(308).header("location"), "/docs/");
    let page = get("/docs/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        !page.text.contains("https://") && !page.text.contains("http://"),
        "{}",
        page.text
    );
    assert!(
        get("/docs/swagger-initializer.js")
            .await
            .expect(200)
            .text
            .contains("/openapi.json")
    );
    get("/docs/swagger-ui-bundle.js").await.expect(200);
    get("/docs/nothing.js").await.problem(404, "not-found");
    assert_eq!(
        get("/openapi.json").await.expect(200).header("content-type"),
        "application/json"
    );
}

#[tokio::test]
async fn a_request_id_is_taken_over_recorded_and_echoed() {
    let test = TestApp::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let call = test
        .call(Method::POST, "/api/v1/workspaces")
        .admin()
        .header("x-request-id", "order-42")
        .header("traceparent", trace);
    let answer = call.json(json!({"name": "Sales"})).send().await.expect(201);
    assert_eq!(answer.header("x-request-id"), "order-42");
    let history = test
        .get(&format!("/api/v1/workspaces/{}/history", answer.id()))
        .await
        .expect(200)
        .json();
    let metadata = &history["items"][0]["metadata"];
    assert_eq!(
        (metadata["correlationId"].as_str(), metadata["traceparent"].as_str()),
        (Some("order-42"), Some(trace))
    );
    let answer = test
        .call(Method::GET, "/health/live")
        .header("x-request-id", "no good")
        .send()
        .await;
    assert_eq!(answer.header("x-request-id").len(), 36);
    assert_eq!(test.get("/nowhere").await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn browsers_come_in_from_configured_origins_only() {
    let options = ApiOptions {
        cors_origins: vec!["https://ui.example.com".to_owned()],
        ..ApiOptions::default()
    };
    let test = TestApp::start_with(options).await;
    let preflight = |origin: &str| {
        let call = test
            .call(Method::OPTIONS, "/api/v1/workspaces")
            .header("origin", origin);
        call.header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    let allowed = preflight("https://ui.example.com").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://ui.example.com");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    let other = preflight("https://evil.example.com").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    let closed = TestApp::start().await;
    let answer = closed
        .call(Method::GET, "/health/live")
        .header("origin", "https://ui.example.com")
        .send()
        .await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_read_models_are_built_anew() {
    let test = TestApp::start().await;
    test.world("Sales", "/ok").await;
    let status = test.get("/api/v1/projections").await.expect(200).json();
    assert_eq!(
        (status["items"][0]["name"].as_str(), status["items"][0]["lag"].as_i64()),
        (Some("read-models"), Some(0))
    );
    test.act("/api/v1/projections/other/rebuild")
        .await
        .problem(404, "not-found");
    let begun = test
        .act("/api/v1/projections/read-models/rebuild")
        .await
        .expect(202)
        .json();
    assert_eq!(begun["state"], "Rebuilding");
    while test.get("/api/v1/projections").await.json()["items"][0]["epoch"] == status["items"][0]["epoch"] {
        tokio::task::yield_now().await;
    }
    assert_eq!(test.get("/api/v1/workspaces").await.json()["items"][0]["name"], "Sales");
}

#[tokio::test]
async fn parked_events_are_shown_and_tried_again() {
    let test = TestApp::start().await;
    test.world("Sales", "/ok").await;
    let parked = "/api/v1/projections/read-models/parked";
    assert_eq!(
        test.get(parked).await.expect(200).json()["items"],
        serde_json::json!([])
    );
    let renamed = test
        .patch("/api/v1/workspaces/1", serde_json::json!({"name": "Support"}))
        .await
        .expect(200)
        .json();
    let position = renamed["position"].as_u64().unwrap();
    test.park("workspace-1", "WorkspaceChanged", position).await;

    let shown = test.get(parked).await.expect(200).json();
    assert_eq!(shown["items"][0]["position"], position, "{shown}");
    assert_eq!(shown["items"][0]["type"], "WorkspaceChanged");
    let released = test
        .act("/api/v1/projections/read-models/parked/retry")
        .await
        .expect(200);
    assert_eq!(released.json(), serde_json::json!({"released": 1, "parked": 0}));
    assert_eq!(test.get(parked).await.json()["items"], serde_json::json!([]));
    test.get("/api/v1/projections/other/parked")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn retention_says_what_is_due_and_what_it_did() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    test.act(&format!("/api/v1/workflows/{}/executions?wait=30", world.workflow))
        .await
        .expect(200);
    let plan = test.get("/api/v1/retention/plan").await.expect(200).json();
    assert_eq!(
        (&plan["retentionDays"], &plan["retentionFailedDays"]),
        (&json!(730), &json!(1826))
    );
    assert_eq!((&plan["executions"], &plan["months"]), (&json!(0), &json!([])));
    let done = test.act("/api/v1/retention/run").await.expect(200).json();
    assert_eq!((&done["executions"], &done["months"]), (&json!(0), &json!([])));
    assert_eq!(
        test.get("/api/v1/executions").await.json()["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}
