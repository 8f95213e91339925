//! Drafts, versions and publishing: what is checked, what is pinned, what is shown.

use serde_json::{Value, json};
use wfm_tests::{Reply, Target, TestServer, World};

#[tokio::test]
async fn publishing_names_everything_that_is_wrong_with_its_place() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Wrong", &target).await;
    let parameters = json!({"parameters": [{"name": "n", "type": "Integer", "isRequired": true}, {"name": "text", "type": "String"}]});
    let endpoint = world.endpoint_with("/typed", &parameters).await;
    let (first, last) = (
        json!({"name": "first", "apiEndpointId": endpoint, "inputMapping": {"n": 1}}),
        json!({"name": "last", "apiEndpointId": endpoint, "inputMapping": {"n": 1}}),
    );
    let broken: [(Value, &str); 15] = [
        (
            json!({"inputMapping": {"n": "{steps.nobody.output}"}}),
            "/steps/1/inputMapping/n",
        ),
        (
            json!({"inputMapping": {"n": "{steps.last.output}"}}),
            "/steps/1/inputMapping/n",
        ),
        (
            json!({"inputMapping": {"n": "{steps.middle.output}"}}),
            "/steps/1/inputMapping/n",
        ),
        (json!({"inputMapping": {"n": "{nowhere.x}"}}), "/steps/1/inputMapping/n"),
        (json!({"inputMapping": {"n": "{input.x"}}), "/steps/1/inputMapping/n"),
        (json!({"inputMapping": {"n": "many"}}), "/steps/1/inputMapping/n"),
        (
            json!({"inputMapping": {"n": "{response.body}"}}),
            "/steps/1/inputMapping/n",
        ),
        (
            json!({"inputMapping": {"n": "no. {input.n}"}}),
            "/steps/1/inputMapping/n",
        ),
        (
            json!({"inputMapping": {"n": "{input.n ?? null}"}}),
            "/steps/1/inputMapping/n",
        ),
        (json!({"condition": "size(input)"}), "/steps/1/condition"),
        (json!({"inputMapping": {}}), "/steps/1/inputMapping"),
        (json!({"condition": "input.x >"}), "/steps/1/condition"),
        (
            json!({"condition": "steps.last.status == 'Failed'"}),
            "/steps/1/condition",
        ),
        (
            json!({"outputMapping": {"a": "{= response.body.}"}}),
            "/steps/1/outputMapping/a",
        ),
        (
            json!({"errorHandling": {"successWhen": "respons.status == 200"}}),
            "/steps/1/errorHandling/successWhen",
        ),
    ];
    for (number, (members, pointer)) in broken.iter().enumerate() {
        let middle = wfm_tests::world::merged(
            json!({"name": "middle", "apiEndpointId": endpoint, "inputMapping": {"n": 1}}),
            members,
        );
        let workflow = world
            .draft(&format!("Wrong {number}"), &json!([first, middle, last]))
            .await;
        let answer = world.publish(workflow).await;
        let pointers = answer.any_problem();
        assert_eq!(answer.status, 422, "{members}: {}", answer.text);
        assert!(
            pointers
                .iter()
                .any(|found| found == pointer || found.starts_with(&format!("{pointer}/"))),
            "{members}: {}",
            answer.text
        );
        assert!(
            pointers.iter().all(|found| found.starts_with("/steps/1/")),
            "{members}: {}",
            answer.text
        );
        let shown = server
            .admin
            .get(&format!("/api/v1/workflows/{workflow}"))
            .await
            .expect(200)
            .json();
        assert_eq!(shown["status"], "Draft");
    }
    // Everything at once, the workflow's own output included.
    let all = json!([
        {"name": "a", "apiEndpointId": endpoint, "inputMapping": {"n": "{steps.b.output}", "text": "{nowhere}"}, "condition": "("},
        {"name": "b", "apiEndpointId": endpoint, "inputMapping": {"n": 1}},
    ]);
    let mut body = world.workflow_body("All wrong", &all);
    body["configuration"] = json!({"output": {"x": "{steps.c.output}"}});
    let workflow = server.admin.create("/api/v1/workflows", &body).await;
    let pointers = world.publish(workflow).await.any_problem();
    for expected in [
        "/steps/0/inputMapping/n",
        "/steps/0/inputMapping/text",
        "/steps/0/condition",
        "/configuration/output/x",
    ] {
        assert!(
            pointers.iter().any(|pointer| pointer == expected),
            "{expected}: {pointers:?}"
        );
    }
    let empty = world.draft("Empty", &json!([])).await;
    assert_eq!(world.publish(empty).await.problem(422, "invalid-field"), ["/steps"]);
    server.finish().await;
}

#[tokio::test]
async fn drafts_are_checked_as_they_are_written() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Drafts", &target).await;
    let endpoint = world.endpoint("/a").await;
    let step = json!({"name": "a", "apiEndpointId": endpoint});
    for (members, pointer) in [
        (json!({"timeoutSeconds": 0}), "/steps/0/timeoutSeconds"),
        (json!({"retryCount": -1}), "/steps/0/retryCount"),
        (json!({"retryCount": 101}), "/steps/0/retryCount"),
        (json!({"retryDelaySeconds": -1}), "/steps/0/retryDelaySeconds"),
        (json!({"name": ""}), "/steps/0/name"),
        (json!({"apiEndpointId": 999_999}), "/steps/0/apiEndpointId"),
        (json!({"condition": "x".repeat(1001)}), "/steps/0/condition"),
        (
            json!({"errorHandling": {"onError": "goto", "goto": "nowhere"}}),
            "/steps/0/errorHandling/goto",
        ),
        (
            json!({"errorHandling": {"onError": "explode"}}),
            "/steps/0/errorHandling/onError",
        ),
        (
            json!({"errorHandling": {"attempts": 7}}),
            "/steps/0/errorHandling/attempts",
        ),
        (
            json!({"isOptional": true, "errorHandling": {"onError": "fail"}}),
            "/steps/0/errorHandling/onError",
        ),
        (json!({"inputMapping": [1]}), "/steps/0/inputMapping"),
    ] {
        let steps = json!([wfm_tests::world::merged(step.clone(), &members)]);
        let answer = server
            .admin
            .post("/api/v1/workflows", &world.workflow_body("Flow", &steps))
            .await;
        assert_eq!(answer.any_problem(), [pointer], "{members}: {}", answer.text);
        assert_eq!(answer.status, 422, "{members}");
    }
    let twice = world.workflow_body("Flow", &json!([step, step]));
    assert!(
        server
            .admin
            .post("/api/v1/workflows", &twice)
            .await
            .any_problem()
            .contains(&"/steps/1/name".to_owned())
    );
    server.finish().await;
}

#[tokio::test]
async fn a_published_workflow_is_pinned_to_what_it_was_published_with() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Pinned", &target).await;
    target.on("/old", |_| Reply::ok(&json!("old")));
    target.on("/new", |_| Reply::ok(&json!("new")));
    let endpoint = world.endpoint("/old").await;
    let workflow = world
        .workflow("Flow", &json!([{"name": "call", "apiEndpointId": endpoint}]))
        .await;
    let path = format!("/api/v1/workflows/{workflow}");
    assert_eq!(server.admin.get(&path).await.json()["outdatedEndpoints"], json!([]));
    let url = json!({"url": "{env.TARGET}/new"});
    let _ = server
        .admin
        .patch(&format!("/api/v1/api-endpoints/{endpoint}"), &url)
        .await
        .expect(200);
    assert_eq!(
        server.admin.get(&path).await.json()["outdatedEndpoints"],
        json!([endpoint])
    );
    assert_eq!(world.run(workflow, &json!({})).await["outputParameters"], "old");
    // Not even its deletion matters.
    let _ = world.publish(workflow).await.expect(200);
    assert_eq!(world.run(workflow, &json!({})).await["outputParameters"], "new");
    let shown = server.admin.get(&path).await.json();
    assert_eq!(
        (&shown["outdatedEndpoints"], &shown["version"]),
        (&json!([]), &json!(2))
    );
    let versions = server.admin.get(&format!("{path}/versions")).await.items();
    assert_eq!(
        versions
            .iter()
            .map(|version| version["version"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_ne!(versions[0]["contentHash"], versions[1]["contentHash"]);
    let runs = server
        .rows("SELECT json_array(OutputParameters) FROM WorkflowExecutions ORDER BY Id")
        .await;
    assert_eq!(runs, [json!(["\"old\""]), json!(["\"new\""])]);
    // A value of the environment is read at each step, not pinned.
    let other = Target::start().await;
    other.on("/new", |_| Reply::ok(&json!("moved")));
    let variable = json!({"value": other.url(), "secret": false});
    let variables = format!("/api/v1/environments/{}/variables/TARGET", world.environment);
    let _ = server.admin.put(&variables, &variable).await.expect(200);
    assert_eq!(world.run(workflow, &json!({})).await["outputParameters"], "moved");
    let _ = server
        .admin
        .delete(&format!("/api/v1/api-endpoints/{endpoint}"))
        .await
        .expect(200);
    assert_eq!(world.run(workflow, &json!({})).await["outputParameters"], "moved");
    server.finish().await;
}

#[tokio::test]
async fn the_draft_changes_beside_the_version_in_force() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Versions", &target).await;
    let (one, two) = (world.endpoint("/one").await, world.endpoint("/two").await);
    let step = |name: &str, endpoint: i64| json!({"name": name, "apiEndpointId": endpoint});
    let workflow = world.draft("Flow", &json!([step("one", one)])).await;
    let path = format!("/api/v1/workflows/{workflow}");
    let start = format!("{path}/executions");
    server
        .admin
        .post(&start, &json!({}))
        .await
        .problem(409, "workflow-not-published");
    // Before the first publish the tables show the draft.
    let _ = server.admin.patch(&path, &json!({"name": "Renamed"})).await.expect(200);
    let shown = server.admin.get(&path).await.json();
    assert_eq!(
        (&shown["name"], &shown["status"], &shown["version"]),
        (&json!("Renamed"), &json!("Draft"), &json!(1))
    );
    let _ = world.publish(workflow).await.expect(200);
    let change = json!({"name": "Other", "steps": [step("two", two)], "configuration": {"output": "changed"}});
    let _ = server.admin.patch(&path, &change).await.expect(200);
    let _ = server
        .admin
        .post(&format!("{path}/steps"), &step("three", one))
        .await
        .expect(201);
    let in_force = server.admin.get(&path).await.json();
    assert_eq!(
        (&in_force["name"], &in_force["version"], &in_force["hasDraftChanges"]),
        (&json!("Renamed"), &json!(1), &json!(true))
    );
    assert_eq!(in_force["steps"].as_array().unwrap().len(), 1);
    let draft = server.admin.get(&format!("{path}?version=draft")).await.json();
    assert_eq!(draft["name"], "Other");
    let names = |content: &Value| -> Vec<String> {
        content["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&draft), ["two", "three"]);
    assert_eq!(world.run(workflow, &json!({})).await["status"], "Completed");
    assert_eq!((target.calls("/one").len(), target.calls("/two").len()), (1, 0));
    let row = "SELECT json_array(w.Name, w.Version, w.Status, (SELECT group_concat(s.Name) FROM WorkflowSteps s WHERE s.WorkflowId = w.Id)) FROM Workflows w";
    assert_eq!(server.rows(row).await, [json!(["Renamed", 1, 1, "one"])]);
    let _ = world.publish(workflow).await.expect(200);
    assert_eq!(server.rows(row).await, [json!(["Other", 2, 1, "two,three"])]);
    assert_eq!(world.run(workflow, &json!({})).await["outputParameters"], "changed");
    // An old version stays readable; a draft may be dropped.
    assert_eq!(
        names(&server.admin.get(&format!("{path}?version=1")).await.expect(200).json()),
        ["one"]
    );
    server
        .admin
        .get(&format!("{path}?version=9"))
        .await
        .problem(404, "not-found");
    let _ = server.admin.patch(&path, &json!({"name": "Never"})).await.expect(200);
    let _ = server.admin.delete(&format!("{path}/draft")).await.expect(200);
    let shown = server.admin.get(&format!("{path}?version=draft")).await.json();
    assert_eq!(shown["name"], "Other");
    // The log row of a step that is gone keeps its name, not its id.
    let logs = server.rows("SELECT json_array(StepId, json_extract(Details, '$.step')) FROM ExecutionLogs WHERE Message LIKE 'Step %' ORDER BY Id").await;
    assert_eq!(logs[0], json!([null, "one"]));
    // Steps in another order.
    let steps = server.admin.get(&format!("{path}/steps")).await.items();
    let ids: Vec<i64> = steps.iter().rev().map(|step| step["id"].as_i64().unwrap()).collect();
    let _ = server
        .admin
        .put(&format!("{path}/steps/order"), &json!({"steps": ids}))
        .await
        .expect(200);
    assert_eq!(
        names(&server.admin.get(&format!("{path}?version=draft")).await.json()),
        ["three", "two"]
    );
    server.finish().await;
}

#[tokio::test]
async fn approvals_that_cannot_be_given_yet_are_refused_clearly() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Approved", &target).await;
    let endpoint = world.endpoint("/a").await;
    let mut body = world.workflow_body("Flow", &json!([{"name": "a", "apiEndpointId": endpoint}]));
    body["requiresApproval"] = true.into();
    let workflow = server.admin.create("/api/v1/workflows", &body).await;
    world.publish(workflow).await.problem(409, "approval-required");
    let _ = server
        .admin
        .patch(
            &format!("/api/v1/workflows/{workflow}"),
            &json!({"requiresApproval": false}),
        )
        .await
        .expect(200);
    let _ = world.publish(workflow).await.expect(200);
    server.finish().await;
}

#[tokio::test]
async fn a_step_that_is_not_in_force_is_found_where_its_creation_says() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Found", &target).await;
    let workflow = world.one_step("/work", &json!({})).await;
    let step = json!({"name": "later", "apiEndpointId": world.endpoint("/later").await});
    let path = format!("/api/v1/workflows/{workflow}/steps");
    let made = server.admin.post(&path, &step).await.expect(201);
    let found = server.admin.get(made.header("location")).await.expect(200).json();
    assert_eq!((&found["id"], &found["name"]), (&json!(made.id()), &json!("later")));
    server.finish().await;
}

#[tokio::test]
async fn a_workflow_is_unchanged_until_somebody_changes_it() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Fresh", &target).await;
    let endpoint = world.endpoint("/a").await;
    let body = json!({"projectId": world.project, "environmentId": world.environment, "name": "F",
        "steps": [{"name": "one", "apiEndpointId": endpoint}, {"name": "two", "apiEndpointId": endpoint}]});
    let id = server.admin.create("/api/v1/workflows", &body).await;
    let path = format!("/api/v1/workflows/{id}");
    let created = server.admin.get(&path).await.json();
    assert_eq!(
        (&created["updatedAt"], &created["status"]),
        (&Value::Null, &json!("Draft"))
    );
    let step = json!({"name": "three", "apiEndpointId": endpoint});
    let _ = server.admin.post(&format!("{path}/steps"), &step).await.expect(201);
    assert!(server.admin.get(&path).await.json()["updatedAt"].is_string());
    // Every publish is a version, whatever changed.
    for version in 1..=3 {
        assert_eq!(world.publish(id).await.expect(200).json()["version"], version);
    }
    assert_eq!(server.admin.get(&format!("{path}/versions")).await.items().len(), 3);
    server.finish().await;
}
