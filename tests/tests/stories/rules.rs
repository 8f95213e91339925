//! The documented rules: uniqueness under races, what restricts deletion, what cascades, what may use what.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Answer, Client, Gate, Reply, Target, TestServer, World};

/// Sends the same creation eight times at once: one wins, the others are told why not.
async fn only_one_wins(client: &Client, path: &str, body: &Value, kind: &str, pointer: &str) -> i64 {
    let answers = join_all((0..8).map(|_| client.post(path, body))).await;
    let (won, lost): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1, "{path}: {won:?}");
    for answer in lost {
        assert_eq!(answer.problem(409, kind), [pointer], "{path}");
    }
    won[0].id()
}

#[tokio::test]
async fn names_and_addresses_are_unique_whoever_is_first() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    let user = |email: &str| json!({"firstName": "Ada", "lastName": "Lovelace", "email": email, "password": wfm_tests::PASSWORD, "role": "Viewer"});
    let ada = only_one_wins(
        admin,
        "/api/v1/users",
        &user("Ada@Example.com"),
        "email-taken",
        "/email",
    )
    .await;
    assert_eq!(
        admin.get(&format!("/api/v1/users/{ada}")).await.json()["email"],
        "ada@example.com"
    );
    assert_eq!(
        admin
            .post("/api/v1/users", &user("ADA@example.COM"))
            .await
            .problem(409, "email-taken"),
        ["/email"]
    );
    let name = |name: &str| json!({"name": name});
    let desk = only_one_wins(
        admin,
        "/api/v1/workspaces",
        &name("Desk"),
        "workspace-name-taken",
        "/name",
    )
    .await;
    // Case, surrounding space and the form of accents make no other name.
    admin
        .post("/api/v1/workspaces", &name("  dESK "))
        .await
        .problem(409, "workspace-name-taken");
    admin.create("/api/v1/workspaces", &name("Caf\u{e9}")).await;
    admin
        .post("/api/v1/workspaces", &name("CAFE\u{301}"))
        .await
        .problem(409, "workspace-name-taken");
    let other = admin.create("/api/v1/workspaces", &name("Other")).await;
    let project = |workspace: i64| json!({"workspaceId": workspace, "name": "Orders"});
    let orders = only_one_wins(admin, "/api/v1/projects", &project(desk), "project-name-taken", "/name").await;
    // The same name in another workspace is another project.
    let elsewhere = admin.create("/api/v1/projects", &project(other)).await;
    admin
        .patch(&format!("/api/v1/workspaces/{other}"), &name("desk"))
        .await
        .problem(409, "workspace-name-taken");
    // A name is free again when its bearer is gone or has another; an address stays taken until the person is erased.
    let _ = admin
        .patch(&format!("/api/v1/projects/{orders}"), &name("Invoices"))
        .await
        .expect(200);
    admin.create("/api/v1/projects", &project(desk)).await;
    let _ = admin.delete(&format!("/api/v1/projects/{elsewhere}")).await.expect(200);
    admin.create("/api/v1/projects", &project(other)).await;
    let _ = admin.delete(&format!("/api/v1/users/{ada}")).await.expect(200);
    admin
        .post("/api/v1/users", &user("ada@example.com"))
        .await
        .problem(409, "email-taken");
    let _ = admin.act(&format!("/api/v1/users/{ada}/erase")).await.expect(200);
    admin.create("/api/v1/users", &user("ada@example.com")).await;
    let deleted = server
        .rows("SELECT json_array(IsDeleted, DeletedAt IS NOT NULL) FROM Projects WHERE IsDeleted = 1")
        .await;
    assert_eq!(deleted, [json!([1, 1])], "deletion is soft");
    server.finish().await;
}

#[tokio::test]
async fn who_created_anything_cannot_be_deleted() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    let (maker, client) = server.admin.new_user("Maker", "ProjectManager").await;
    let (idle, _) = server.admin.new_user("Idle", "Viewer").await;
    let workspace = client.create("/api/v1/workspaces", &json!({"name": "Made"})).await;
    let path = format!("/api/v1/users/{maker}");
    admin.delete(&path).await.problem(409, "user-has-created-entities");
    let _ = admin.delete(&format!("/api/v1/users/{idle}")).await.expect(200);
    admin
        .get(&format!("/api/v1/users/{idle}"))
        .await
        .problem(404, "not-found");
    let _ = client
        .delete(&format!("/api/v1/workspaces/{workspace}"))
        .await
        .expect(200);
    // Deletion is soft: the workspace still names who made it.
    admin.delete(&path).await.problem(409, "user-has-created-entities");
    // The last active administrator stays, and nobody changes their own role.
    let me = admin.get("/api/v1/auth/me").await.id();
    for answer in [
        admin.delete(&format!("/api/v1/users/{me}")).await,
        admin.act(&format!("/api/v1/users/{me}/deactivate")).await,
        admin.act(&format!("/api/v1/users/{me}/erase")).await,
        admin
            .patch(&format!("/api/v1/users/{me}"), &json!({"role": "Viewer"}))
            .await,
    ] {
        answer.any_problem();
        assert!(matches!(answer.status.as_u16(), 403 | 409), "{}", answer.text);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_project_with_published_workflows_cannot_be_deleted() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Kept", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let project = format!("/api/v1/projects/{}", world.project);
    server
        .admin
        .delete(&project)
        .await
        .problem(409, "project-has-active-workflows");
    server
        .admin
        .delete(&format!("/api/v1/environments/{}", world.environment))
        .await
        .problem(409, "environment-in-use");
    let _ = server
        .admin
        .act(&format!("/api/v1/workflows/{workflow}/deactivate"))
        .await
        .expect(200);
    let start = format!("/api/v1/workflows/{workflow}/executions");
    server
        .admin
        .post(&start, &json!({}))
        .await
        .problem(409, "workflow-inactive");
    let _ = server.admin.delete(&project).await.expect(200);
    for gone in [
        &project,
        &format!("/api/v1/workflows/{workflow}"),
        &format!("/api/v1/environments/{}", world.environment),
    ] {
        server.admin.get(gone).await.problem(404, "not-found");
    }
    server.admin.post(&start, &json!({})).await.any_problem();
    server.finish().await;
}

#[tokio::test]
async fn publishing_and_deleting_the_project_at_once_never_both_succeed() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    for round in 0..4 {
        let world = World::build(&server.admin, &format!("Race {round}"), &target).await;
        let endpoint = world.endpoint("/a").await;
        let workflow = world
            .draft("Flow", &json!([{"name": "call", "apiEndpointId": endpoint}]))
            .await;
        let project = format!("/api/v1/projects/{}", world.project);
        let (published, deleted) = tokio::join!(world.publish(workflow), server.admin.delete(&project));
        let both = (published.status.as_u16(), deleted.status.as_u16());
        assert!(
            matches!(both, (200, 409) | (404 | 409 | 422, 200)),
            "{both:?} {} {}",
            published.text,
            deleted.text
        );
    }
    server.finish().await;
}

#[tokio::test]
async fn deleting_a_workspace_takes_everything_along_by_explicit_events() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let limits = json!({"maxConcurrentExecutions": 1});
    let world = World::build_with(&server.admin, "Doomed", &target, &limits, &json!({})).await;
    let other = World::build(&server.admin, "Spared", &target).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/slow", move |_| Reply::ok(&json!(1)).behind(&held));
    let workflow = world.one_step("/slow", &json!({})).await;
    let spared = other.one_step("/slow", &json!({})).await;
    let (_, member) = server.admin.new_user("Member", "Viewer").await;
    let id = member.get("/api/v1/auth/me").await.id();
    let path = format!("/api/v1/workspaces/{}", world.workspace);
    let _ = server
        .admin
        .put(&format!("{path}/members/{id}"), &json!({"role": "Developer"}))
        .await
        .expect(200);
    let runs = [
        world.start(workflow, &json!({})).await,
        world.start(workflow, &json!({})).await,
    ];
    let kept = other.start(spared, &json!({})).await;
    target.arrived("/slow", 2).await;
    let before = server.node.app.store.log.head().await.unwrap().position;
    let deleted = server.admin.delete(&path).await.expect(200).json();
    assert!(deleted["position"].as_u64().unwrap() > before.0);
    for run in &runs {
        assert_eq!(world.execution(run).await["status"], "Cancelled");
    }
    gate.open();
    assert_eq!(other.ended(&kept).await["status"], "Completed");
    let events = server
        .admin
        .all(&format!("/api/v1/events?limit=200&after={}", before.0))
        .await;
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for expected in [
        "WorkspaceDeleted",
        "ProjectDeleted",
        "EnvironmentDeleted",
        "WorkflowDeleted",
        "ApiEndpointDeleted",
    ] {
        assert_eq!(
            types.iter().filter(|event| **event == expected).count(),
            1,
            "{expected}: {types:?}"
        );
    }
    assert_eq!(types.iter().filter(|event| **event == "ExecutionCancelled").count(), 2);
    // All of it says why: the same correlation.
    let cascade =
        |event: &&Value| event["type"].as_str().unwrap().ends_with("Deleted") || event["type"] == "ExecutionCancelled";
    let correlations: std::collections::BTreeSet<String> = events
        .iter()
        .filter(cascade)
        .map(|event| event["metadata"]["correlationId"].to_string())
        .collect();
    assert_eq!(correlations.len(), 1, "{correlations:?}");
    // And what: the children follow from the deletion, which follows from the request.
    let deletion = events.iter().find(|event| event["type"] == "WorkspaceDeleted").unwrap();
    assert_eq!(deletion["metadata"]["causationId"], Value::Null);
    for event in events
        .iter()
        .filter(|event| event["type"].as_str().unwrap().ends_with("Deleted"))
    {
        if event["type"] != "WorkspaceDeleted" {
            assert_eq!(event["metadata"]["causationId"], deletion["id"], "{event}");
        }
    }
    let ends = events.iter().filter(|event| event["type"] == "ExecutionCancelled");
    assert!(ends.clone().all(|event| event["metadata"]["causationId"].is_string()));
    let rows = "SELECT json_array((SELECT COUNT(*) FROM Workspaces WHERE IsDeleted = 1), (SELECT COUNT(*) FROM Projects WHERE IsDeleted = 1), \
        (SELECT COUNT(*) FROM Environments WHERE IsDeleted = 1), (SELECT COUNT(*) FROM Workflows WHERE IsDeleted = 1), \
        (SELECT COUNT(*) FROM ApiEndpoints WHERE IsDeleted = 1), (SELECT COUNT(*) FROM vw_ActiveWorkflows), \
        (SELECT COUNT(*) FROM UserWorkspaces WHERE IsActive = 0))";
    assert_eq!(server.rows(rows).await, [json!([1, 1, 1, 1, 1, 1, 2])]);
    member.get(&path).await.problem(404, "not-found");
    assert!(member.get("/api/v1/workspaces").await.items().is_empty());
    // Names are free again.
    World::build(&server.admin, "Doomed", &target).await;
    server.finish().await;
}

#[tokio::test]
async fn foreign_environments_and_endpoints_are_refused() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (ours, theirs) = (
        World::build(&server.admin, "Ours", &target).await,
        World::build(&server.admin, "Theirs", &target).await,
    );
    let (endpoint, foreign) = (ours.endpoint("/a").await, theirs.endpoint("/a").await);
    let mut body = ours.workflow_body("Flow", &json!([{"name": "call", "apiEndpointId": endpoint}]));
    body["environmentId"] = theirs.environment.into();
    let answer = server.admin.post("/api/v1/workflows", &body).await;
    assert_eq!(answer.any_problem(), ["/environmentId"], "{}", answer.text);
    // Of another project of the same workspace, too.
    let sibling = json!({"workspaceId": ours.workspace, "name": "Sibling"});
    let sibling = server.admin.create("/api/v1/projects", &sibling).await;
    let environment = server
        .admin
        .create("/api/v1/environments", &json!({"projectId": sibling, "name": "E"}))
        .await;
    body["environmentId"] = environment.into();
    let answer = server.admin.post("/api/v1/workflows", &body).await;
    assert_eq!(answer.any_problem(), ["/environmentId"], "{}", answer.text);
    for nobodys in [0, -1, 1_i64 << 40] {
        let step = json!({"name": "call", "apiEndpointId": nobodys});
        let body = ours.workflow_body("Nobody", &json!([step]));
        let answer = server.admin.post("/api/v1/workflows", &body).await;
        assert_eq!(
            answer.problem(422, "invalid-field"),
            ["/steps/0/apiEndpointId"],
            "{nobodys}"
        );
    }
    let steps = json!([{"name": "call", "apiEndpointId": foreign}]);
    let answer = server
        .admin
        .post("/api/v1/workflows", &ours.workflow_body("Flow", &steps))
        .await;
    assert_eq!(answer.any_problem(), ["/steps/0/apiEndpointId"], "{}", answer.text);
    // A shared endpoint serves everybody.
    let shared = json!({"name": "Shared", "url": format!("{}/shared", target.url()), "method": "GET"});
    let shared = server.admin.create("/api/v1/api-endpoints", &shared).await;
    for world in [&ours, &theirs] {
        let workflow = world
            .workflow("Shared", &json!([{"name": "call", "apiEndpointId": shared}]))
            .await;
        assert_eq!(world.run(workflow, &json!({})).await["status"], "Completed");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_inactive_starts_nothing() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Resting", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let start = format!("/api/v1/workflows/{workflow}/executions");
    for path in [
        format!("/api/v1/workspaces/{}", world.workspace),
        format!("/api/v1/projects/{}", world.project),
        format!("/api/v1/environments/{}", world.environment),
    ] {
        let _ = server.admin.act(&format!("{path}/deactivate")).await.expect(200);
        let answer = server.admin.post(&start, &json!({})).await;
        answer.any_problem();
        assert_eq!(answer.status, 409, "{path}: {}", answer.text);
        let _ = server.admin.act(&format!("{path}/activate")).await.expect(200);
        assert_eq!(world.run(workflow, &json!({})).await["status"], "Completed", "{path}");
    }
    assert_eq!(target.calls("/a").len(), 3);
    server.finish().await;
}

#[tokio::test]
async fn a_workspace_shows_nothing_to_those_outside() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (ours, theirs) = (
        World::build(&server.admin, "Ours", &target).await,
        World::build(&server.admin, "Theirs", &target).await,
    );
    let marker = "theirs-only-4711";
    let (workflow, hidden) = (
        ours.one_step("/a", &json!({})).await,
        theirs.one_step("/b", &json!({"description": marker})).await,
    );
    let patch = json!({"description": marker});
    for path in [
        format!("workspaces/{}", theirs.workspace),
        format!("projects/{}", theirs.project),
        format!("environments/{}", theirs.environment),
    ] {
        let _ = server.admin.patch(&format!("/api/v1/{path}"), &patch).await.expect(200);
    }
    let run = ours.run(workflow, &json!({})).await["executionId"]
        .as_str()
        .unwrap()
        .to_owned();
    let secret_run = theirs.run(hidden, &json!({"marker": marker})).await["executionId"]
        .as_str()
        .unwrap()
        .to_owned();
    let (member, client) = server.admin.new_user("Member", "ProjectManager").await;
    let _ = server
        .admin
        .put(
            &format!("/api/v1/workspaces/{}/members/{member}", ours.workspace),
            &json!({"role": "Admin"}),
        )
        .await
        .expect(200);
    // Every read route of the table, filled with the other workspace's ids, then without a filter.
    for route in wfm_api::routes()
        .iter()
        .filter(|route| route.method == Method::GET && route.path.starts_with("/api/v1/"))
    {
        let id = |kind: &str| match kind {
            "workspaces" => theirs.workspace.to_string(),
            "projects" => theirs.project.to_string(),
            "environments" => theirs.environment.to_string(),
            "workflows" => hidden.to_string(),
            "executions" => secret_run.clone(),
            "streams" => format!("workflow-{hidden}"),
            _ => "2".to_owned(),
        };
        let kind = route.path.split('/').nth(3).unwrap();
        let path = route
            .path
            .replace("{id}", &id(kind))
            .replace("{stepId}", "1")
            .replace("{parameterId}", "1")
            .replace("{name}", "x");
        let answer = client.get(&path).await;
        assert!(!answer.text.contains(marker), "{path}: {}", answer.text);
        if route.path.contains("{id}") && !matches!(kind, "users" | "api-keys" | "api-endpoints") {
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        }
    }
    for body in [json!({}), json!({"name": "x"})] {
        for path in [
            format!("workflows/{hidden}/executions"),
            format!("executions/{secret_run}/cancel"),
            format!("workflows/{hidden}/publish"),
        ] {
            let answer = client.post(&format!("/api/v1/{path}"), &body).await;
            assert!(matches!(answer.status.as_u16(), 400 | 404), "{path}: {}", answer.text);
        }
    }
    let seen = client.get("/api/v1/executions").await.items();
    assert_eq!(
        seen.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [run]
    );
    assert_eq!(client.get("/api/v1/views/active-workflows").await.items().len(), 1);
    assert_eq!(
        client
            .get(&format!("/api/v1/workflows?projectId={}", theirs.project))
            .await
            .items()
            .len(),
        0
    );
    server.finish().await;
}

#[tokio::test]
async fn an_old_idempotency_key_opens_nothing() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let admin = &server.admin;
    let world = World::build(admin, "Closed", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let (user, client) = admin.new_user("Leaver", "Viewer").await;
    let member = format!("/api/v1/workspaces/{}/members/{user}", world.workspace);
    let _ = admin.put(&member, &json!({"role": "Developer"})).await.expect(200);
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let keyed = |client: &Client, path: &str, key: &str| {
        let request = client.request(Method::POST, path).header("idempotency-key", key);
        request.waiting().send()
    };
    let started = keyed(&client, &start, "start").await.expect(200).json();
    let run = started["id"].as_str().unwrap();
    let again = keyed(&client, &start, "start").await.expect(200);
    assert_eq!(
        (again.header("idempotency-replayed"), &again.json()["id"]),
        ("true", &started["id"])
    );
    let signal = format!("/api/v1/executions/{run}/rerun");
    let _ = keyed(&client, &signal, "rerun").await.expect(200);
    // What pauses and what cancels a run under way.
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/held", move |_| Reply::ok(&json!({})).behind(&held));
    let waiting = world.one_step("/held", &json!({})).await;
    let running = world.start(waiting, &json!({})).await;
    let _ = target.arrived("/held", 1).await;
    let controls = ["pause", "cancel"].map(|action| format!("/api/v1/executions/{running}/{action}"));
    for path in &controls {
        let answer = client
            .request(Method::POST, path)
            .header("idempotency-key", path)
            .send()
            .await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    }
    gate.open();
    let _ = world.ended(&running).await;
    let narrow = json!({"name": "narrow", "maxRole": "Viewer"});
    let token = client.post("/api/v1/api-keys", &narrow).await.expect(201).json()["token"].clone();
    let narrowed = client.with_token(token.as_str().unwrap());
    keyed(&narrowed, &start, "start").await.problem(403, "forbidden");
    let _ = admin.delete(&member).await.expect(200);
    let [pause, cancel] = &controls;
    for (path, key) in [(&start, "start"), (&signal, "rerun"), (pause, pause), (cancel, cancel)] {
        keyed(&client, path, key).await.problem(404, "not-found");
    }
    server.finish().await;
}

#[tokio::test]
async fn who_was_deleted_is_no_member_and_gets_no_other_role() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let admin = &server.admin;
    let world = World::build(admin, "Left", &target).await;
    let (user, _) = admin.new_user("Leaver", "Viewer").await;
    let member = format!("/api/v1/workspaces/{}/members/{user}", world.workspace);
    assert!(admin.put(&member, &json!({"role": "Viewer"})).await.status.is_success());
    let erased = admin.new_user("Gone", "Viewer").await.0;
    let path = format!("/api/v1/workspaces/{}/members", world.workspace);
    let _ = admin
        .put(&format!("{path}/{erased}"), &json!({"role": "Viewer"}))
        .await
        .expect(200);
    assert_eq!(admin.get(&path).await.items().len(), 3);
    assert!(admin.delete(&format!("/api/v1/users/{user}")).await.status.is_success());
    let _ = admin.act(&format!("/api/v1/users/{erased}/erase")).await.expect(200);
    assert_eq!(admin.get(&path).await.items().len(), 1);
    let active = "SELECT json_array(UserId) FROM UserWorkspaces WHERE IsActive = 1";
    assert_eq!(server.rows(active).await, [json!([1])]);
    let refused = admin.put(&member, &json!({"role": "Developer"})).await;
    refused.problem(404, "user-not-found");
    server.finish().await;
}
