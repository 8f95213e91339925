//! An array where a body wants an object is refused with the field's pointer, at every depth, and changes nothing.

use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

/// Sends `valid` with the value at each pointer replaced by arrays, whose elements are a valid object's values in order.
async fn refuse_arrays(test: &TestApp, method: Method, path: &str, valid: &Value, status: u16, pointers: &[&str]) {
    let kind = if status == 400 { "wrong-type" } else { "invalid-field" };
    for pointer in pointers {
        let object = valid.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {valid}"));
        let members = object.as_object().unwrap_or_else(|| panic!("{pointer} is no object"));
        let by_position: Vec<_> = members.values().cloned().collect();
        for array in [json!(by_position), json!([]), json!([object])] {
            let mut body = valid.clone();
            *body.pointer_mut(pointer).unwrap() = array;
            let answer = test.call(method.clone(), path).admin().json(body.clone()).send().await;
            assert_eq!(answer.problem(status, kind), [*pointer], "{method} {path} {body}");
        }
    }
}

#[tokio::test]
async fn arrays_do_not_pass_for_objects() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/pay").await;
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);

    let step = json!({
        "name": "charge", "order": 1, "apiEndpointId": world.endpoint,
        "inputMapping": {"amount": 1}, "errorHandling": {
            "retry": {"backoffRate": 2.0, "retryOn": ["timeout"]},
            "compensation": {"apiEndpointId": world.endpoint, "inputMapping": {"amount": 1}},
        },
    });
    let workflow = json!({
        "projectId": world.project, "environmentId": world.environment, "name": "Other",
        "configuration": {"output": {"a": 1}}, "steps": [step, step],
    });
    let path = "/api/v1/workflows";
    refuse_arrays(&test, post.clone(), path, &workflow, 400, &["/steps/0", "/steps/1"]).await;
    let checked = [
        "/configuration",
        "/steps/1/inputMapping",
        "/steps/1/errorHandling",
        "/steps/1/errorHandling/retry",
        "/steps/1/errorHandling/compensation",
        "/steps/1/errorHandling/compensation/inputMapping",
    ];
    let mut distinct = workflow.clone();
    distinct["steps"][1]["name"] = json!("refund");
    refuse_arrays(&test, post.clone(), path, &distinct, 422, &checked).await;
    let steps = json!({"steps": [step]});
    let path = format!("/api/v1/workflows/{}", world.workflow);
    refuse_arrays(&test, patch.clone(), &path, &steps, 400, &["/steps/0"]).await;
    let path = format!("/api/v1/workflows/{}/steps", world.workflow);
    let mut another = step.clone();
    another["name"] = json!("refund");
    let pointers = ["/inputMapping", "/errorHandling", "/errorHandling/retry"];
    refuse_arrays(&test, post.clone(), &path, &another, 422, &pointers).await;

    let endpoint = json!({
        "name": "Refund", "url": "https://api.example.com/refund", "method": "POST", "type": "REST",
        "workspaceId": world.workspace, "headers": {"Accept": "application/json"}, "authenticationMethod": "Basic",
        "authentication": {"username": "u", "password": "{env.API_KEY}"},
        "limits": {"circuitBreaker": {"failures": 3}},
        "parameters": [{"name": "amount", "type": "Integer", "validationRules": {"minimum": 1}}],
    });
    let path = "/api/v1/api-endpoints";
    refuse_arrays(&test, post.clone(), path, &endpoint, 400, &["/parameters/0"]).await;
    let checked = [
        "/headers",
        "/authentication",
        "/limits",
        "/limits/circuitBreaker",
        "/parameters/0/validationRules",
    ];
    refuse_arrays(&test, post.clone(), path, &endpoint, 422, &checked).await;
    let parameter = json!({"name": "currency", "validationRules": {"minLength": 3}});
    let path = format!("/api/v1/api-endpoints/{}/parameters", world.endpoint);
    refuse_arrays(&test, post.clone(), &path, &parameter, 422, &["/validationRules"]).await;
    let path = format!("/api/v1/api-endpoints/{}", world.endpoint);
    refuse_arrays(
        &test,
        patch.clone(),
        &path,
        &json!({"headers": {"a": "b"}}),
        422,
        &["/headers"],
    )
    .await;

    let environment = json!({
        "projectId": world.project, "name": "Other", "configuration": {"timeout": 5, "retries": 0},
        "variables": {"API_URL": {"value": "x", "secret": false}},
    });
    let pointers = ["/configuration", "/variables", "/variables/API_URL"];
    refuse_arrays(
        &test,
        post.clone(),
        "/api/v1/environments",
        &environment,
        422,
        &pointers,
    )
    .await;
    let change = json!({"configuration": {"timeout": 5}, "variables": {"A": {"value": "x", "secret": false}}});
    let path = format!("/api/v1/environments/{}", world.environment);
    refuse_arrays(
        &test,
        patch,
        &path,
        &change,
        422,
        &["/configuration", "/variables", "/variables/A"],
    )
    .await;

    let schedule = json!({
        "cronExpression": "0 5 * * *", "inputParameters": {"amount": 1}, "catchUp": {"policy": "all", "windowSeconds": 60},
    });
    let path = format!("/api/v1/workflows/{}/schedule", world.workflow);
    refuse_arrays(&test, put.clone(), &path, &schedule, 400, &["/catchUp"]).await;
    refuse_arrays(&test, put, &path, &schedule, 422, &["/inputParameters"]).await;
    let bulk =
        json!({"action": "cancel", "filter": {"workspaceId": world.workspace, "state": "Running"}, "dryRun": true});
    refuse_arrays(&test, post.clone(), "/api/v1/executions/bulk", &bulk, 400, &["/filter"]).await;
    let start = json!({"inputParameters": {"amount": 1}});
    let path = format!("/api/v1/workflows/{}/executions", world.workflow);
    refuse_arrays(&test, post.clone(), &path, &start, 422, &["/inputParameters"]).await;
    let rehearsal = json!({"mocks": {"charge": {"status": 200, "body": 1}}, "signals": {"a": 1}});
    let path = format!("/api/v1/workflows/{}/test", world.workflow);
    refuse_arrays(&test, post.clone(), &path, &rehearsal, 400, &["/mocks", "/signals"]).await;
    let approval = json!({"approvalType": "Publish", "metadata": {"ticket": 7}});
    let path = format!("/api/v1/workflows/{}/approvals", world.workflow);
    refuse_arrays(&test, post, &path, &approval, 422, &["/metadata"]).await;

    let count = |list: super::support::Answer| list.json()["items"].as_array().unwrap().len();
    for resource in ["workflows", "api-endpoints", "environments"] {
        assert_eq!(count(test.get(&format!("/api/v1/{resource}")).await), 1, "{resource}");
    }
    assert_eq!(count(test.get("/api/v1/schedules").await), 0);
    assert_eq!(count(test.get("/api/v1/executions").await), 0);
}
