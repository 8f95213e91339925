//! Executions that are old enough go: over HTTP, on the command line, and by themselves.

use serde_json::{Value, json};
use wfm_tests::{Reply, Target, TestServer, World, database::files_that_hold, until};

use crate::settings_at;

const DAY: i64 = 24 * 60 * 60;

/// What a run carries that must be readable nowhere in the end.
const CARGO: &str = "cargo-of-a-run-that-was-purged";

/// A world with a workflow that completes and one that fails, and a run of each; their ids.
async fn with_runs(server: &TestServer, target: &Target) -> (World, String, String) {
    let world = World::build(&server.admin, "Archive", target).await;
    target.on("/fails", |call| {
        Reply::json(500, &json!({"sent": String::from_utf8_lossy(&call.body)}))
    });
    let mapping = json!({"inputMapping": {"cargo": "{input.cargo}"}});
    let mut runs = Vec::new();
    for (path, status) in [("/echoes", "Completed"), ("/fails", "Failed")] {
        let workflow = world.one_step(path, &mapping).await;
        let run = world.run(workflow, &json!({"cargo": CARGO})).await;
        assert_eq!(run["status"], status, "{run}");
        runs.push(run["executionId"].as_str().unwrap().to_owned());
    }
    let [completed, failed] = <[String; 2]>::try_from(runs).unwrap();
    (world, completed, failed)
}

/// The counts of a report, month by month: completed, failed, cancelled, whether the key goes.
fn counts(report: &Value) -> Vec<Value> {
    let months = report["months"].as_array().unwrap().iter();
    months
        .map(|month| {
            json!([
                month["completed"],
                month["failed"],
                month["cancelled"],
                month["keyDestroyed"]
            ])
        })
        .collect()
}

async fn listed(server: &TestServer) -> Vec<String> {
    let runs = server.admin.get("/api/v1/executions").await.items();
    runs.iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn purged_executions_are_gone_and_their_history_says_what_it_may() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, completed, failed) = with_runs(&server, &target).await;
    let history = format!("/api/v1/executions/{completed}/history");
    server.clock.forward_seconds(731 * DAY);
    server.sign_in().await;
    let plan = server.admin.get("/api/v1/retention/plan").await.expect(200).json();
    assert_eq!((&plan["executions"], &plan["retentionDays"]), (&json!(1), &json!(730)));
    assert_eq!(counts(&plan), [json!([1, 0, 0, false])]);
    assert_eq!(plan["months"][0]["workspaceId"], world.workspace);
    let done = server.admin.act("/api/v1/retention/run").await.expect(200).json();
    assert_eq!(done["months"], plan["months"]);

    for part in ["", "?wait=1", "/steps", "/logs"] {
        let path = format!("/api/v1/executions/{completed}{part}");
        server.admin.get(&path).await.problem(404, "not-found");
    }
    assert_eq!(listed(&server).await, [failed.as_str()]);
    let summary = server
        .admin
        .get("/api/v1/views/workflow-execution-summary")
        .await
        .items();
    let totals: Vec<&Value> = summary.iter().map(|row| &row["totalExecutions"]).collect();
    assert_eq!(totals, [&json!(0), &json!(1)]);
    // The failed run of the month is kept, and what the month's runs carried is readable.
    let events = server.admin.get(&history).await.items();
    assert!(events[0]["data"]["request"]["input"].as_str().unwrap().contains(CARGO));

    server.clock.forward_seconds((1826 - 731) * DAY + 60);
    server.sign_in().await;
    let done = server.admin.act("/api/v1/retention/run").await.expect(200).json();
    assert_eq!(counts(&done), [json!([0, 1, 0, true])]);
    assert_eq!(listed(&server).await, [""; 0]);
    for run in [&completed, &failed] {
        let history = server
            .admin
            .get(&format!("/api/v1/executions/{run}/history"))
            .await
            .items();
        assert_eq!(history[0]["data"]["request"]["input"], "erased");
        assert!(!history.iter().any(|event| event.to_string().contains(CARGO)));
    }
    let metrics = "SELECT json_array(COUNT(*)) FROM WorkflowMetrics WHERE MetricName = 'DurationMs'";
    assert_eq!(server.rows(metrics).await, [json!([2])]);
    // The log says which executions went.
    let events = server.admin.get("/api/v1/events?limit=200").await.items();
    let purges = events.iter().filter(|event| event["type"] == "ExecutionsPurged");
    let purged: Vec<&Value> = purges.map(|event| &event["data"]["executions"]).collect();
    assert_eq!(purged, [&json!([completed]), &json!([failed])]);

    // And no file holds any of it, in whatever corner.
    let place = server.end().await;
    assert_eq!(files_that_hold(place.path(), CARGO.as_bytes()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_is_purged_from_the_command_line_and_a_running_one_by_itself() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    // What runs now ran long ago for the processes to come, whose clock is the machine's.
    server.clock.forward_seconds(-800 * DAY);
    server.sign_in().await;
    let (_, completed, failed) = with_runs(&server, &target).await;
    let place = server.end().await;
    let settings = settings_at(&place);
    let json = |arguments: &[&str]| -> Value { serde_json::from_str(&settings.succeed(arguments)).unwrap() };
    let plan = json(&["retention", "plan", "--json"]);
    assert_eq!(counts(&plan), [json!([1, 0, 0, false])]);
    assert_eq!(
        counts(&json(&["retention", "plan", "--json", "--retention-days", "801"])),
        [] as [Value; 0]
    );
    let everything = json(&["retention", "plan", "--json", "--retention-failed-days", "799"]);
    assert_eq!(counts(&everything), [json!([1, 1, 0, true])]);
    assert!(
        settings
            .fail(&["retention", "run", "--retention-days", "0"])
            .contains("retention_days")
    );
    assert!(
        settings
            .succeed(&["retention", "plan"])
            .contains("would go: 1 executions")
    );
    assert_eq!(json(&["retention", "run", "--json"])["months"], plan["months"]);
    assert!(settings.succeed(&["retention", "run"]).contains("purged: 0 executions"));
    settings.succeed(&["events", "verify"]);
    settings.succeed(&["projections", "verify"]);
    let listed_events = settings.succeed(&[
        "events",
        "list",
        "--json",
        "--limit",
        "1000",
        "--type",
        "ExecutionsPurged",
    ]);
    let purge: Value = serde_json::from_str(listed_events.lines().next().unwrap()).unwrap();
    assert!(
        listed_events.contains(&completed) && !listed_events.contains(&failed),
        "{purge}"
    );

    // A server that keeps failed runs for two years only purges the other one when it starts.
    let server = TestServer::over(place, &[("retention_failed_days", "730")]).await;
    until("the daily purge", async || {
        listed(&server).await.is_empty().then_some(())
    })
    .await;
    until("the end of the month's key", async || {
        let history = server
            .admin
            .get(&format!("/api/v1/executions/{failed}/history"))
            .await
            .items();
        (history[0]["data"]["request"]["input"] == "erased").then_some(())
    })
    .await;
    server.finish().await;
}
