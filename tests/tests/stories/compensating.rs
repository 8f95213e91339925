//! Sagas that undo what they did, and steps that run at once.

use serde_json::{Value, json};
use wfm_tests::{Client, Gate, Reply, Target, TestServer, World};

/// Steps by name: `a`, then `b` and `c` at once, then `d`; each can be undone.
const STEPS: [(&str, i64); 4] = [("a", 1), ("b", 2), ("c", 2), ("d", 3)];

async fn saga(world: &World) -> i64 {
    let mut steps = Vec::new();
    for (name, order) in STEPS {
        let forward = world.endpoint(&format!("/{name}")).await;
        let undo = world.endpoint(&format!("/undo-{name}")).await;
        let input = json!({"id": format!("{{steps.{name}.output.id}}"), "order": "{input.order}"});
        steps.push(json!({
            "name": name, "order": order, "apiEndpointId": forward,
            "errorHandling": {"compensation": {
                "apiEndpointId": undo, "inputMapping": input, "retryCount": 1, "retryDelaySeconds": 0,
            }},
        }));
    }
    world.workflow("Saga", &json!(steps)).await
}

async fn step_rows(client: &Client, run: &Value) -> Vec<(String, String)> {
    let id = run["executionId"].as_str().unwrap();
    let rows = client.get(&format!("/api/v1/executions/{id}/steps")).await.items();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(row, "stepName"), text(row, "status")))
        .collect()
}

#[tokio::test]
async fn each_step_failing_at_its_position_undoes_what_was_finished_last_one_first() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Undo", &target).await;
    let workflow = saga(&world).await;
    for (name, _) in STEPS {
        let own = name.to_owned();
        target.on(&format!("/{name}"), move |_| {
            Reply::ok(&json!({"id": format!("{own}-1")}))
        });
        target.on(&format!("/undo-{name}"), |_| Reply::status(204));
    }
    let mut seen = 0;
    for (failing, expected) in [
        ("a", &[][..]),
        ("b", &["/undo-c", "/undo-a"][..]),
        ("c", &["/undo-b", "/undo-a"][..]),
        ("d", &["/undo-", "/undo-", "/undo-a"][..]),
    ] {
        target.on(&format!("/{failing}"), |_| Reply::status(400));
        let run = world.run(workflow, &json!({"order": 7})).await;
        assert_eq!(run["status"], "Failed", "{failing}: {run}");
        let message = run["errorMessage"].as_str().unwrap();
        assert!(message.contains(&format!("step \"{failing}\" failed")), "{message}");
        assert!(!message.contains("not compensated"), "{message}");
        let calls = target.all_calls();
        let undone: Vec<_> = calls[seen..]
            .iter()
            .filter(|call| call.path.starts_with("/undo-"))
            .collect();
        seen = calls.len();
        assert_eq!(undone.len(), expected.len(), "{failing}");
        for (call, expected) in undone.iter().zip(expected) {
            assert!(
                call.path.starts_with(expected),
                "{failing}: {} for {expected}",
                call.path
            );
            let name = call.path.trim_start_matches("/undo-");
            assert_eq!(call.json(), json!({"id": format!("{name}-1"), "order": 7}));
            assert!(call.key.ends_with("-compensation"), "{}", call.key);
        }
        let own = failing.to_owned();
        target.on(&format!("/{failing}"), move |_| {
            Reply::ok(&json!({"id": format!("{own}-1")}))
        });
    }
    assert_eq!(world.run(workflow, &json!({"order": 8})).await["status"], "Completed");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_undone_is_named_and_the_rest_is_undone() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Stuck", &target).await;
    let workflow = saga(&world).await;
    for (name, _) in STEPS {
        target.on(&format!("/{name}"), |_| Reply::ok(&json!({"id": 1})));
        target.on(&format!("/undo-{name}"), |_| Reply::status(204));
    }
    target.on("/d", |_| Reply::status(400));
    target.on("/undo-b", |_| Reply::status(503));
    target.sequence("/undo-a", vec![Reply::status(503), Reply::status(204)]);
    let run = world.run(workflow, &json!({"order": 7})).await;
    let message = run["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("; not compensated: \"b\""), "{message}");
    assert_eq!(target.calls("/undo-b").len(), 2, "its own retries");
    assert_eq!(target.calls("/undo-a").len(), 2, "a retry that helped");
    let rows = step_rows(&server.admin, &run).await;
    let count = |status: &str| rows.iter().filter(|row| row.1 == status).count();
    assert_eq!((count("Compensated"), count("CompensationFailed")), (2, 3), "{rows:?}");
    server.finish().await;
}

#[tokio::test]
async fn steps_of_one_order_run_at_once_and_join() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Group", &target).await;
    let workflow = saga(&world).await;
    let gate = Gate::default();
    for (name, _) in STEPS {
        let held = gate.clone();
        let waits = matches!(name, "b" | "c");
        target.on(&format!("/{name}"), move |_| {
            let reply = Reply::ok(&json!({"id": 1}));
            if waits { reply.behind(&held) } else { reply }
        });
    }
    let run = world.start(workflow, &json!({"order": 1})).await;
    target.arrived("/b", 1).await;
    target.arrived("/c", 1).await;
    assert!(target.calls("/d").is_empty(), "the group has not joined");
    gate.pass_one();
    gate.pass_one();
    assert_eq!(world.ended(&run).await["status"], "Completed");
    assert_eq!(target.calls("/d").len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_run_with_open_calls_and_undoing_survives_a_restart() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Restart", &target).await;
    let workflow = saga(&world).await;
    let gate = Gate::default();
    for (name, _) in STEPS {
        let held = gate.clone();
        target.on(&format!("/{name}"), |_| Reply::ok(&json!({"id": 1})));
        target.on(&format!("/undo-{name}"), move |_| Reply::status(204).behind(&held));
    }
    target.on("/d", |_| Reply::status(400));
    let run = world.start(workflow, &json!({"order": 1})).await;
    let first = target.arrived("/undo-c", 1).await;
    server = server.restart().await;
    let again = target.arrived("/undo-c", 2).await;
    assert_eq!((&first[0].key, &first[0].body), (&again[1].key, &again[1].body));
    gate.open();
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    let ended = world.ended(&run).await;
    assert_eq!(ended["status"], "Failed");
    assert_eq!(target.calls("/undo-b").len() + target.calls("/undo-a").len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn a_retry_budget_bounds_the_retries_of_the_whole_run() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Budget", &target).await;
    for path in ["/one", "/two"] {
        target.on(path, |_| Reply::status(503));
    }
    let (one, two) = (world.endpoint("/one").await, world.endpoint("/two").await);
    let steps = json!([
        {"name": "one", "apiEndpointId": one, "retryCount": 2, "retryDelaySeconds": 0, "isOptional": true},
        {"name": "two", "apiEndpointId": two, "retryCount": 5, "retryDelaySeconds": 0},
    ]);
    let budget = json!({"configuration": {"retryBudget": 3}});
    let workflow = world.workflow_with("Budget", &steps, &budget).await;
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Failed");
    assert_eq!((target.calls("/one").len(), target.calls("/two").len()), (3, 2));
    let wrong = world.workflow_body("Wrong", &json!([{"name": "one", "apiEndpointId": one}]));
    let mut wrong = wrong;
    wrong["configuration"] = json!({"retryBudget": -1});
    let id = server.admin.create("/api/v1/workflows", &wrong).await;
    let pointers = world.publish(id).await.problem(422, "invalid-field");
    assert_eq!(pointers, ["/configuration/retryBudget"]);
    server.finish().await;
}
