//! What each event type does to the rows: one snapshot per golden event of the domain, opened and with its keys gone.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::{fmt::Write as _, path::Path};

use wfm_domain::{event::Event, protected::ProtectedFields, upcast};
use wfm_projections::{Envelope, project};
use wfm_storage::{
    event::StreamId,
    read_store::{Cell, Change, ColumnIndex, Table},
};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/golden");

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(value) => value.to_string(),
        Cell::Real(value) => format!("{value:?}"),
        Cell::Text(text) => format!("'{text}'"),
    }
}

fn assignments<'a>(table: &'static Table, cells: impl Iterator<Item = (ColumnIndex, &'a Cell)>) -> String {
    let lines: Vec<String> = cells
        .map(|(column, value)| format!("    {} = {}", table.columns[column].name, cell(value)))
        .collect();
    lines.join("\n")
}

fn set(table: &'static Table, set: &[(ColumnIndex, Cell)]) -> String {
    assignments(table, set.iter().map(|(column, value)| (*column, value)))
}

fn render(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let (head, body) = match change {
            Change::Insert { table, row } => (
                format!("insert {}", table.name),
                assignments(table, row.iter().enumerate()),
            ),
            Change::Put { table, row } => (
                format!("put {}", table.name),
                assignments(table, row.iter().enumerate()),
            ),
            Change::Update {
                table,
                key,
                set: values,
            } => (format!("update {} {}", table.name, cell(key)), set(table, values)),
            Change::Delete { table, key } => (format!("delete {} {}", table.name, cell(key)), String::new()),
            Change::UpdateWhere {
                table,
                column,
                value,
                set: values,
            } => {
                let head = format!(
                    "update {} where {} = {}",
                    table.name,
                    table.columns[*column].name,
                    cell(value)
                );
                (head, set(table, values))
            }
            Change::ClearReferences {
                table,
                column,
                parent,
                parent_column,
                value,
            } => {
                let head = format!(
                    "clear {}.{} to {} where {} = {}",
                    table.name,
                    table.columns[*column].name,
                    parent.name,
                    parent.columns[*parent_column].name,
                    cell(value)
                );
                (head, String::new())
            }
            Change::DeleteWhere { table, column, value } => {
                let head = format!(
                    "delete {} where {} = {}",
                    table.name,
                    table.columns[*column].name,
                    cell(value)
                );
                (head, String::new())
            }
            Change::DeleteRange { table, from, until } => {
                let head = format!("delete {} from {} to before {}", table.name, cell(from), cell(until));
                (head, String::new())
            }
        };
        writeln!(text, "{head}").unwrap();
        if !body.is_empty() {
            writeln!(text, "{body}").unwrap();
        }
    }
    text
}

fn envelope() -> Envelope {
    Envelope {
        position: 100,
        stream: StreamId::new("stream-1"),
        version: 3,
        occurred_at: "2026-11-22T16:29:03.123456Z".into(),
        part: 0,
    }
}

fn changes(event: &Event) -> Vec<Change> {
    let mut changes = Vec::new();
    project(&envelope(), event, &mut changes);
    changes
}

/// Every golden event with its type's name.
fn golden() -> Vec<(String, Event)> {
    let mut events = Vec::new();
    for file in std::fs::read_dir(GOLDEN).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let [event_type, version, "json"] = name.split('.').collect::<Vec<_>>()[..] else {
            panic!("{name}")
        };
        let version: u16 = version.strip_prefix('v').unwrap().parse().unwrap();
        let payload = std::fs::read_to_string(Path::new(&path)).unwrap();
        for event in upcast::load(event_type, version, &payload).unwrap() {
            events.push((format!("{event_type}.v{version}"), event));
        }
    }
    events.sort_by(|(left, _), (right, _)| left.cmp(right));
    events
}

/// A value for each field that its column takes.
fn open(event: &mut Event) {
    event.visit_protected(&mut |field, value| {
        let text = if field.ends_with("email") {
            "ada@example.com".to_owned()
        } else if field.ends_with("input") || field.ends_with("output") {
            r#"{"total":12.50}"#.to_owned()
        } else {
            format!("open {field}")
        };
        value.set_open(text);
    });
}

#[test]
fn every_event_type_leads_to_these_rows() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for (name, mut event) in golden() {
            open(&mut event);
            insta::assert_snapshot!(name, render(&changes(&event)));
        }
    });
}

#[test]
fn every_event_type_leads_to_rows_when_its_keys_are_gone() {
    for (name, event) in golden() {
        let mut opened = event.clone();
        open(&mut opened);
        let (without, with) = (changes(&event), changes(&opened));
        assert_eq!(without.len(), with.len(), "{name}");
        let text = render(&without);
        assert!(!text.contains("open "), "{name}: {text}");
        assert!(!text.contains("ada@example.com"), "{name}: {text}");
    }
}

#[test]
fn every_row_has_a_cell_for_every_column() {
    for (name, event) in golden() {
        for change in changes(&event) {
            match change {
                Change::Insert { table, row } | Change::Put { table, row } => {
                    assert_eq!(row.len(), table.columns.len(), "{name}: {}", table.name);
                    assert_ne!(row[0], Cell::Null, "{name}: the key of {}", table.name);
                }
                Change::Update { .. }
                | Change::Delete { .. }
                | Change::UpdateWhere { .. }
                | Change::ClearReferences { .. }
                | Change::DeleteWhere { .. }
                | Change::DeleteRange { .. } => {}
            }
        }
    }
}

/// The golden event of this type with members added, as builds since then write it.
fn extended(event_type: &str, members: &serde_json::Value) -> Event {
    let golden = std::fs::read_to_string(Path::new(GOLDEN).join(format!("{event_type}.v1.json"))).unwrap();
    let mut payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&golden).unwrap();
    payload.extend(members.as_object().unwrap().clone());
    let payload = serde_json::Value::Object(payload).to_string();
    let mut event = upcast::load(event_type, 1, &payload).unwrap().remove(0);
    open(&mut event);
    event
}

#[test]
fn steps_that_are_left_unfinished_end_with_their_run() {
    let left = |index: u32, under_way: bool, undoing: bool| {
        serde_json::json!({"step": {"stepId": 30 + index, "name": format!("step {index}"), "index": index, "attempt": 2},
            "underWay": under_way, "undoing": undoing, "totalDurationMs": 7.5})
    };
    let members = serde_json::json!({"left": [left(0, true, false), left(1, false, false), left(2, true, true)]});
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for (name, event) in [
            ("Left.ExecutionCancelled", extended("ExecutionCancelled", &members)),
            ("Left.ExecutionFailed", extended("ExecutionFailed", &members)),
            ("Left.CompensationStarted", extended("CompensationStarted", &members)),
            (
                "Left.StepInDoubt",
                extended("StepInDoubt", &serde_json::json!({"totalDurationMs": 7.5})),
            ),
        ] {
            insta::assert_snapshot!(name, render(&changes(&event)));
        }
    });
}

#[test]
fn details_are_json_whatever_the_step_is_called() {
    let (_, event) = golden()
        .into_iter()
        .find(|(name, _)| name.starts_with("StepSucceeded"))
        .unwrap();
    let mut json = serde_json::to_value(match &event {
        Event::Execution(event) => serde_json::from_str::<serde_json::Value>(&event.payload().unwrap()).unwrap(),
        other => panic!("{other:?}"),
    })
    .unwrap();
    let name = "quote \" backslash \\ newline \n bell \u{7} é";
    json["step"]["name"] = name.into();
    let event = upcast::load("StepSucceeded", 1, &json.to_string()).unwrap().remove(0);
    let details: Vec<serde_json::Value> = changes(&event)
        .into_iter()
        .filter_map(|change| match change {
            Change::Insert { table, row } if table.name == "ExecutionLogs" => Some(row[5].clone()),
            Change::Insert { table, row } if table.name == "WorkflowMetrics" => Some(row[4].clone()),
            _ => None,
        })
        .map(|cell| match cell {
            Cell::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(!details.is_empty());
    assert!(details.iter().all(|details| details["step"] == name), "{details:?}");
}
