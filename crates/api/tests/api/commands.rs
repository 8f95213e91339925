//! Commands: creation, change, entity tags, idempotency, preferences.

use http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn a_creation_answers_with_its_place_and_the_entity() {
    let test = TestApp::start().await;
    let answer = test
        .post(
            "/api/v1/workspaces",
            json!({"name": " Sales ", "description": "Orders"}),
        )
        .await
        .expect(201);
    let body = answer.json();
    let id = body["id"].as_i64().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/workspaces/{id}"));
    assert_eq!(answer.header("etag"), "\"2\"");
    assert_eq!(
        (body["version"].as_i64(), body["name"].as_str()),
        (Some(2), Some("Sales"))
    );
    assert!(body["position"].as_u64().unwrap() > 0);
    assert_eq!(body.get("projected"), None);
    let shown = test.get(&format!("/api/v1/workspaces/{id}")).await.expect(200);
    assert_eq!(shown.header("etag"), "\"2\"");
    let shown = shown.json();
    assert_eq!(
        (shown["isActive"].as_bool(), shown["description"].as_str()),
        (Some(true), Some("Orders"))
    );
    let created_at = shown["createdAt"].as_str().unwrap();
    assert!(created_at.len() == 27 && created_at.ends_with('Z'), "{created_at}");
}

#[tokio::test]
async fn a_change_is_guarded_by_the_entity_tag() {
    let test = TestApp::start().await;
    let id = test
        .post("/api/v1/workspaces", json!({"name": "Sales"}))
        .await
        .expect(201)
        .id();
    let path = format!("/api/v1/workspaces/{id}");
    let patch = |tag: &str, body: Value| {
        test.call(Method::PATCH, &path)
            .admin()
            .header("if-match", tag)
            .json(body)
            .send()
    };
    let changed = patch("\"2\"", json!({"description": "x"})).await.expect(200);
    assert_eq!(
        (changed.header("etag"), changed.json()["description"].as_str()),
        ("\"3\"", Some("x"))
    );
    let late = patch("\"2\"", json!({"description": "y"})).await;
    late.problem(412, "version-mismatch");
    assert_eq!(late.header("etag"), "\"3\"");
    patch("*", json!({"description": null})).await.expect(200);
    assert_eq!(test.get(&path).await.json()["description"], Value::Null);
    patch("3", json!({})).await.problem(400, "bad-header");
    let late = test
        .call(Method::DELETE, &path)
        .admin()
        .header("if-match", "\"1\"")
        .send()
        .await;
    late.problem(412, "version-mismatch");
    let late = test
        .call(Method::POST, &format!("{path}/deactivate"))
        .admin()
        .header("if-match", "\"1\"")
        .send()
        .await;
    late.problem(412, "version-mismatch");
    test.call(Method::DELETE, &path)
        .admin()
        .header("if-match", "\"4\"")
        .send()
        .await
        .expect(200);
    test.get(&path).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let test = TestApp::start().await;
    let post = |key: &str, body: Value| {
        test.call(Method::POST, "/api/v1/workspaces")
            .admin()
            .header("idempotency-key", key)
            .json(body)
            .send()
    };
    let first = post("k1", json!({"name": "Sales"})).await.expect(201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = post("k1", json!({"name": "Sales"})).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("location"), first.header("location"));
    post("k1", json!({"name": "Other"}))
        .await
        .problem(422, "idempotency-key-reused");
    post("k2", json!({"name": "Other"})).await.expect(201);
    post("", json!({"name": "Third"})).await.problem(400, "bad-header");
    assert_eq!(
        test.get("/api/v1/workspaces").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_preference_skips_the_wait_for_the_read_models() {
    let test = TestApp::start().await;
    let call = test
        .call(Method::POST, "/api/v1/workspaces")
        .admin()
        .header("prefer", "respond-async");
    let answer = call.json(json!({"name": "Sales"})).send().await.expect(201).json();
    let position = answer["position"].as_u64().unwrap();
    let id = answer["id"].as_i64().unwrap();
    test.get(&format!("/api/v1/workspaces/{id}?min-position={position}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_session_begins_goes_on_and_ends() {
    let test = TestApp::start().await;
    let login = json!({"email": "admin@example.com", "password": PASSWORD});
    let answer = test
        .call(Method::POST, "/api/v1/auth/login")
        .json(login)
        .send()
        .await
        .expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    let me = test
        .call(Method::GET, "/api/v1/auth/me")
        .token(tokens["accessToken"].as_str().unwrap())
        .send()
        .await
        .expect(200);
    assert_eq!(
        (me.json()["email"].as_str(), me.json()["role"].as_str()),
        (Some("admin@example.com"), Some("Admin"))
    );
    assert!(tokens["expiresIn"].as_i64().unwrap() > 0);
    let refresh = json!({"refreshToken": tokens["refreshToken"]});
    let fresh = test
        .call(Method::POST, "/api/v1/auth/refresh")
        .json(refresh.clone())
        .send()
        .await
        .expect(200)
        .json();
    test.call(Method::POST, "/api/v1/auth/refresh")
        .json(refresh)
        .send()
        .await
        .problem(401, "unauthenticated");
    let logout = json!({"refreshToken": fresh["refreshToken"]});
    test.call(Method::POST, "/api/v1/auth/logout")
        .json(logout)
        .send()
        .await
        .expect(204);
}

#[tokio::test]
async fn users_are_managed() {
    let test = TestApp::start().await;
    let (id, token) = test.user("ada", "Developer").await;
    let path = format!("/api/v1/users/{id}");
    let shown = test.get(&path).await.expect(200);
    let user = shown.json();
    assert_eq!(
        (user["role"].as_str(), user["email"].as_str()),
        (Some("Developer"), Some("ada@example.com"))
    );
    assert!(!shown.text.contains("assword"), "{}", shown.text);
    test.patch(&path, json!({"role": 1})).await.expect(200);
    assert_eq!(test.get(&path).await.json()["role"], "ProjectManager");
    test.call(Method::GET, &path).token(&token).send().await.expect(200);
    test.act(&format!("{path}/deactivate")).await.expect(200);
    test.call(Method::GET, &path)
        .token(&token)
        .send()
        .await
        .problem(401, "unauthenticated");
    test.act(&format!("{path}/activate")).await.expect(200);
    test.call(Method::GET, &path).token(&token).send().await.expect(200);
    test.post(&format!("{path}/password"), json!({"newPassword": "another horse"}))
        .await
        .expect(200);
    let login = json!({"email": "ada@example.com", "password": "another horse"});
    test.call(Method::POST, "/api/v1/auth/login")
        .json(login)
        .send()
        .await
        .expect(200);
    test.act(&format!("{path}/erase")).await.expect(200);
    let erased = test.get(&path).await.expect(200).json();
    assert_eq!(erased["email"], format!("erased-{id}@erased.invalid"));
    let list = test.get("/api/v1/users?role=ProjectManager").await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_api_key_shows_its_token_once() {
    let test = TestApp::start().await;
    let issue = || {
        let call = test
            .call(Method::POST, "/api/v1/api-keys")
            .admin()
            .header("idempotency-key", "key");
        call.json(json!({"name": "ci", "maxRole": "Viewer"})).send()
    };
    let issued = issue().await.expect(201);
    assert_eq!(issued.header("cache-control"), "no-store");
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("wfm_"));
    let again = issue().await.expect(201);
    assert_eq!(
        (&again.json()["token"], again.header("idempotency-replayed")),
        (&Value::Null, "true")
    );
    let id = issued.id();
    let me = test
        .call(Method::GET, "/api/v1/auth/me")
        .header("x-api-key", &token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        (me["role"].as_str(), me["apiKeyId"].as_i64()),
        (Some("Viewer"), Some(id))
    );
    let list = test.get("/api/v1/api-keys").await.expect(200);
    assert_eq!(list.json()["items"][0]["maxRole"], "Viewer");
    assert!(
        !list.text.contains(&token) && !list.text.contains("ash"),
        "{}",
        list.text
    );
    test.act(&format!("/api/v1/api-keys/{id}/revoke")).await.expect(200);
    test.call(Method::GET, "/api/v1/auth/me")
        .token(&token)
        .send()
        .await
        .problem(401, "unauthenticated");
    let other = test
        .post("/api/v1/api-keys", json!({"name": "Other"}))
        .await
        .expect(201)
        .id();
    let path = format!("/api/v1/api-keys/{other}");
    let deleted = test.call(Method::DELETE, &path).admin().send().await;
    assert!(deleted.expect(200).json()["revokedAt"].is_string());
}

#[tokio::test]
async fn members_come_and_go() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let (id, token) = test.user("bob", "Viewer").await;
    let path = format!("/api/v1/workspaces/{}", world.workspace);
    test.call(Method::GET, &path)
        .token(&token)
        .send()
        .await
        .problem(404, "not-found");
    let member = format!("{path}/members/{id}");
    test.call(Method::PUT, &member)
        .admin()
        .json(json!({"role": "Developer"}))
        .send()
        .await
        .expect(200);
    test.call(Method::GET, &path).token(&token).send().await.expect(200);
    let members = test.get(&format!("{path}/members")).await.expect(200).json();
    let roles: Vec<_> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["Admin", "Developer"]);
    test.call(Method::DELETE, &member).admin().send().await.expect(200);
    test.call(Method::GET, &path)
        .token(&token)
        .send()
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn variables_show_no_secrets() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/environments/{}", world.environment);
    let shown = test.get(&path).await.expect(200);
    assert!(!shown.text.contains("s3cr3t"), "{}", shown.text);
    let variables = &shown.json()["variables"];
    assert_eq!(variables["API_URL"]["value"], "https://api.example.com");
    assert_eq!(variables["API_URL"]["secret"], false);
    assert_eq!(variables["API_KEY"]["secret"], true);
    assert!(variables["API_KEY"]["updatedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(variables["API_KEY"].get("value"), None);
    let variable = format!("{path}/variables/TOKEN");
    let put = test
        .call(Method::PUT, &variable)
        .admin()
        .json(json!("hidden-value"))
        .send()
        .await
        .expect(200);
    assert_eq!(put.json()["variables"]["TOKEN"]["secret"], true);
    assert!(!put.text.contains("hidden-value"));
    test.call(Method::DELETE, &variable).admin().send().await.expect(200);
    assert_eq!(test.get(&path).await.json()["variables"].get("TOKEN"), None);
    assert_eq!(test.get(&path).await.json()["configuration"]["timeout"], 120);
}

#[tokio::test]
async fn an_endpoint_has_parameters() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/api-endpoints/{}", world.endpoint);
    let shown = test.get(&path).await.expect(200).json();
    assert_eq!(
        (shown["type"].as_str(), shown["workspaceId"].as_i64()),
        (Some("REST"), Some(world.workspace))
    );
    assert_eq!(shown["headers"]["Accept"], "application/json");
    assert_eq!(shown["parameters"][0]["type"], "Integer");
    assert_eq!(shown["parameters"][0]["validationRules"]["minimum"], 1);
    let added = test
        .post(&format!("{path}/parameters"), json!({"name": "note", "type": 0}))
        .await
        .expect(201);
    let parameter = added.header("location").to_owned();
    assert_eq!(added.json()["version"], 2);
    assert_eq!(test.get(&parameter).await.expect(200).json()["type"], "String");
    test.patch(&parameter, json!({"type": "Decimal"})).await.expect(200);
    assert_eq!(test.get(&parameter).await.json()["type"], "Decimal");
    test.call(Method::DELETE, &parameter).admin().send().await.expect(200);
    test.get(&parameter).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_workflow_is_edited_and_published() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}", world.workflow);
    let shown = test.get(&path).await.expect(200).json();
    assert_eq!(
        (shown["status"].as_str(), shown["version"].as_i64()),
        (Some("Published"), Some(1))
    );
    assert_eq!(shown["steps"][0]["inputMapping"]["amount"], "{input.amount ?? 1}");
    assert_eq!(
        (&shown["hasDraftChanges"], &shown["outdatedEndpoints"]),
        (&json!(false), &json!([]))
    );
    test.patch(&path, json!({"name": "Pay twice"})).await.expect(200);
    assert_eq!(test.get(&path).await.json()["name"], "Pay");
    assert_eq!(test.get(&path).await.json()["hasDraftChanges"], true);
    assert_eq!(
        test.get(&format!("{path}?version=draft")).await.expect(200).json()["name"],
        "Pay twice"
    );
    let step = json!({"name": "again", "apiEndpointId": world.endpoint, "inputMapping": {"amount": 2}});
    let added = test.post(&format!("{path}/steps"), step).await.expect(201);
    let drafted = added.header("location").to_owned();
    assert_eq!(test.get(&drafted).await.expect(200).json()["name"], "again");
    let step = drafted.strip_suffix("?version=draft").unwrap();
    test.get(step).await.problem(404, "not-found");
    test.patch(&drafted, json!({"timeoutSeconds": 5})).await.expect(200);
    let steps = test
        .get(&format!("{path}/steps?version=draft"))
        .await
        .expect(200)
        .json();
    let mut ids: Vec<_> = steps["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["id"].clone())
        .collect();
    ids.reverse();
    test.call(Method::PUT, &format!("{path}/steps/order"))
        .admin()
        .json(json!({"steps": ids}))
        .send()
        .await
        .expect(200);
    let published = test.act(&format!("{path}/publish")).await.expect(200).json();
    assert_eq!(
        (published["version"].as_i64(), published["steps"][0]["name"].as_str()),
        (Some(2), Some("again"))
    );
    assert_eq!(
        test.get(&format!("{path}?version=1")).await.expect(200).json()["name"],
        "Pay"
    );
    let versions = test.get(&format!("{path}/versions")).await.expect(200).json();
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    assert_eq!(versions["items"][0]["definition"]["settings"]["name"], "Pay twice");
    test.patch(&path, json!({"name": "Gone"})).await.expect(200);
    test.call(Method::DELETE, &format!("{path}/draft"))
        .admin()
        .send()
        .await
        .expect(200);
    test.call(Method::DELETE, step).admin().send().await.expect(200);
    let wrong = json!({"steps": [{"name": "x", "apiEndpointId": world.endpoint, "inputMapping": {"amount": "{steps.nope.output}"}}]});
    test.patch(&path, wrong).await.expect(200);
    let refused = test.act(&format!("{path}/publish")).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
    assert!(
        refused.json()["errors"][0]["pointer"]
            .as_str()
            .unwrap()
            .starts_with("/steps/0/inputMapping"),
        "{}",
        refused.text
    );
    test.act(&format!("{path}/deactivate")).await.expect(200);
    test.act(&format!("{path}/executions"))
        .await
        .problem(409, "workflow-inactive");
}
