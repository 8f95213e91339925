//! Secrets reach the target and nothing else: no answer, no event, no row, no byte of any file, no log line.

use serde_json::{Value, json};
use wfm_tests::{Client, Process, Reply, Target, TestServer, World, database::files_that_hold};

use crate::settings;

/// A secret with characters that JSON, URLs and headers write in other ways.
const TOKEN: &str = "s3cr3t/ÿ+token\"with quotes&more";
const HEADER: &str = "plain-Secret_4711";
const BASIC: &str = "pass:word w1th colon";
const HOOK: &str = "whsec_0815/+\"hook";

/// The secret and the ways in which it might be written.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let json = Value::from(secret).to_string();
    let url: String = reqwest_url(secret);
    vec![
        secret.as_bytes().to_vec(),
        json.as_bytes()[1..json.len() - 1].to_vec(),
        url.into_bytes(),
    ]
}

fn reqwest_url(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Everything that the API answers about anything: every GET route without parameters, and what lists lead to.
async fn everything_answered(client: &Client, world: &World, runs: &[String]) -> Vec<(String, String)> {
    let mut paths: Vec<String> = wfm_api::routes()
        .iter()
        .filter(|route| route.method == http::Method::GET && !route.path.contains('{'))
        .map(|route| route.path.to_owned())
        .collect();
    for run in runs {
        for part in ["", "/steps", "/logs", "/history", "/callbacks"] {
            paths.push(format!("/api/v1/executions/{run}{part}"));
        }
        paths.push(format!("/api/v1/streams/execution-{run}"));
    }
    for list in ["workflows", "api-endpoints", "environments", "projects"] {
        for item in client.get(&format!("/api/v1/{list}")).await.items() {
            paths.push(format!("/api/v1/{list}/{}", item["id"]));
            paths.push(format!("/api/v1/{list}/{}/history", item["id"]));
        }
    }
    for workflow in client.get("/api/v1/workflows").await.items() {
        for part in ["versions", "steps", "metrics"] {
            paths.push(format!("/api/v1/workflows/{}/{part}", workflow["id"]));
        }
        paths.push(format!("/api/v1/workflows/{}?version=draft", workflow["id"]));
    }
    paths.push(format!("/api/v1/environments/{}", world.environment));
    paths.push("/api/v1/events?limit=200".to_owned());
    let mut answers = Vec::new();
    for path in paths {
        let answer = client.get(&path).await;
        answers.push((path, answer.text));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_nowhere_but_at_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.log = "debug";
    let target = Target::start().await;
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let variables = json!({"TOKEN": TOKEN, "HEADER": HEADER, "BASIC": BASIC, "HOOK": HOOK, "READABLE": {"value": "readable-1", "secret": false}});
    let world = World::build_with(&client, "Secrets", &target, &json!({}), &variables).await;
    // The careless target repeats everything that it was sent, in successes and in failures.
    target.on("/fails", |call| {
        Reply::json(500, &json!({"sent": String::from_utf8_lossy(&call.body), "key": call.header("x-key"), "auth": call.header("authorization")}))
    });
    let parameters = json!([
        {"name": "inBody", "type": "String"},
        {"name": "inQuery", "type": "String", "validationRules": {"in": "query"}},
    ]);
    let members = json!({
        "headers": {"X-Key": "{env.HEADER}", "Content-Type": "application/json"}, "parameters": parameters,
        "authenticationMethod": "Basic", "authentication": {"username": "robot", "password": "{env.BASIC}"},
    });
    let mapping = json!({"inBody": "{env.TOKEN}", "inQuery": "{env.TOKEN}"});
    let mut runs = Vec::new();
    for path in ["/echoes", "/fails"] {
        let endpoint = world.endpoint_with(path, &members).await;
        let step = json!({
            "name": "call", "apiEndpointId": endpoint, "inputMapping": mapping, "retryCount": 1, "retryDelaySeconds": 0,
            "condition": "env.TOKEN != ''",
        });
        // One callback is heard, one is answered with what it brought, one leads nowhere.
        let url =
            |path: &str| json!({"url": format!("{{env.TARGET}}{path}?key={{env.TOKEN}}"), "secret": "{env.HOOK}"});
        let hooks = json!({"configuration": {
            "webhook": {"secret": "{env.HOOK}"},
            "callbacks": [url("/told"), url("/fails"), {"url": "http://127.0.0.1:1/{env.HEADER}", "secret": "{env.HOOK}"}],
        }});
        let workflow = world
            .workflow_with(&format!("Flow {path}"), &json!([step]), &hooks)
            .await;
        let run = world.run(workflow, &json!({"readable": "yes"})).await;
        runs.push(run["executionId"].as_str().unwrap().to_owned());
        let body = r#"{"readable": "webhook"}"#;
        let now = wfm_application::clock::Clock::now(&wfm_application::clock::SystemClock);
        for secret in [HOOK, "whsec_wrong"] {
            let header = wfm_application::hooks::signature::signed(secret, now, body.as_bytes());
            let webhook = format!("/api/v1/webhooks/workflows/{workflow}");
            let request = Client::stranger(client.base()).request(http::Method::POST, &webhook);
            let answer = request
                .header("x-wfm-signature", &header)
                .body("application/json", body)
                .send()
                .await;
            assert_eq!(answer.status == 202, secret == HOOK, "{}", answer.text);
            if secret == HOOK {
                runs.push(answer.json()["executionId"].as_str().unwrap().to_owned());
            }
        }
    }
    for run in &runs {
        wfm_tests::until("every callback to be tried", || async {
            let shown = client.get(&format!("/api/v1/executions/{run}/callbacks")).await.items();
            shown.iter().all(|one| one["attempts"] != 0).then_some(())
        })
        .await;
    }
    let (told, calls): (Vec<_>, Vec<_>) = target
        .all_calls()
        .into_iter()
        .partition(|call| call.headers.contains_key("x-wfm-delivery"));
    assert!(told.iter().all(|call| call.query.contains("s3cr3t")), "{told:?}");
    assert_eq!((told.len() >= 8, calls.len()), (true, 6));
    for call in &calls {
        assert_eq!(call.json(), json!({"inBody": TOKEN}));
        assert_eq!(call.header("x-key"), HEADER);
        assert!(call.header("authorization").starts_with("Basic "));
        assert!(call.query.contains("s3cr3t"), "{}", call.query);
    }
    let outputs = [world.execution(&runs[0]).await, world.execution(&runs[2]).await];
    assert_eq!(
        outputs[0]["outputParameters"]["body"]["inBody"], "***",
        "{}",
        outputs[0]
    );
    assert_eq!(outputs[1]["status"], "Failed");
    let shown = client
        .get(&format!("/api/v1/environments/{}", world.environment))
        .await
        .json();
    assert_eq!(shown["variables"]["TOKEN"]["secret"], true);
    assert!(shown["variables"]["TOKEN"].get("value").is_none(), "{shown}");
    assert_eq!(shown["variables"]["READABLE"]["value"], "readable-1");

    let basic_header = calls[0].header("authorization")["Basic ".len()..].to_owned();
    let mut wanted: Vec<Vec<u8>> = [TOKEN, HEADER, BASIC, HOOK, basic_header.as_str(), wfm_tests::PASSWORD]
        .iter()
        .flat_map(|secret| forms(secret))
        .collect();
    wanted.push(b"s3cr3t".to_vec());
    let found_in = |text: &[u8]| {
        let found = wanted
            .iter()
            .find(|secret| text.windows(secret.len()).any(|window| window == secret.as_slice()));
        found.map(|secret| String::from_utf8_lossy(secret).into_owned())
    };
    for (path, text) in everything_answered(&client, &world, &runs).await {
        assert_eq!(found_in(text.as_bytes()), None, "{path}: {text}");
    }
    let check_files = |when: &str| {
        for secret in &wanted {
            let found = files_that_hold(folder.path(), secret);
            assert!(
                found.is_empty(),
                "{when}: {} stands in {found:?}",
                String::from_utf8_lossy(secret)
            );
        }
    };
    check_files("while it runs");
    // Names of variables and readable values are no secrets: the search would find them.
    assert!(!files_that_hold(folder.path(), b"WorkspaceCreated").is_empty());
    let (status, log) = process.stop();
    assert!(status.success());
    assert_eq!(found_in(log.as_bytes()), None, "the log");
    check_files("after it stopped");
    let listed = settings.succeed(&["events", "list", "--json", "--limit", "1000"]);
    assert_eq!(found_in(listed.as_bytes()), None);
    settings.succeed(&["projections", "rebuild"]);
    check_files("after a rebuild");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_spelled_in_another_way_is_as_secret() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let target = Target::start().await;
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build_with(&client, "Spelled", &target, &json!({}), &json!({"TOKEN": TOKEN})).await;
    let lower = reqwest_url(TOKEN).to_lowercase();
    let spellings = [
        reqwest_url(TOKEN),
        lower.replace("%20", "+"),
        TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        TOKEN.replace('/', "\\/").replace('"', "\\\""),
        TOKEN
            .chars()
            .map(|character| format!("\\u{:04x}", u32::from(character)))
            .collect(),
    ];
    let told = json!({"told": spellings}).to_string();
    let mut runs = Vec::new();
    for (path, status, media_type) in [
        ("/spells", 200, "application/json"),
        ("/refuses", 400, "application/json"),
        ("/says", 200, "text/plain"),
        ("/rejects", 400, "text/plain"),
    ] {
        let body = if media_type == "text/plain" {
            spellings.join(" ")
        } else {
            told.clone()
        };
        target.on(path, move |_| {
            Reply::text(status, media_type, body.clone()).header("x-told", "told")
        });
        let step = json!({"inputMapping": {"token": "{env.TOKEN}"}});
        let run = world.run(world.one_step(path, &step).await, &json!({})).await;
        assert_eq!(run["status"] == "Completed", status == 200, "{run}");
        runs.push(run["executionId"].as_str().unwrap().to_owned());
    }
    let outputs = world.execution(&runs[0]).await["outputParameters"].clone();
    assert_eq!(outputs, json!({"told": vec!["***"; 5]}));
    // `s3cr3t` is how every spelling begins, but for those in which every character is written as a number.
    let mut wanted: Vec<Vec<u8>> = spellings.iter().flat_map(|spelling| forms(spelling)).collect();
    wanted.push(b"s3cr3t".to_vec());
    let answers = everything_answered(&client, &world, &runs).await;
    assert!(process.stop().0.success());
    for secret in &wanted {
        let written = String::from_utf8_lossy(secret);
        for (path, text) in &answers {
            assert!(!text.contains(&*written), "{path}: {text}");
        }
        assert_eq!(
            files_that_hold(folder.path(), secret),
            Vec::<String>::new(),
            "{written}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_stands_in_no_file_of_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let person = json!({
        "firstName": "Wilhelmina", "lastName": "Featherstone", "email": "featherstone@example.com",
        "password": wfm_tests::PASSWORD, "role": "Viewer", "department": "Cartography",
    });
    let id = client.create("/api/v1/users", &person).await;
    let renamed = json!({"firstName": "Philippa"});
    let _ = client.patch(&format!("/api/v1/users/{id}"), &renamed).await.expect(200);
    let standing = |text: &str| files_that_hold(folder.path(), text.as_bytes());
    let personal = ["Wilhelmina", "Philippa", "Featherstone", "featherstone@", "Cartography"];
    for text in personal {
        assert!(!standing(text).is_empty(), "{text} is a value of the documented tables");
    }
    let _ = client.act(&format!("/api/v1/users/{id}/erase")).await.expect(200);
    for text in personal {
        assert_eq!(standing(text), Vec::<String>::new(), "{text}");
    }
    assert!(process.stop().0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_outputs_and_people_are_sealed_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let target = Target::start().await;
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let world = World::build(&client, "Sealed", &target).await;
    target.on("/a", |_| Reply::ok(&json!({"private": "output-0815"})));
    let workflow = world.one_step("/a", &json!({"inputMapping": {"x": "{input.x}"}})).await;
    world.run(workflow, &json!({"x": "input-0815"})).await;
    let person = json!({
        "firstName": "Wilhelmina", "lastName": "Tester", "email": "wilhelmina@example.com", "password": wfm_tests::PASSWORD,
        "role": "Viewer", "phoneNumber": "+49 0815",
    });
    client.create("/api/v1/users", &person).await;
    assert!(process.stop().0.success());
    for text in [
        "input-0815",
        "output-0815",
        "Wilhelmina",
        "wilhelmina@example.com",
        "+49 0815",
    ] {
        let found: Vec<String> = files_that_hold(folder.path(), text.as_bytes());
        assert!(
            found.iter().all(|file| file.starts_with("dbo.db")),
            "{text} stands in {found:?}"
        );
        assert!(!found.is_empty(), "{text} is a value of the documented tables");
    }
}

#[tokio::test]
async fn literal_secrets_are_refused_in_definitions() {
    let (server, target) = (wfm_tests::TestServer::spawn().await, Target::start().await);
    let world = World::build(&server.admin, "Literal", &target).await;
    for (method, settings, pointer) in [
        ("Bearer", json!({"token": "literal"}), "/authentication/token"),
        (
            "Basic",
            json!({"username": "a", "password": "literal"}),
            "/authentication/password",
        ),
        (
            "ApiKey",
            json!({"in": "header", "name": "X", "value": "literal"}),
            "/authentication/value",
        ),
    ] {
        let body = json!({
            "name": "E", "url": format!("{}/a", target.url()), "method": "GET", "workspaceId": world.workspace,
            "authenticationMethod": method, "authentication": settings,
        });
        let answer = server.admin.post("/api/v1/api-endpoints", &body).await;
        assert_eq!(answer.any_problem(), [pointer], "{}", answer.text);
        assert!(
            !answer.text.contains("literal\""),
            "the answer does not repeat it: {}",
            answer.text
        );
    }
    // A secret in what is recorded is refused at publish.
    let endpoint = world.endpoint("/a").await;
    for members in [json!({"outputMapping": {"x": "{env.TARGET}"}})] {
        let step = wfm_tests::world::merged(json!({"name": "a", "apiEndpointId": endpoint}), &members);
        let workflow = world.draft("Leaks", &json!([step])).await;
        let answer = world.publish(workflow).await;
        assert_eq!(answer.any_problem(), ["/steps/0/outputMapping/x"], "{}", answer.text);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_one_endpoint_was_sent_another_does_not_tell() {
    let (server, target) = (TestServer::spawn().await, Target::start().await);
    let world = World::build_with(
        &server.admin,
        "Told",
        &target,
        &json!({}),
        &json!({"HEADER": HEADER, "UNUSED": TOKEN}),
    )
    .await;
    let sent = world
        .endpoint_with("/sent", &json!({"headers": {"X-Key": "{env.HEADER}"}}))
        .await;
    target.on("/tells", |_| {
        Reply::ok(&json!({"seen": [HEADER, format!("it is {TOKEN}.")]}))
    });
    let steps = json!([
        {"name": "sent", "order": 1, "apiEndpointId": sent},
        {"name": "tells", "order": 2, "apiEndpointId": world.endpoint("/tells").await},
    ]);
    let workflow = world.workflow("Told", &steps).await;
    let run = world.run(workflow, &json!({})).await;
    assert_eq!(run["outputParameters"], json!({"seen": ["***", "it is ***."]}), "{run}");
    server.finish().await;
}
