//! Runs whose calls need tokens or certificates, follow redirects, or meet the egress policy; the trace context of calls.

use serde_json::{Value, json};
use wfm_tests::{
    Gate, Reply, Target, TestServer, TlsTarget, TokenServer, World,
    tls_target::Authority,
    token_server::{CLIENT, CLIENT_SECRET},
    until,
};

/// The kind and the message of the last attempt.
async fn failure(world: &World, run: &Value) -> (String, String) {
    let id = run["executionId"].as_str().unwrap();
    let rows = world.client.all(&format!("/api/v1/executions/{id}/steps")).await;
    let last = rows.last().unwrap();
    let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
    (text("errorKind"), text("errorMessage"))
}

/// A workflow of one step that calls an endpoint with these members.
async fn calling(world: &World, members: Value, step: Value) -> i64 {
    let endpoint = world.endpoint_with("/x", &members).await;
    let mut body = json!({"name": "call", "order": 1, "apiEndpointId": endpoint, "retryCount": 0});
    for (key, value) in step.as_object().unwrap() {
        body[key] = value.clone();
    }
    world.workflow(&format!("Flow {endpoint}"), &json!([body])).await
}

async fn with_tokens(server: &TestServer, tokens: &TokenServer) -> World {
    let target = Target::start().await;
    let variables = json!({"ID": {"value": tokens.url(), "secret": false}, "CLIENT_SECRET": CLIENT_SECRET, "WRONG": "not-the-secret"});
    World::build_with(&server.admin, "Tokens", &target, &json!({}), &variables).await
}

fn oauth(members: Value) -> Value {
    let mut settings = json!({"tokenUrl": "{env.ID}/token", "clientId": CLIENT, "clientSecret": "{env.CLIENT_SECRET}"});
    for (key, value) in members.as_object().unwrap() {
        settings[key] = value.clone();
    }
    json!({"url": "{env.ID}/api", "authenticationMethod": "OAuth2ClientCredentials", "authentication": settings})
}

#[tokio::test]
async fn a_token_is_fetched_once_and_kept_out_of_sight() {
    let (server, tokens) = (TestServer::spawn().await, TokenServer::start().await);
    let world = with_tokens(&server, &tokens).await;
    let flow = calling(
        &world,
        oauth(json!({"scope": "orders read", "audience": "shop"})),
        json!({}),
    )
    .await;
    let gate = Gate::default();
    tokens.hold(&gate);
    // Ten runs wait for one token.
    let mut runs = Vec::new();
    for _ in 0..10 {
        runs.push(world.start(flow, &json!({})).await);
    }
    until("the token to be asked for", || async {
        (!tokens.requests().is_empty()).then_some(())
    })
    .await;
    gate.open();
    for id in &runs {
        until("the run to end", || async {
            Some(world.execution(id).await).filter(|run| run["status"] == "Completed")
        })
        .await;
    }
    let requests = tokens.requests();
    assert_eq!(requests.len(), 1, "one request for all of them");
    let asked = |name: &str| requests[0].get(name).map(String::as_str);
    assert_eq!(
        (asked("by"), asked("scope"), asked("audience")),
        (Some("basic"), Some("orders read"), Some("shop"))
    );
    assert_eq!(tokens.calls(), vec!["Bearer token-1-of-the-client"; 10]);
    // The API says the token back; nobody sees it.
    let run = world.run(flow, &json!({})).await;
    assert_eq!(run["outputParameters"], json!({"ok": true, "token": "***"}));
    // Other credentials, another token.
    let other = calling(&world, oauth(json!({"clientAuthentication": "body"})), json!({})).await;
    assert_eq!(world.run(other, &json!({})).await["status"], "Completed");
    assert_eq!(tokens.requests()[1]["by"], "body");
    server.finish().await;
}

#[tokio::test]
async fn a_refused_token_is_replaced_exactly_once() {
    let (server, tokens) = (TestServer::spawn().await, TokenServer::start().await);
    let world = with_tokens(&server, &tokens).await;
    let flow = calling(&world, oauth(json!({})), json!({})).await;
    assert_eq!(world.run(flow, &json!({})).await["status"], "Completed");
    tokens.revoke();
    let run = world.run(flow, &json!({})).await;
    assert_eq!(run["status"], "Completed", "{run}");
    assert_eq!((tokens.requests().len(), tokens.calls().len()), (2, 3));
    tokens.refuse_all();
    let run = world.run(flow, &json!({})).await;
    let (kind, message) = failure(&world, &run).await;
    assert_eq!(kind, "status");
    assert!(message.contains("401") && !message.contains("token-"), "{message}");
    assert_eq!((tokens.requests().len(), tokens.calls().len()), (3, 5));
    server.finish().await;
}

#[tokio::test]
async fn without_a_token_nothing_is_called() {
    let (server, tokens) = (TestServer::spawn().await, TokenServer::start().await);
    let world = with_tokens(&server, &tokens).await;
    let wrong = calling(
        &world,
        oauth(json!({"clientSecret": "{env.WRONG}"})),
        json!({"retryCount": 2}),
    )
    .await;
    let run = world.run(wrong, &json!({})).await;
    let told = failure(&world, &run).await;
    let expected = "the token server answered 401: invalid_client";
    assert_eq!(told, ("authentication".to_owned(), expected.to_owned()));
    assert_eq!(tokens.requests().len(), 1, "wrong credentials are not tried again");
    // A token server that is not well is tried again like a target that cannot be reached.
    tokens.fail(2);
    let step = json!({"retryCount": 2, "retryDelaySeconds": 0});
    let flow = calling(&world, oauth(json!({})), step).await;
    assert_eq!(world.run(flow, &json!({})).await["status"], "Completed");
    assert_eq!((tokens.requests().len(), tokens.calls().len()), (4, 1));
    server.finish().await;
}

#[tokio::test]
async fn a_client_certificate_opens_the_door() {
    let authority = Authority::default();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("authorities.pem");
    std::fs::write(&bundle, authority.pem()).unwrap();
    let server = TestServer::spawn_with(&[("egress_ca_file", bundle.to_str().unwrap())]).await;
    let (target, door) = (Target::start().await, TlsTarget::start(&authority).await);
    let (certificate, key) = authority.issue("orders.example");
    let (_, other_key) = authority.issue("orders.example");
    let variables = json!({
        "DOOR": {"value": door.url(), "secret": false}, "CERTIFICATE": certificate, "KEY": key, "OTHER_KEY": other_key,
    });
    let world = World::build_with(&server.admin, "Certificates", &target, &json!({}), &variables).await;
    let endpoint = |key: &str| {
        json!({
            "url": "{env.DOOR}/in", "authenticationMethod": "MutualTls",
            "authentication": {"certificate": "{env.CERTIFICATE}", "key": key},
        })
    };
    let flow = calling(&world, endpoint("{env.KEY}"), json!({})).await;
    for _ in 0..2 {
        let run = world.run(flow, &json!({})).await;
        assert_eq!(run["outputParameters"], json!({"welcome": true}), "{run}");
    }
    let mismatched = calling(&world, endpoint("{env.OTHER_KEY}"), json!({})).await;
    let run = world.run(mismatched, &json!({})).await;
    let (kind, message) = failure(&world, &run).await;
    assert_eq!(kind, "authentication");
    assert!(
        message.contains("certificate") && !message.contains("BEGIN"),
        "{message}"
    );
    let without = calling(&world, json!({"url": "{env.DOOR}/in"}), json!({})).await;
    let run = world.run(without, &json!({})).await;
    // With TLS 1.3 the door is shut only after the client has said everything.
    let kind = failure(&world, &run).await.0;
    assert!(matches!(kind.as_str(), "connect" | "interrupted"), "{kind}");
    server.finish().await;
}

#[tokio::test]
async fn redirects_are_followed_as_far_as_asked_without_credentials() {
    let (server, near, far) = (TestServer::spawn().await, Target::start().await, Target::start().await);
    let world = World::build_with(
        &server.admin,
        "Redirects",
        &near,
        &json!({}),
        &json!({"TOKEN": "the-token"}),
    )
    .await;
    let far_url = far.url();
    near.on("/away", move |_| {
        Reply::status(307).header("location", &format!("{far_url}/here"))
    });
    near.on("/near", |_| Reply::status(308).header("location", "/there?a=b"));
    near.on("/seen", |_| Reply::status(303).header("location", "/there"));
    near.on("/loop", |_| Reply::status(302).header("location", "/loop"));
    let endpoint = |path: &str, redirects: i64| {
        json!({
            "url": format!("{{env.TARGET}}{path}"), "authenticationMethod": "Bearer",
            "authentication": {"token": "{env.TOKEN}"}, "followRedirects": redirects,
            "headers": {"X-Copy": "{env.TOKEN}", "X-Plain": "plain", "Content-Type": "application/json"},
        })
    };
    let step = || json!({"inputMapping": {"order": "{input.order}"}});
    let input = json!({"order": 7});
    // Off by default.
    let mut off = endpoint("/away", 0);
    off.as_object_mut().unwrap().remove("followRedirects");
    let flow = calling(&world, off, step()).await;
    let run = world.run(flow, &input).await;
    assert!(failure(&world, &run).await.1.contains("307"));
    assert!(far.all_calls().is_empty());
    // To another origin: method and body stay, what authenticates does not.
    let flow = calling(&world, endpoint("/away", 1), step()).await;
    assert_eq!(world.run(flow, &input).await["status"], "Completed");
    let call = far.calls("/here").pop().unwrap();
    assert_eq!((call.method.as_str(), call.json()), ("POST", json!({"order": 7})));
    assert_eq!(
        (
            call.header("authorization"),
            call.header("x-copy"),
            call.header("x-plain")
        ),
        ("", "", "plain")
    );
    assert_eq!(call.key, near.calls("/away").pop().unwrap().key);
    // Within the origin everything stays.
    let flow = calling(&world, endpoint("/near", 5), step()).await;
    assert_eq!(world.run(flow, &input).await["status"], "Completed");
    let call = near.calls("/there").pop().unwrap();
    assert_eq!(
        (call.query.as_str(), call.header("authorization")),
        ("a=b", "Bearer the-token")
    );
    // "See other" asks for it.
    let flow = calling(&world, endpoint("/seen", 5), step()).await;
    assert_eq!(world.run(flow, &input).await["status"], "Completed");
    let call = near.calls("/there").pop().unwrap();
    assert_eq!(
        (call.method.as_str(), call.body.len(), call.header("content-type")),
        ("GET", 0, "")
    );
    // A secret in the body goes nowhere else.
    let flow = calling(
        &world,
        endpoint("/away", 5),
        json!({"inputMapping": {"key": "{env.TOKEN}"}}),
    )
    .await;
    let run = world.run(flow, &input).await;
    assert!(failure(&world, &run).await.1.contains("307"));
    assert_eq!(far.all_calls().len(), 1);
    let flow = calling(&world, endpoint("/loop", 5), step()).await;
    let run = world.run(flow, &input).await;
    assert!(failure(&world, &run).await.1.contains("302"));
    assert_eq!(near.calls("/loop").len(), 6);
    server.finish().await;
}

#[tokio::test]
async fn the_egress_policy_holds_for_every_hop_and_for_tokens() {
    let settings = [
        ("egress_allow_private", "false"),
        ("egress_allow", "127.0.0.1,localhost"),
    ];
    let server = TestServer::spawn_with(&settings).await;
    let target = Target::start().await;
    let port = target.url().rsplit_once(':').unwrap().1.to_owned();
    let world = World::build_with(&server.admin, "Egress", &target, &json!({}), &json!({"S": "secret"})).await;
    target.on("/out", |_| {
        Reply::status(302).header("location", "http://169.254.169.254/latest")
    });
    let expect = async |members: Value, part: &str| {
        let flow = calling(&world, members, json!({"retryCount": 3, "retryDelaySeconds": 0})).await;
        let run = world.run(flow, &json!({})).await;
        let (kind, message) = failure(&world, &run).await;
        assert_eq!(kind, "policy", "{message}");
        assert!(message.contains(part), "{message}");
    };
    let flow = calling(&world, json!({"url": "{env.TARGET}/fine"}), json!({})).await;
    assert_eq!(
        world.run(flow, &json!({})).await["status"],
        "Completed",
        "a network that is named is in reach"
    );
    // A name is resolved and its addresses are checked, which are those that are connected to.
    let named = json!({"url": format!("http://localhost:{port}/fine")});
    let flow = calling(&world, named, json!({})).await;
    assert_eq!(world.run(flow, &json!({})).await["status"], "Completed");
    expect(json!({"url": "http://10.0.0.1/x"}), "WFM_EGRESS_ALLOW").await;
    expect(
        json!({"url": "{env.TARGET}/out", "followRedirects": 1}),
        "WFM_EGRESS_ALLOW",
    )
    .await;
    let token = json!({
        "url": "{env.TARGET}/fine", "authenticationMethod": "OAuth2ClientCredentials",
        "authentication": {"tokenUrl": "http://10.0.0.1/token", "clientId": "c", "clientSecret": "{env.S}"},
    });
    expect(token, "WFM_EGRESS_ALLOW").await;
    server.finish().await;
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_configured() {
    let proxy = Target::start().await;
    let server = TestServer::spawn_with(&[
        ("egress_proxy", &proxy.url()),
        ("egress_proxy_credentials", "me:pass"),
        ("egress_proxy_bypass", "127.0.0.1"),
    ])
    .await;
    let target = Target::start().await;
    let world = World::build(&server.admin, "Proxy", &target).await;
    let through = calling(&world, json!({"url": "http://orders.example/through"}), json!({})).await;
    assert_eq!(world.run(through, &json!({})).await["status"], "Completed");
    let call = proxy.calls("/through").pop().unwrap();
    assert_eq!(
        (call.header("host"), call.header("proxy-authorization")),
        ("orders.example", "Basic bWU6cGFzcw==")
    );
    let past = calling(&world, json!({"url": "{env.TARGET}/past"}), json!({})).await;
    assert_eq!(world.run(past, &json!({})).await["status"], "Completed");
    assert_eq!((proxy.all_calls().len(), target.calls("/past").len()), (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn every_call_belongs_to_the_trace_of_its_run() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Traces", &target).await;
    target.sequence("/traced", vec![Reply::status(500), Reply::ok(&json!({}))]);
    let flow = world
        .one_step("/traced", &json!({"retryCount": 1, "retryDelaySeconds": 0}))
        .await;
    let path = format!("/api/v1/workflows/{flow}/executions");
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let start = world
        .client
        .request(http::Method::POST, &path)
        .waiting()
        .json(&json!({"inputParameters": {}}));
    let start = start
        .header("traceparent", given)
        .header("tracestate", "vendor=a,other=b");
    let _ = start.send().await.expect(200);
    let id = world.start(flow, &json!({})).await;
    until("the run to end", || async {
        Some(world.execution(&id).await).filter(|run| run["status"] == "Completed")
    })
    .await;
    let calls = target.calls("/traced");
    let parts = |call: &wfm_tests::Call| {
        call.header("traceparent")
            .split('-')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let spans: std::collections::BTreeSet<String> = calls.iter().map(|call| parts(call)[2].clone()).collect();
    assert_eq!((calls.len(), spans.len()), (4, 4), "every call is a span of its own");
    let (traced, alone) = calls.split_at(2);
    for call in traced {
        let parts = parts(call);
        assert_eq!(
            (parts[1].as_str(), parts[3].as_str()),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "01")
        );
        assert_eq!(call.header("tracestate"), "vendor=a,other=b");
        assert!(!given.contains(&parts[2]));
    }
    for call in alone {
        assert_eq!(parts(call)[1], id.replace('-', ""), "a run without a trace is one");
        assert_eq!(call.header("tracestate"), "");
    }
    server.finish().await;
}
