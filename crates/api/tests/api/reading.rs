//! Lists, filters, cursors, views, histories.

use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_follow_each_other() {
    let test = TestApp::start().await;
    for name in ["c", "a", "e", "b", "d"] {
        test.post("/api/v1/workspaces", json!({"name": name})).await.expect(201);
    }
    let first = test
        .get("/api/v1/workspaces?sort=-name&limit=2")
        .await
        .expect(200)
        .json();
    assert_eq!(names(&first), ["e", "d"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = test
        .get(&format!("/api/v1/workspaces?sort=-name&limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(names(&second), ["c", "b"]);
    let cursor = second["nextCursor"].as_str().unwrap();
    let third = test
        .get(&format!("/api/v1/workspaces?sort=-name&limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!((names(&third), &third["nextCursor"]), (vec!["a"], &Value::Null));
    test.get(&format!("/api/v1/workspaces?sort=name&cursor={cursor}"))
        .await
        .problem(400, "bad-parameter");
    assert_eq!(names(&test.get("/api/v1/workspaces?name=c").await.json()), ["c"]);
    let empty = test.get("/api/v1/workspaces?name=z").await.expect(200);
    assert_eq!(empty.text, r#"{"items":[],"nextCursor":null}"#);
}

#[tokio::test]
async fn executions_are_filtered_by_time_and_status() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}/executions?wait=30", world.workflow);
    for _ in 0..3 {
        test.act(&path).await.expect(200);
    }
    let all = test.get("/api/v1/executions?sort=executedAt").await.expect(200).json();
    let times: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["executedAt"].as_str().unwrap().to_owned())
        .collect();
    let count = |page: Value| page["items"].as_array().unwrap().len();
    let from = test
        .get(&format!("/api/v1/executions?executedFrom={}", times[1]))
        .await
        .expect(200)
        .json();
    assert_eq!(count(from), 2, "from is inclusive");
    let to = test
        .get(&format!("/api/v1/executions?executedTo={}", times[1]))
        .await
        .expect(200)
        .json();
    assert_eq!(count(to), 1, "to is exclusive");
    assert_eq!(count(test.get("/api/v1/executions?status=Completed").await.json()), 3);
    assert_eq!(count(test.get("/api/v1/executions?status=2").await.json()), 0);
    assert_eq!(
        count(
            test.get(&format!("/api/v1/executions?workflowId={}", world.workflow))
                .await
                .json()
        ),
        3
    );
    let newest = test.get("/api/v1/executions?limit=1").await.json();
    assert_eq!(newest["items"][0]["executedAt"], times[2]);
}

#[tokio::test]
async fn a_filter_that_can_match_nothing_is_refused_with_what_it_takes() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}/executions?wait=30", world.workflow);
    let run = test.act(&path).await.expect(200).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, pointer, says) in [
        (
            "executions?status=9",
            "/status",
            "one of Running, Completed, Failed, Cancelled",
        ),
        ("executions?status=Done", "/status", "one of Running"),
        ("executions?state=Bogus", "/state", "WaitingApproval, Compensating"),
        ("executions?executedTo=tomorrow", "/executedTo", "RFC 3339"),
        ("executions?workflowId=x", "/workflowId", "a whole number"),
        ("executions?state=Failed&state=Queued", "/state", "more than once"),
        (
            "executions?wrong=1",
            "/wrong",
            "filters are id, workflowId, status, state",
        ),
        ("executions?sort=wrong", "/sort", "can be by id, workflowId"),
        ("workflows?sort=wrong", "/sort", "status, version, requiresApproval"),
        ("workspaces?isActive=perhaps", "/isActive", "true or false"),
        (
            &format!("executions/{run}/logs?logLevel=Fatal"),
            "/logLevel",
            "Info, Warning, Error, Debug",
        ),
    ] {
        let answer = test.get(&format!("/api/v1/{query}")).await;
        assert_eq!(answer.problem(400, "bad-parameter"), [pointer], "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{query}: {detail}");
    }
    let list = |query: String| {
        let test = &test;
        async move {
            test.get(&query).await.expect(200).json()["items"]
                .as_array()
                .unwrap()
                .len()
        }
    };
    for (query, found) in [
        ("executions?status=completed&state=COMPLETED", 1),
        ("executions?executedFrom=2000-01-01", 1),
        ("executions?executedTo=2000-01-01", 0),
    ] {
        assert_eq!(list(format!("/api/v1/{query}")).await, found, "{query}");
    }
    assert!(list(format!("/api/v1/executions/{run}/logs?logLevel=info")).await > 0);
    let missing = test.get("/api/v1/streams/execution-01a2-b3").await;
    assert_eq!(missing.json()["detail"], "execution 01a2-b3 does not exist");
}

#[tokio::test]
async fn the_documented_views_are_served() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    test.act(&format!("/api/v1/workflows/{}/executions?wait=30", world.workflow))
        .await
        .expect(200);
    let active = test.get("/api/v1/views/active-workflows").await.expect(200).json();
    let row = &active["items"][0];
    assert_eq!(
        (row["projectName"].as_str(), row["workspaceName"].as_str()),
        (Some("Orders"), Some("Sales"))
    );
    assert_eq!(
        (row["status"].as_str(), row["version"].as_i64()),
        (Some("Published"), Some(1))
    );
    let summary = test
        .get("/api/v1/views/workflow-execution-summary")
        .await
        .expect(200)
        .json();
    let row = &summary["items"][0];
    assert_eq!(
        (row["totalExecutions"].as_i64(), row["successRate"].as_f64()),
        (Some(1), Some(100.0))
    );
}

#[tokio::test]
async fn the_log_is_read_by_those_who_may() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let first = test.get("/api/v1/events?limit=3").await.expect(200).json();
    let positions: Vec<_> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["position"].as_i64().unwrap())
        .collect();
    assert_eq!(positions, [1, 2, 3]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let next = test
        .get(&format!("/api/v1/events?limit=1&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!(next["items"][0]["position"], 4);
    for log in [String::new(), format!("&workspaceId={}", world.workspace)] {
        let all = test.get(&format!("/api/v1/events?limit=200{log}")).await.json();
        let count = all["items"].as_array().unwrap().len();
        assert!(all["nextCursor"].is_null() && count > 3, "{count} events are not 200");
        let exact = test.get(&format!("/api/v1/events?limit={count}{log}")).await.json();
        assert_eq!(exact, all, "no cursor leads to an empty page");
        let fewer = test
            .get(&format!("/api/v1/events?limit={}{log}", count - 1))
            .await
            .json();
        let cursor = fewer["nextCursor"].as_str().unwrap();
        let last = test.get(&format!("/api/v1/events?cursor={cursor}{log}")).await.json();
        assert_eq!(
            (&last["items"][0], &last["nextCursor"]),
            (&all["items"][count - 1], &Value::Null)
        );
    }
    assert_eq!(
        test.get("/api/v1/events?limit=1&after=3").await.json()["items"][0]["position"],
        4
    );
    let of_workspace = test
        .get(&format!("/api/v1/events?workspaceId={}&limit=1", world.workspace))
        .await
        .expect(200)
        .json();
    assert_eq!(of_workspace["items"][0]["type"], "WorkspaceCreated");
    let history = test
        .get(&format!("/api/v1/workflows/{}/history", world.workflow))
        .await
        .expect(200)
        .json();
    let types: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["WorkflowCreated", "StepAdded", "WorkflowPublished"]);
    let stream = test
        .get(&format!("/api/v1/streams/workflow-{}?after=2", world.workflow))
        .await
        .expect(200)
        .json();
    assert_eq!(stream["items"][0]["version"], 3);
    let streams = test
        .get(&format!("/api/v1/streams?workspaceId={}&limit=2", world.workspace))
        .await
        .expect(200)
        .json();
    assert_eq!(streams["items"].as_array().unwrap().len(), 2);
    let cursor = streams["nextCursor"].as_str().unwrap();
    let rest = test
        .get(&format!(
            "/api/v1/streams?workspaceId={}&cursor={cursor}",
            world.workspace
        ))
        .await
        .expect(200)
        .json();
    assert!(rest["items"][0]["id"].as_str().unwrap() > cursor);
    test.get("/api/v1/access-log").await.expect(200);
    let (_, token) = test.user("vic", "ProjectManager").await;
    test.call(Method::GET, "/api/v1/events")
        .token(&token)
        .send()
        .await
        .problem(403, "forbidden");
    let path = format!("/api/v1/events?workspaceId={}", world.workspace);
    test.call(Method::GET, &path)
        .token(&token)
        .send()
        .await
        .problem(404, "not-found");
}
