//! Every class of malformed input is answered with a problem document that names the place.

use http::Method;
use serde_json::json;
use wfm_api::ApiOptions;

use crate::support::TestApp;

#[tokio::test]
async fn malformed_bodies_are_named() {
    let test = TestApp::start().await;
    for (body, kind, pointer) in [
        ("{\"name\":", "malformed-json", "/name"),
        ("{\"name\":\"a\",}", "malformed-json", ""),
        ("", "malformed-json", ""),
        ("[]", "wrong-type", ""),
        ("null", "wrong-type", ""),
        ("{\"name\":7}", "wrong-type", "/name"),
        ("{\"name\":\"a\",\"description\":[]}", "wrong-type", "/description"),
        ("{\"name\":\"a\",\"colour\":\"red\"}", "unknown-field", "/colour"),
        (
            "{\"name\":\"a\",\"createdAt\":\"2026-01-01T00:00:00Z\"}",
            "unknown-field",
            "/createdAt",
        ),
        ("{}", "missing-field", "/name"),
    ] {
        let answer = test
            .call(Method::POST, "/api/v1/workspaces")
            .admin()
            .body("application/json", body)
            .send()
            .await;
        assert_eq!(answer.problem(400, kind), [pointer], "{body}");
    }
    let invalid = b"{\"name\":\"\xff\xfe\"}".to_vec();
    let answer = test
        .call(Method::POST, "/api/v1/workspaces")
        .admin()
        .body("application/json", invalid)
        .send()
        .await;
    assert_eq!(answer.problem(400, "invalid-utf-8"), ["/name"]);
    let deep = format!("{{\"name\":{}", "[".repeat(200));
    let answer = test
        .call(Method::POST, "/api/v1/workspaces")
        .admin()
        .body("application/json", deep)
        .send()
        .await;
    assert_eq!(answer.problem(400, "wrong-type"), ["/name"]);
    let deep = format!(
        "{{\"projectId\":1,\"environmentId\":1,\"name\":\"a\",\"configuration\":{}",
        "[".repeat(200)
    );
    let answer = test
        .call(Method::POST, "/api/v1/workflows")
        .admin()
        .body("application/json", deep)
        .send()
        .await;
    assert_eq!(answer.problem(400, "malformed-json").len(), 1);
    let nested =
        json!({"projectId": 1, "environmentId": 1, "name": "a", "steps": [{"name": "a"}, {"timeoutSeconds": "x"}]});
    let answer = test.post("/api/v1/workflows", nested).await;
    assert_eq!(answer.problem(400, "wrong-type"), ["/steps/1/timeoutSeconds"]);
}

#[tokio::test]
async fn media_types_and_sizes_are_checked() {
    let test = TestApp::start_with(ApiOptions {
        maximum_body_bytes: 100,
        ..ApiOptions::default()
    })
    .await;
    let post = |content_type: &str, body: String| {
        test.call(Method::POST, "/api/v1/workspaces")
            .admin()
            .body(content_type, body)
            .send()
    };
    post("text/plain", "{\"name\":\"a\"}".to_owned())
        .await
        .problem(415, "unsupported-media-type");
    post("application/xml", "<a/>".to_owned())
        .await
        .problem(415, "unsupported-media-type");
    post("application/json; charset=utf-8", "{\"name\":\"a\"}".to_owned())
        .await
        .expect(201);
    post("application/json", "{\"name\":\"b\"}".to_owned())
        .await
        .expect(201);
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(200));
    post("application/json", large.clone())
        .await
        .problem(413, "body-too-large");
    let pieces = axum::body::Body::new(http_body_util::StreamBody::new(tokio_stream(large)));
    let chunked = test
        .call(Method::POST, "/api/v1/workspaces")
        .admin()
        .body("application/json", pieces)
        .send()
        .await;
    chunked.problem(413, "body-too-large");
    let patch = test.call(Method::PATCH, "/api/v1/workspaces/1").admin();
    patch
        .body("application/merge-patch+json", "{\"description\":\"x\"}")
        .send()
        .await
        .expect(200);
}

/// A body in pieces, of a length that is not declared.
fn tokio_stream(
    text: String,
) -> impl futures::Stream<Item = Result<http_body::Frame<bytes::Bytes>, std::io::Error>> + Send {
    let pieces: Vec<_> = text
        .into_bytes()
        .chunks(10)
        .map(bytes::Bytes::copy_from_slice)
        .collect();
    futures::stream::iter(pieces.into_iter().map(|piece| Ok(http_body::Frame::data(piece))))
}

#[tokio::test]
async fn rules_and_state_are_told_apart() {
    let test = TestApp::start().await;
    let long = test
        .post(
            "/api/v1/workspaces",
            json!({"name": "x".repeat(201), "description": "x".repeat(1001)}),
        )
        .await;
    assert_eq!(long.problem(422, "invalid-field"), ["/name", "/description"]);
    let id = test
        .post("/api/v1/workspaces", json!({"name": "Sales"}))
        .await
        .expect(201)
        .id();
    let taken = test.post("/api/v1/workspaces", json!({"name": "sales"})).await;
    insta::assert_snapshot!(normal(&taken.text), @r#"{"type":"/problems/workspace-name-taken","title":"Workspace name taken","status":409,"detail":"another workspace has this name","instance":"/api/v1/workspaces","requestId":"…","errors":[{"pointer":"/name","detail":"another workspace has this name"}]}"#);
    let role =
        json!({"firstName": "a", "lastName": "b", "email": "c@example.com", "password": "12345678", "role": "Boss"});
    assert_eq!(
        test.post("/api/v1/users", role).await.problem(422, "invalid-field"),
        ["/role"]
    );
    let null = test
        .patch(&format!("/api/v1/workspaces/{id}"), json!({"name": null}))
        .await;
    assert_eq!(null.problem(400, "wrong-type"), ["/name"]);
    test.get("/api/v1/workspaces/999").await.problem(404, "not-found");
    test.get("/api/v1/workspaces/sales").await.problem(404, "not-found");
    test.get("/api/v1/executions/not%20an%20id")
        .await
        .problem(404, "not-found");
    test.get("/api/v1/streams/UPPER").await.problem(404, "not-found");
}

/// The problem without its request id.
fn normal(text: &str) -> String {
    let start = text.find("\"requestId\":\"").unwrap() + 13;
    let end = start + text[start..].find('"').unwrap();
    format!("{}…{}", &text[..start], &text[end..])
}

#[tokio::test]
async fn routes_methods_and_queries_are_checked() {
    let test = TestApp::start().await;
    test.get("/api/v1/nothing").await.problem(404, "no-such-route");
    test.get("/").await.problem(404, "no-such-route");
    let answer = test.call(Method::PUT, "/api/v1/workspaces").admin().send().await;
    answer.problem(405, "method-not-allowed");
    assert!(answer.header("allow").contains("POST"), "{}", answer.header("allow"));
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("cursor=zz", "/cursor"),
        ("sort=colour", "/sort"),
        ("colour=red", "/colour"),
        ("isActive=perhaps", "/isActive"),
        ("min-position=x", "/min-position"),
    ] {
        let answer = test.get(&format!("/api/v1/workspaces?{query}")).await;
        assert_eq!(answer.problem(400, "bad-parameter"), [pointer], "{query}");
    }
    test.get("/api/v1/workspaces?name=%FF").await.problem(400, "bad-query");
    test.get("/api/v1/workspaces?limit=200&sort=-name&isActive=true&min-position=1")
        .await
        .expect(200);
    for (path, pointer) in [
        ("/api/v1/executions/x?wait=0", "/wait"),
        ("/api/v1/executions/x?wait=61", "/wait"),
        ("/api/v1/executions/x?wait=x", "/wait"),
        ("/api/v1/executions/x?weight=1", "/weight"),
        ("/api/v1/workflows/1?version=new", "/version"),
        ("/api/v1/workflows/1/metrics?startDate=yesterday", "/startDate"),
    ] {
        assert_eq!(test.get(path).await.problem(400, "bad-parameter"), [pointer], "{path}");
    }
}

#[tokio::test]
async fn strangers_are_challenged() {
    let test = TestApp::start().await;
    let answer = test.call(Method::GET, "/api/v1/auth/me").send().await;
    answer.problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    for (name, value) in [
        ("authorization", "Bearer nonsense"),
        ("authorization", "Bearer wfm_1_nonsense"),
        ("x-api-key", "nonsense"),
    ] {
        let answer = test
            .call(Method::GET, "/api/v1/auth/me")
            .header(name, value)
            .send()
            .await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    let answer = test
        .call(Method::GET, "/api/v1/auth/me")
        .header("authorization", "Basic YTpi")
        .send()
        .await;
    answer.problem(401, "unauthenticated");
    let wrong = json!({"email": "admin@example.com", "password": "wrong"});
    test.call(Method::POST, "/api/v1/auth/login")
        .json(wrong)
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn too_many_wrong_passwords_are_told_when_to_come_back() {
    let test = TestApp::start().await;
    let wrong = json!({"email": "admin@example.com", "password": "wrong"});
    for _ in 0..100 {
        let answer = test
            .call(Method::POST, "/api/v1/auth/login")
            .json(wrong.clone())
            .send()
            .await;
        if answer.status.as_u16() == 429 {
            answer.problem(429, "too-many");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
            return;
        }
    }
    panic!("never locked out");
}
