//! Runs that others start by a signed request: who can sign, and nobody else, once a delivery.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use wfm_application::hooks::signature::signed;
use wfm_tests::{Answer, Gate, Reply, Target, TestServer, World, world::merged};

const SECRET: &str = "whsec_story";

/// A server with a workflow whose webhook takes [`SECRET`].
struct Story {
    server: TestServer,
    target: Target,
    world: World,
    workflow: i64,
}

impl Story {
    async fn begin(configuration: Value) -> Self {
        Self::begin_with(&[], configuration).await
    }

    async fn begin_with(settings: &[(&'static str, &str)], configuration: Value) -> Self {
        let (server, target) = (TestServer::spawn_with(settings).await, Target::start().await);
        let variables = json!({"HOOK": SECRET, "OPEN": {"value": SECRET, "secret": false}});
        let world = World::build_with(&server.admin, "Hooks", &target, &json!({}), &variables).await;
        let mut story = Self {
            server,
            target,
            world,
            workflow: 0,
        };
        story.workflow = story.workflow("Hooked", configuration).await;
        story
    }

    async fn workflow(&self, name: &str, configuration: Value) -> i64 {
        let endpoint = self.world.endpoint("/order").await;
        let step =
            json!({"name": "call", "apiEndpointId": endpoint, "inputMapping": {"order": "{input.order ?? null}"}});
        let webhook = json!({"webhook": {"secret": "{env.HOOK}"}});
        let members = json!({"configuration": merged(webhook, &configuration)});
        self.world.workflow_with(name, &json!([step]), &members).await
    }

    /// The header for a body that is sent so many seconds from now.
    fn signature(&self, body: &str, in_seconds: i64) -> String {
        let now = self.server.node.app.store.now();
        signed(SECRET, now.plus_milliseconds(in_seconds * 1000), body.as_bytes())
    }

    async fn send(&self, workflow: i64, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = format!("/api/v1/webhooks/workflows/{workflow}");
        let mut request = self.server.stranger().request(Method::POST, &path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body("application/json", body.to_owned()).send().await
    }

    /// Sends a delivery that is signed now.
    async fn deliver(&self, delivery: &str, body: &str) -> Value {
        let signature = self.signature(body, 0);
        let headers = [("x-wfm-signature", signature.as_str()), ("x-wfm-delivery", delivery)];
        self.send(self.workflow, &headers, body).await.expect(202).json()
    }

    async fn runs(&self) -> usize {
        self.server.settled().await;
        self.world.client.all("/api/v1/executions").await.len()
    }
}

fn run(answer: &Value) -> String {
    answer["executionId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_signed_request_starts_a_run_once() {
    let story = Story::begin(json!({})).await;
    let body = r#"{"order": 7.10}"#;
    let signature = story.signature(body, 0);
    let first = story
        .send(story.workflow, &[("x-wfm-signature", &signature)], body)
        .await
        .expect(202);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let first = first.json();
    assert_eq!(first["repeated"], false);
    let digits = signature.rsplit('=').next().unwrap();
    assert_eq!(first["delivery"], digits, "without a name it is the signature");
    let ended = story.world.ended(&run(&first)).await;
    assert_eq!(ended["status"], "Completed");
    // Numbers arrive byte for byte.
    assert_eq!(&story.target.calls("/order")[0].body[..], br#"{"order":7.10}"#);

    // The same request again: the same run, whatever the delivery is called now.
    for delivery in [None, Some("another name")] {
        let mut headers = vec![("x-wfm-signature", signature.as_str())];
        headers.extend(delivery.map(|delivery| ("x-wfm-delivery", delivery)));
        let again = story.send(story.workflow, &headers, body).await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), "true");
        let again = again.json();
        assert_eq!((run(&again), &again["repeated"]), (run(&first), &json!(true)));
    }

    // A sender that repeats a delivery signs it anew; the key is that of every other start.
    let named = story.deliver("order-8", r#"{"order": 8}"#).await;
    assert_ne!(run(&named), run(&first));
    story.server.clock.forward_seconds(10);
    assert_eq!(run(&story.deliver("order-8", r#"{"order": 8}"#).await), run(&named));
    let start = format!("/api/v1/workflows/{}/executions", story.workflow);
    let key = json!({"executionKey": "order-8"});
    let taken = story.server.admin.post(&start, &key).await;
    taken.problem(409, "execution-key-taken");
    let returned = merged(key, &json!({"executionKeyPolicy": "returnExisting"}));
    let returned = story.server.admin.post(&start, &returned).await.expect(202).json();
    assert_eq!(run(&returned), run(&named));
    assert_eq!(story.runs().await, 2);

    // Who acted stands in the log.
    let history = format!("/api/v1/executions/{}/history", run(&first));
    let events = story.server.admin.all(&history).await;
    let actor = json!({"system": format!("webhook/{}", story.workflow)});
    assert_eq!(events[0]["metadata"]["actor"], actor, "{}", events[0]);
    story.server.finish().await;
}

#[tokio::test]
async fn many_deliveries_at_once_start_one_run() {
    let story = Story::begin(json!({})).await;
    let body = r#"{"order": 1}"#;
    let signature = story.signature(body, 0);
    let headers = [("x-wfm-signature", signature.as_str()), ("x-wfm-delivery", "same")];
    let sent = (0..24).map(|_| story.send(story.workflow, &headers, body));
    let answers = futures::future::join_all(sent).await;
    let runs: std::collections::BTreeSet<String> = answers
        .into_iter()
        .map(|answer| run(&answer.expect(202).json()))
        .collect();
    assert_eq!((runs.len(), story.runs().await), (1, 1));
    story.server.finish().await;
}

#[tokio::test]
async fn whoever_cannot_sign_learns_nothing() {
    let story = Story::begin(json!({})).await;
    let plain = story.workflow("Plain", json!({"webhook": null})).await;
    let unset = story
        .workflow("Unset", json!({"webhook": {"secret": "{env.MISSING}"}}))
        .await;
    let short = story
        .workflow(
            "Short",
            json!({"webhook": {"secret": "{env.HOOK}", "toleranceSeconds": 5}}),
        )
        .await;
    let body = r#"{"order": 1}"#;
    let good = story.signature(body, 0);
    let now = story.server.node.app.store.now();
    let forged = signed("whsec_other", now, body.as_bytes());
    let (old, early) = (story.signature(body, -310), story.signature(body, 310));
    let other_body = story.signature(r#"{"order": 2}"#, 0);
    let mut answers = Vec::new();
    for (workflow, signature) in [
        (story.workflow.to_string(), None),
        (story.workflow.to_string(), Some("nonsense")),
        (story.workflow.to_string(), Some(forged.as_str())),
        (story.workflow.to_string(), Some(&old)),
        (story.workflow.to_string(), Some(&early)),
        (story.workflow.to_string(), Some(&other_body)),
        (short.to_string(), Some(&story.signature(body, -10))),
        (plain.to_string(), Some(&good)),
        (unset.to_string(), Some(&good)),
        ("4711".to_owned(), Some(&good)),
        ("0".to_owned(), Some(&good)),
        ("none".to_owned(), Some(&good)),
    ] {
        let path = format!("/api/v1/webhooks/workflows/{workflow}");
        let mut request = story.server.stranger().request(Method::POST, &path);
        if let Some(signature) = signature {
            request = request.header("x-wfm-signature", signature);
        }
        let answer = request.body("application/json", body).send().await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{workflow} {signature:?}: {}",
            answer.text
        );
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        headers.retain(|(name, _)| name != "date" && name != "x-request-id");
        answers.push((answer.text, headers));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    // What cannot be signed is not read either, and an administrator's token opens nothing here.
    let path = format!("/api/v1/webhooks/workflows/{}", story.workflow);
    let unread = story
        .server
        .admin
        .request(Method::POST, &path)
        .body("application/json", "{broken");
    assert_eq!(unread.send().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(story.runs().await, 0);
    story.server.finish().await;
}

#[tokio::test]
async fn what_is_signed_is_checked_like_every_start() {
    let story = Story::begin(json!({"approvals": {"execute": true}})).await;
    let send = async |body: &str, delivery: Option<&str>| {
        let signature = story.signature(body, 0);
        let mut headers = vec![("x-wfm-signature", signature.as_str())];
        headers.extend(delivery.map(|delivery| ("x-wfm-delivery", delivery)));
        story.send(story.workflow, &headers, body).await
    };
    send("{broken", None).await.problem(400, "malformed-json");
    send("[1]", None).await.problem(400, "wrong-type");
    assert_eq!(send("{}", Some("")).await.any_problem(), ["/X-WFM-Delivery"]);
    assert_eq!(
        send("{}", Some(&"x".repeat(201))).await.any_problem(),
        ["/X-WFM-Delivery"]
    );
    assert_eq!(story.runs().await, 0);
    // No body is no input; the run waits for its approval.
    let started = send("", Some("empty")).await.expect(202).json();
    story.server.settled().await;
    assert_eq!(story.world.execution(&run(&started)).await["state"], "WaitingApproval");
    let pending = story.server.admin.get("/api/v1/approvals?status=Pending").await.items();
    assert_eq!(pending.len(), 1);
    let deactivate = format!("/api/v1/workflows/{}/deactivate", story.workflow);
    let _ = story.server.admin.act(&deactivate).await.expect(200);
    send("{}", Some("late")).await.problem(409, "workflow-inactive");
    // What came before is answered all the same, also when it is signed anew.
    story.server.clock.forward_seconds(10);
    assert_eq!(run(&send("", Some("empty")).await.expect(202).json()), run(&started));
    story.server.finish().await;
}

#[tokio::test]
async fn a_run_waits_for_a_place_like_every_other() {
    let story = Story::begin(json!({})).await;
    let environment = format!("/api/v1/environments/{}", story.world.environment);
    let configuration = json!({"configuration": {
        "timeout": 120, "retries": 0, "enableLogging": true, "enableMetrics": true, "maxConcurrentExecutions": 1,
    }});
    let _ = story.server.admin.patch(&environment, &configuration).await.expect(200);
    let gate = Gate::default();
    let held = gate.clone();
    story.target.on("/order", move |_| Reply::ok(&json!(1)).behind(&held));
    let first = story.deliver("first", r#"{"order": 1}"#).await;
    let second = story.deliver("second", r#"{"order": 2}"#).await;
    story.server.settled().await;
    assert_eq!(story.world.execution(&run(&second)).await["state"], "Queued");
    gate.open();
    for started in [first, second] {
        assert_eq!(story.world.ended(&run(&started)).await["status"], "Completed");
    }
    story.server.finish().await;
}

#[tokio::test]
async fn who_asks_too_often_waits() {
    let story = Story::begin_with(&[("webhook_requests_per_second", "1")], json!({})).await;
    for _ in 0..2 {
        let answer = story.send(4711, &[], "{}").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    // The client is known by its address, whatever it asks for.
    let answer = story.send(story.workflow, &[], "{}").await;
    answer.problem(429, "too-many");
    assert_eq!(answer.header("retry-after"), "1");
    story.server.clock.forward_seconds(2);
    story.deliver("later", "{}").await;
    story.server.finish().await;
}

#[tokio::test]
async fn a_webhook_is_checked_at_publish() {
    let story = Story::begin(json!({})).await;
    let endpoint = story.world.endpoint("/order").await;
    let steps = json!([{"name": "call", "apiEndpointId": endpoint}]);
    for (webhook, pointer) in [
        (json!({}), "/configuration/webhook/secret"),
        (json!({"secret": "literal-secret"}), "/configuration/webhook/secret"),
        (json!({"secret": "{env.OPEN}"}), "/configuration/webhook/secret"),
        (
            json!({"secret": "{env.HOOK}", "toleranceSeconds": 0}),
            "/configuration/webhook/toleranceSeconds",
        ),
        (
            json!({"secret": "{env.HOOK}", "inputFrom": "query"}),
            "/configuration/webhook/inputFrom",
        ),
        (
            json!({"secret": "{env.HOOK}", "url": "x"}),
            "/configuration/webhook/url",
        ),
    ] {
        let members = json!({"configuration": {"webhook": webhook}});
        let body = merged(story.world.workflow_body("Wrong", &steps), &members);
        let workflow = story.world.client.create("/api/v1/workflows", &body).await;
        let answer = story.world.publish(workflow).await;
        assert_eq!(answer.any_problem(), [pointer], "{}", answer.text);
        assert!(!answer.text.contains("literal-secret"), "{}", answer.text);
    }
    // A secret that was made readable afterwards signs nothing.
    let variable = format!("/api/v1/environments/{}/variables/HOOK", story.world.environment);
    let readable = json!({"value": SECRET, "secret": false});
    let _ = story.server.admin.put(&variable, &readable).await.expect(200);
    let signature = story.signature("{}", 0);
    let answer = story
        .send(story.workflow, &[("x-wfm-signature", &signature)], "{}")
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    story.server.finish().await;
}

#[test]
fn the_documented_shell_verifies_what_is_signed() {
    let page = include_str!("../../../docs/webhooks.md");
    let script = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(script.lines().count() <= 10, "{script}");
    let folder = tempfile::tempdir().unwrap();
    let now = wfm_domain::instant::Instant::parse("2025-11-24T16:00:00Z").unwrap();
    let verify = |header: &str, body: &str, now: &str| {
        let file = folder.path().join("body");
        std::fs::write(&file, body).unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", script, "verify", "whsec_example", header])
            .args([file.as_os_str(), now.as_ref()])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), said.trim().to_owned())
    };
    let body = "{\"order\":7}";
    let header = signed("whsec_example", now, body.as_bytes());
    assert!(
        page.contains(&format!("X-WFM-Signature: {header}")),
        "the documented example"
    );
    assert_eq!(verify(&header, body, "1764000000"), (true, "holds".to_owned()));
    assert_eq!(verify(&header, body, "1764000300"), (true, "holds".to_owned()));
    assert_eq!(verify(&header, body, "1764000301"), (false, "too old".to_owned()));
    assert_eq!(
        verify(&header, "{\"order\":8}", "1764000000"),
        (false, "forged".to_owned())
    );
    // Line ends are a part of the body.
    let header = signed("whsec_example", now, b"a\n\n");
    assert_eq!(verify(&header, "a\n\n", "1764000000"), (true, "holds".to_owned()));
    assert_eq!(verify(&header, "a\n", "1764000000"), (false, "forged".to_owned()));
}
