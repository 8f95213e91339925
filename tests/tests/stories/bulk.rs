//! Jobs: one thing asked of many runs, with a result for each.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Client, Gate, Place, Process, Reply, Target, TestServer, World, until};

use crate::settings_at;

const BULK: &str = "/api/v1/executions/bulk";

async fn begin(client: &Client, body: &Value) -> i64 {
    let answer = client.post(BULK, body).await.expect(202);
    let id = answer.json()["jobId"].as_i64().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/jobs/{id}"));
    id
}

/// The job once it has ended.
async fn ended(client: &Client, id: i64) -> Value {
    until("the job to end", || async {
        let job = client.get(&format!("/api/v1/jobs/{id}")).await.expect(200).json();
        (job["status"] != "Running").then_some(job)
    })
    .await
}

/// A job from its beginning to its end, with its items.
async fn done(client: &Client, body: &Value) -> (Value, Vec<Value>) {
    let id = begin(client, body).await;
    let job = ended(client, id).await;
    (job, client.all(&format!("/api/v1/jobs/{id}/items")).await)
}

/// Waits until every one of these runs is in this state.
async fn all_are(world: &World, runs: &[String], state: &str) {
    for run in runs {
        until(state, || async {
            (world.execution(run).await["state"] == state).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn all_that_failed_is_redriven_and_each_run_has_its_result() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Redriven", &target).await;
    target.on("/work", |_| Reply::status(400));
    let workflow = world
        .one_step("/work", &json!({"inputMapping": {"n": "{input.n}"}}))
        .await;
    let mut failed = Vec::new();
    for n in 0..30 {
        let run = world.run(workflow, &json!({"n": n})).await;
        assert_eq!(run["status"], "Failed");
        failed.push(run["id"].as_str().unwrap().to_owned());
    }
    let filter = json!({"workflowId": workflow, "status": "Failed"});
    let told = json!({"action": "redrive", "filter": filter, "dryRun": true});
    let matched = server.admin.post(BULK, &told).await.expect(200).json();
    assert_eq!(
        (&matched["matched"], &matched["executions"]),
        (&json!(30), &json!(failed))
    );
    assert_eq!(
        server
            .admin
            .get(&format!("/api/v1/jobs?workspaceId={}", world.workspace))
            .await
            .items(),
        [] as [Value; 0]
    );

    target.on("/work", |call| Reply::ok(&call.json()["n"]));
    let (job, items) = done(&server.admin, &json!({"action": "redrive", "filter": filter})).await;
    assert_eq!(
        (&job["total"], &job["succeeded"], &job["refused"], &job["action"]),
        (&json!(30), &json!(30), &json!(0), &json!("redrive"))
    );
    let of: Vec<&str> = items.iter().map(|item| item["executionId"].as_str().unwrap()).collect();
    assert_eq!(of, failed, "oldest first, each once");
    for (n, run) in failed.iter().enumerate() {
        assert_eq!(world.ended(run).await["outputParameters"], n);
    }
    // What cannot be done is said for each, and nothing else happens.
    let all = json!({"action": "redrive", "filter": {"workspaceId": world.workspace}, "limit": 2});
    let (job, items) = done(&server.admin, &all).await;
    assert_eq!((&job["total"], &job["refused"]), (&json!(2), &json!(2)));
    for item in &items {
        assert_eq!(
            (&item["result"], &item["error"]["code"]),
            (&json!("Refused"), &json!("execution-not-failed"))
        );
    }
    let (again, reruns) = done(
        &server.admin,
        &json!({"action": "rerun", "definition": "same", "filter": {"workflowId": workflow}, "limit": 3}),
    )
    .await;
    assert_eq!(again["succeeded"], 3);
    for (n, item) in reruns.iter().enumerate() {
        let run = world.ended(item["newExecutionId"].as_str().unwrap()).await;
        assert_eq!(run["outputParameters"], n);
    }
    let jobs = server
        .admin
        .all(&format!("/api/v1/jobs?workspaceId={}&limit=2", world.workspace))
        .await;
    let actions: Vec<&str> = jobs.iter().map(|job| job["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["rerun", "redrive", "redrive"], "the newest first");
    server.finish().await;
}

#[tokio::test]
async fn runs_are_paused_resumed_and_cancelled_together() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Together", &target).await;
    let gate = Gate::default();
    let held = gate.clone();
    target.on("/held", move |_| Reply::ok(&json!("done")).behind(&held));
    let (held, after) = (world.endpoint("/held").await, world.endpoint("/after").await);
    let steps = json!([{"name": "held", "apiEndpointId": held}, {"name": "after", "apiEndpointId": after}]);
    let workflow = world.workflow("Together", &steps).await;
    let mut runs = Vec::new();
    for n in 0..4 {
        runs.push(world.start(workflow, &json!({"n": n})).await);
    }
    target.arrived("/held", 4).await;
    let of = |action: &str| json!({"action": action, "filter": {"workflowId": workflow}});
    let mut pause = of("pause");
    pause["reason"] = json!("the warehouse is closed");
    let (job, _) = done(&server.admin, &pause).await;
    assert_eq!(job["succeeded"], 4);
    gate.open();
    all_are(&world, &runs, "Paused").await;
    assert!(target.calls("/after").is_empty());
    // Two go on, two are cancelled.
    let mut resume = of("resume");
    resume["limit"] = json!(2);
    let (job, _) = done(&server.admin, &resume).await;
    assert_eq!(job["succeeded"], 2);
    for run in &runs[..2] {
        assert_eq!(world.ended(run).await["status"], "Completed");
    }
    let mut cancel = of("cancel");
    cancel["filter"]["status"] = json!("Running");
    cancel["reason"] = json!("not needed any more");
    let (job, _) = done(&server.admin, &cancel).await;
    assert_eq!((&job["total"], &job["succeeded"]), (&json!(2), &json!(2)));
    for run in &runs[2..] {
        let run = world.ended(run).await;
        assert_eq!(
            (&run["status"], &run["errorMessage"]),
            (&json!("Cancelled"), &json!("not needed any more"))
        );
    }
    assert_eq!(target.calls("/held").len(), 4);
    server.finish().await;
}

#[tokio::test]
async fn what_is_asked_is_checked_and_jobs_belong_to_their_workspace() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Checked", &target).await;
    let admin = &server.admin;
    for (body, pointer) in [
        (json!({"action": "cancel", "filter": {}}), "/filter"),
        (
            json!({"action": "cancel", "filter": {"workflowId": 4711}}),
            "/filter/workflowId",
        ),
        (
            json!({"action": "cancel", "filter": {"workspaceId": world.workspace, "status": "Broken"}}),
            "/filter/status",
        ),
        (
            json!({"action": "cancel", "filter": {"workspaceId": world.workspace}, "limit": 0}),
            "/limit",
        ),
        (
            json!({"action": "resume", "filter": {"workspaceId": world.workspace}, "reason": "why"}),
            "/reason",
        ),
    ] {
        let refused = admin.post(BULK, &body).await;
        assert_eq!(refused.any_problem(), [pointer], "{body}");
    }
    let body = json!({"action": "cancel", "filter": {"workspaceId": world.workspace}});
    let start = |key: &str| {
        admin
            .request(Method::POST, BULK)
            .header("idempotency-key", key)
            .json(&body)
    };
    let first = start("once").send().await.expect(202);
    let again = start("once").send().await.expect(202);
    assert_eq!(first.json()["jobId"], again.json()["jobId"]);
    let job = first.json()["jobId"].as_i64().unwrap();
    let path = format!("/api/v1/jobs/{job}");
    assert_eq!(ended(admin, job).await["status"], "Completed", "nothing matched");
    admin.act(&format!("{path}/cancel")).await.problem(409, "job-ended");

    let (reader, viewer) = admin.new_user("Vera", "Viewer").await;
    let member = format!("/api/v1/workspaces/{}/members/{reader}", world.workspace);
    viewer.get(&path).await.problem(404, "not-found");
    viewer.post(BULK, &body).await.problem(404, "not-found");
    let workflow = world.one_step("/work", &json!({})).await;
    let unseen = json!({"action": "cancel", "filter": {"workflowId": workflow}});
    assert_eq!(viewer.post(BULK, &unseen).await.any_problem(), ["/filter/workflowId"]);
    let _ = admin.put(&member, &json!({"role": "Viewer"})).await;
    let _ = viewer.get(&path).await.expect(200);
    viewer.post(BULK, &body).await.problem(403, "forbidden");
    viewer.act(&format!("{path}/cancel")).await.problem(403, "forbidden");
    server.finish().await;
}

/// Runs of the job that is cut short.
const RUNS: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_on_after_a_kill_and_asks_each_run_once() {
    let place = Place::fresh().await;
    let settings = settings_at(&place);
    let target = Target::start().await;
    target.on("/work", |call| Reply::ok(&call.json()["n"]));
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build(&client, "Cut short", &target).await;
    let workflow = world
        .one_step("/work", &json!({"inputMapping": {"n": "{input.n}"}}))
        .await;
    let runs = (0..RUNS).map(|n| {
        let world = &world;
        async move { world.run(workflow, &json!({"n": n})).await }
    });
    futures::future::join_all(runs).await;
    let body = json!({"action": "rerun", "filter": {"workflowId": workflow}});
    let job = begin(&client, &body).await;
    until("some reruns", || async {
        (target.calls("/work").len() > RUNS + 20).then_some(())
    })
    .await;
    process.kill();

    let process = Process::spawn(&settings);
    let client = client.at(&process.url);
    let shown = ended(&client, job).await;
    assert_eq!(
        (&shown["status"], &shown["total"], &shown["succeeded"]),
        (&json!("Completed"), &json!(RUNS), &json!(RUNS)),
        "{shown}"
    );
    let items = client.all(&format!("/api/v1/jobs/{job}/items")).await;
    let mut started: Vec<&str> = items
        .iter()
        .map(|item| item["newExecutionId"].as_str().unwrap())
        .collect();
    started.sort_unstable();
    started.dedup();
    assert_eq!((items.len(), started.len()), (RUNS, RUNS), "a result each");
    until("every rerun to end", || async {
        let running = client.get("/api/v1/executions?status=Running").await.items();
        running.is_empty().then_some(())
    })
    .await;
    let all = client.all("/api/v1/executions?limit=200").await;
    assert_eq!(all.len(), 2 * RUNS, "one rerun each");
    assert!(process.stop().0.success());
    place.remove().await;
}

#[tokio::test]
async fn a_cancelled_job_leaves_the_rest_alone() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Left alone", &target).await;
    let workflow = world.one_step("/work", &json!({})).await;
    let input = json!({});
    futures::future::join_all((0..20).map(|_| world.run(workflow, &input))).await;
    let body = json!({"action": "rerun", "filter": {"workflowId": workflow}});
    let job = begin(&server.admin, &body).await;
    let cancelled = server.admin.act(&format!("/api/v1/jobs/{job}/cancel")).await;
    let shown = ended(&server.admin, job).await;
    // It may have been faster.
    if cancelled.status == 200 {
        assert_eq!(shown["status"], "Cancelled");
        assert!(shown["done"].as_u64().unwrap() < 20);
    } else {
        cancelled.problem(409, "job-ended");
    }
    server.finish().await;
}
