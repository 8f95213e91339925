//! Every version of every event type ever written can still be read.
//!
//! `tests/golden/{Type}.v{version}.json` holds an example of each. A file once committed is never changed: a new shape is
//! a new version with a file of its own. `WFM_WRITE_GOLDEN=1 cargo test -p wfm-domain golden` writes the missing ones.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;
use wfm_domain::{event::Event, upcast};

use super::examples;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn file(event: &Event) -> PathBuf {
    folder().join(format!("{}.v{}.json", event.name(), event.schema_version()))
}

fn pretty(payload: &str) -> String {
    let value: Value = serde_json::from_str(payload).expect("a payload is JSON");
    format!("{}\n", serde_json::to_string_pretty(&value).expect("JSON is written"))
}

#[test]
fn every_type_has_an_example() {
    let examples: BTreeSet<_> = examples::all().iter().map(Event::name).collect();
    assert_eq!(examples, Event::types().collect());
}

#[test]
fn todays_shape_is_the_golden_one() {
    for event in examples::all() {
        let payload = event.payload().unwrap();
        if std::env::var_os("WFM_WRITE_GOLDEN").is_some() && !file(&event).exists() {
            fs::write(file(&event), pretty(&payload)).unwrap();
        }
        let golden = fs::read_to_string(file(&event)).unwrap_or_else(|_| panic!("{} has no golden file", event.name()));
        assert_eq!(
            pretty(&payload),
            golden,
            "{} changed its shape without a new schema version",
            event.name()
        );
    }
}

#[test]
fn every_version_ever_written_is_read() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (event_type, version) = name
            .strip_suffix(".json")
            .and_then(|stem| stem.split_once(".v"))
            .unwrap();
        let payload = fs::read_to_string(&path).unwrap();
        let events = upcast::load(event_type, version.parse().unwrap(), &payload)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!events.is_empty(), "{name}");
    }
}

#[test]
fn a_read_event_is_written_the_same_again() {
    for event in examples::all() {
        let payload = event.payload().unwrap();
        let read = upcast::load(event.name(), event.schema_version(), &payload).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].payload().unwrap(), payload, "{}", event.name());
    }
}
