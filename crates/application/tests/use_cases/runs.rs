//! A run and its driver when the log fails between them.

use std::sync::atomic::Ordering;

use serde_json::json;
use wfm_application::executions::{
    live::{LiveRun, Next},
    outcome::Answer,
    starting::StartInput,
};
use wfm_domain::ids::WorkflowId;

use crate::{
    testing::{TestApp, from},
    workflows::{prepared, workflow},
};

/// A started run whose first call is open; the step after it is skipped, the one after that cannot be prepared.
async fn driven() -> (TestApp, LiveRun) {
    let (mut app, _) = prepared().await;
    let mut body = workflow();
    let step = |name: &str, condition: &str, order_id: &str| {
        json!({
            "name": name, "apiEndpointId": 1, "condition": condition, "isOptional": true,
            "inputMapping": {"orderId": order_id}
        })
    };
    let steps = body["steps"].as_array_mut().unwrap();
    steps.push(step("never", "input.id == 2", "{input.id}"));
    steps.push(step("broken", "true", "{steps.fetch.output.absent}"));
    app.create_workflow(&app.root(), &from(body)).await.unwrap();
    app.publish_workflow(&app.root(), WorkflowId(1)).await.unwrap();
    let input = StartInput {
        input: json!({"id": 1}),
        execution_context: None,
        key: None,
    };
    app.runs.start(&app.root(), WorkflowId(1), &input).await.unwrap();
    let mut live = app.ready.recv().await.unwrap();
    assert!(matches!(app.runs.next(&mut live, &[]).await.unwrap(), Next::Act(calls, _) if calls.len() == 1));
    (app, live)
}

#[tokio::test]
async fn what_could_not_be_recorded_is_planned_again_in_full() {
    let (app, mut live) = driven().await;
    let answer = Ok(Answer {
        status: 200,
        headers: Vec::new(),
        body: b"{}".to_vec(),
        secrets: Vec::new(),
    });
    app.faulty.appends_left.store(0, Ordering::SeqCst);
    for _ in 0..2 {
        let refused = app.runs.report(&mut live, (0, 1), &answer, 1.0, &[]).await;
        assert!(refused.is_err(), "the log is cut off");
    }
    app.faulty.appends_left.store(-1, Ordering::SeqCst);
    app.runs.report(&mut live, (0, 1), &answer, 1.0, &[]).await.unwrap();
    let types = app.types(&format!("execution-{}", live.id().0)).await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "StepStarted",
            "StepSucceeded",
            "StepSkipped",
            "StepFailed",
            "ExecutionCompleted",
        ]
    );
}
