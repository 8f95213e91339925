//! How things are asked for: idempotency, preconditions, pages, filters, histories, waiting.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Answer, Client, Target, TestServer, World, until};

#[tokio::test]
async fn a_repeated_request_does_nothing_twice() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let admin = &server.admin;
    let create = |name: &str| {
        admin
            .request(Method::POST, "/api/v1/workspaces")
            .header("idempotency-key", "k-1")
            .json(&json!({"name": name}))
    };
    let first = create("Once").send().await.expect(201);
    let again = create("Once").send().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(
        (first.id(), first.json()["position"].clone()),
        (again.id(), again.json()["position"].clone())
    );
    create("Other").send().await.problem(422, "idempotency-key-reused");
    let other_path = admin
        .request(Method::POST, "/api/v1/projects")
        .header("idempotency-key", "k-1");
    other_path
        .json(&json!({"workspaceId": 1, "name": "Once"}))
        .send()
        .await
        .problem(422, "idempotency-key-reused");
    assert_eq!(admin.get("/api/v1/workspaces").await.items().len(), 1);
    // Keys are each caller's own.
    let (_, other) = admin.new_user("Other", "ProjectManager").await;
    let theirs = other
        .request(Method::POST, "/api/v1/workspaces")
        .header("idempotency-key", "k-1")
        .json(&json!({"name": "Theirs"}));
    assert_ne!(theirs.send().await.expect(201).id(), first.id());
    // Eight at once: one run, eight times the same answer.
    let world = World::build(admin, "World", &target).await;
    let workflow = world.one_step("/a", &json!({"inputMapping": {"n": "{input.n}"}})).await;
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let starts = (0..8).map(|_| {
        let start = admin
            .request(Method::POST, &start)
            .header("idempotency-key", "run-1")
            .waiting();
        start.json(&json!({"inputParameters": {"n": 1}})).send()
    });
    let answers: Vec<Answer> = join_all(starts).await;
    let ids: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.clone().expect(200).json()["executionId"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    assert!(
        answers.iter().all(|answer| answer.json()["status"] == "Completed"),
        "{answers:?}"
    );
    assert_eq!(target.calls("/a").len(), 1);
    // A refused request leaves its key free.
    let refused = admin
        .request(Method::POST, "/api/v1/workspaces")
        .header("idempotency-key", "k-2")
        .json(&json!({"name": "Once"}));
    refused.send().await.problem(409, "workspace-name-taken");
    let corrected = admin
        .request(Method::POST, "/api/v1/workspaces")
        .header("idempotency-key", "k-2")
        .json(&json!({"name": "Twice"}));
    let _ = corrected.send().await.expect(201);
    // One-time secrets are not shown again.
    let key = || {
        admin
            .request(Method::POST, "/api/v1/api-keys")
            .header("idempotency-key", "key-1")
            .json(&json!({"name": "CI"}))
    };
    assert!(key().send().await.expect(201).json()["token"].is_string());
    assert_eq!(key().send().await.expect(201).json()["token"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn a_change_may_demand_the_version_that_was_read() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    let id = admin.create("/api/v1/workspaces", &json!({"name": "Versioned"})).await;
    let path = format!("/api/v1/workspaces/{id}");
    let read = admin.get(&path).await.expect(200);
    let etag = read.header("etag").to_owned();
    let change = |tag: &str, name: &str| {
        admin
            .request(Method::PATCH, &path)
            .header("if-match", tag)
            .json(&json!({"name": name}))
    };
    let changed = change(&etag, "One").send().await.expect(200);
    assert_ne!(changed.header("etag"), etag);
    let stale = change(&etag, "Two").send().await;
    stale.problem(412, "version-mismatch");
    assert_eq!(stale.header("etag"), changed.header("etag"));
    let _ = change("*", "Three").send().await.expect(200);
    let known = admin.get(&path).await.header("etag").to_owned();
    let one_of = format!("{etag}, W/{known}");
    let _ = change(&one_of, "Four").send().await.expect(200);
    change(&one_of, "Five").send().await.problem(412, "version-mismatch");
    admin
        .request(Method::DELETE, &path)
        .header("if-match", &etag)
        .send()
        .await
        .problem(412, "version-mismatch");
    // Of eight changes of what was read at once, one wins.
    let etag = admin.get(&path).await.header("etag").to_owned();
    let answers = join_all((0..8).map(|number| change(&etag, &format!("N{number}")).send())).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 412).count(),
        7,
        "{statuses:?}"
    );
    server.finish().await;
}

#[tokio::test]
async fn pages_show_every_row_exactly_once() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Pages", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let fails = world.one_step("/fails", &json!({})).await;
    target.on("/fails", |_| wfm_tests::Reply::status(400));
    let world = &world;
    join_all((0..120).map(|number| async move {
        world
            .run(if number % 4 == 0 { fails } else { workflow }, &json!({"n": number}))
            .await;
    }))
    .await;
    let ids =
        |rows: Vec<Value>| -> Vec<String> { rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect() };
    let mut expected = ids(server.admin.all("/api/v1/executions?limit=200&sort=id").await);
    assert_eq!(expected.len(), 120);
    assert!(expected.is_sorted());
    for query in [
        "limit=7",
        "limit=50&sort=executedAt",
        "limit=13&sort=-id",
        "limit=11&sort=status",
        "limit=40&sort=-completedAt",
        "limit=119",
    ] {
        let mut found = ids(server.admin.all(&format!("/api/v1/executions?{query}")).await);
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    let newest = server.admin.all("/api/v1/executions?limit=9").await;
    assert!(
        newest.is_sorted_by(|a, b| a["executedAt"].as_str() >= b["executedAt"].as_str()),
        "newest first"
    );
    let by_status = server.admin.all("/api/v1/executions?limit=17&sort=-status").await;
    assert!(by_status.is_sorted_by_key(|row| if row["status"] == "Failed" { 0 } else { 1 }));
    let failed = server.admin.all("/api/v1/executions?status=Failed&limit=8").await;
    assert_eq!(failed.len(), 30);
    assert!(
        failed
            .iter()
            .all(|row| row["status"] == "Failed" && row["workflowId"] == fails)
    );
    assert_eq!(
        server
            .admin
            .all(&format!("/api/v1/executions?workflowId={workflow}&limit=200&status=1"))
            .await
            .len(),
        90
    );
    // A cursor belongs to its list.
    let cursor = server.admin.get("/api/v1/executions?limit=5").await.json()["nextCursor"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        server
            .admin
            .get(&format!("/api/v1/executions?limit=5&sort=status&cursor={cursor}"))
            .await
            .problem(400, "bad-parameter"),
        ["/cursor"]
    );
    // Rows that come while somebody pages neither repeat nor hide others.
    let first = server.admin.get("/api/v1/executions?limit=60").await.json();
    world.run(workflow, &json!({})).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = server
        .admin
        .all(&format!("/api/v1/executions?limit=60&cursor={cursor}"))
        .await;
    let mut both = ids(first["items"].as_array().unwrap().clone());
    both.extend(ids(rest));
    both.sort();
    expected.sort();
    assert_eq!(both, expected);
    // Periods: from is inclusive, to is exclusive.
    let rows = server.admin.all("/api/v1/executions?limit=200&sort=executedAt").await;
    let at = |index: usize| rows[index]["executedAt"].as_str().unwrap().to_owned();
    let (from, to) = (at(20), at(70));
    let count = rows
        .iter()
        .filter(|row| (from.as_str()..to.as_str()).contains(&row["executedAt"].as_str().unwrap()))
        .count();
    let query = format!("/api/v1/executions?limit=7&executedFrom={from}&executedTo={to}");
    assert_eq!(server.admin.all(&query).await.len(), count);
    // Any offset means the same instant.
    let offset = chrono::DateTime::parse_from_rfc3339(&from)
        .unwrap()
        .with_timezone(&chrono::FixedOffset::east_opt(2 * 3600).unwrap());
    let offset = offset
        .format("%Y-%m-%dT%H:%M:%S%.6f%:z")
        .to_string()
        .replace('+', "%2B");
    assert_eq!(
        server
            .admin
            .all(&format!(
                "/api/v1/executions?limit=200&executedFrom={offset}&executedTo={to}"
            ))
            .await
            .len(),
        count
    );
    server.finish().await;
}

#[tokio::test]
async fn histories_tell_who_did_what() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Told", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let (editor, client) = server.admin.new_user("Editor", "Viewer").await;
    let member = format!("/api/v1/workspaces/{}/members/{editor}", world.workspace);
    let _ = server
        .admin
        .put(&member, &json!({"role": "Developer"}))
        .await
        .expect(200);
    let path = format!("/api/v1/workflows/{workflow}");
    let _ = client
        .request(Method::PATCH, &path)
        .header("x-request-id", "change-42")
        .json(&json!({"name": "Renamed"}))
        .send()
        .await
        .expect(200);
    let history = client.all(&format!("{path}/history?limit=1")).await;
    let types: Vec<&str> = history.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["WorkflowCreated", "StepAdded", "WorkflowPublished", "WorkflowChanged"]
    );
    let versions: Vec<u64> = history.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
    let last = &history[3];
    assert_eq!(last["metadata"]["correlationId"], "change-42", "{last}");
    assert!(
        last["metadata"]["actor"].to_string().contains(&editor.to_string()),
        "{last}"
    );
    assert_eq!(last["leafHash"].as_str().unwrap().len(), 64);
    // Developers read histories, not the log; project managers of the workspace read its part of the log.
    client
        .get(&format!("/api/v1/events?workspaceId={}", world.workspace))
        .await
        .problem(403, "forbidden");
    let _ = server
        .admin
        .put(&member, &json!({"role": "ProjectManager"}))
        .await
        .expect(200);
    let events = client
        .all(&format!("/api/v1/events?workspaceId={}&limit=200", world.workspace))
        .await;
    assert!(events.is_sorted_by_key(|event| event["position"].as_u64()));
    assert!(events.iter().any(|event| event["type"] == "WorkspaceCreated"));
    assert!(
        events
            .iter()
            .all(|event| !event["type"].as_str().unwrap().starts_with("User"))
    );
    client.get("/api/v1/events").await.problem(403, "forbidden");
    // The whole log has no gap.
    let all = server.admin.all("/api/v1/events?limit=50").await;
    let positions: Vec<u64> = all.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    server.finish().await;
}

#[tokio::test]
async fn a_login_shows_though_the_version_stays() {
    let server = TestServer::spawn().await;
    let (id, user) = server.admin.new_user("Visitor", "Viewer").await;
    let path = format!("/api/v1/users/{id}");
    let seen = user.get(&path).await.expect(200);
    let again = |client: &Client| {
        let request = client.request(Method::GET, &path);
        request.header("if-none-match", seen.header("etag")).send()
    };
    let user = Client::login(server.admin.base(), "visitor@example.com").await;
    server.settled().await;
    let shown = again(&user).await.expect(200);
    assert_eq!(shown.header("etag"), seen.header("etag"));
    assert!(shown.json()["lastLoginAt"].as_str() > seen.json()["lastLoginAt"].as_str());
    server.finish().await;
}

#[tokio::test]
async fn what_was_erased_stays_erased_after_a_rebuild() {
    let server = TestServer::spawn().await;
    let body = json!({
        "firstName": "Grace", "lastName": "Hopper", "email": "grace@example.com", "password": wfm_tests::PASSWORD,
        "role": "Viewer", "department": "Compilers", "phoneNumber": "+1 555",
    });
    let id = server.admin.create("/api/v1/users", &body).await;
    let erase = format!("/api/v1/users/{id}/erase");
    let _ = server.admin.act(&erase).await.expect(200);
    let sql = format!(
        "SELECT json_array(FirstName, LastName, Email, PasswordHash, PhoneNumber, Department, IsActive) FROM Users WHERE Id = {id}"
    );
    let erased = server.rows(&sql).await.remove(0);
    assert_eq!(erased[2], format!("erased-{id}@erased.invalid"));
    assert_eq!(
        (&erased[0], &erased[1], &erased[3], &erased[6]),
        (&json!("erased"), &json!("erased"), &json!("!"), &json!(0))
    );
    let epoch = |answer: Answer| answer.items()[0]["epoch"].as_u64().unwrap();
    let before = epoch(server.admin.get("/api/v1/projections").await);
    let started = server
        .admin
        .act("/api/v1/projections/read-models/rebuild")
        .await
        .expect(202)
        .json();
    assert_eq!(started["name"], "read-models");
    until("the rebuild to end", || async {
        let status = server.admin.get("/api/v1/projections").await.items().remove(0);
        (status["epoch"].as_u64().unwrap() > before && status["state"] == "Running").then_some(())
    })
    .await;
    assert_eq!(server.rows(&sql).await, [erased]);
    let history = server
        .admin
        .get(&format!("/api/v1/users/{id}/history"))
        .await
        .expect(200)
        .text;
    for text in ["Grace", "Hopper", "grace@example.com", "Compilers", "+1 555"] {
        assert!(!history.contains(text), "{text}: {history}");
    }
    // The address is free, and the person is somebody new.
    assert_ne!(server.admin.create("/api/v1/users", &body).await, id);
    server.finish().await;
}

#[tokio::test]
async fn answers_come_before_or_after_the_read_models_as_preferred() {
    let server = TestServer::spawn().await;
    let create = server
        .admin
        .request(Method::POST, "/api/v1/workspaces")
        .header("prefer", "respond-async");
    let made = create.json(&json!({"name": "Async"})).send().await.expect(201).json();
    let position = made["position"].as_u64().unwrap();
    let rows = server
        .admin
        .get(&format!("/api/v1/workspaces?min-position={position}"))
        .await
        .items();
    assert_eq!(rows[0]["name"], "Async");
    // A position that nobody has reached is waited for in vain, and said so.
    let future = server
        .admin
        .get(&format!("/api/v1/workspaces?min-position={}", position + 1000))
        .await;
    future.problem(503, "read-models-behind");
    assert_eq!(future.header("retry-after"), "1");
    let made = server
        .admin
        .post(
            "/api/v1/workspaces",
            &json!({"name": "Shown", "description": "at once"}),
        )
        .await
        .expect(201);
    assert_eq!(made.json()["description"], "at once");
    assert_eq!(made.header("location"), format!("/api/v1/workspaces/{}", made.id()));
    let seen = server.admin.get(made.header("location")).await.expect(200);
    assert_eq!(seen.header("etag"), made.header("etag"));
    server.finish().await;
}
