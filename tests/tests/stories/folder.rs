//! The folder of the embedded database: one server at a time, a reader beside it, and clear errors.

use std::os::unix::{
    fs::{MetadataExt, PermissionsExt, chown},
    process::CommandExt,
};

use serde_json::{Value, json};
use wfm_tests::{Process, Settings, Target, World, database, until};

use crate::settings;

/// A user without rights, for tests that run as root, to whom no folder is read-only.
const NOBODY: u32 = 65534;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_one_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let first = Process::spawn(&settings);
    let client = first.admin().await;
    for arguments in [
        &["serve"][..],
        &["projections", "verify"],
        &["projections", "rebuild"],
        &["retention", "plan"],
        &["retention", "run"],
        &["migrate", "up"],
        &["migrate", "down", "--yes"],
        &["user", "create-admin"],
    ] {
        let error = settings.fail(arguments);
        assert!(
            error.starts_with("error: ") && error.contains(folder.path().to_str().unwrap()),
            "{arguments:?}: {error}"
        );
        assert!(
            ["another process", "no server runs", "another server"]
                .iter()
                .any(|reason| error.contains(reason)),
            "{arguments:?}: {error}"
        );
    }
    // Reading the log is possible beside a running server.
    let listed = settings.succeed(&["events", "list", "--json", "--limit", "1"]);
    let event: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&event["position"], &event["type"]),
        (&json!(1), &json!("UserRegistered"))
    );
    settings.succeed(&["events", "verify"]);
    let status = settings.succeed(&["migrate", "status", "--json"]);
    let steps: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (&steps[0]["name"], &steps[0]["state"]),
        (&json!("0001_event_log"), &json!("applied"))
    );
    let status: Value = serde_json::from_str(&settings.succeed(&["projections", "status", "--json"])).unwrap();
    let member = |name: &str| status[name].as_u64().unwrap();
    assert_eq!(member("position") + member("lag"), member("head"), "{status}");
    assert!(member("position") > 0 && member("parked") == 0, "{status}");
    assert_eq!(settings.succeed(&["projections", "parked", "--json"]).trim(), "[]");
    // And a running server compares by itself.
    let verified = client.act("/api/v1/projections/read-models/verify").await.expect(200);
    assert_eq!(verified.json(), json!({"identical": true, "differences": []}));
    database::change_rows(folder.path(), "UPDATE Users SET JobTitle = 'forged'".to_owned()).await;
    let verified = client.act("/api/v1/projections/read-models/verify").await.expect(200);
    assert_eq!(
        verified.json(),
        json!({"identical": false, "differences": [{"table": "Users", "missing": 1, "surplus": 1}]})
    );
    let rebuilt = client.act("/api/v1/projections/read-models/rebuild").await.expect(202);
    assert_eq!(rebuilt.json()["state"], "Rebuilding");
    until("the rows to be built anew", || async {
        let verified = client.act("/api/v1/projections/read-models/verify").await;
        (verified.status == 200 && verified.json()["identical"] == true).then_some(())
    })
    .await;
    assert!(first.stop().0.success());
    // And the folder is free again, even after a kill.
    Process::spawn(&settings).kill();
    settings.succeed(&["projections", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demonstration_replaces_no_folder_that_a_server_runs_on() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("wfm-demo");
    let settings = settings(&folder);
    let server = Process::spawn(&settings);
    std::fs::write(folder.join(".made-by-wfm-demo"), "").unwrap();
    let mut demo = settings.command(&["demo"]);
    demo.env_remove("WFM_DATABASE").current_dir(outer.path());
    let output = wfm_tests::process::ended(demo);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("stop that server first"),
        "{error}"
    );
    let client = server.admin().await;
    client.create("/api/v1/workspaces", &json!({"name": "Kept"})).await;
    assert!(server.stop().0.success());
    let kept = database::rows(&folder, "SELECT json_array(Name) FROM Workspaces").await;
    assert_eq!(kept, [json!(["Kept"])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_somebody_dropped_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    assert!(Process::spawn(&settings).stop().0.success());
    let objects = "SELECT json_array(type, name) FROM sqlite_schema ORDER BY type, name";
    let before = database::rows(folder.path(), objects).await;
    for dropped in [
        "DROP TABLE ExecutionLogs",
        "DROP VIEW vw_ActiveWorkflows",
        "DROP TRIGGER tr_Users_UpdatedAt",
        "DROP INDEX IX_UserWorkspaces_WorkspaceId",
    ] {
        database::change_rows(folder.path(), dropped.to_owned()).await;
        settings.succeed(&["projections", "verify"]);
        assert_eq!(database::rows(folder.path(), objects).await, before, "{dropped}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    let is_root = std::fs::metadata(&folder).unwrap().uid() == 0;
    let mut settings = settings(&folder);
    if is_root {
        // Nobody must reach the folder and the binary.
        std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let binary = outer.path().join("wfm");
        std::fs::copy(&settings.binary, &binary).unwrap();
        settings.binary = binary;
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let serve = |settings: &Settings| {
        let mut command = settings.command(&["serve"]);
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        wfm_tests::process::ended(command)
    };
    let check = |what: &str| {
        let output = serve(&settings);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(folder.to_str().unwrap()),
            "{what}: {error}"
        );
        assert!(!error.contains("panicked"), "{what}: {error}");
        assert_eq!(output.stdout, b"", "{what}");
    };
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&folder, 0o555);
    check("an empty folder");
    mode(&folder, 0o755);
    // A folder with data, all of which has become read-only.
    drop(Process::spawn(&self::settings(&folder)));
    for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        if is_root {
            chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        mode(&entry.path(), 0o400);
    }
    mode(&folder, 0o555);
    check("a folder with data");
    mode(&folder, 0o755);
    // A key that others may read is refused, too.
    mode(&folder.join("master.key"), 0o644);
    let output = serve(&settings);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("chmod 600"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_its_key_is_not_given_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    drop(Process::spawn(&settings));
    std::fs::remove_file(folder.path().join("master.key")).unwrap();
    let error = settings.fail(&["serve"]);
    assert!(
        error.contains("master") && error.contains("WFM_MASTER_KEY_FILE"),
        "{error}"
    );
    assert!(!folder.path().join("master.key").exists());
    // Nor is another key taken for the right one.
    std::fs::write(folder.path().join("master.key"), "ab".repeat(32)).unwrap();
    std::fs::set_permissions(folder.path().join("master.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = settings.fail(&["serve"]);
    assert!(error.contains("key"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_event_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let process = Process::spawn(&settings);
    let target = Target::start().await;
    World::build(&process.admin().await, "Proven", &target).await;
    assert!(process.stop().0.success());
    settings.succeed(&["events", "verify"]);
    let report = settings.run(&["events", "verify", "--after", "9999", "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let problem = report["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("the log ends at event "), "{problem}");
    let path = folder.path().join("es.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = bytes.windows(10).position(|window| window == b"Fulfilment").unwrap();
    bytes[place] = b'G';
    std::fs::write(&path, bytes).unwrap();
    let output = settings.run(&["events", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sound"], false);
    assert_eq!(report["problemCount"], 1, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_goes_up_and_down_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let json = |arguments: &[&str]| -> Value { serde_json::from_str(&settings.succeed(arguments)).unwrap() };
    let states = || {
        let steps = json(&["migrate", "status", "--json"]);
        let states = steps.as_array().unwrap().iter();
        states
            .map(|step| step["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(states().iter().all(|state| state == "pending"));
    let applied = json(&["migrate", "up", "--json"]);
    assert_eq!(applied["applied"][0], "0001_event_log");
    assert!(settings.succeed(&["migrate", "up"]).contains("nothing to do"));
    assert!(states().iter().all(|state| state == "applied"));
    assert_eq!(json(&["projections", "status", "--json"])["head"], 0);
    drop(Process::spawn(&settings).stop());
    let error = settings.fail(&["migrate", "down", "--to", "0"]);
    assert!(error.contains("rows of Events") && error.contains("--yes"), "{error}");
    assert!(
        settings
            .fail(&["migrate", "down", "--to", "77"])
            .contains("no migration with the number 77")
    );
    settings.succeed(&["events", "verify"]);
    let taken_back = json(&["migrate", "down", "--to", "0", "--yes", "--json"]);
    let last_first: Vec<&Value> = applied["applied"].as_array().unwrap().iter().rev().collect();
    assert_eq!(taken_back["takenBack"], json!(last_first));
    assert!(states().iter().all(|state| state == "pending"));
    assert!(settings.succeed(&["migrate", "status"]).contains("pending"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_events_are_shown_and_tried_again_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    let body = json!({"name": "Parked", "description": "at first"});
    let id = client.create("/api/v1/workspaces", &body).await;
    let path = format!("/api/v1/workspaces/{id}");
    let changed = client.patch(&path, &json!({"description": "in the end"})).await;
    let position = changed.expect(200).json()["position"].clone();
    assert!(process.stop().0.success());
    let shown = || -> Value { serde_json::from_str(&settings.succeed(&["projections", "parked", "--json"])).unwrap() };
    assert_eq!(shown(), json!([]));
    // As though the row had refused the last change.
    let park = format!(
        "UPDATE Workspaces SET Description = 'at first' WHERE Id = {id};
         INSERT INTO ParkedEvents VALUES ({position}, 'workspace-{id}', 'WorkspaceChanged', 'for the test', '2026-11-22T16:29:03.123456Z')"
    );
    database::change_rows(folder.path(), park).await;
    let parked = json!([{
        "position": position, "stream": format!("workspace-{id}"), "type": "WorkspaceChanged", "reason": "for the test",
        "parkedAt": "2026-11-22T16:29:03.123456Z",
    }]);
    assert_eq!(shown(), parked);
    assert!(settings.succeed(&["projections", "parked"]).contains("for the test"));
    let retried: Value = serde_json::from_str(&settings.succeed(&["projections", "retry", "--json"])).unwrap();
    assert_eq!(retried, json!({"released": 1, "parked": 0}));
    assert_eq!(shown(), json!([]));
    settings.succeed(&["projections", "verify"]);
}

#[test]
fn a_mistyped_folder_is_not_filled() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("typo"));
    for action in ["status", "verify", "rebuild"] {
        let output = settings.run(&["projections", action]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && told.contains("there is no event log at"),
            "{told}"
        );
    }
    assert!(!folder.path().join("typo").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_wrong_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("data"));
    let verdicts = |told: &str| -> Vec<(String, String)> {
        let findings: Vec<Value> = serde_json::from_str(told).unwrap();
        let text = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
        for finding in &findings {
            assert_eq!(finding["verdict"] == "ok", finding.get("advice").is_none(), "{finding}");
        }
        let sorry = findings.iter().filter(|finding| finding["verdict"] != "ok");
        sorry
            .map(|finding| (text(finding, "check"), text(finding, "verdict")))
            .filter(|(check, _)| check != "disk" && check != "open files")
            .collect()
    };
    let healthy = || verdicts(&settings.succeed(&["doctor", "--json"]));
    let pair = |check: &str, verdict: &str| (check.to_owned(), verdict.to_owned());
    assert_eq!(healthy(), [pair("database", "warning")]);
    assert!(!folder.path().join("data").exists(), "it makes nothing");

    let process = Process::spawn(&settings);
    let _ = process.admin().await;
    assert_eq!(healthy(), []);
    let table = settings.succeed(&["doctor"]);
    assert!(table.contains("a server has it (process "), "{table}");
    assert!(process.stop().0.success());
    assert_eq!(healthy(), []);

    let ill = |settings: &Settings| {
        let output = settings.run(&["doctor", "--json"]);
        assert_eq!(output.status.code(), Some(1));
        verdicts(&String::from_utf8(output.stdout).unwrap())
    };
    let key = folder.path().join("data/master.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "0".repeat(64)).unwrap();
    assert_eq!(ill(&settings), [pair("master key", "fault")]);
    std::fs::remove_file(&key).unwrap();
    assert_eq!(ill(&settings), [pair("master key", "fault")]);
    assert!(!key.exists(), "it makes nothing");
    std::fs::write(&key, right).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(folder.path().join("data/dbo.db"), "no database").unwrap();
    assert_eq!(ill(&settings), [pair("read models", "fault")]);
    // The rows come back from the log, as it is advised.
    std::fs::remove_file(folder.path().join("data/dbo.db")).unwrap();
    let process = Process::spawn(&settings);
    assert_eq!(healthy(), []);
    assert!(process.stop().0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_log_that_is_gone_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let process = Process::spawn(&settings);
    let target = Target::start().await;
    World::build(&process.admin().await, "Before", &target).await;
    assert!(process.stop().0.success());
    settings.succeed(&["migrate", "down", "--to", "0", "--yes"]);
    settings.succeed(&["migrate", "up"]);
    settings.succeed(&["projections", "verify"]);
    // Who was there before is nobody now, and the first administrator comes again.
    let process = Process::spawn(&settings);
    let client = process.admin().await;
    assert_eq!(client.get("/api/v1/workspaces").await.items(), Vec::<Value>::new());
    assert_eq!(client.get("/api/v1/users").await.items().len(), 1);
    World::build(&client, "After", &target).await;
    assert!(process.stop().0.success());
    settings.succeed(&["projections", "verify"]);
}

/// Writes nonsense over a table of the read models.
async fn damage(folder: &std::path::Path, table: &str) {
    let page = format!("SELECT json_quote(rootpage) FROM sqlite_schema WHERE name = '{table}'");
    let page = usize::try_from(database::rows(folder, &page).await[0].as_u64().unwrap()).unwrap();
    let file = folder.join("dbo.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_read_models_come_back_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let process = Process::spawn(&settings);
    let target = Target::start().await;
    World::build(&process.admin().await, "Damaged", &target).await;
    assert!(process.stop().0.success());
    let file = folder.path().join("dbo.db");
    let sound = database::everything(folder.path()).await;

    damage(folder.path(), "Projects").await;
    let error = settings.fail(&["projections", "verify"]);
    assert!(error.contains("remove dbo.db"), "{error}");
    settings.succeed(&["projections", "rebuild"]);
    assert_eq!(database::everything(folder.path()).await, sound);

    damage(folder.path(), "Users").await;
    let process = Process::spawn(&settings);
    let names = process.admin().await.get("/api/v1/workspaces").await.items();
    assert_eq!(names[0]["name"], "Damaged");
    assert!(process.stop().0.success());
    settings.succeed(&["projections", "verify"]);

    // Who may not open more files finds nothing damaged.
    let before = std::fs::read(&file).unwrap();
    for files in 8..40 {
        let command = settings.command(&["projections", "verify"]);
        let mut few = std::process::Command::new("sh");
        few.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
            .arg(command.get_program())
            .args(command.get_args())
            .env("WFM_DATABASE", format!("sqlite:{}", folder.path().display()));
        let _ = wfm_tests::process::ended(few);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), before.len() as u64, "{files}");
    }
}

#[test]
fn what_only_reads_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("mistyped"));
    for arguments in [
        &["projections", "status"][..],
        &["projections", "verify"],
        &["retention", "plan"],
        &["events", "list"],
        &["events", "verify"],
    ] {
        let error = settings.fail(arguments);
        assert!(error.contains("there is no event log at"), "{arguments:?}: {error}");
    }
    assert!(!folder.path().join("mistyped").exists());
}
