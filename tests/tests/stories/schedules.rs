//! Schedules: runs that start by themselves, at every tick once, and a reason for every tick that starts none.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wfm_tests::{Gate, Reply, Target, TestServer, World, until};

use crate::settings;

const HOUR: i64 = 3600;

/// A world with a workflow of one step, and what its calls are answered with.
async fn world(server: &TestServer, target: &Target, gate: Option<&Gate>) -> (World, i64) {
    let world = World::build(&server.admin, "Schedules", target).await;
    let gate = gate.cloned();
    target.on("/work", move |call| match &gate {
        Some(gate) => Reply::ok(&call.json()).behind(gate),
        None => Reply::ok(&call.json()),
    });
    let workflow = world
        .one_step("/work", &json!({"inputMapping": {"n": "{input.n ?? 0}"}}))
        .await;
    (world, workflow)
}

fn path(workflow: i64) -> String {
    format!("/api/v1/workflows/{workflow}/schedule")
}

async fn forward(server: &mut TestServer, world: &mut World, seconds: i64) {
    server.clock.forward_seconds(seconds);
    server.sign_in().await;
    world.client = server.admin.clone();
}

/// What became of a schedule's ticks: types with cause or reason.
async fn outcomes(server: &TestServer, workflow: i64) -> Vec<String> {
    let events = server.admin.all(&format!("{}/history", path(workflow))).await;
    let outcome = |event: &Value| {
        let data = &event["data"];
        let why = data["cause"].as_str().or(data["reason"].as_str()).unwrap_or("");
        format!("{} {why}", event["type"].as_str().unwrap()).trim().to_owned()
    };
    events.iter().map(outcome).collect()
}

/// The outcomes once there are so many.
async fn settled(server: &TestServer, workflow: i64, count: usize) -> Vec<String> {
    until("the schedule's events", async || {
        let outcomes = outcomes(server, workflow).await;
        (outcomes.len() >= count).then_some(outcomes)
    })
    .await
}

#[tokio::test]
async fn a_tick_starts_a_run_and_the_documented_table_tells_the_next() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (mut world, workflow) = world(&server, &target, None).await;
    let body = json!({
        "cronExpression": "0 * * * *", "timeZone": "Europe/Berlin", "description": "Every hour",
        "inputParameters": {"n": 7}, "catchUp": {"policy": "last", "windowSeconds": 3600}, "overlap": "Skip",
    });
    let set = server.admin.put(&path(workflow), &body).await.expect(200);
    let shown = server.admin.get(&path(workflow)).await.expect(200);
    assert_eq!(set.header("etag"), shown.header("etag"));
    let before = shown.json();
    assert_eq!(
        (
            &before["isActive"],
            &before["lastRunTime"],
            &before["workflowId"],
            &before["catchUp"]
        ),
        (&json!(true), &Value::Null, &json!(workflow), &body["catchUp"])
    );
    // The same again is no event.
    let again = server.admin.put(&path(workflow), &body).await.expect(200);
    assert_eq!(again.header("etag"), set.header("etag"));

    forward(&mut server, &mut world, HOUR).await;
    let calls = target.arrived("/work", 1).await;
    assert_eq!(calls[0].json(), json!({"n": 7}));
    let outcomes = settled(&server, workflow, 2).await;
    assert!(outcomes[1].starts_with("ScheduleFired"), "{outcomes:?}");
    let rows = server
        .rows("SELECT json_array(IsActive, NextRunTime, LastRunTime) FROM WorkflowSchedules")
        .await;
    let after = server.admin.get(&path(workflow)).await.expect(200).json();
    assert_eq!(after["lastExecutionId"].as_str().map(str::len), Some(36));
    assert!(
        after["nextRunTime"].as_str() > before["nextRunTime"].as_str(),
        "{after}"
    );
    assert!(
        after["lastRunTime"].as_str() >= before["nextRunTime"].as_str(),
        "{after}"
    );
    assert_eq!(rows, [json!([1, after["nextRunTime"], after["lastRunTime"]])]);
    let run = world.ended(after["lastExecutionId"].as_str().unwrap()).await;
    assert_eq!(run["status"], "Completed");

    // A version that is not the present one is refused.
    let stale = server.admin.request(http::Method::PUT, &path(workflow));
    let stale = stale.header("If-Match", set.header("etag")).json(&body).send().await;
    stale.problem(412, "version-mismatch").clear();
    let _ = server.admin.delete(&path(workflow)).await.expect(200);
    let _ = server.admin.get(&path(workflow)).await.expect(404);
    server.finish().await;
}

#[tokio::test]
async fn one_tick_waits_for_the_run_before_it_and_others_are_skipped() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let gate = Gate::default();
    let (mut world, workflow) = world(&server, &target, Some(&gate)).await;
    let body = json!({"cronExpression": "0 * * * *", "overlap": "BufferOne"});
    let _ = server.admin.put(&path(workflow), &body).await.expect(200);
    for events in 2..=4 {
        forward(&mut server, &mut world, HOUR).await;
        settled(&server, workflow, events).await;
    }
    assert_eq!(target.calls("/work").len(), 1);
    gate.open();
    let outcomes = settled(&server, workflow, 5).await;
    let wanted = [
        "ScheduleSet",
        "ScheduleFired CatchUp",
        "ScheduleTickBuffered",
        "ScheduleTickSkipped overlap",
        "ScheduleFired Buffered",
    ];
    let on_time = |outcome: &String| outcome.replace("Fired Tick", "Fired CatchUp");
    assert_eq!(outcomes.iter().map(on_time).collect::<Vec<_>>(), wanted);
    target.arrived("/work", 2).await;
    let last = server.admin.get(&path(workflow)).await.json()["lastExecutionId"].clone();
    world.ended(last.as_str().unwrap()).await;
    server.finish().await;
}

#[tokio::test]
async fn open_runs_are_cancelled_or_left_alone_as_the_policy_says() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let gate = Gate::default();
    let (mut world, workflow) = world(&server, &target, Some(&gate)).await;
    let set = async |server: &TestServer, overlap: &str| {
        let body = json!({"cronExpression": "0 * * * *", "overlap": overlap});
        let _ = server.admin.put(&path(workflow), &body).await.expect(200);
    };
    let last = async |server: &TestServer| {
        let schedule = server.admin.get(&path(workflow)).await.json();
        schedule["lastExecutionId"].as_str().unwrap_or_default().to_owned()
    };
    set(&server, "CancelOther").await;
    forward(&mut server, &mut world, HOUR).await;
    settled(&server, workflow, 2).await;
    server.settled().await;
    let first = last(&server).await;
    forward(&mut server, &mut world, HOUR).await;
    settled(&server, workflow, 3).await;
    server.settled().await;
    let second = last(&server).await;
    assert_eq!(world.ended(&first).await["status"], "Cancelled");
    assert_eq!(world.execution(&second).await["status"], "Running");

    set(&server, "AllowAll").await;
    forward(&mut server, &mut world, HOUR).await;
    settled(&server, workflow, 5).await;
    server.settled().await;
    let third = last(&server).await;
    assert_ne!(second, third);
    assert_eq!(world.execution(&second).await["status"], "Running");

    set(&server, "Skip").await;
    forward(&mut server, &mut world, HOUR).await;
    let outcomes = settled(&server, workflow, 7).await;
    assert_eq!(outcomes.last().map(String::as_str), Some("ScheduleTickSkipped overlap"));
    gate.open();
    for run in [&second, &third] {
        assert_eq!(world.ended(run).await["status"], "Completed");
    }
    server.finish().await;
}

#[tokio::test]
async fn missed_ticks_are_made_up_for_one_by_one_when_all_are_wanted() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (mut world, workflow) = world(&server, &target, None).await;
    let catch_up = json!({"policy": "all", "windowSeconds": 3 * HOUR});
    let body = json!({"cronExpression": "0 * * * *", "catchUp": catch_up, "overlap": "AllowAll"});
    let _ = server.admin.put(&path(workflow), &body).await.expect(200);
    forward(&mut server, &mut world, 6 * HOUR).await;
    let outcomes = settled(&server, workflow, 5).await;
    assert_eq!(outcomes[1], "ScheduleTickSkipped missed");
    assert!(
        outcomes[2..5]
            .iter()
            .all(|outcome| outcome.starts_with("ScheduleFired")),
        "{outcomes:?}"
    );
    target.arrived("/work", 3).await;
    let runs = until("the runs' end", async || {
        let runs = server.admin.all("/api/v1/executions?status=Completed").await;
        (runs.len() == 3).then_some(runs)
    });
    runs.await;
    server.finish().await;
}

#[tokio::test]
async fn a_workflow_out_of_force_skips_its_ticks_and_a_deleted_one_has_no_schedule() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (mut world, workflow) = world(&server, &target, None).await;
    let _ = server
        .admin
        .put(&path(workflow), &json!({"cronExpression": "0 * * * *"}))
        .await
        .expect(200);
    let deactivate = format!("/api/v1/workflows/{workflow}/deactivate");
    let _ = server.admin.act(&deactivate).await.expect(200);
    forward(&mut server, &mut world, HOUR).await;
    let outcomes = settled(&server, workflow, 2).await;
    assert_eq!(outcomes[1], "ScheduleTickSkipped workflow-inactive");
    let refused = server.admin.act(&format!("{}/trigger", path(workflow))).await;
    refused.problem(409, "workflow-inactive").clear();

    let _ = world.publish(workflow).await.expect(200);
    let paused = server
        .admin
        .act(&format!("{}/pause", path(workflow)))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&paused["isActive"], &paused["nextRunTime"]),
        (&json!(false), &Value::Null)
    );
    let triggered = server
        .admin
        .act(&format!("{}/trigger", path(workflow)))
        .await
        .expect(202)
        .json();
    let run = triggered["executionId"].as_str().unwrap();
    assert_eq!(world.ended(run).await["status"], "Completed");
    let resumed = server
        .admin
        .act(&format!("{}/resume", path(workflow)))
        .await
        .expect(200)
        .json();
    assert!(resumed["nextRunTime"].is_string(), "{resumed}");

    let _ = server
        .admin
        .delete(&format!("/api/v1/workflows/{workflow}"))
        .await
        .expect(200);
    let _ = server.admin.get(&path(workflow)).await.expect(404);
    assert_eq!(
        server.rows("SELECT json_array(Id) FROM WorkflowSchedules").await,
        [] as [Value; 0]
    );
    let events = server
        .admin
        .get(&format!("/api/v1/streams/schedule-{workflow}"))
        .await
        .items();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["cascade"]),
        (&json!("ScheduleRemoved"), &json!(true))
    );
    server.finish().await;
}

#[tokio::test]
async fn no_tick_is_lost_or_fires_twice_across_a_restart() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (_, workflow) = world(&server, &target, None).await;
    let catch_up = json!({"policy": "all", "windowSeconds": HOUR});
    let body = json!({"cronExpression": "* * * * * *", "catchUp": catch_up, "overlap": "AllowAll"});
    let _ = server.admin.put(&path(workflow), &body).await.expect(200);
    settled(&server, workflow, 3).await;
    server = server.restart().await;
    settled(&server, workflow, 6).await;
    let _ = server.admin.act(&format!("{}/pause", path(workflow))).await.expect(200);
    let mut fired = BTreeMap::new();
    for event in server.admin.all(&format!("{}/history", path(workflow))).await {
        if event["type"] == "ScheduleFired" {
            let tick = event["data"]["tick"].as_str().unwrap().to_owned();
            let run = event["data"]["executionId"].as_str().unwrap().to_owned();
            assert!(fired.insert(tick, run).is_none(), "a tick fired twice: {event}");
        }
    }
    let seconds: Vec<i64> = fired
        .keys()
        .map(|tick| wfm_domain::instant::Instant::parse(tick).unwrap().utc().timestamp())
        .collect();
    assert!(seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{fired:?}");
    let runs = until("the runs' end", async || {
        let runs = server.admin.all("/api/v1/executions?status=Completed").await;
        (runs.len() == fired.len()).then_some(runs)
    });
    assert!(runs.await.iter().all(|run| fired.values().any(|id| run["id"] == **id)));
    server.finish().await;
}

#[tokio::test]
async fn many_schedules_that_are_due_at_once_all_fire() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (mut world, first) = world(&server, &target, None).await;
    let endpoint = world.endpoint("/work").await;
    let mut workflows = vec![first];
    for n in 0..60 {
        let steps = json!([{"name": "call", "order": 1, "apiEndpointId": endpoint}]);
        workflows.push(world.workflow(&format!("Flow {n}"), &steps).await);
    }
    for workflow in &workflows {
        let body = json!({"cronExpression": "0 * * * *"});
        let _ = server.admin.put(&path(*workflow), &body).await.expect(200);
    }
    forward(&mut server, &mut world, HOUR).await;
    let fired = until("every schedule's run", async || {
        let runs = server.admin.all("/api/v1/executions?status=Completed").await;
        (runs.len() >= workflows.len()).then_some(runs)
    });
    let mut of: Vec<i64> = fired
        .await
        .iter()
        .map(|run| run["workflowId"].as_i64().unwrap())
        .collect();
    of.sort_unstable();
    assert_eq!(of, workflows, "each once");
    let listed = server.admin.all("/api/v1/schedules?limit=200").await;
    assert_eq!(listed.len(), workflows.len());
    server.finish().await;
}

#[tokio::test]
async fn a_preview_tells_the_same_on_the_command_line_and_over_http() {
    let server = TestServer::spawn().await;
    let wanted = json!(["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    let query = "cronExpression=30+2+*+*+*&timeZone=Europe/Berlin&from=2026-03-28T00:00:00Z&count=3";
    let shown = server.admin.get(&format!("/api/v1/schedules/preview?{query}")).await;
    assert_eq!(shown.expect(200).json(), wanted);
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let arguments = [
        "schedule",
        "preview",
        "30 2 * * *",
        "--time-zone",
        "Europe/Berlin",
        "--from",
        "2026-03-28T00:00:00Z",
        "--count",
        "3",
    ];
    let printed = settings.succeed(&[&arguments[..], &["--json"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), wanted);
    assert!(settings.succeed(&arguments).contains("Sun 2026-03-29 03:00:00"));
    let error = settings.fail(&["schedule", "preview", "0 0 L * *"]);
    assert!(error.contains("day of month") && error.contains("`L`"), "{error}");
    let refused = server
        .admin
        .get("/api/v1/schedules/preview?cronExpression=0+0+*+*+MON%232")
        .await;
    assert_eq!(refused.any_problem(), ["/cronExpression"]);
    let body = json!({"cronExpression": "0 0 31 2 *", "timeZone": "Nowhere"});
    let target = Target::start().await;
    let (_, workflow) = world(&server, &target, None).await;
    let refused = server.admin.put(&path(workflow), &body).await;
    assert_eq!(refused.any_problem(), ["/cronExpression", "/timeZone"]);
    server.finish().await;
}
