//! Two people for what matters: drafts that are published, and single runs.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{Client, Reply, Target, TestServer, World};

const FOREVER: &str = "/api/v1/approvals";

/// A manager who may decide, beside the administrator who asks.
async fn manager(server: &TestServer, world: &World) -> Client {
    let (id, client) = server.admin.new_user("Grace", "ProjectManager").await;
    let member = format!("/api/v1/workspaces/{}/members/{id}", world.workspace);
    let _ = server.admin.put(&member, &json!({"role": "ProjectManager"})).await;
    client
}

async fn ask(client: &Client, workflow: i64) -> i64 {
    let body = json!({"approvalType": "Publish", "requestReason": "the new prices", "metadata": {"ticket": "CHG-7"}});
    let asked = client
        .post(&format!("/api/v1/workflows/{workflow}/approvals"), &body)
        .await
        .expect(201);
    asked.id()
}

#[tokio::test]
async fn a_draft_is_published_as_another_person_approved_it() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Approved", &target).await;
    let manager = manager(&server, &world).await;
    let endpoint = world.endpoint("/work").await;
    let mut body = world.workflow_body("Approved", &json!([{"name": "work", "apiEndpointId": endpoint}]));
    body["requiresApproval"] = json!(true);
    let workflow = server.admin.create("/api/v1/workflows", &body).await;
    world.publish(workflow).await.problem(409, "approval-required");

    let approval = ask(&server.admin, workflow).await;
    let decide = |verdict: &str| format!("{FOREVER}/{approval}/{verdict}");
    let comments = json!({"comments": "looks good"});
    server
        .admin
        .post(&decide("approve"), &comments)
        .await
        .problem(409, "own-approval");
    let granted = manager.post(&decide("approve"), &comments).await.expect(200).json();
    assert_eq!(
        (
            &granted["status"],
            &granted["approvalType"],
            &granted["approvalComments"]
        ),
        (&json!("Approved"), &json!("Publish"), &json!("looks good"))
    );
    assert_eq!(granted["metadata"]["ticket"], "CHG-7");
    manager
        .post(&decide("reject"), &comments)
        .await
        .problem(409, "approval-decided");

    // What was approved is not what is there any more.
    let path = format!("/api/v1/workflows/{workflow}");
    let changed = json!({"steps": [{"name": "work", "apiEndpointId": endpoint, "timeoutSeconds": 5}]});
    let _ = server.admin.patch(&path, &changed).await.expect(200);
    world.publish(workflow).await.problem(409, "approval-required");
    let back = json!({"steps": [{"name": "work", "apiEndpointId": endpoint}]});
    let _ = server.admin.patch(&path, &back).await.expect(200);
    let again = ask(&server.admin, workflow).await;
    let rejected = manager
        .post(&format!("{FOREVER}/{again}/reject"), &json!({}))
        .await
        .expect(200);
    assert_eq!(rejected.json()["status"], "Rejected");
    world.publish(workflow).await.problem(409, "approval-required");
    let third = ask(&server.admin, workflow).await;
    let _ = manager.act(&format!("{FOREVER}/{third}/approve")).await.expect(200);
    let _ = world.publish(workflow).await.expect(200);

    let rows = server
        .rows("SELECT json_array(Status, ApprovalType, RequestReason, ApprovedAt IS NOT NULL) FROM WorkflowApprovals ORDER BY Id")
        .await;
    assert_eq!(
        rows,
        [
            json!([1, "Publish", "the new prices", 1]),
            json!([2, "Publish", "the new prices", 0]),
            json!([1, "Publish", "the new prices", 1]),
        ]
    );
    server.finish().await;
}

#[tokio::test]
async fn who_is_erased_leaves_no_words_behind() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Forgotten", &target).await;
    let (grace, manager) = server.admin.new_user("Grace", "ProjectManager").await;
    let member = format!("/api/v1/workspaces/{}/members/{grace}", world.workspace);
    let _ = server.admin.put(&member, &json!({"role": "ProjectManager"})).await;
    let endpoint = world.endpoint("/work").await;
    let mut body = world.workflow_body("Forgotten", &json!([{"name": "work", "apiEndpointId": endpoint}]));
    body["requiresApproval"] = json!(true);
    let workflow = server.admin.create("/api/v1/workflows", &body).await;

    let decided = async |asking: &Client, deciding: &Client, verdict: &str| {
        let approval = ask(asking, workflow).await;
        let path = format!("{FOREVER}/{approval}/{verdict}");
        let comments = json!({"comments": format!("I {verdict} it")});
        let stale = deciding.request(Method::POST, &path).header("If-Match", "\"7\"");
        stale.json(&comments).send().await.problem(412, "version-mismatch");
        let _ = deciding.post(&path, &comments).await.expect(200);
    };
    decided(&server.admin, &manager, "reject").await;
    decided(&manager, &server.admin, "reject").await;
    decided(&manager, &manager, "cancel").await;
    decided(&server.admin, &manager, "approve").await;
    let erase = format!("/api/v1/users/{grace}/erase");
    let _ = server.admin.act(&erase).await.expect(200);
    let words = "SELECT json_array(RequestReason, ApprovalComments) FROM WorkflowApprovals ORDER BY Id";
    assert_eq!(
        server.rows(words).await,
        [
            json!(["the new prices", null]),
            json!([null, "I reject it"]),
            json!([null, null]),
            json!(["the new prices", null]),
        ]
    );
    // The rows are compared with their replay, too.
    server.finish().await;
}

/// A workflow each of whose runs needs an approval, in an environment with one place.
async fn runs_need_approval(server: &TestServer, target: &Target) -> (World, i64) {
    let limit = json!({"maxConcurrentExecutions": 1});
    let world = World::build_with(&server.admin, "Runs", target, &limit, &json!({})).await;
    target.on("/work", |_| Reply::ok(&json!("done")));
    let endpoint = world.endpoint("/work").await;
    let steps = json!([{"name": "work", "apiEndpointId": endpoint}]);
    let members = json!({"configuration": {"approvals": {"execute": true}}});
    let workflow = world.workflow_with("Runs", &steps, &members).await;
    (world, workflow)
}

async fn approval_of(client: &Client, run: &str) -> i64 {
    let pending = client.get(&format!("{FOREVER}?status=Pending")).await.items();
    let of_run = |approval: &&Value| approval["metadata"]["executionId"] == run;
    pending.iter().find(of_run).unwrap()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_run_waits_for_its_approval_without_a_place_and_across_a_restart() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow) = runs_need_approval(&server, &target).await;
    let manager = manager(&server, &world).await;
    let (granted, rejected) = (
        world.start(workflow, &json!({})).await,
        world.start(workflow, &json!({})).await,
    );
    for run in [&granted, &rejected] {
        assert_eq!(world.execution(run).await["state"], "WaitingApproval");
    }
    server = server.restart().await;
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    let manager = manager.at(server.admin.base());
    let approval = approval_of(&manager, &granted).await;
    let _ = manager.act(&format!("{FOREVER}/{approval}/approve")).await.expect(200);
    assert_eq!(world.ended(&granted).await["outputParameters"], "done");
    let approval = approval_of(&manager, &rejected).await;
    let _ = manager.act(&format!("{FOREVER}/{approval}/reject")).await.expect(200);
    let ended = world.ended(&rejected).await;
    assert_eq!(
        (&ended["status"], &ended["errorMessage"]),
        (&json!("Cancelled"), &json!("the approval was rejected"))
    );
    assert_eq!(target.calls("/work").len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_request_expires_and_its_run_with_it() {
    let (mut server, target) = (TestServer::spawn().await, Target::start().await);
    let (world, workflow) = runs_need_approval(&server, &target).await;
    // More than are looked at in one go.
    let mut runs = Vec::new();
    for _ in 0..101 {
        runs.push(world.start(workflow, &json!({})).await);
    }
    server.clock.forward_seconds(8 * 86_400);
    server.sign_in().await;
    let world = World {
        client: server.admin.clone(),
        ..world
    };
    for run in &runs {
        let ended = world.ended(run).await;
        assert_eq!(
            (&ended["status"], &ended["errorMessage"]),
            (&json!("Cancelled"), &json!("the request for approval has expired"))
        );
    }
    server.finish().await;
}
