//! Runs from start to end: what is called, with what, and what the documented tables show afterwards.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Reply, Target, TestServer, World};

/// An instant of the documented form.
fn is_instant(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 27 && text.ends_with('Z') && text.as_bytes()[10] == b'T')
}

#[tokio::test]
async fn three_steps_run_to_an_exact_output_and_documented_rows() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Order desk", &target).await;
    target.on("/reserve", |call| {
        Reply::ok(&json!({"reservation": format!("R-{}", call.json()["order"].as_str().unwrap())}))
    });
    target.on("/charge", |_| {
        Reply::text(
            200,
            "application/json",
            r#"{"payment":"P-1","amount":12.50,"big":12345678901234567890123}"#,
        )
    });
    target.on("/ship", |_| {
        Reply::text(200, "application/json", r#"{"tracking":"T-1"}"#)
    });
    let mut endpoints = Vec::new();
    for path in ["/reserve", "/charge", "/ship"] {
        endpoints.push(world.endpoint(path).await);
    }
    let steps = json!([
        {"name": "reserve", "order": 1, "apiEndpointId": endpoints[0], "inputMapping": {"order": "{input.orderId}"}},
        {"name": "charge", "order": 2, "apiEndpointId": endpoints[1],
         "inputMapping": {"amount": "{input.total}", "note": "order {input.orderId}", "reservation": "{steps.reserve.output.reservation}"},
         "outputMapping": {"payment": "{response.body.payment}", "amount": "{response.body.amount}", "big": "{response.body.big}", "status": "{response.status}"}},
        {"name": "ship", "order": 3, "apiEndpointId": endpoints[2],
         "inputMapping": {"reservation": "{steps.reserve.output.reservation}", "run": "{system.executionId}", "at": "{system.utcNow}"}},
    ]);
    let output = json!({"configuration": {"output": {
        "order": "{input.orderId}", "tracking": "{steps.ship.output.tracking}", "charged": "{steps.charge.output}",
    }}});
    let workflow = world.workflow_with("Fulfil order", &steps, &output).await;

    let start = format!("/api/v1/workflows/{workflow}/executions");
    let start = server.admin.request(Method::POST, &start).waiting();
    let body = br#"{"inputParameters":{"orderId":"O-1","total":12.50},"executionContext":"order O-1"}"#;
    let answer = start.body("application/json", &body[..]).send().await.expect(200);
    let run = answer.json();
    let id = run["executionId"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/executions/{id}"));
    assert_eq!(run["status"], "Completed");
    assert_eq!(run["workflowId"], workflow);
    assert_eq!(run["errorMessage"], Value::Null);
    // Numbers travel byte for byte.
    let expected = r#"{"order":"O-1","tracking":"T-1","charged":{"payment":"P-1","amount":12.50,"big":12345678901234567890123,"status":200}}"#;
    assert!(
        answer.text.contains(&format!("\"outputParameters\":{expected}")),
        "{}",
        answer.text
    );

    let calls = target.all_calls();
    assert_eq!(
        calls.iter().map(|call| call.path.as_str()).collect::<Vec<_>>(),
        ["/reserve", "/charge", "/ship"]
    );
    assert!(
        calls
            .iter()
            .all(|call| call.method == "POST" && call.header("content-type") == "application/json")
    );
    assert_eq!(calls[0].json(), json!({"order": "O-1"}));
    assert_eq!(
        calls[1].body,
        r#"{"amount":12.50,"note":"order O-1","reservation":"R-O-1"}"#
    );
    assert_eq!(calls[2].json()["run"], id.as_str());
    assert!(is_instant(&calls[2].json()["at"]));
    assert!(
        calls.iter().all(|call| call.key.starts_with(&id)),
        "the key is made of execution and step"
    );

    let types = server.admin.event_types(&id).await;
    let expected_types = [
        "ExecutionStarted",
        "StepStarted",
        "StepSucceeded",
        "StepStarted",
        "StepSucceeded",
        "StepStarted",
        "StepSucceeded",
        "ExecutionCompleted",
    ];
    assert_eq!(types, expected_types);

    let execution = "SELECT json_object('Id', Id, 'WorkflowId', WorkflowId, 'Status', Status, 'ExecutedAt', ExecutedAt, \
        'CompletedAt', CompletedAt, 'InputParameters', InputParameters, 'OutputParameters', OutputParameters, \
        'ErrorMessage', ErrorMessage, 'ExecutionContext', ExecutionContext) FROM WorkflowExecutions";
    let rows = server.rows(execution).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["Id"], id.as_str());
    assert_eq!(row["WorkflowId"], workflow);
    assert_eq!(row["Status"], 1);
    assert!(
        is_instant(&row["ExecutedAt"]) && is_instant(&row["CompletedAt"]),
        "{row}"
    );
    assert!(row["ExecutedAt"].as_str() <= row["CompletedAt"].as_str());
    assert_eq!(row["InputParameters"], r#"{"orderId":"O-1","total":12.50}"#);
    assert_eq!(row["OutputParameters"], expected);
    assert_eq!(row["ErrorMessage"], Value::Null);
    assert_eq!(row["ExecutionContext"], "order O-1");

    let logs = server.rows("SELECT json_array(ExecutionId, LogLevel, Message, StepId IS NULL, CreatedAt) FROM ExecutionLogs ORDER BY Id").await;
    let told: Vec<(&str, &str, i64)> = logs
        .iter()
        .map(|row| {
            (
                row[1].as_str().unwrap(),
                row[2].as_str().unwrap(),
                row[3].as_i64().unwrap(),
            )
        })
        .collect();
    let expected_logs = [
        ("Info", "Execution started", 1),
        ("Info", "Step 'reserve' succeeded", 0),
        ("Info", "Step 'charge' succeeded", 0),
        ("Info", "Step 'ship' succeeded", 0),
        ("Info", "Execution completed", 1),
    ];
    assert_eq!(told, expected_logs);
    assert!(logs.iter().all(|row| row[0] == id.as_str() && is_instant(&row[4])));

    let metrics = server
        .rows("SELECT json_array(MetricName, MetricValue, WorkflowId, Metadata) FROM WorkflowMetrics ORDER BY Id")
        .await;
    let names: Vec<&str> = metrics.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "StepDurationMs",
            "StepDurationMs",
            "StepDurationMs",
            "DurationMs",
            "RetryCount"
        ]
    );
    assert!(
        metrics
            .iter()
            .all(|row| row[2] == workflow && row[1].as_f64().unwrap() >= 0.0)
    );
    assert_eq!(metrics[4][1].as_f64(), Some(0.0));
    let total = metrics[3][1].as_f64().unwrap();
    let steps: f64 = metrics[..3].iter().map(|row| row[1].as_f64().unwrap()).sum();
    assert!(
        total >= steps * 0.9,
        "the whole ({total} ms) takes at least as long as its steps ({steps} ms)"
    );

    let active = "SELECT json_object('Id', Id, 'Name', Name, 'Status', Status, 'Version', Version, 'ProjectName', ProjectName, \
        'EnvironmentName', EnvironmentName, 'WorkspaceName', WorkspaceName, 'CreatedBy', CreatedBy) FROM vw_ActiveWorkflows";
    let expected_active = json!({
        "Id": workflow, "Name": "Fulfil order", "Status": 1, "Version": 1, "ProjectName": "Orders",
        "EnvironmentName": "Production", "WorkspaceName": "Order desk", "CreatedBy": "System Administrator",
    });
    assert_eq!(server.rows(active).await, [expected_active]);
    let summary = "SELECT json_array(WorkflowId, WorkflowName, TotalExecutions, SuccessfulExecutions, FailedExecutions, SuccessRate, \
        LastExecutionAt) FROM vw_WorkflowExecutionSummary";
    assert_eq!(
        server.rows(summary).await,
        [json!([workflow, "Fulfil order", 1, 1, 0, 100.0, row["ExecutedAt"]])]
    );
    let view = server
        .admin
        .get("/api/v1/views/workflow-execution-summary")
        .await
        .items();
    assert_eq!(view[0]["successRate"].as_f64(), Some(100.0), "{view:?}");
    assert_eq!(view[0]["lastExecutionAt"], row["ExecutedAt"]);
    let measured = server
        .admin
        .get(&format!("/api/v1/workflows/{workflow}/metrics"))
        .await
        .expect(200)
        .json();
    assert_eq!(measured["totalExecutions"], 1);
    assert_eq!(measured["successfulExecutions"], 1);
    assert_eq!(measured["failedExecutions"], 0);
    server.finish().await;
}

#[tokio::test]
async fn parameters_go_where_they_belong_with_their_types() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Typed", &target).await;
    let endpoint = json!({
        "url": "{env.TARGET}/orders/{orderId}/lines",
        "headers": {"Content-Type": "application/json", "X-Trace": "run {trace}"},
        "parameters": [
            {"name": "orderId", "type": "String", "isRequired": true},
            {"name": "trace", "type": "String"},
            {"name": "limit", "type": "Integer", "defaultValue": "10", "validationRules": {"in": "query"}},
            {"name": "search", "type": "String", "validationRules": {"in": "query"}},
            {"name": "X-Tenant", "type": "String", "validationRules": {"in": "header"}},
            {"name": "price", "type": "Decimal", "isRequired": true},
            {"name": "express", "type": "Boolean"},
            {"name": "dueAt", "type": "DateTime"},
            {"name": "address", "type": "Object"},
            {"name": "tags", "type": "Array"},
            {"name": "unset", "type": "String"},
        ],
    });
    let endpoint = world.endpoint_with("/orders", &endpoint).await;
    let mapping = json!({
        "orderId": "{input.id}", "trace": "{input.trace}", "search": "{input.search}", "X-Tenant": "{input.tenant}",
        "price": "{input.price}", "express": "{input.express}", "dueAt": "{input.dueAt}", "address": "{input.address}",
        "tags": "{input.tags}",
    });
    let workflow = world
        .workflow(
            "Typed",
            &json!([{"name": "call", "apiEndpointId": endpoint, "inputMapping": mapping}]),
        )
        .await;
    let input = json!({
        "id": "a/b c?ü", "trace": "t-1", "search": "x&y=z", "tenant": "north", "price": 0.10, "express": true,
        "dueAt": "2026-11-22T16:29:03Z", "address": {"city": "Köln", "lines": [1, null]}, "tags": ["a", "b"],
    });
    let run = world.run(workflow, &input).await;
    assert_eq!(run["status"], "Completed", "{run}");
    let call = &target.all_calls()[0];
    assert_eq!(call.path, "/orders/a%2Fb%20c%3F%C3%BC/lines");
    let query: Vec<&str> = call.query.split('&').collect();
    assert_eq!(query.len(), 2, "{query:?}");
    assert!(query.contains(&"limit=10"), "the default: {query:?}");
    assert!(query.contains(&"search=x%26y%3Dz"), "{query:?}");
    assert_eq!(call.header("x-trace"), "run t-1");
    assert_eq!(call.header("x-tenant"), "north");
    let expected = json!({
        "price": 0.10, "express": true, "dueAt": "2026-11-22T16:29:03Z", "address": {"city": "Köln", "lines": [1, null]},
        "tags": ["a", "b"],
    });
    assert_eq!(call.json(), expected);
    assert!(
        std::str::from_utf8(&call.body).unwrap().contains("0.1"),
        "{:?}",
        call.body
    );

    // A GET puts what has no place of its own into the query.
    let get = json!({"method": "GET", "headers": {}, "parameters": [{"name": "q", "type": "Array"}, {"name": "n", "type": "Integer"}]});
    let get = world.endpoint_with("/search", &get).await;
    let steps = json!([{"name": "call", "apiEndpointId": get, "inputMapping": {"n": "{input.n}"}}]);
    let workflow = world.workflow("Search", &steps).await;
    assert_eq!(world.run(workflow, &json!({"n": 7})).await["status"], "Completed");
    let call = &target.calls("/search")[0];
    assert_eq!(
        (call.method.as_str(), call.query.as_str(), call.body.len()),
        ("GET", "n=7", 0)
    );
    server.finish().await;
}

#[tokio::test]
async fn a_value_of_the_wrong_type_or_missing_fails_without_a_call() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Strict", &target).await;
    let parameters = json!({"parameters": [
        {"name": "amount", "type": "Integer", "isRequired": true, "validationRules": {"minimum": 1}},
    ]});
    let endpoint = world.endpoint_with("/pay", &parameters).await;
    let step = json!({"name": "pay", "apiEndpointId": endpoint, "inputMapping": {"amount": "{input.amount ?? omit}"}, "retryCount": 5});
    let workflow = world.workflow("Strict", &json!([step])).await;
    for input in [
        json!({}),
        json!({"amount": "much"}),
        json!({"amount": 1.5}),
        json!({"amount": 0}),
        json!({"amount": null}),
    ] {
        let run = world.run(workflow, &input).await;
        assert_eq!(run["status"], "Failed", "{input}: {run}");
        let message = run["errorMessage"].as_str().unwrap();
        assert!(
            message.contains("pay") && message.contains("amount"),
            "{input}: {message}"
        );
    }
    assert_eq!(target.all_calls().len(), 0);
    // Integral whatever the notation.
    assert_eq!(world.run(workflow, &json!({"amount": 3})).await["status"], "Completed");
    // A path that is missing in the input is named with its step and key.
    let steps = json!([{"name": "pay", "apiEndpointId": endpoint, "inputMapping": {"amount": "{input.nothing}"}}]);
    let workflow = world.workflow("Missing", &steps).await;
    let message = world.run(workflow, &json!({})).await["errorMessage"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("pay") && message.contains("amount") && message.contains("input.nothing"),
        "{message}"
    );
    server.finish().await;
}

#[tokio::test]
async fn a_condition_decides_whether_a_step_runs() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Conditions", &target).await;
    let (check, pay) = (world.endpoint("/check").await, world.endpoint("/pay").await);
    target.on("/pay", |_| Reply::ok(&json!({"paid": true})));
    let steps = json!([
        {"name": "check", "apiEndpointId": check, "condition": "input.total > 100 && !has(input.trusted)"},
        {"name": "pay", "apiEndpointId": pay, "inputMapping": {"checked": "{= steps.check.status == \"Succeeded\"}"}},
    ]);
    let workflow = world.workflow("Conditional", &steps).await;
    for (input, checked) in [
        (json!({"total": 100}), false),
        (json!({"total": 100.5}), true),
        (json!({"total": 500, "trusted": 1}), false),
    ] {
        let run = world.run(workflow, &input).await;
        assert_eq!(run["outputParameters"], json!({"paid": true}), "{run}");
        let id = run["executionId"].as_str().unwrap();
        let steps = server
            .admin
            .get(&format!("/api/v1/executions/{id}/steps"))
            .await
            .items();
        let status = if checked { "Succeeded" } else { "Skipped" };
        assert_eq!(
            (&steps[0]["stepName"], &steps[0]["status"]),
            (&json!("check"), &json!(status))
        );
        assert_eq!(target.calls("/pay").last().unwrap().json(), json!({"checked": checked}));
    }
    assert_eq!(target.calls("/check").len(), 1);
    // A condition that cannot be judged fails the step and names it.
    let run = world.run(workflow, &json!({"total": "many"})).await;
    assert_eq!(run["status"], "Failed");
    let message = run["errorMessage"].as_str().unwrap();
    assert!(message.contains("check") && message.contains("condition"), "{message}");
    server.finish().await;
}

#[tokio::test]
async fn answers_of_all_kinds_become_outputs_or_failures() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Answers", &target).await;
    target.on("/empty", |_| Reply::status(204));
    target.on("/text", |_| Reply::text(200, "text/plain", "plain words"));
    target.on("/malformed", |_| Reply::text(200, "application/json", "{\"half"));
    target.on("/large", |_| Reply::ok(&json!({"text": "x".repeat(300 * 1024)})));
    target.on("/huge", |_| Reply::ok(&json!({"text": "x".repeat(9 * 1024 * 1024)})));
    target.on("/broken", |_| Reply::broken());
    target.on("/redirect", |_| Reply::status(302).header("location", "/elsewhere"));
    for (path, output) in [("/empty", Value::Null), ("/text", json!("plain words"))] {
        let workflow = world.one_step(path, &json!({})).await;
        let run = world.run(workflow, &json!({})).await;
        assert_eq!(
            (&run["status"], &run["outputParameters"]),
            (&json!("Completed"), &output),
            "{path}: {run}"
        );
    }
    for (path, kind) in [
        ("/malformed", "response"),
        ("/large", "response"),
        ("/huge", "response"),
        ("/broken", "interrupted"),
        ("/redirect", "status"),
    ] {
        let workflow = world.one_step(path, &json!({})).await;
        let run = world.run(workflow, &json!({})).await;
        assert_eq!(run["status"], "Failed", "{path}: {run}");
        let id = run["executionId"].as_str().unwrap();
        let steps = server
            .admin
            .get(&format!("/api/v1/executions/{id}/steps"))
            .await
            .items();
        assert_eq!(steps[0]["errorKind"], kind, "{path}: {steps:?}");
        assert!(
            run["errorMessage"].as_str().unwrap().len() < 1000,
            "{path}: the answer is not copied whole"
        );
    }
    // What is too large for an output may be selected from.
    let workflow = world
        .one_step(
            "/large",
            &json!({"outputMapping": {"length": "{= size(response.body.text)}"}}),
        )
        .await;
    assert_eq!(
        world.run(workflow, &json!({})).await["outputParameters"],
        json!({"length": 300 * 1024})
    );
    assert!(target.calls("/elsewhere").is_empty());
    server.finish().await;
}

#[tokio::test]
async fn every_event_of_a_run_names_the_one_it_follows_from() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Causes", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let run = world.run(workflow, &json!({})).await;
    let history = format!("/api/v1/executions/{}/history", run["id"].as_str().unwrap());
    let events = server.admin.get(&history).await.items();
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["ExecutionStarted", "StepStarted", "StepSucceeded", "ExecutionCompleted"]
    );
    assert_eq!(events[0]["metadata"]["causationId"], json!(null));
    for pair in events.windows(2) {
        assert_eq!(pair[1]["metadata"]["causationId"], pair[0]["id"], "{pair:?}");
    }
    server.finish().await;
}
