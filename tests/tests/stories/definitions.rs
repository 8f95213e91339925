//! Definitions as code: `wfm export` and `wfm apply` as a pipeline calls them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, body::Body, extract::Request, response::Response};
use serde_json::{Value, json};
use wfm_definitions::yaml;
use wfm_tests::{ADMIN, Client, Settings, Target, TestServer, World, process::ended, world::merged};

/// What no export, plan or message may hold.
const SECRETS: [&str; 4] = [
    "s3cret-of-env",
    "readable-of-env",
    "plain-in-header",
    "plain-in-default",
];

/// The command line beside a server.
struct Cli {
    url: String,
    token: String,
    folder: tempfile::TempDir,
}

impl Cli {
    async fn of(server: &TestServer) -> Self {
        Self::at(server, server.admin.base()).await
    }

    async fn at(server: &TestServer, url: &str) -> Self {
        let tokens = server.stranger().tokens(ADMIN).await;
        Self {
            url: url.to_owned(),
            token: tokens["accessToken"].as_str().unwrap().to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs a command in the folder; checks that nothing it says is a secret.
    async fn run(&self, arguments: &[&str]) -> Output {
        let settings = Settings::new(env!("CARGO_BIN_EXE_wfm-under-test"), self.folder.path());
        let mut command = settings.command(arguments);
        command
            .args(["--server", &self.url])
            .env("WFM_TOKEN", &self.token)
            .current_dir(self.folder.path());
        // The server runs on this thread's runtime: waiting for the command must not hold it up.
        let output = tokio::task::spawn_blocking(move || ended(command)).await.unwrap();
        for said in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(said);
            for secret in SECRETS.iter().copied().chain([self.token.as_str()]) {
                assert!(!said.contains(secret), "{secret} in {said}");
            }
        }
        output
    }

    /// Exit code, standard output and standard error.
    async fn says(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(arguments).await;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The JSON that a command prints, with its exit code.
    async fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, output, errors) = self.says(arguments).await;
        let json = serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}\n{errors}"));
        (code, json)
    }

    /// Exports into a folder; the files by their paths.
    async fn export(&self, folder: &str) -> BTreeMap<PathBuf, String> {
        let (code, _, errors) = self.says(&["export", "-o", folder]).await;
        assert_eq!(code, 0, "{errors}");
        files(&self.path(folder))
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                found.insert(entry.path().strip_prefix(folder).unwrap().to_owned(), text);
            }
        }
    }
    found
}

/// A workspace that uses most of what there is; its workflows are drafts of everything that definitions hold.
async fn furnished(server: &TestServer, target: &Target) -> World {
    let variables = json!({"API_KEY": SECRETS[0], "REGION": {"value": SECRETS[1], "secret": false}});
    let world = World::build_with(
        &server.admin,
        "Acme & Söhne",
        target,
        &json!({"retries": 1}),
        &variables,
    )
    .await;
    let reserve = world
        .endpoint_with(
            "/reserve",
            &json!({
                "description": "Two\nlines: one \"quoted\"\n", "authenticationMethod": "Bearer",
                "authentication": {"token": "{env.API_KEY}"}, "limits": {"requestsPerSecond": 2.50, "burst": 3},
                "followRedirects": 2, "documentation": "# Title\n\ntext\n",
                "headers": {"X-Region": "{env.REGION}", "Accept": "application/json"},
                "parameters": [
                    {"name": "qty", "type": "Integer", "isRequired": true, "validationRules": {"minimum": 1}},
                    {"name": "mode", "defaultValue": "no", "validationRules": {"in": "query"}},
                ],
            }),
        )
        .await;
    let release = world.endpoint("/release").await;
    let soap = json!({
        "name": "Ledger", "url": "{env.TARGET}/soap", "method": "POST", "type": "SOAP", "soap": {"version": "1.2", "operation": "Post"},
    });
    let ledger = server.admin.create("/api/v1/api-endpoints", &soap).await;
    let steps = json!([
        {"name": "reserve", "order": 1, "apiEndpointId": reserve, "inputMapping": {"qty": "{input.qty}", "on": 12345678901234567890.10},
         "timeoutSeconds": 5, "retryCount": 2, "errorHandling": {
            "retry": {"retryOn": ["connect", 429], "backoffRate": 1.5},
            "compensation": {"apiEndpointId": release, "inputMapping": {"id": "{steps.reserve.output.id}"}}}},
        {"name": "post it", "order": 2, "apiEndpointId": ledger, "condition": "input.qty > 1", "isOptional": true,
         "outputMapping": ["{response.status}", null]},
        {"name": "again", "order": 2, "apiEndpointId": release},
    ]);
    let members = json!({
        "description": "Fulfils", "tags": ["orders", "eu"], "configuration": {"output": {"n": "{= 1 + 1}"}, "retryBudget": 4},
    });
    let body = merged(world.workflow_body("Fulfil: all", &steps), &members);
    let workflow = server.admin.create("/api/v1/workflows", &body).await;
    let schedule = json!({
        "cronExpression": "0 9 * * MON-FRI", "timeZone": "Europe/Berlin", "startDate": "2026-01-01T00:00:00+01:00",
        "overlap": "BufferOne", "catchUp": {"policy": "none"}, "inputParameters": {"qty": 3}, "isActive": false,
    });
    let path = format!("/api/v1/workflows/{workflow}/schedule");
    let _ = server.admin.put(&path, &schedule).await.expect(200);
    let unused = json!({"projectId": world.project, "name": "Unused"});
    let unused = server.admin.create("/api/v1/environments", &unused).await;
    let _ = server
        .admin
        .act(&format!("/api/v1/environments/{unused}/deactivate"))
        .await
        .expect(200);
    world
}

async fn set_values(client: &Client) {
    for environment in client.all("/api/v1/environments").await {
        if environment["name"] == "Production" {
            let path = format!("/api/v1/environments/{}/variables", environment["id"]);
            for (name, value) in [
                ("API_KEY", json!("another")),
                ("REGION", json!({"value": "other", "secret": false})),
                ("TARGET", json!({"value": "https://x.example", "secret": false})),
            ] {
                let _ = client.put(&format!("{path}/{name}"), &value).await.expect(200);
            }
        }
    }
}

#[tokio::test]
async fn an_export_makes_an_empty_server_the_same() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let _ = furnished(&server, &target).await;
    let cli = Cli::of(&server).await;
    let exported = cli.export("defs").await;
    assert_eq!(exported, cli.export("again").await, "an export is the same every time");
    let paths: Vec<&str> = exported.keys().map(|path| path.to_str().unwrap()).collect();
    for expected in [
        "shared-endpoints/ledger.yaml",
        "workspaces/acme-söhne/endpoints/call-reserve.yaml",
        "workspaces/acme-söhne/projects/orders/environments/production.yaml",
        "workspaces/acme-söhne/projects/orders/project.yaml",
        "workspaces/acme-söhne/projects/orders/schedules/fulfil-all.yaml",
        "workspaces/acme-söhne/projects/orders/workflows/fulfil-all.yaml",
        "workspaces/acme-söhne/workspace.yaml",
    ] {
        assert!(paths.contains(&expected), "{expected} is not in {paths:?}");
    }
    let (_, schema, _) = cli.says(&["export", "--schema"]).await;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for (path, text) in &exported {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {}", path.display());
        }
        let document = yaml::read(text).unwrap().remove(0).to_json();
        let faults: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        for time_or_id in ["createdAt", "updatedAt", "Id:"] {
            assert!(!text.contains(time_or_id), "{time_or_id} in {text}");
        }
    }
    // What was exported is there: nothing to do.
    let (code, output, errors) = cli.says(&["apply", "-f", "defs", "--dry-run", "--exit-code"]).await;
    assert!(code == 0 && output.contains("nothing to do"), "{output}{errors}");

    let empty = TestServer::spawn().await;
    let other = Cli::of(&empty).await;
    for (path, text) in &exported {
        other.write(&format!("defs/{}", path.display()), text);
    }
    let (code, _, errors) = other.says(&["apply", "-f", "defs"]).await;
    assert!(code == 1 && errors.contains("--create-workspaces"), "{errors}");
    let head = empty.node.app.store.log.head().await.unwrap().position;
    let arguments = ["apply", "-f", "defs", "--create-workspaces", "--json"];
    let (code, plan) = other
        .json(&[&arguments[..], &["--dry-run", "--exit-code"]].concat())
        .await;
    assert_eq!((code, &plan["counts"]["create"]), (2, &json!(exported.len())), "{plan}");
    assert_eq!(
        empty.node.app.store.log.head().await.unwrap().position,
        head,
        "a dry run writes nothing"
    );
    let (code, applied) = other.json(&arguments).await;
    assert_eq!((code, &applied["errors"]), (0, &json!([])), "{applied}");
    let without: Vec<&Value> = applied["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|warning| warning["code"] == "variable-without-value")
        .collect();
    assert_eq!(without.len(), 3, "{applied}");
    // Idempotent, the missing values notwithstanding.
    let (code, again) = other.json(&arguments).await;
    assert_eq!(
        (code, &again["steps"], &again["counts"]["unchanged"]),
        (0, &json!([]), &json!(exported.len()))
    );
    set_values(&empty.admin).await;
    assert_eq!(other.export("back").await, exported);
    server.finish().await;
    empty.finish().await;
}

/// A small world in files.
const SMALL: &str = "apiVersion: wfm/v1\nkind: Workspace\nname: Small\n---\napiVersion: wfm/v1\nkind: Project\nworkspace: Small\n\
    name: P\n---\napiVersion: wfm/v1\nkind: ApiEndpoint\nworkspace: Small\nname: Ping\nmethod: get\nurl: \"https://x.example/ping\"\n\
    ---\napiVersion: wfm/v1\nkind: Environment\nworkspace: Small\nproject: P\nname: E\nvariables:\n  KEY: {secret: true}\n";

/// A workflow in a file; `member` is a line of its step.
fn workflow(member: &str) -> String {
    format!(
        "apiVersion: wfm/v1\nkind: Workflow\nworkspace: Small\nproject: P\nname: W\nenvironment: E\nsteps:\n  - name: ping\n    \
         endpoint: Ping\n{member}"
    )
}

const SCHEDULE: &str =
    "apiVersion: wfm/v1\nkind: Schedule\nworkspace: Small\nproject: P\nworkflow: W\ncronExpression: '0  9 * * *'\n";

/// A server with the small world, and the command line that made it.
async fn small() -> (TestServer, Cli) {
    let server = TestServer::spawn().await;
    let cli = Cli::of(&server).await;
    cli.write("defs/base.yaml", SMALL);
    cli.write("defs/workflow.yaml", &workflow(""));
    cli.write("defs/schedule.yaml", SCHEDULE);
    let (code, output, errors) = cli
        .says(&["apply", "-f", "defs", "--create-workspaces", "--publish"])
        .await;
    assert_eq!(code, 0, "{output}{errors}");
    assert!(output.contains("^ publish Workflow Small / P / W"), "{output}");
    assert!(
        errors.contains("defs/base.yaml:23: Environment Small / P / E: the variable KEY has no value yet"),
        "{errors}"
    );
    (server, cli)
}

#[tokio::test]
async fn a_change_is_shown_applied_published_and_then_nothing_is_left_to_do() {
    let (server, cli) = small().await;
    cli.write(
        "defs/workflow.yaml",
        &workflow("    timeoutSeconds: 7\n    inputMapping: {a: 1}\n"),
    );
    let (code, output, errors) = cli.says(&["apply", "-f", "defs", "--dry-run", "--exit-code"]).await;
    assert_eq!(code, 2, "{output}");
    for line in [
        "~ change Workflow Small / P / W  (defs/workflow.yaml:1)",
        "    steps/ping/timeoutSeconds: (absent) -> 7",
        "    steps/ping/inputMapping: (absent) -> {\"a\":1}",
        "plan: 1 to change, 5 unchanged",
    ] {
        assert!(output.contains(line), "{line}\n{output}");
    }
    assert!(errors.contains("--publish publishes it"), "{errors}");
    let (code, applied) = cli.json(&["apply", "-f", "defs", "--publish", "--json"]).await;
    assert_eq!(
        (code, &applied["counts"]["change"], &applied["counts"]["publish"]),
        (0, &json!(1), &json!(1))
    );
    let workflows = server.admin.all("/api/v1/workflows").await;
    assert_eq!(workflows[0]["version"], 2, "{workflows:?}");
    // An endpoint that a published version embeds: its change is published, too.
    let endpoint = SMALL.replace("https://x.example/ping", "https://x.example/pong");
    cli.write("defs/base.yaml", &endpoint);
    let (_, applied) = cli.json(&["apply", "-f", "defs", "--publish", "--json"]).await;
    assert_eq!(
        (&applied["counts"]["change"], &applied["counts"]["publish"]),
        (&json!(1), &json!(1)),
        "{applied}"
    );
    assert_eq!(
        applied["steps"][0]["differences"],
        json!([{"path": "/url", "before": "https://x.example/ping", "after": "https://x.example/pong"}])
    );
    let (code, output, _) = cli
        .says(&["apply", "-f", "defs", "--publish", "--dry-run", "--exit-code"])
        .await;
    assert!(code == 0 && output.contains("nothing to do: 6 definitions"), "{output}");
    // What is taken away in a file goes back to what its absence means; what is put out of use comes last.
    cli.write("defs/workflow.yaml", &workflow(""));
    cli.write(
        "defs/base.yaml",
        &endpoint.replace("name: P\n---", "name: P\nisActive: false\n---"),
    );
    let (code, output, errors) = cli.says(&["apply", "-f", "defs"]).await;
    assert_eq!(code, 0, "{output}{errors}");
    let places = ["done: change Workflow", "done: deactivate Project"].map(|line| output.find(line).unwrap());
    assert!(places[0] < places[1], "{output}");
    cli.write("defs/base.yaml", &endpoint);
    let (code, output, errors) = cli.says(&["apply", "-f", "defs", "--publish"]).await;
    assert!(
        code == 0 && output.contains("isActive: false -> (absent)"),
        "{output}{errors}"
    );
    let draft = server
        .admin
        .get("/api/v1/workflows/1?version=draft")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&draft["steps"][0]["timeoutSeconds"], &draft["hasDraftChanges"]),
        (&json!(30), &json!(false))
    );
    server.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_files_is_said_with_file_and_line() {
    let (server, cli) = small().await;
    let head = server.node.app.store.log.head().await.unwrap().position;
    for (text, expected) in [
        (workflow("    timeoutSecond: 7\n"), "bad.yaml:10: /steps/0/timeoutSecond: unknown key; known are"),
        (workflow("    timeoutSeconds: 0\n"), "bad.yaml:10: /steps/0/timeoutSeconds: an integer from 1"),
        (workflow("    inputMapping: &a {b: *a}\n"), "bad.yaml:10: anchors"),
        (workflow("").replace("endpoint: Ping", "endpoint: Pang"), "bad.yaml:9: ApiEndpoint Small / Pang is neither"),
        (workflow("").replace("environment: E", "environment: F"), "bad.yaml:6: Environment Small / P / F is neither"),
        (workflow(""), "workflow.yaml:1: Workflow Small / P / W is described in defs/bad.yaml:1 already"),
        ("a: [1\n".to_owned(), "bad.yaml:"),
        ("apiVersion: wfm/v1\nkind: Secret\nname: x\n".to_owned(), "bad.yaml:2: /kind: one of Workspace"),
        (
            "apiVersion: wfm/v1\nkind: ApiEndpoint\nname: S\nmethod: GET\nurl: https://x.example\nheaders: {Cookie: {withheld: true}}\n"
                .to_owned(),
            "bad.yaml:6: /headers/Cookie: the server has no value",
        ),
    ] {
        cli.write("defs/bad.yaml", &text);
        let (code, output, errors) = cli.says(&["apply", "-f", "defs"]).await;
        assert!(code == 1 && errors.contains(expected), "{expected}\n{output}{errors}");
        let (code, answer) = cli.json(&["apply", "-f", "defs", "--json"]).await;
        assert!(code == 1 && answer["errors"][0]["line"].is_u64(), "{answer}");
    }
    // What only the server judges comes back to the line as well; what was done before stays, and the rest is named.
    cli.write("defs/bad.yaml", "");
    cli.write(
        "defs/workflow.yaml",
        &workflow("    errorHandling:\n      onError: goto\n      goto: nowhere\n"),
    );
    cli.write("defs/schedule.yaml", &SCHEDULE.replace("0  9", "0 10"));
    let (code, _, errors) = cli.says(&["apply", "-f", "defs"]).await;
    assert_eq!(code, 1);
    for line in [
        "error: defs/workflow.yaml:12: change Workflow Small / P / W: the server answered 4",
        "0 of 2 steps are done; running apply again does the rest:\n  remains: change Schedule Small / P / W",
    ] {
        assert!(errors.contains(line), "{line}\n{errors}");
    }
    assert_eq!(
        server.node.app.store.log.head().await.unwrap().position,
        head,
        "nothing was recorded"
    );
    // A usage error is an error, not a pending change.
    assert_eq!(cli.says(&["apply", "--dry-run", "--exit-cod"]).await.0, 1);
    server.finish().await;
}

#[tokio::test]
async fn credentials_in_the_open_are_withheld_and_kept() {
    let (server, cli) = small().await;
    let endpoint = json!({
        "name": "Old", "url": "https://x.example/?api_key=plain-in-header", "method": "GET", "workspaceId": 1,
        "headers": {"Authorization": "Bearer plain-in-header", "X-Api-Key": "{env.KEY}"},
        "parameters": [{"name": "access_token", "defaultValue": "plain-in-default"}],
    });
    let id = server.admin.create("/api/v1/api-endpoints", &endpoint).await;
    let (code, stream, errors) = cli.says(&["export", "--workspace", "Small"]).await;
    assert!(
        code == 0 && errors.contains("/headers/Authorization seems to be a credential"),
        "{errors}"
    );
    assert_eq!(stream.matches("withheld: true").count(), 3, "{stream}");
    assert!(stream.contains("X-Api-Key: \"{env.KEY}\""), "{stream}");
    // The mark keeps what the server has, while another header changes.
    cli.write("all.yaml", &stream.replace("{env.KEY}", "{env.OTHER}"));
    let (code, applied) = cli.json(&["apply", "-f", "all.yaml", "--json"]).await;
    assert_eq!(code, 0, "{applied}");
    assert_eq!(applied["steps"][0]["differences"][0]["path"], "/headers/X-Api-Key");
    let after = server
        .admin
        .get(&format!("/api/v1/api-endpoints/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        after["headers"],
        json!({"Authorization": "Bearer plain-in-header", "X-Api-Key": "{env.OTHER}"})
    );
    // In a file of one's own it is taken, as the API takes it, with a warning, and shown nowhere.
    cli.write(
        "all.yaml",
        &stream.replace(
            "Authorization:\n    withheld: true",
            "Authorization: Bearer plain-in-header 2",
        ),
    );
    let (code, output, errors) = cli.says(&["apply", "-f", "all.yaml"]).await;
    assert!(
        code == 0 && errors.contains("credential in the open") && output.contains("withheld"),
        "{output}{errors}"
    );
    server.finish().await;
}

#[tokio::test]
async fn pruning_deletes_what_is_not_described_and_only_that() {
    let (server, cli) = small().await;
    let other = json!({"name": "Other", "url": "https://x.example/", "method": "GET", "workspaceId": 1});
    let _ = server.admin.create("/api/v1/api-endpoints", &other).await;
    let project = server
        .admin
        .create("/api/v1/projects", &json!({"workspaceId": 1, "name": "Q"}))
        .await;
    std::fs::remove_file(cli.path("defs/workflow.yaml")).unwrap();
    std::fs::remove_file(cli.path("defs/schedule.yaml")).unwrap();
    let (_, output, _) = cli.says(&["apply", "-f", "defs"]).await;
    assert!(output.contains("nothing to do"), "{output}");
    let (code, output, errors) = cli.says(&["apply", "-f", "defs", "--prune"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(
        output.contains("plan: 1 to delete") && output.contains("- delete Workflow Small / P / W"),
        "{output}"
    );
    assert!(errors.contains("Project Small / Q is not described"), "{errors}");
    let _ = server
        .admin
        .delete(&format!("/api/v1/projects/{project}"))
        .await
        .expect(200);
    let (code, applied) = cli.json(&["apply", "-f", "defs", "--prune", "--json"]).await;
    assert_eq!(
        (code, &applied["counts"]["delete"], &applied["steps"][0]["name"]),
        (0, &json!(1), &json!("Other"))
    );
    assert_eq!(server.admin.all("/api/v1/api-endpoints").await.len(), 1);
    assert!(server.admin.all("/api/v1/workflows").await.is_empty());
    server.finish().await;
}

/// Forwards to a server; right before the first PATCH somebody else changes the workflow.
async fn meddler(server: &TestServer) -> String {
    let (base, admin, http) = (
        server.admin.base().to_owned(),
        server.admin.clone(),
        reqwest::Client::builder().no_proxy().build().unwrap(),
    );
    let meddled = Arc::new(AtomicBool::new(false));
    let forward = move |request: Request| {
        let (base, admin, http, meddled) = (base.clone(), admin.clone(), http.clone(), Arc::clone(&meddled));
        async move {
            let (parts, body) = request.into_parts();
            if parts.method == http::Method::PATCH && !meddled.swap(true, Ordering::SeqCst) {
                let body = json!({"description": "somebody else"});
                let _ = admin.patch("/api/v1/workflows/1", &body).await.expect(200);
            }
            let mut headers = parts.headers;
            headers.remove("host");
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let sent = http
                .request(parts.method, format!("{base}{}", parts.uri))
                .headers(headers)
                .body(body)
                .send();
            let answer = sent.await.unwrap();
            let mut response = Response::builder().status(answer.status());
            for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
                response = response.header(name, value);
            }
            response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(forward)).await });
    format!("http://{address}")
}

#[tokio::test]
async fn who_applies_at_the_same_time_as_another_is_told() {
    let (server, cli) = small().await;
    let other = Cli::at(&server, &meddler(&server).await).await;
    for (path, text) in files(&cli.path("defs")) {
        other.write(&format!("defs/{}", path.display()), &text);
    }
    other.write("defs/workflow.yaml", &workflow("    timeoutSeconds: 9\n"));
    let (code, _, errors) = other.says(&["apply", "-f", "defs"]).await;
    assert_eq!(code, 1, "{errors}");
    let expected =
        "error: defs/workflow.yaml:1: change Workflow Small / P / W: somebody changed it since the plan was made";
    assert!(errors.contains(expected), "{errors}");
    // Running again sees what the other did, and finishes.
    let (code, output, _) = other.says(&["apply", "-f", "defs"]).await;
    assert!(
        code == 0 && output.contains("description: \"somebody else\" -> (absent)"),
        "{output}"
    );
    server.finish().await;
}
