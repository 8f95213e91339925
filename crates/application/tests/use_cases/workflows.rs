//! Endpoints and workflows: definitions, drafts, publishing.

use serde_json::{Value, json};
use wfm_application::executions::starting::StartInput;
use wfm_domain::ids::{ApiEndpointId, ParameterId, StepId, UserId, WorkflowId, WorkspaceId};

use crate::testing::{TestApp, code, from, id, is_forbidden, is_not_found, pointers};

/// Workspace 1, project 1, environment 1 and endpoint 1, with user `dev` as a Developer.
pub async fn prepared() -> (TestApp, i64) {
    let app = TestApp::new().await;
    let root = app.root();
    app.create_workspace(&root, &from(json!({"name": "W"}))).await.unwrap();
    app.create_project(&root, &from(json!({"workspaceId": 1, "name": "P"})))
        .await
        .unwrap();
    app.create_environment(
        &root,
        &from(json!({"projectId": 1, "name": "E", "variables": {"TOKEN": "t0ken"}})),
    )
    .await
    .unwrap();
    app.define_endpoint(&root, &from(endpoint())).await.unwrap();
    let developer = app.user("dev", "Viewer").await;
    app.set_member(
        &root,
        WorkspaceId(1),
        UserId(developer),
        &from(json!({"role": "Developer"})),
    )
    .await
    .unwrap();
    (app, developer)
}

fn endpoint() -> Value {
    json!({
        "workspaceId": 1, "name": "Orders", "url": "https://api.example.com/orders/{orderId}", "method": "get",
        "authenticationMethod": "Bearer", "authentication": {"token": "{env.TOKEN}"},
        "parameters": [{"name": "orderId", "isRequired": true}]
    })
}

pub fn workflow() -> Value {
    json!({
        "projectId": 1, "environmentId": 1, "name": "Ship",
        "steps": [{"name": "fetch", "apiEndpointId": 1, "inputMapping": {"orderId": "{input.id}"}}]
    })
}

#[tokio::test]
async fn malformed_endpoints_are_refused_with_their_places() {
    let (app, developer) = prepared().await;
    let with = |key: &str, value: Value| {
        let mut body = endpoint();
        body[key] = value;
        body
    };
    for (body, expected) in [
        (with("url", json!("https://api.example.com/{input.")), "/url"),
        (with("url", json!("https://{input.host}/x")), "/url"),
        (
            with("authentication", json!({"token": "s3cr3t"})),
            "/authentication/token",
        ),
        (with("authenticationMethod", json!("Digest")), "/authenticationMethod"),
        (with("method", json!("TRACE")), "/method"),
        (with("headers", json!({"X-A": "{unknown.root"})), "/headers/X-A"),
    ] {
        let refused = pointers(app.define_endpoint(&app.of(developer), &from(body.clone())).await);
        assert_eq!(
            refused.first().map(String::as_str),
            Some(expected),
            "{body}: {refused:?}"
        );
    }
    let literal = from(json!({"url": "https://x.example/{"}));
    let changed = app.change_endpoint(&app.root(), ApiEndpointId(1), &literal).await;
    assert!(changed.is_ok(), "a brace before no letter is literal: {changed:?}");
    let broken = from(json!({"url": "https://x.example/{input."}));
    assert_eq!(
        pointers(app.change_endpoint(&app.root(), ApiEndpointId(1), &broken).await),
        ["/url"]
    );
}

#[tokio::test]
async fn shared_endpoints_are_written_by_managers() {
    let (app, developer) = prepared().await;
    let manager = app.user("pm", "ProjectManager").await;
    let mut shared = endpoint();
    shared["workspaceId"] = Value::Null;
    assert!(is_forbidden(
        &app.define_endpoint(&app.of(developer), &from(shared.clone())).await
    ));
    let shared = ApiEndpointId(id(&app.define_endpoint(&app.of(manager), &from(shared)).await.unwrap()));
    assert!(is_forbidden(&app.delete_endpoint(&app.of(developer), shared).await));
    assert!(is_not_found(
        &app.delete_endpoint(&app.of(manager), ApiEndpointId(1)).await
    ));
    assert!(app.history(&app.of(developer), &shared.stream(), 0, 10).await.is_ok());

    let own = app.of(developer);
    let added = app
        .add_parameter(
            &own,
            ApiEndpointId(1),
            &from(json!({"name": "limit", "type": "Integer"})),
        )
        .await
        .unwrap();
    let limit = ParameterId(id(&added));
    assert_eq!((limit.0, added.version), (3, 2));
    let patch = from(json!({"defaultValue": 10, "validationRules": {"minimum": 1}}));
    app.change_parameter(&own, ApiEndpointId(1), limit, &patch)
        .await
        .unwrap();
    let wrong = from(json!({"defaultValue": "many"}));
    assert_eq!(
        pointers(app.change_parameter(&own, ApiEndpointId(1), limit, &wrong).await),
        ["/defaultValue"]
    );
    app.remove_parameter(&own, ApiEndpointId(1), limit).await.unwrap();
    assert_eq!(
        code(app.remove_parameter(&own, ApiEndpointId(1), limit).await),
        "parameter-not-found"
    );
    app.delete_endpoint(&own, ApiEndpointId(1)).await.unwrap();
}

#[tokio::test]
async fn a_draft_is_edited_published_and_read() {
    let (app, developer) = prepared().await;
    let own = app.of(developer);
    let created = app.create_workflow(&own, &from(workflow())).await.unwrap();
    let ship = WorkflowId(id(&created));
    let step = app
        .add_step(&own, ship, &from(json!({"name": "again", "apiEndpointId": 1})))
        .await
        .unwrap();
    let step = StepId(id(&step));
    app.change_step(
        &own,
        ship,
        step,
        &from(json!({"inputMapping": {"orderId": "{steps.fetch.output.next}"}})),
    )
    .await
    .unwrap();
    let draft = app.workflow_draft(&own, ship).await.unwrap();
    assert_eq!((draft.version, draft.status, draft.steps.len()), (None, "Draft", 2));
    let start = StartInput {
        input: json!({"id": 5}),
        execution_context: None,
        key: None,
    };
    assert_eq!(code(app.runs.start(&own, ship, &start).await), "workflow-not-published");

    app.publish_workflow(&own, ship).await.unwrap();
    // Nobody follows the log for the cache here: what was just done governs all the same.
    app.runs.start(&own, ship, &start).await.unwrap();
    assert_eq!(app.outdated_endpoints(&own, ship).await.unwrap(), []);
    app.change_endpoint(&own, ApiEndpointId(1), &from(json!({"documentation": "new"})))
        .await
        .unwrap();
    assert_eq!(app.outdated_endpoints(&own, ship).await.unwrap(), [ApiEndpointId(1)]);

    app.remove_step(&own, ship, step).await.unwrap();
    assert!(app.workflow_draft(&own, ship).await.unwrap().has_draft_changes);
    app.discard_draft(&own, ship).await.unwrap();
    assert!(!app.workflow_draft(&own, ship).await.unwrap().has_draft_changes);
    let first = app.workflow_draft(&own, ship).await.unwrap().steps[0].step.id;
    app.reorder_steps(&own, ship, &from(json!({"steps": [step.0, first.0]})))
        .await
        .unwrap();
    let wrong = app.publish_workflow(&own, ship).await;
    assert_eq!(
        pointers(wrong),
        ["/steps/0/inputMapping/orderId"],
        "it reads a later step now"
    );
    app.remove_step(&own, ship, step).await.unwrap();
    app.publish_workflow(&own, ship).await.unwrap();
    let (one, two) = (
        app.workflow_version(&own, ship, 1).await.unwrap(),
        app.workflow_version(&own, ship, 2).await.unwrap(),
    );
    assert_eq!((one.steps.len(), two.steps.len()), (2, 1));
    assert_eq!(one.steps[0].step.retry_count, Some(3), "the environment's retries");
    assert!(is_not_found(&app.workflow_version(&own, ship, 3).await));

    app.deactivate_workflow(&own, ship).await.unwrap();
    assert_eq!(code(app.runs.start(&own, ship, &start).await), "workflow-inactive");
    assert!(is_forbidden(&app.delete_workflow(&own, ship).await));
    app.delete_workflow(&app.root(), ship).await.unwrap();
    assert!(is_not_found(&app.workflow_draft(&own, ship).await));
}

#[tokio::test]
async fn publishing_names_everything_that_is_wrong() {
    let (app, developer) = prepared().await;
    let own = app.of(developer);
    let mut body = workflow();
    body["steps"] = json!([
        {"name": "a", "apiEndpointId": 1, "condition": "1 +"},
        {"name": "b", "apiEndpointId": 1, "inputMapping": {"orderId": "{steps.nobody.output}"}}
    ]);
    body["configuration"] = json!({"output": {"x": "{nowhere.x}"}});
    let broken = WorkflowId(id(&app.create_workflow(&own, &from(body)).await.unwrap()));
    let refused = pointers(app.publish_workflow(&own, broken).await);
    for expected in [
        "/steps/0/condition",
        "/steps/1/inputMapping/orderId",
        "/configuration/output/x",
    ] {
        assert!(
            refused.iter().any(|pointer| pointer == expected),
            "{expected} in {refused:?}"
        );
    }
    let soap =
        json!({"workspaceId": 1, "name": "S", "url": "https://x.example/soap", "method": "POST", "type": "SOAP"});
    let soap = id(&app.define_endpoint(&own, &from(soap)).await.unwrap());
    let mut body = workflow();
    body["steps"] = json!([{"name": "call", "apiEndpointId": soap}]);
    let calls = WorkflowId(id(&app.create_workflow(&own, &from(body)).await.unwrap()));
    assert_eq!(
        pointers(app.publish_workflow(&own, calls).await),
        ["/steps/0/inputMapping"],
        "one element is to stand in the Body"
    );
    let mut body = workflow();
    body["steps"] = json!([{"name": "call", "apiEndpointId": 99}]);
    assert_eq!(
        pointers(app.create_workflow(&own, &from(body)).await),
        ["/steps/0/apiEndpointId"]
    );
}

#[tokio::test]
async fn only_managers_drop_the_approval() {
    let (app, developer) = prepared().await;
    let own = app.of(developer);
    let mut body = workflow();
    body["requiresApproval"] = json!(true);
    let ship = WorkflowId(id(&app.create_workflow(&own, &from(body)).await.unwrap()));
    assert_eq!(code(app.publish_workflow(&own, ship).await), "approval-required");
    let drop_it = from(json!({"requiresApproval": false}));
    assert!(is_forbidden(&app.change_workflow(&own, ship, &drop_it).await));
    app.change_workflow(&app.root(), ship, &drop_it).await.unwrap();
    app.publish_workflow(&own, ship).await.unwrap();
}

#[tokio::test]
async fn environments_and_endpoints_of_other_workspaces_do_not_exist() {
    let (app, developer) = prepared().await;
    let root = app.root();
    app.create_workspace(&root, &from(json!({"name": "other"})))
        .await
        .unwrap();
    app.create_project(&root, &from(json!({"workspaceId": 2, "name": "P"})))
        .await
        .unwrap();
    app.create_environment(&root, &from(json!({"projectId": 2, "name": "E"})))
        .await
        .unwrap();
    let mut foreign = endpoint();
    foreign["workspaceId"] = json!(2);
    let foreign = id(&app.define_endpoint(&root, &from(foreign)).await.unwrap());
    let mut body = workflow();
    body["environmentId"] = json!(2);
    assert_eq!(
        pointers(app.create_workflow(&app.of(developer), &from(body)).await),
        ["/environmentId"]
    );
    let mut body = workflow();
    body["steps"][0]["apiEndpointId"] = json!(foreign);
    assert_eq!(
        pointers(app.create_workflow(&app.of(developer), &from(body)).await),
        ["/steps/0/apiEndpointId"]
    );
}

#[tokio::test]
async fn use_cases_run_on_any_thread() {
    let (app, developer) = prepared().await;
    let (own, shared) = (app.of(developer), std::sync::Arc::clone(&app.app));
    let created = tokio::spawn(async move {
        let created = shared.create_workflow(&own, &from(workflow())).await.unwrap();
        let ship = WorkflowId(id(&created));
        shared
            .change_workflow(&own, ship, &from(json!({"tags": ["a", "b"]})))
            .await
            .unwrap();
        shared.publish_workflow(&own, ship).await.unwrap()
    });
    assert_eq!(created.await.unwrap().version, 4);
}

#[tokio::test]
async fn a_run_that_is_over_at_once_holds_no_place() {
    let (app, developer) = prepared().await;
    let own = app.of(developer);
    let mut body = workflow();
    body["steps"][0]["condition"] = json!("input.go");
    let ship = WorkflowId(id(&app.create_workflow(&own, &from(body)).await.unwrap()));
    app.publish_workflow(&own, ship).await.unwrap();
    let start = StartInput {
        input: json!({"go": false}),
        execution_context: None,
        key: None,
    };
    // More than the environment has places.
    for _ in 0..7 {
        let run = app.runs.start(&own, ship, &start).await.unwrap();
        assert_eq!(run.state, "Running");
        let types = app.types(&run.id.stream()).await;
        assert_eq!(types, ["ExecutionStarted", "StepSkipped", "ExecutionCompleted"]);
    }
    assert_eq!(
        app.store.log.claims("environment/1/running", None, 10).await.unwrap(),
        []
    );
}
