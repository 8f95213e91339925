//! The tour of the README, as a reader types it.

use std::{os::unix::fs::symlink, path::Path, process::Command};

use wfm_tests::process::ended;

/// The shell blocks between the markers, in order.
fn blocks(readme: &str) -> Vec<String> {
    let (_, rest) = readme.split_once("<!-- tour -->").expect("the README has a tour");
    let (tour, _) = rest.split_once("<!-- /tour -->").expect("the tour ends");
    let mut blocks = Vec::new();
    let mut rest = tour;
    while let Some((_, begun)) = rest.split_once("```") {
        let (block, after) = begun.split_once("```").expect("a block ends");
        let (language, text) = block.split_once('\n').expect("a block has lines");
        assert_eq!(language, "bash", "a block that is no shell cannot be typed");
        blocks.push(text.to_owned());
        rest = after;
    }
    assert!(!blocks.is_empty(), "the tour has blocks");
    blocks
}

#[test]
fn the_readme_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The reader's folder after `cargo build --release`.
    let release = folder.path().join("target/release");
    std::fs::create_dir_all(&release).unwrap();
    symlink(env!("CARGO_BIN_EXE_wfm-under-test"), release.join("wfm")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    // Job control gives `%1` its meaning; the first command that fails ends the tour, and no server is left behind.
    let mut script = "set -e -o pipefail\nset -m\ntrap 'kill %1 2>/dev/null || true' EXIT\n".to_owned();
    for (number, block) in blocks(&readme).iter().enumerate() {
        script.push_str(&format!("echo '=== block {number}'\n{block}\n"));
    }
    script.push_str("echo '=== done'\n");
    let mut command = Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WFM_")) {
        command.env_remove(name);
    }
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("WFM_LISTEN", format!("127.0.0.1:{port}"))
        .env("WFM_BCRYPT_COST", "4")
        .env("WFM_DRAIN_SECONDS", "1")
        .stdin(std::process::Stdio::null());
    let output = ended(command);
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && said.trim_end().ends_with("=== done"),
        "{said}\n{errors}"
    );
    for expected in [
        r#""status":"Completed""#,
        r#""outputParameters":{"greeting":"Hello Ada","signedInAs":"ada@example.com"}"#,
        r#""totalExecutions":1"#,
        r#""type":"WorkflowPublished""#,
        "sound: ",
        "every row is identical to its replay",
    ] {
        assert!(said.contains(expected), "{expected} is missing\n{said}\n{errors}");
    }
}
