//! Dry runs through the API.

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_dry_run_shows_a_run_and_records_nothing() {
    let test = TestApp::start().await;
    let world = test.world("Sales", "/ok").await;
    let path = format!("/api/v1/workflows/{}", world.workflow);
    let secret = json!({"headers": {"Authorization": "Bearer {env.API_KEY}"}});
    test.patch(&format!("/api/v1/api-endpoints/{}", world.endpoint), secret)
        .await
        .expect(200);
    let head = test.app.store.log.head().await.unwrap().position;
    let body = json!({
        "inputParameters": {"amount": 3},
        "mocks": {"charge": {"status": 200, "body": {"ok": true, "amount": 12.5}}},
    });
    let answer = test.post(&format!("{path}/test"), body).await.expect(200);
    assert!(!answer.text.contains("s3cr3t-value"), "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["status"], "Completed", "{answer}");
    assert_eq!(answer["outputParameters"], json!({"ok": true, "amount": 12.5}));
    let step = &answer["steps"][0];
    assert_eq!(
        (&step["decision"], &step["mocked"], &step["next"]),
        (&json!("called"), &json!(true), &json!("continue"))
    );
    assert_eq!(
        step["request"]["headers"]["Authorization"], "Bearer {env.API_KEY}",
        "{step}"
    );
    assert_eq!(step["request"]["body"], json!({"amount": 3}), "{step}");
    assert_eq!(step["attempts"], json!([{"status": 200, "outcome": "succeeded"}]));

    let failing = json!({"version": 1, "mocks": {"charge": {"error": "connect"}}});
    let failing = test.post(&format!("{path}/test"), failing).await.expect(200).json();
    assert_eq!(
        (&failing["status"], &failing["steps"][0]["next"]),
        (&json!("Failed"), &json!("fail"))
    );
    assert_eq!(failing["steps"][0]["error"]["kind"], "connect", "{failing}");

    let unmocked = test.act(&format!("{path}/test")).await.expect(200).json();
    assert_eq!(
        (&unmocked["status"], &unmocked["outputParameters"]),
        (&json!("Completed"), &Value::Null)
    );
    assert_eq!(unmocked["steps"][0]["mocked"], false);

    let unknown = test
        .post(&format!("{path}/test"), json!({"mocks": {"nobody": {}}}))
        .await;
    assert!(unknown.expect(422).text.contains("/mocks/nobody"));
    test.act(&format!("{path}/test?version=9")).await.expect(404);
    assert_eq!(
        test.app.store.log.head().await.unwrap().position,
        head,
        "nothing is recorded"
    );
}
