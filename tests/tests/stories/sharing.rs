//! What two nodes share: one goes on with what the other was about to do, and nothing is done twice.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;
use wfm_domain::instant::Instant;
use wfm_tests::{
    Process, Settings, Target, World,
    saga::{check_completed, counted},
    until,
};

use crate::{
    pair::{check_log_and_rows, ended, on_server, started},
    settings_at,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_frozen_between_the_record_of_a_call_and_the_call_sends_nothing_when_it_wakes() {
    let Some(place) = on_server("a node frozen before a call").await else {
        return;
    };
    let settings = settings_at(&place);
    let freezing = Settings {
        freezes_before: Some("/frozen"),
        ..settings.clone()
    };
    let asleep = Process::spawn(&freezing);
    let one = asleep.admin().await;
    let awake = Process::spawn(&settings);
    let other = one.at(&awake.url);
    let target = Target::start().await;
    let world = World::build(&one, "Frozen before", &target).await;
    let endpoints = [world.endpoint("/frozen").await, world.endpoint("/after").await];
    let steps = json!([
        {"name": "frozen", "order": 1, "apiEndpointId": endpoints[0]},
        {"name": "after", "order": 2, "apiEndpointId": endpoints[1]},
    ]);
    let workflow = world.workflow("Frozen before", &steps).await;
    // The answer may come before the node freezes, or not: nobody waits for it.
    let path = format!("/api/v1/workflows/{workflow}/executions");
    let start = one.request(Method::POST, &path).json(&json!({}));
    let starting = tokio::spawn(start.try_send());
    let run = until("the run to be recorded", || async {
        let runs = other.get("/api/v1/events?limit=200").await.items();
        let begun = runs.iter().find(|event| event["type"] == "StepStarted")?;
        let stream = begun["stream"].as_str()?;
        Some(stream.strip_prefix("execution-")?.to_owned())
    })
    .await;
    assert_eq!(target.calls("/frozen").len(), 0, "it froze before it sent anything");

    // The node that is awake takes over the run, and the projection if it must.
    until("the run to complete", || async {
        let shown = other.get(&format!("/api/v1/executions/{run}")).await;
        (shown.status == 200 && shown.json()["status"] == "Completed").then_some(())
    })
    .await;
    asleep.go_on();
    assert!(starting.await.unwrap().is_ok_and(|answer| answer.status == 202));
    // It serves as before; by then it has long come past the call that it was about to send.
    let client = other.at(&asleep.url);
    let (next, position) = started(&client, workflow, &json!({})).await;
    assert_eq!(ended(&client, &next, position).await["status"], "Completed");
    for path in ["/frozen", "/after"] {
        let calls = target.calls(path);
        let of_run = calls.iter().filter(|call| call.key.starts_with(&run)).count();
        assert_eq!((of_run, calls.len()), (1, 2), "{path}: once for each run");
    }
    let events = other.all(&format!("/api/v1/executions/{run}/history")).await;
    assert_eq!(check_completed(&run, 2, &events, &counted(&target.all_calls())), 1);
    check_log_and_rows(&settings, &other).await;
    drop((asleep, awake));
    place.remove().await;
}

/// Ticks that are waited for before one of the nodes is killed, and after.
const TICKS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_schedules_and_no_tick_is_lost_or_fires_twice_when_one_is_killed() {
    let Some(place) = on_server("schedules of two nodes").await else {
        return;
    };
    let settings = settings_at(&place);
    let mut nodes = vec![Process::spawn(&settings), Process::spawn(&settings)];
    let client = nodes[0].admin().await;
    let target = Target::start().await;
    let world = World::build(&client, "Shared schedules", &target).await;
    // Several, so that each node deals with some.
    let mut workflows = Vec::new();
    for number in 0..6 {
        let endpoint = world.endpoint(&format!("/work-{number}")).await;
        let steps = json!([{"name": "work", "order": 1, "apiEndpointId": endpoint}]);
        let workflow = world.workflow(&format!("Flow {number}"), &steps).await;
        let catch_up = json!({"policy": "all", "windowSeconds": 3600});
        let body = json!({"cronExpression": "* * * * * *", "catchUp": catch_up, "overlap": "AllowAll"});
        let _ = client
            .put(&format!("/api/v1/workflows/{workflow}/schedule"), &body)
            .await
            .expect(200);
        workflows.push(workflow);
    }
    let fired = async |client: &wfm_tests::Client, workflow: i64| {
        let path = format!("/api/v1/workflows/{workflow}/schedule/history");
        let mut fired = BTreeMap::new();
        for event in client.all(&path).await {
            if event["type"] == "ScheduleFired" {
                let tick = event["data"]["tick"].as_str().unwrap().to_owned();
                let run = event["data"]["executionId"].as_str().unwrap().to_owned();
                assert!(fired.insert(tick, run).is_none(), "a tick fired twice: {event}");
            }
        }
        fired
    };
    let reached = async |client: &wfm_tests::Client, ticks: usize| {
        for workflow in &workflows {
            until("ticks to fire", || async {
                (fired(client, *workflow).await.len() >= ticks).then_some(())
            })
            .await;
        }
    };
    reached(&client, TICKS).await;
    nodes.remove(0).kill();
    let client = client.at(&nodes[0].url);
    let mut before = 0;
    for workflow in &workflows {
        before = before.max(fired(&client, *workflow).await.len());
    }
    reached(&client, before + TICKS).await;
    for workflow in &workflows {
        let pause = format!("/api/v1/workflows/{workflow}/schedule/pause");
        let _ = client.act(&pause).await.expect(200);
        let fired = fired(&client, *workflow).await;
        let seconds: Vec<i64> = fired
            .keys()
            .map(|tick| Instant::parse(tick).unwrap().utc().timestamp())
            .collect();
        assert!(seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{fired:?}");
        for run in fired.values() {
            let run = ended(&client, run, 0).await;
            assert_eq!(run["status"], "Completed", "{run}");
        }
    }
    let keys: Vec<String> = target.all_calls().iter().map(|call| call.key.clone()).collect();
    let runs = client.all("/api/v1/executions?limit=200").await;
    assert!(keys.len() >= runs.len(), "each run called its target");
    check_log_and_rows(&settings, &client).await;
    drop(nodes);
    place.remove().await;
}
