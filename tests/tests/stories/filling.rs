//! An embedded database that can grow no further: commands are refused with what to do, reads go on, nothing accepted is
//! lost, and what was under way ends when there is room.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{
    Answer, Client, Gate, Place, Reply, Target, TestServer, World,
    saga::{check_completed, counted},
};

/// Creates projects until one is refused; the names of those that were accepted, and the refusal.
async fn fill(world: &World) -> (Vec<String>, Answer) {
    let (client, mut accepted) = (&world.client, Vec::new());
    // What is large first, so that little is left for what is small.
    for size in [100_000, 10_000] {
        let path = format!("/api/v1/environments/{}/variables/FILLS", world.environment);
        for number in 0.. {
            let text = format!("{number}{}", "x".repeat(size));
            let answer = client.put(&path, &json!({"value": text, "secret": false})).await;
            if answer.status == 503 {
                break;
            }
            let _ = answer.expect(200);
        }
    }
    loop {
        let name = format!("Project {}", accepted.len());
        let body = json!({"workspaceId": world.workspace, "name": name, "description": "y".repeat(1000)});
        let answer = client.post("/api/v1/projects", &body).await;
        if answer.status != 201 {
            return (accepted, answer);
        }
        accepted.push(name);
    }
}

async fn names(client: &Client, resource: &str) -> Vec<Value> {
    let rows = client.all(&format!("/api/v1/{resource}?limit=200")).await;
    rows.into_iter().map(|row| row["name"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_refuses_commands_and_loses_nothing() {
    let (place, target, gate) = (Place::embedded(), Target::start().await, Gate::default());
    let server = TestServer::over(place, &[("max_log_megabytes", "1")]).await;
    let world = World::build(&server.admin, "Full", &target).await;
    let held = gate.clone();
    target.on("/pay", move |_| Reply::ok(&json!(7)).behind(&held));
    let (pay, ship) = (world.endpoint("/pay").await, world.endpoint("/ship").await);
    let steps = json!([
        {"name": "pay", "order": 1, "apiEndpointId": pay, "retryCount": 5},
        {"name": "ship", "order": 2, "apiEndpointId": ship},
    ]);
    let workflow = world.workflow("Pays and ships", &steps).await;
    let under_way = world.start(workflow, &json!({})).await;
    target.arrived("/pay", 1).await;

    let (accepted, refused) = fill(&world).await;
    refused.problem(503, "storage-full");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("max_log_megabytes") && detail.contains("nothing was recorded"),
        "{detail}"
    );
    let late = json!({"workspaceId": world.workspace, "name": "Late", "description": "z".repeat(1000)});
    let insist = |client: &Client| {
        let request = client.request(Method::POST, "/api/v1/projects");
        request.header("idempotency-key", "late").json(&late).send()
    };
    insist(&server.admin).await.problem(503, "storage-full");

    // What only reads goes on, and says how it stands.
    let _ = server.admin.get("/health/live").await.expect(200);
    let ready = server.admin.get("/health/ready").await.expect(503).json();
    let reason = ready["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("the event log cannot be written") && reason.contains("max_log_megabytes"),
        "{ready}"
    );
    let projects = names(&server.admin, "projects").await;
    assert_eq!(projects.len(), 1 + accepted.len(), "{projects:?}");
    assert_eq!(world.execution(&under_way).await["status"], "Running");
    let history = format!("/api/v1/executions/{under_way}/history");
    assert_eq!(server.admin.get(&history).await.items().len(), 2);

    // The outcome of a call under way has no room. The next node, as full, answers reads, too.
    gate.open();
    let place = server.end().await;
    let server = TestServer::over_as(place, &[("max_log_megabytes", "1")], &world.client).await;
    assert_eq!(names(&server.admin, "projects").await.len(), projects.len());
    insist(&server.admin).await.problem(503, "storage-full");
    let place = server.end().await;

    let server = TestServer::over(place, &[("max_log_megabytes", "64")]).await;
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    let run = world.ended(&under_way).await;
    assert_eq!(run["status"], "Completed", "{run}");
    let events = server.admin.all(&history).await;
    assert!(check_completed(&under_way, 2, &events, &counted(&target.all_calls())) >= 1);
    let _ = insist(&server.admin).await.expect(201);
    let _ = insist(&server.admin).await.expect(201);
    let mut expected: Vec<Value> = accepted.into_iter().map(Value::from).collect();
    expected.extend([json!("Orders"), json!("Late")]);
    let mut projects = names(&server.admin, "projects").await;
    projects.sort_by_key(ToString::to_string);
    expected.sort_by_key(ToString::to_string);
    assert_eq!(projects, expected);
    let _ = server.admin.get("/health/ready").await.expect(200);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_read_models_stand_still_and_come_after() {
    let (place, target) = (Place::embedded(), Target::start().await);
    let server = TestServer::over(place, &[("max_read_models_megabytes", "1")]).await;
    let world = World::build(&server.admin, "Rows", &target).await;
    let workflow = world.one_step("/pay", &json!({})).await;
    let state = async || server.admin.get("/api/v1/projections").await.items().remove(0);
    let mut accepted = 0;
    while state().await["state"] != "Full" {
        let body = json!({
            "workspaceId": world.workspace, "name": format!("Project {accepted}"), "description": "y".repeat(1000),
        });
        let post = server.admin.request(Method::POST, "/api/v1/projects");
        let _ = post
            .header("prefer", "respond-async")
            .json(&body)
            .send()
            .await
            .expect(201);
        accepted += 1;
    }
    // What is recorded is accepted; it does not show yet.
    let body = json!({"workspaceId": world.workspace, "name": "Late"});
    let late = server.admin.post("/api/v1/projects", &body).await.expect(201).json();
    assert_eq!(late["projected"], false, "{late}");
    let run = world.start(workflow, &json!({})).await;
    target.arrived("/pay", 1).await;
    let ready = server.admin.get("/health/ready").await.expect(503).json();
    assert!(
        ready["reasons"][0]
            .as_str()
            .unwrap()
            .contains("max_read_models_megabytes"),
        "{ready}"
    );
    let _ = server.admin.get("/health/live").await.expect(200);
    assert!(names(&server.admin, "projects").await.len() <= accepted);
    assert_eq!(names(&server.admin, "workspaces").await, [json!("Rows")]);
    let place = server.abandon().await;

    let server = TestServer::over(place, &[]).await;
    assert_eq!(names(&server.admin, "projects").await.len(), accepted + 2);
    let run = server
        .admin
        .get(&format!("/api/v1/executions/{run}?wait=60"))
        .await
        .expect(200)
        .json();
    assert_eq!(run["status"], "Completed", "{run}");
    let _ = server.admin.get("/health/ready").await.expect(200);
    server.finish().await;
}
