//! What stories of nodes that share a database have in common.

use std::io::Write;

use serde_json::{Value, json};
use wfm_tests::{Client, Place, Process, Settings, until};

/// A place on the server under test; `None`, loudly, when there is no server.
pub(crate) async fn on_server(story: &str) -> Option<Place> {
    let place = Place::fresh().await;
    if place.is_on_server() {
        return Some(place);
    }
    say(&format!(
        "{story}: SKIPPED, WFM_TEST_SQLSERVER holds no connection string"
    ));
    None
}

/// Prints a line, not by the macro, whose output a passing test keeps to itself.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Two nodes that start at the same time.
pub(crate) fn two(settings: &Settings) -> [Process; 2] {
    std::thread::scope(|scope| {
        let starting = [(); 2].map(|()| scope.spawn(|| Process::spawn(settings)));
        starting.map(|node| node.join().unwrap())
    })
}

/// How far a node sees the read models, and whether it is the one that moves them on.
pub(crate) async fn projection(client: &Client) -> Value {
    client.get("/api/v1/projections").await.items().remove(0)
}

/// Which of two nodes projects, once one does and the other looks on.
pub(crate) async fn projecting(clients: &[Client; 2]) -> usize {
    until("one node to project and the other to look on", || async {
        let states =
            [projection(&clients[0]).await, projection(&clients[1]).await].map(|status| status["state"].clone());
        match states.each_ref().map(|state| state.as_str().unwrap()) {
            ["Running", "Following"] => Some(0),
            ["Following", "Running"] => Some(1),
            _ => None,
        }
    })
    .await
}

/// Waits until a node projects in a later epoch than `epoch`.
pub(crate) async fn takes_over(client: &Client, epoch: i64) {
    until("the other node to project on", || async {
        let status = projection(client).await;
        (status["state"] == "Running" && status["epoch"].as_i64().unwrap() > epoch).then_some(())
    })
    .await;
}

/// Makes something; its id, and the position from which it shows.
pub(crate) async fn made(client: &Client, path: &str, body: &Value) -> (i64, u64) {
    let answer = client.post(path, body).await.expect(201);
    (answer.id(), answer.json()["position"].as_u64().unwrap())
}

/// Starts a run; its id, and the position from which it shows.
pub(crate) async fn started(client: &Client, workflow: i64, input: &Value) -> (String, u64) {
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let body = json!({"inputParameters": input});
    let answer = client.post(&path, &body).await.expect(202).json();
    let id = answer["executionId"].as_str().unwrap().to_owned();
    (id, answer["position"].as_u64().unwrap())
}

/// A run once it has ended, asked for at any node.
pub(crate) async fn ended(client: &Client, id: &str, position: u64) -> Value {
    let path = format!("/api/v1/executions/{id}?wait=60&min-position={position}");
    let run = client.get(&path).await.expect(200).json();
    assert_ne!(run["status"], "Running", "{run}");
    run
}

/// Checks beside the running nodes that the log is sound and has no gaps, and that the read models are what it says.
pub(crate) async fn check_log_and_rows(settings: &Settings, client: &Client) {
    let report: Value = serde_json::from_str(&settings.succeed(&["events", "verify", "--json"])).unwrap();
    assert_eq!(
        (&report["sound"], &report["problemCount"]),
        (&json!(true), &json!(0)),
        "{report}"
    );
    assert_eq!(report["events"], report["last"], "{report}");
    let events = client.all("/api/v1/events?limit=200").await;
    let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    let rows: Value = serde_json::from_str(&settings.succeed(&["projections", "verify", "--json"])).unwrap();
    assert_eq!(rows["identical"], true, "{rows}");
    assert_eq!(projection(client).await["parked"], 0);
}
