//! Hostile and broken input: a clear problem with the place at fault, and a server that goes on.

use http::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wfm_tests::{Client, Target, TestServer, World};

async fn still_works(client: &Client) {
    let _ = client.get("/api/v1/auth/me").await.expect(200);
    let _ = client.get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn malformed_bodies_are_refused_with_their_place() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    let nested =
        |open: &str, close: &str| format!("{{\"name\":{}1{}}}", open.repeat(5000), close.repeat(5000)).into_bytes();
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, ""),
        (b"{".to_vec(), 400, ""),
        (b"[]".to_vec(), 400, ""),
        (b"null".to_vec(), 400, ""),
        (b"\"text\"".to_vec(), 400, ""),
        (b"{\"name\":\"a\"}{}".to_vec(), 400, ""),
        (b"{\"name\":\"a\",}".to_vec(), 400, ""),
        (b"{\"name\":'a'}".to_vec(), 400, "/name"),
        (b"{\"name\":NaN}".to_vec(), 400, "/name"),
        (b"{\"name\":1}".to_vec(), 400, "/name"),
        (b"{\"name\":null}".to_vec(), 400, "/name"),
        (b"{\"name\":[\"a\"]}".to_vec(), 400, "/name"),
        (b"{\"description\":\"a\"}".to_vec(), 400, "/name"),
        (b"{\"name\":\"a\",\"nope\":1}".to_vec(), 400, "/nope"),
        (b"{\"name\":\"a\",\"name\":\"b\"}".to_vec(), 400, "/name"),
        (b"{\"name\":\"a\",\"id\":7}".to_vec(), 400, "/id"),
        (b"{\"name\":\"a\",\"isActive\":false}".to_vec(), 400, "/isActive"),
        (b"{\"name\":\"\xff\xfe\"}".to_vec(), 400, "/name"),
        (b"{\"name\":\"\xed\xa0\x80\"}".to_vec(), 400, "/name"),
        (br#"{"name":"\ud800"}"#.to_vec(), 400, "/name"),
        (br#"{"name":"\udc00\ud800"}"#.to_vec(), 400, "/name"),
        (br#"{"name":"a\u0000b"}"#.to_vec(), 422, "/name"),
        (b"{\"name\":\"a\x00b\"}".to_vec(), 400, "/name"),
        (b"{\"name\":\"\"}".to_vec(), 422, "/name"),
        (b"{\"name\":\"   \"}".to_vec(), 422, "/name"),
        (nested("[", "]"), 400, "/name"),
        (nested("{\"a\":", "}"), 400, "/name"),
        (
            format!("{{\"name\":\"{}\"}}", "x".repeat(201)).into_bytes(),
            422,
            "/name",
        ),
        (
            format!("{{\"name\":\"{}\"}}", "\u{1f600}".repeat(101)).into_bytes(),
            422,
            "/name",
        ),
        (
            format!("{{\"name\":\"a\",\"description\":\"{}\"}}", "x".repeat(1001)).into_bytes(),
            422,
            "/description",
        ),
    ];
    for (body, status, pointer) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = admin
            .request(Method::POST, "/api/v1/workspaces")
            .body("application/json", body)
            .send()
            .await;
        let pointers = answer.any_problem();
        assert_eq!(answer.status.as_u16(), status, "{shown}: {}", answer.text);
        if !pointer.is_empty() {
            let named = pointers
                .iter()
                .any(|found| found == pointer || found.starts_with(&format!("{pointer}/")));
            assert!(named, "{shown}: {}", answer.text);
        }
        assert!(
            answer.text.len() < 5000,
            "{shown}: the answer does not repeat the request"
        );
    }
    assert!(admin.get("/api/v1/workspaces").await.items().is_empty());
    // What is allowed is allowed to the last unit.
    admin
        .create("/api/v1/workspaces", &json!({"name": "\u{1f600}".repeat(100)}))
        .await;
    still_works(admin).await;
    server.finish().await;
}

#[tokio::test]
async fn bodies_of_the_wrong_size_or_type_are_refused() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let declared = admin
        .request(Method::POST, "/api/v1/workspaces")
        .body("application/json", large.clone())
        .send()
        .await;
    declared.problem(413, "body-too-large");
    for content_type in [
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "application/jsonx",
        "json",
    ] {
        let answer = admin
            .request(Method::POST, "/api/v1/workspaces")
            .body(content_type, "{\"name\":\"a\"}")
            .send()
            .await;
        answer.problem(415, "unsupported-media-type");
    }
    for content_type in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        let body = format!("{{\"name\":\"{content_type}\"}}");
        let _ = admin
            .request(Method::POST, "/api/v1/workspaces")
            .body(content_type, body)
            .send()
            .await
            .expect(201);
    }
    let target = Target::start().await;
    let world = World::build(admin, "Large", &target).await;
    let workflow = world.one_step("/a", &json!({})).await;
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let input = json!({"inputParameters": {"x": "y".repeat(1024 * 1024)}});
    assert_eq!(
        admin.post(&start, &input).await.problem(422, "invalid-field"),
        ["/inputParameters"]
    );
    for (body, pointer) in [
        (json!({"inputParameters": [1]}), "/inputParameters"),
        (json!({"inputParameters": "text"}), "/inputParameters"),
        (json!({"executionContext": "x".repeat(501)}), "/executionContext"),
        (json!({"executionContext": 7}), "/executionContext"),
        (json!({"executionContext": "a\u{0}"}), "/executionContext"),
        (json!({"input": {}}), "/input"),
    ] {
        assert_eq!(admin.post(&start, &body).await.any_problem(), [pointer], "{body}");
    }
    still_works(admin).await;
    server.finish().await;
}

/// The status of a request whose sender reads nothing before all is sent, and the answer's body.
async fn sent_whole(base: &str, head: &str, body: &[u8]) -> (u16, Value) {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(1 << 20) {
        stream.write_all(piece).await.expect("the server reads on");
    }
    let mut answer = Vec::new();
    // The answer, and nothing that breaks off before its end.
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn whoever_sends_all_before_reading_learns_why_it_was_refused() {
    let server = TestServer::spawn().await;
    let token = server.stranger().tokens(wfm_tests::ADMIN).await["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    // More than the kernel keeps between two sockets.
    let length = 24 << 20;
    let declared = (format!("Content-Length: {length}"), vec![b'x'; length]);
    let mut pieces = format!("{length:x}\r\n").into_bytes();
    pieces.extend_from_slice(&declared.1);
    pieces.extend_from_slice(b"\r\n0\r\n\r\n");
    let chunked = ("Transfer-Encoding: chunked".to_owned(), pieces);
    for (path, token, status) in [
        ("/api/v1/workspaces", &*token, 413),
        ("/api/v1/auth/login", "none", 413),
        ("/api/v1/workspaces", "none", 401),
        ("/api/v1/nowhere", "none", 404),
    ] {
        for (form, body) in [&declared, &chunked] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\n{form}\r\n\r\n"
            );
            let (found, problem) = sent_whole(server.admin.base(), &head, body).await;
            assert_eq!(
                (found, problem["status"].as_u64()),
                (status, Some(status.into())),
                "{path}, {form}"
            );
        }
    }
    // Who asks first sends nothing in vain.
    let head = "POST /api/v1/workspaces HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    assert_eq!(sent_whole(server.admin.base(), head, b"").await.0, 401);
    still_works(&server.admin).await;
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_http_is_answered_too() {
    let server = TestServer::spawn().await;
    let address = server.admin.base().strip_prefix("http://").unwrap();
    let (long, longer) = ("a".repeat(70_000), "a".repeat(600_000));
    for (sent, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nno header\r\n\r\n".to_owned(), "400"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n".to_owned(),
            "400",
        ),
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {longer}\r\n\r\n"), "431"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that has seen enough closes the connection before all is sent.
        let _ = stream.write_all(sent.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{}: {answer}",
            &sent[..20]
        );
    }
    still_works(&server.admin).await;
    server.finish().await;
}

#[tokio::test]
async fn queries_paths_and_headers_are_read_strictly() {
    let server = TestServer::spawn().await;
    let admin = &server.admin;
    admin.create("/api/v1/workspaces", &json!({"name": "W"})).await;
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=x", "/limit"),
        ("limit=", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("sort=nope", "/sort"),
        ("sort=-", "/sort"),
        ("nope=1", "/nope"),
        ("isActive=perhaps", "/isActive"),
        ("id=1e3", "/id"),
        ("id=99999999999999999999", "/id"),
        ("name=a'%20OR%201=1--%00", "/name"),
        ("min-position=x", "/min-position"),
    ] {
        let answer = admin.get(&format!("/api/v1/workspaces?{query}")).await;
        if answer.status == 200 {
            assert!(query.starts_with("name="), "{query}: {}", answer.text);
            assert!(answer.items().is_empty(), "{query}");
            continue;
        }
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert_eq!(answer.any_problem(), [pointer], "{query}: {}", answer.text);
    }
    for path in [
        "/api/v1/workspaces/0",
        "/api/v1/workspaces/-1",
        "/api/v1/workspaces/x",
        "/api/v1/workspaces/1.5",
        "/api/v1/workspaces/99999999999999999999",
        "/api/v1/executions/..%2f..",
        "/api/v1/executions/%00",
        "/api/v1/executions/a%20b",
        "/api/v1/streams/x'y",
        "/api/v1/streams/%F0%9F%98%80",
        "/api/v1/nothing",
        "/api/v2/workspaces",
        "/api/v1/workspaces/1/",
    ] {
        let answer = admin.get(path).await;
        answer.any_problem();
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    admin
        .request(Method::PUT, "/api/v1/workspaces")
        .send()
        .await
        .problem(405, "method-not-allowed");
    for (name, value) in [("if-match", "7"), ("idempotency-key", ""), ("prefer", "wait=x")] {
        let answer = admin
            .request(Method::PATCH, "/api/v1/workspaces/1")
            .header(name, value)
            .json(&json!({"name": "N"}))
            .send()
            .await;
        assert_eq!(answer.status, 400, "{name}: {value}: {}", answer.text);
        answer.any_problem();
    }
    // A tag that was never given is that of no version.
    let unknown = admin
        .request(Method::PATCH, "/api/v1/workspaces/1")
        .header("if-match", "\"x\"")
        .json(&json!({"name": "N"}));
    unknown.send().await.problem(412, "version-mismatch");
    let long = "k".repeat(201);
    let answer = admin
        .request(Method::POST, "/api/v1/workspaces")
        .header("idempotency-key", &long)
        .json(&json!({"name": "N"}))
        .send()
        .await;
    assert_eq!(answer.status, 400);
    for token in ["", "x", "a.b.c", &"A".repeat(4000)] {
        server
            .stranger()
            .with_token(token)
            .get("/api/v1/workspaces")
            .await
            .problem(401, "unauthenticated");
    }
    server
        .stranger()
        .get("/api/v1/workspaces")
        .await
        .problem(401, "unauthenticated");
    still_works(admin).await;
    server.finish().await;
}

#[tokio::test]
async fn strange_values_in_entities_are_named() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let admin = &server.admin;
    let world = World::build(admin, "Strange", &target).await;
    let endpoint = |members: Value| {
        let base =
            json!({"name": "E", "url": "https://api.example.com/x", "method": "GET", "workspaceId": world.workspace});
        wfm_tests::world::merged(base, &members)
    };
    for (body, pointer) in [
        (endpoint(json!({"url": "ftp://x/"})), "/url"),
        (endpoint(json!({"url": "https://{input.host}/x"})), "/url"),
        (endpoint(json!({"url": "https://x/{open"})), "/url"),
        (
            endpoint(json!({"url": format!("https://x/{}", "y".repeat(2000))})),
            "/url",
        ),
        (endpoint(json!({"method": "FETCH"})), "/method"),
        (endpoint(json!({"type": "GraphQL"})), "/type"),
        (endpoint(json!({"type": 7})), "/type"),
        (
            endpoint(json!({"headers": {"X\r\nInjected": "1"}})),
            "/headers/X\r\nInjected",
        ),
        (endpoint(json!({"headers": {"X": "a\r\nInjected: 1"}})), "/headers/X"),
        (
            endpoint(json!({"headers": {"Transfer-Encoding": "chunked"}})),
            "/headers/Transfer-Encoding",
        ),
        (endpoint(json!({"headers": []})), "/headers"),
        (
            endpoint(json!({"authenticationMethod": "Magic"})),
            "/authenticationMethod",
        ),
        (
            endpoint(json!({"parameters": [{"name": "a", "type": "Float"}]})),
            "/parameters/0/type",
        ),
        (
            endpoint(json!({"parameters": [{"name": "a"}, {"name": "a"}]})),
            "/parameters/1/name",
        ),
        (
            endpoint(json!({"parameters": [{"name": "a", "validationRules": {"pattern": "("}}]})),
            "/parameters/0/validationRules/pattern",
        ),
        (
            endpoint(json!({"parameters": [{"name": "a", "type": "Integer", "defaultValue": "x"}]})),
            "/parameters/0/defaultValue",
        ),
        (endpoint(json!({"workspaceId": "1"})), "/workspaceId"),
    ] {
        let answer = admin.post("/api/v1/api-endpoints", &body).await;
        assert_eq!(answer.any_problem(), [pointer], "{body}: {}", answer.text);
    }
    let gone = World::build(admin, "Gone", &target).await;
    let deleted = admin.delete(&format!("/api/v1/workspaces/{}", gone.workspace)).await;
    assert!(deleted.status.is_success(), "{}", deleted.text);
    for (workspace, project) in [(999, 999), (gone.workspace, gone.project)] {
        let workflow = json!({"projectId": project, "environmentId": world.environment, "name": "F"});
        for (collection, body, pointer) in [
            (
                "api-endpoints",
                endpoint(json!({"workspaceId": workspace})),
                "/workspaceId",
            ),
            (
                "projects",
                json!({"workspaceId": workspace, "name": "P"}),
                "/workspaceId",
            ),
            ("environments", json!({"projectId": project, "name": "E"}), "/projectId"),
            ("workflows", workflow, "/projectId"),
        ] {
            let answer = admin.post(&format!("/api/v1/{collection}"), &body).await;
            assert_eq!(answer.problem(404, "not-found"), [pointer], "{body}");
        }
    }
    let environment =
        |members: Value| wfm_tests::world::merged(json!({"projectId": world.project, "name": "E"}), &members);
    for (body, pointer) in [
        (
            environment(json!({"configuration": {"timeout": 0}})),
            "/configuration/timeout",
        ),
        (
            environment(json!({"configuration": {"retries": -1}})),
            "/configuration/retries",
        ),
        (
            environment(json!({"configuration": {"maxConcurrentExecutions": 0}})),
            "/configuration/maxConcurrentExecutions",
        ),
        (
            environment(json!({"configuration": {"enableLogging": "yes"}})),
            "/configuration/enableLogging",
        ),
        (
            environment(json!({"configuration": {"surprise": 1}})),
            "/configuration/surprise",
        ),
        (environment(json!({"configuration": 7})), "/configuration"),
        (environment(json!({"variables": {"": "x"}})), "/variables/"),
        (
            environment(json!({"variables": {"A": {"value": "x", "surprise": 1}}})),
            "/variables/A",
        ),
        (environment(json!({"variables": []})), "/variables"),
    ] {
        let answer = admin.post("/api/v1/environments", &body).await;
        let pointers = answer.any_problem();
        let named = pointers
            .iter()
            .all(|found| found == pointer || found.starts_with(&format!("{pointer}/")));
        assert!(named && !pointers.is_empty(), "{body}: {}", answer.text);
    }
    let user = |members: Value| {
        let base =
            json!({"firstName": "A", "lastName": "B", "email": "a@example.com", "password": wfm_tests::PASSWORD});
        wfm_tests::world::merged(base, &members)
    };
    for (body, pointer) in [
        (user(json!({"email": "nobody"})), "/email"),
        (user(json!({"email": "a@b"})), "/email"),
        (
            user(json!({"email": format!("{}@example.com", "a".repeat(250))})),
            "/email",
        ),
        (user(json!({"password": "short"})), "/password"),
        (user(json!({"password": "ä".repeat(37)})), "/password"),
        (user(json!({"role": "King"})), "/role"),
        (user(json!({"role": 4})), "/role"),
        (user(json!({"timeZone": "Mars/Olympus"})), "/timeZone"),
        (user(json!({"phoneNumber": "1".repeat(21)})), "/phoneNumber"),
        (user(json!({"firstName": "x".repeat(101)})), "/firstName"),
    ] {
        assert_eq!(
            admin.post("/api/v1/users", &body).await.any_problem(),
            [pointer],
            "{body}"
        );
    }
    // By number, too.
    let made = admin
        .post("/api/v1/users", &user(json!({"role": 2})))
        .await
        .expect(201)
        .json();
    assert_eq!(made["role"], "Developer");
    still_works(admin).await;
    server.finish().await;
}

#[tokio::test]
async fn broken_connections_harm_nobody() {
    let server = TestServer::spawn().await;
    let address = server.node.address;
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"NONSENSE\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"email\":",
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api/v1/workspaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \xff\xfe\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // The server may answer or just close.
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    }
    still_works(&server.admin).await;
    server.finish().await;
}
