//! Who may come in: logins, lock-out, refresh tokens, API keys, deactivation.

use serde_json::{Value, json};
use wfm_application::clock::Clock;
use wfm_tests::{ADMIN, Client, PASSWORD, Target, TestServer, World, until};

#[tokio::test]
async fn refresh_tokens_rotate_and_a_stolen_one_ends_the_session() {
    let server = TestServer::spawn().await;
    let stranger = server.stranger();
    let first = stranger.tokens(ADMIN).await;
    let refresh = |tokens: &Value| {
        let body = json!({"refreshToken": tokens["refreshToken"]});
        let stranger = stranger.clone();
        async move { stranger.post("/api/v1/auth/refresh", &body).await }
    };
    let second = refresh(&first).await.expect(200).json();
    assert_ne!(first["refreshToken"], second["refreshToken"]);
    let me = stranger
        .with_token(second["accessToken"].as_str().unwrap())
        .get("/api/v1/auth/me")
        .await
        .expect(200)
        .json();
    assert_eq!(me["email"], ADMIN);
    // Used twice: nobody can tell who is the thief, so both are out.
    refresh(&first).await.problem(401, "unauthenticated");
    refresh(&second).await.problem(401, "unauthenticated");
    // Another login is another family.
    let other = stranger.tokens(ADMIN).await;
    let other = refresh(&other).await.expect(200).json();
    let _ = stranger
        .post("/api/v1/auth/logout", &json!({"refreshToken": other["refreshToken"]}))
        .await
        .expect(204);
    refresh(&other).await.problem(401, "unauthenticated");
    // Tokens end with time.
    let tokens = stranger.tokens(ADMIN).await;
    let client = stranger.with_token(tokens["accessToken"].as_str().unwrap());
    server.clock.forward_seconds(tokens["expiresIn"].as_i64().unwrap() + 1);
    client.get("/api/v1/auth/me").await.problem(401, "unauthenticated");
    let tokens = refresh(&tokens).await.expect(200).json();
    server.clock.forward_seconds(31 * 24 * 3600);
    refresh(&tokens).await.problem(401, "unauthenticated");
    server.finish().await;
}

#[tokio::test]
async fn the_lifetimes_of_tokens_are_settings() {
    let server = TestServer::spawn_with(&[("access_token_seconds", "60"), ("refresh_token_days", "2")]).await;
    let stranger = server.stranger();
    let tokens = stranger.tokens(ADMIN).await;
    assert_eq!(tokens["expiresIn"], 60);
    let refresh = |tokens: &Value| {
        let body = json!({"refreshToken": tokens["refreshToken"]});
        let stranger = stranger.clone();
        async move { stranger.post("/api/v1/auth/refresh", &body).await }
    };
    server.clock.forward_seconds(47 * 3600);
    let tokens = refresh(&tokens).await.expect(200).json();
    server.clock.forward_seconds(49 * 3600);
    refresh(&tokens).await.problem(401, "unauthenticated");
    server.finish().await;
}

#[tokio::test]
async fn guessing_is_slowed_down_and_tells_nothing() {
    let server = TestServer::spawn().await;
    let (_, _) = server.admin.new_user("Victim", "Viewer").await;
    let stranger = server.stranger();
    let login = |email: &'static str, password: &'static str| {
        let stranger = stranger.clone();
        async move {
            stranger
                .post("/api/v1/auth/login", &json!({"email": email, "password": password}))
                .await
        }
    };
    let texts = |answer: wfm_tests::Answer| {
        let problem = answer.json();
        (problem["type"].clone(), problem["detail"].clone())
    };
    for email in ["victim@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            login(email, "wrong password").await.problem(401, "unauthenticated");
        }
        let locked = login(email, PASSWORD).await;
        locked.problem(429, "too-many");
        let seconds: i64 = locked.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
    assert_eq!(
        texts(login("other@example.com", "wrong password").await),
        texts(login(ADMIN, "wrong password").await)
    );
    server.clock.forward_seconds(31);
    let _ = login("victim@example.com", PASSWORD).await.expect(200);
    server.clock.forward_seconds(-31);
    until("the failures to be recorded", || async {
        let log = server.admin.get("/api/v1/access-log").await.items();
        (log.iter().filter(|row| row["outcome"] == "LoginFailed").count() >= 7).then_some(())
    })
    .await;
    server.finish().await;
}

#[tokio::test]
async fn a_deactivated_user_is_out_at_once() {
    let server = TestServer::spawn().await;
    let (id, client) = server.admin.new_user("Leaver", "ProjectManager").await;
    let tokens = server.stranger().tokens("leaver@example.com").await;
    let key = client
        .post("/api/v1/api-keys", &json!({"name": "CI"}))
        .await
        .expect(201)
        .json();
    let by_key = server.stranger().with_token(key["token"].as_str().unwrap());
    let _ = by_key.get("/api/v1/auth/me").await.expect(200);
    let _ = server
        .admin
        .act(&format!("/api/v1/users/{id}/deactivate"))
        .await
        .expect(200);
    for client in [&client, &by_key] {
        client.get("/api/v1/auth/me").await.problem(401, "unauthenticated");
        client
            .post("/api/v1/workspaces", &json!({"name": "Late"}))
            .await
            .problem(401, "unauthenticated");
    }
    let stranger = server.stranger();
    stranger
        .post("/api/v1/auth/refresh", &json!({"refreshToken": tokens["refreshToken"]}))
        .await
        .problem(401, "unauthenticated");
    stranger
        .post(
            "/api/v1/auth/login",
            &json!({"email": "leaver@example.com", "password": PASSWORD}),
        )
        .await
        .problem(401, "unauthenticated");
    let _ = server
        .admin
        .act(&format!("/api/v1/users/{id}/activate"))
        .await
        .expect(200);
    let _ = Client::login(server.admin.base(), "leaver@example.com")
        .await
        .get("/api/v1/auth/me")
        .await
        .expect(200);
    server.finish().await;
}

#[tokio::test]
async fn a_changed_password_ends_the_sessions() {
    let server = TestServer::spawn().await;
    let (id, client) = server.admin.new_user("Changer", "Viewer").await;
    let tokens = server.stranger().tokens("changer@example.com").await;
    let path = format!("/api/v1/users/{id}/password");
    let new = "another password 1";
    let pointers = client
        .post(&path, &json!({"currentPassword": "wrong", "newPassword": new}))
        .await
        .any_problem();
    assert_eq!(pointers, ["/currentPassword"]);
    let _ = client
        .post(&path, &json!({"currentPassword": PASSWORD, "newPassword": new}))
        .await
        .expect(200);
    let stranger = server.stranger();
    stranger
        .post("/api/v1/auth/refresh", &json!({"refreshToken": tokens["refreshToken"]}))
        .await
        .problem(401, "unauthenticated");
    stranger
        .post(
            "/api/v1/auth/login",
            &json!({"email": "changer@example.com", "password": PASSWORD}),
        )
        .await
        .problem(401, "unauthenticated");
    let _ = stranger
        .post(
            "/api/v1/auth/login",
            &json!({"email": "changer@example.com", "password": new}),
        )
        .await
        .expect(200);
    server.finish().await;
}

#[tokio::test]
async fn api_keys_narrow_their_owners_rights() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let (ours, theirs) = (
        World::build(&server.admin, "Ours", &target).await,
        World::build(&server.admin, "Theirs", &target).await,
    );
    let workflow = ours.one_step("/a", &json!({})).await;
    let key = |body: Value| {
        let server = &server;
        async move {
            let issued = server.admin.post("/api/v1/api-keys", &body).await.expect(201).json();
            (
                issued["id"].as_i64().unwrap(),
                server.stranger().with_token(issued["token"].as_str().unwrap()),
            )
        }
    };
    let (_, viewer) = key(json!({"name": "Viewer", "maxRole": "Viewer"})).await;
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let _ = viewer.get(&format!("/api/v1/workflows/{workflow}")).await.expect(200);
    viewer.post(&start, &json!({})).await.problem(403, "forbidden");
    viewer.get("/api/v1/users").await.problem(403, "forbidden");
    let (_, developer) = key(json!({"name": "Developer", "maxRole": "Developer", "workspaceId": ours.workspace})).await;
    let _ = developer.post(&start, &json!({})).await.expect(202);
    developer
        .delete(&format!("/api/v1/projects/{}", ours.project))
        .await
        .problem(403, "forbidden");
    developer
        .get(&format!("/api/v1/workspaces/{}", theirs.workspace))
        .await
        .problem(404, "not-found");
    assert_eq!(developer.get("/api/v1/workspaces").await.items().len(), 1);
    // A narrowed key makes no wider one.
    let wider = developer.post("/api/v1/api-keys", &json!({"name": "Wider"})).await;
    if wider.status == 201 {
        let wider = server.stranger().with_token(wider.json()["token"].as_str().unwrap());
        wider
            .get(&format!("/api/v1/workspaces/{}", theirs.workspace))
            .await
            .problem(404, "not-found");
        wider.get("/api/v1/users").await.problem(403, "forbidden");
    } else {
        wider.any_problem();
    }
    let hour = server.clock.now().plus_milliseconds(3_600_000).to_string();
    let (_, brief) = key(json!({"name": "Brief", "expiresAt": hour})).await;
    let _ = brief.get("/api/v1/auth/me").await.expect(200);
    server.clock.forward_seconds(3601);
    brief.get("/api/v1/auth/me").await.problem(401, "unauthenticated");
    server.clock.forward_seconds(-3601);
    let (id, revoked) = key(json!({"name": "Revoked"})).await;
    let _ = revoked.get("/api/v1/auth/me").await.expect(200);
    let _ = server
        .admin
        .act(&format!("/api/v1/api-keys/{id}/revoke"))
        .await
        .expect(200);
    revoked.get("/api/v1/auth/me").await.problem(401, "unauthenticated");
    // Keys are listed without what opens doors.
    let listed = server.admin.get("/api/v1/api-keys").await.expect(200).text;
    assert!(!listed.contains("token"), "{listed}");
    server.finish().await;
}

#[tokio::test]
async fn a_password_has_72_bytes_at_most_and_each_of_them_counts() {
    let server = TestServer::spawn().await;
    let longest = "p".repeat(72);
    let user = |email: &str, password: &str| json!({"firstName": "Ada", "lastName": "Long", "email": email, "password": password, "role": "Viewer"});
    let made = server
        .admin
        .post("/api/v1/users", &user("long@example.com", &longest))
        .await;
    let _ = made.expect(201);
    let refused = server
        .admin
        .post("/api/v1/users", &user("longer@example.com", &"p".repeat(73)))
        .await;
    assert_eq!(refused.problem(422, "invalid-field"), ["/password"]);
    let login = async |password: &str| {
        let body = json!({"email": "long@example.com", "password": password});
        server.stranger().post("/api/v1/auth/login", &body).await
    };
    let _ = login(&longest).await.expect(200);
    for wrong in [&longest[1..], &format!("{longest}p"), &format!("{}q", &longest[1..])] {
        login(wrong).await.problem(401, "unauthenticated");
    }
    server.finish().await;
}
