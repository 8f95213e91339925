//! Dry runs: a draft played through with mocked answers, without a trace.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wfm_storage::event::Position;
use wfm_tests::{Answer, Reply, Target, TestServer, World};

/// `reserve`, then `pay` and `notify` at once, then `ship` if asked for.
async fn draft(world: &World) -> i64 {
    let (reserve, release) = (world.endpoint("/reserve").await, world.endpoint("/release").await);
    let secret = json!({"headers": {"Authorization": "Bearer {env.API_KEY}", "Content-Type": "application/json"}});
    let pay = world.endpoint_with("/pay", &secret).await;
    let steps = json!([
        {"name": "reserve", "order": 1, "apiEndpointId": reserve, "inputMapping": {"item": "{input.item}"},
         "outputMapping": {"id": "{response.body.reservation}"},
         "errorHandling": {"compensation": {"apiEndpointId": release, "inputMapping": {"id": "{steps.reserve.output.id}"}}}},
        {"name": "pay", "order": 2, "apiEndpointId": pay, "inputMapping": {"reservation": "{steps.reserve.output.id}"},
         "retryCount": 2, "retryDelaySeconds": 30},
        {"name": "notify", "order": 2, "apiEndpointId": reserve, "isOptional": true},
        {"name": "ship", "order": 3, "apiEndpointId": reserve, "condition": "input.ship"},
    ]);
    world.draft("Order", &steps).await
}

async fn test(world: &World, workflow: i64, body: &Value) -> Answer {
    world
        .client
        .post(&format!("/api/v1/workflows/{workflow}/test"), body)
        .await
}

fn step<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let steps = answer["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no step {name}: {answer}"))
}

async fn head(server: &TestServer) -> Position {
    server.node.app.store.log.head().await.unwrap().position
}

#[tokio::test]
async fn a_draft_is_played_through_without_a_trace() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let variables = json!({"API_KEY": "very-secret-value"});
    let world = World::build_with(&server.admin, "Rehearsal", &target, &json!({}), &variables).await;
    let workflow = draft(&world).await;
    let before = head(&server).await;
    let began = Instant::now();
    let body = json!({
        "inputParameters": {"item": "book", "ship": false},
        "mocks": {
            "reserve": {"status": 200, "body": {"reservation": 7}},
            "pay": [{"error": "timeout"}, {"status": 503}, {"status": 201, "body": {"paid": true}}],
            "notify": {"status": 404, "body": "nobody"},
        },
    });
    let answer = test(&world, workflow, &body).await.expect(200);
    assert!(!answer.text.contains("very-secret-value"), "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["status"], "Completed", "{answer}");
    assert_eq!(answer["outputParameters"], json!({"paid": true}), "{answer}");
    assert_eq!(
        (&answer["errorMessage"], &answer["problems"]),
        (&Value::Null, &json!([]))
    );
    let reserve = step(&answer, "reserve");
    assert_eq!(reserve["request"]["method"], "POST");
    assert_eq!(reserve["request"]["url"], format!("{}/reserve", target.url()));
    assert_eq!(reserve["request"]["body"], json!({"item": "book"}));
    assert_eq!(
        (&reserve["output"], &reserve["next"]),
        (&json!({"id": 7}), &json!("continue"))
    );
    let pay = step(&answer, "pay");
    assert_eq!(
        pay["request"]["headers"]["Authorization"], "Bearer {env.API_KEY}",
        "{pay}"
    );
    assert_eq!(pay["request"]["body"], json!({"reservation": 7}));
    let attempts = pay["attempts"].as_array().unwrap();
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["failed", "failed", "succeeded"], "{pay}");
    assert_eq!(
        (&attempts[0]["error"], &attempts[1]["status"]),
        (&json!("timeout"), &json!(503))
    );
    assert!(attempts[0]["retryInMilliseconds"].as_i64().unwrap() >= 30_000, "{pay}");
    let notify = step(&answer, "notify");
    assert_eq!(
        (&notify["error"]["kind"], &notify["next"]),
        (&json!("status"), &json!("continue"))
    );
    let ship = step(&answer, "ship");
    assert_eq!((&ship["decision"], &ship["request"]), (&json!("skipped"), &Value::Null));
    assert_eq!(ship["condition"], json!({"expression": "input.ship", "value": false}));
    assert!(began.elapsed() < Duration::from_secs(25), "time is simulated");
    assert_eq!(head(&server).await, before, "nothing is recorded");
    assert!(target.all_calls().is_empty(), "nobody is called");
    assert!(server.admin.get("/api/v1/executions").await.items().is_empty());
    server.finish().await;
}

#[tokio::test]
async fn failures_undo_and_faults_are_shown() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let variables = json!({"API_KEY": "very-secret-value"});
    let world = World::build_with(&server.admin, "Failing", &target, &json!({}), &variables).await;
    let workflow = draft(&world).await;
    let failing = json!({
        "inputParameters": {"item": "book", "ship": true},
        "mocks": {"reserve": {"body": {"reservation": 7}}, "pay": {"status": 400}},
        "compensationMocks": {"reserve": {"status": 500}},
    });
    let answer = test(&world, workflow, &failing).await.expect(200).json();
    assert_eq!(answer["status"], "Failed");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.contains("step \"pay\" failed"), "{message}");
    assert!(message.ends_with("; not compensated: \"reserve\""), "{message}");
    let undone = &answer["compensations"][0];
    assert_eq!((&undone["name"], &undone["undone"]), (&json!("reserve"), &json!(false)));
    assert_eq!(undone["request"]["body"], json!({"id": 7}), "{undone}");
    assert_eq!(step(&answer, "pay")["next"], "fail");
    assert_eq!(step(&answer, "notify")["mocked"], false);

    let missing = test(
        &world,
        workflow,
        &json!({"mocks": {"reserve": {"body": {"reservation": 7}}}}),
    )
    .await;
    let missing = missing.expect(200).json();
    let reserve = step(&missing, "reserve");
    assert_eq!(reserve["decision"], "notPrepared", "{reserve}");
    assert_eq!(
        (&reserve["error"]["kind"], &reserve["request"]),
        (&json!("mapping"), &Value::Null)
    );

    let endpoint = world.endpoint("/x").await;
    let broken = json!([{"name": "a", "order": 1, "apiEndpointId": endpoint, "condition": "steps.b.status =="}]);
    let broken = world.draft("Broken", &broken).await;
    let answer = test(&world, broken, &json!({})).await.expect(200).json();
    assert_eq!((&answer["status"], &answer["steps"]), (&json!("Failed"), &json!([])));
    assert_eq!(answer["problems"][0]["pointer"], "/steps/0/condition", "{answer}");

    for (body, pointer) in [
        (json!({"mocks": {"nobody": {}}}), "/mocks/nobody"),
        (json!({"mocks": {"pay": {"status": 99}}}), "/mocks/pay/status"),
        (json!({"mocks": {"pay": [{"error": "boredom"}]}}), "/mocks/pay/0/error"),
        (json!({"mocks": {"pay": {"statsu": 200}}}), "/mocks/pay/statsu"),
        (json!({"version": "newest"}), "/version"),
    ] {
        let answer = test(&world, workflow, &body).await;
        assert_eq!(answer.any_problem(), [pointer], "{body}: {}", answer.text);
    }
    assert_eq!(test(&world, workflow, &json!({"version": 1})).await.status, 404);
    assert!(target.all_calls().is_empty(), "nobody is called");
    server.finish().await;
}

#[tokio::test]
async fn a_dry_run_agrees_with_the_run() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let variables = json!({"API_KEY": "very-secret-value"});
    let world = World::build_with(&server.admin, "Agreeing", &target, &json!({}), &variables).await;
    let workflow = draft(&world).await;
    let _ = world.publish(workflow).await.expect(200);
    target.on("/reserve", |_| Reply::ok(&json!({"reservation": 7})));
    target.on("/release", |_| Reply::status(204));
    for pay in [200_u16, 400] {
        target.on("/pay", move |_| Reply::json(pay, &json!({"paid": true})));
        let input = json!({"item": "book", "ship": true});
        let run = world.run(workflow, &input).await;
        let reserved = json!({"body": {"reservation": 7}});
        let body = json!({
            "inputParameters": input, "version": 1,
            "mocks": {
                "reserve": reserved, "notify": reserved, "ship": reserved,
                "pay": {"status": pay, "body": {"paid": true}},
            },
        });
        let dry = test(&world, workflow, &body).await.expect(200).json();
        assert_eq!(dry["status"], run["status"], "{dry}");
        assert_eq!(dry["outputParameters"], run["outputParameters"], "{dry}");
        assert_eq!(dry["errorMessage"], run["errorMessage"], "{dry}");
    }
    server.finish().await;
}

#[tokio::test]
async fn signals_are_given_or_waited_for() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Waiting", &target).await;
    let endpoint = world.endpoint("/ask").await;
    let waits = |seconds: Value| {
        let wait = json!({"waitForSignal": {"name": "approved", "timeoutSeconds": seconds}});
        json!([{"name": "ask", "order": 1, "apiEndpointId": endpoint, "errorHandling": wait}])
    };
    let for_ever = world.draft("For ever", &waits(Value::Null)).await;
    let answer = test(&world, for_ever, &json!({})).await.expect(200).json();
    assert_eq!(answer["status"], "WaitingSignal", "{answer}");
    let given = json!({"signals": {"approved": {"by": "Ann"}}});
    let answer = test(&world, for_ever, &given).await.expect(200).json();
    assert_eq!(answer["outputParameters"]["signal"], json!({"by": "Ann"}), "{answer}");
    let a_month = world.draft("A month", &waits(json!(2_592_000))).await;
    let answer = test(&world, a_month, &json!({})).await.expect(200).json();
    assert_eq!(answer["steps"][0]["error"]["kind"], "signal-timeout", "{answer}");
    server.finish().await;
}
