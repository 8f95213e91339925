//! The rules of the house, checked on its files: who may know whom, and what stays in its room.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Which crates a crate may use, besides those of others.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("definitions", &["domain"]),
    ("expressions", &[]),
    ("storage", &[]),
    ("storage-sqlite", &["storage"]),
    ("storage-sqlserver", &["storage"]),
    ("projections", &["domain", "storage"]),
    ("application", &["domain", "expressions", "storage", "projections"]),
    ("engine", &["application", "domain", "expressions", "storage"]),
    ("connectors", &["engine", "application", "expressions"]),
    ("api", &["application", "projections", "storage", "domain"]),
    (
        "server",
        &[
            "domain",
            "expressions",
            "storage",
            "storage-sqlite",
            "storage-sqlserver",
            "projections",
            "application",
            "engine",
            "connectors",
            "definitions",
            "api",
        ],
    ),
];

/// Longest source file in lines.
const LONGEST_FILE: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn crates() -> Vec<(String, PathBuf)> {
    let folders = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut crates: Vec<(String, PathBuf)> = folders
        .filter(|folder| folder.join("Cargo.toml").exists())
        .map(|folder| (folder.file_name().unwrap().to_str().unwrap().to_owned(), folder))
        .collect();
    crates.sort();
    crates
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Whether a file, or the folder it stands in, is all tests.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// A source without its comments and the tests at its end.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn manifest(folder: &Path) -> toml::Table {
    std::fs::read_to_string(folder.join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

fn dependencies(manifest: &toml::Table, kind: &str) -> BTreeSet<String> {
    manifest
        .get(kind)
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn crates_know_only_whom_they_may() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let found: BTreeSet<String> = crates().into_iter().map(|(name, _)| name).collect();
    let listed: BTreeSet<String> = allowed.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, listed, "a new crate needs its row in the table of edges");
    for (name, folder) in crates() {
        let manifest = manifest(&folder);
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(format!("wfm-{name}").as_str())
        );
        for dependency in dependencies(&manifest, "dependencies") {
            let Some(inside) = dependency.strip_prefix("wfm-") else {
                continue;
            };
            assert!(
                allowed[name.as_str()].contains(&inside),
                "{name} must not depend on {inside}"
            );
        }
        assert!(dependencies(&manifest, "build-dependencies").is_empty(), "{name}");
    }
}

#[test]
fn drivers_and_clients_stay_in_their_rooms() {
    for (dependency, rooms) in [
        ("sqlx", &["storage-sqlite"][..]),
        ("tiberius", &["storage-sqlserver"]),
        ("reqwest", &["connectors", "server"]),
        ("axum", &["api", "server"]),
        ("clap", &["server"]),
        ("anyhow", &["server"]),
    ] {
        for (name, folder) in crates() {
            let used = dependencies(&manifest(&folder), "dependencies").contains(dependency);
            assert!(
                !used || rooms.contains(&name.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
    for (name, folder) in crates() {
        for path in sources(&folder.join("src")) {
            if is_test(&path) {
                continue;
            }
            let text = code(&path);
            let demonstrates = path.components().any(|part| part.as_os_str() == "demo");
            let may = matches!(name.as_str(), "api" | "connectors") || demonstrates;
            assert!(
                may || !text.contains("StatusCode::"),
                "{} must not know status codes",
                path.display()
            );
            let pure = matches!(name.as_str(), "domain" | "expressions" | "projections");
            for impure in [
                "Utc::now",
                "SystemTime::now",
                "Instant::now(",
                "rand::",
                "tokio::",
                "std::fs",
                "std::net",
                "std::env",
            ] {
                assert!(
                    !pure || !text.contains(impure),
                    "{} must not use {impure}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_say_what_they_do_and_stay_short() {
    for (_, folder) in crates() {
        for path in sources(&folder.join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("//! "),
                "{} does not begin by saying what it does",
                path.display()
            );
            let lines = text.lines().count();
            assert!(
                is_test(&path) || lines <= LONGEST_FILE,
                "{} has {lines} lines",
                path.display()
            );
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                !matches!(name, "utils" | "util" | "helpers" | "manager" | "common" | "misc"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn nothing_is_skipped_or_slept_through() {
    let mut tests = sources(&root().join("tests"));
    for (_, folder) in crates() {
        tests.extend(sources(&folder.join("tests")));
    }
    for path in tests {
        let text = code(&path);
        let ignored = ["#[", "ignore"].concat();
        assert!(!text.contains(&ignored), "{} skips a test", path.display());
        // What waits for a condition, a process or a server stands in these; they have deadlines.
        let waits = [
            "src/until.rs",
            "src/process.rs",
            "src/place.rs",
            "src/freezing.rs",
            "sqlserver/server.rs",
        ];
        let waits = waits.iter().any(|file| path.ends_with(file));
        let sleeps = ["sleep", "("].concat();
        assert!(waits || !text.contains(&sleeps), "{} sleeps", path.display());
    }
}

#[test]
fn every_migration_goes_up_and_down() {
    for database in std::fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(Result::unwrap)
    {
        let mut steps: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in std::fs::read_dir(database.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            // What only some servers have is no step of the schema.
            if name == "features" {
                continue;
            }
            let (step, direction) = name
                .strip_suffix(".sql")
                .and_then(|name| name.rsplit_once('.'))
                .unwrap();
            steps.entry(step.to_owned()).or_default().insert(direction.to_owned());
        }
        assert!(!steps.is_empty(), "{}", database.path().display());
        for (step, directions) in steps {
            assert_eq!(directions.into_iter().collect::<Vec<_>>(), ["down", "up"], "{step}");
        }
    }
}
