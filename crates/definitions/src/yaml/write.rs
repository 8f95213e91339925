//! Writes JSON as YAML in one way only, so that the same definition is the same text.

use std::fmt::Write as _;

use serde_json::Value;

use super::scalar::means_something_else;

/// Writes an object's members, lists and texts of many lines as blocks; ends with a line break.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => members_at(&mut text, value, 0),
        Value::Array(items) if !items.is_empty() => items_at(&mut text, value, 0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            scalar(&mut text, value, 0);
            text.push('\n');
        }
    }
    text
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// The members of an object, each on a line of its own.
fn members_at(text: &mut String, value: &Value, depth: usize) {
    for (place, (key, member)) in value.as_object().into_iter().flatten().enumerate() {
        // The first member of an object in a list stands beside the dash.
        if place > 0 || !text.ends_with("- ") {
            indent(text, depth);
        }
        line(text, key);
        text.push(':');
        below(text, member, depth);
    }
}

fn items_at(text: &mut String, value: &Value, depth: usize) {
    for item in value.as_array().into_iter().flatten() {
        indent(text, depth);
        text.push_str("- ");
        match item {
            Value::Object(members) if !members.is_empty() => members_at(text, item, depth + 1),
            Value::Array(items) if !items.is_empty() => {
                text.pop();
                text.push('\n');
                items_at(text, item, depth + 1);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                scalar(text, item, depth + 1);
                text.push('\n');
            }
        }
    }
}

/// What stands after a key's colon.
fn below(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            members_at(text, value, depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            items_at(text, value, depth + 1);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text.push(' ');
            scalar(text, value, depth + 1);
            text.push('\n');
        }
    }
}

fn scalar(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(written) if is_block(written) => block(text, written, depth),
        Value::String(written) => line(text, written),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            // Only empty lists and objects come here.
            let _ = write!(text, "{value}");
        }
    }
}

/// A text on one line, in quotes where it needs them.
fn line(text: &mut String, written: &str) {
    if is_plain(written) {
        text.push_str(written);
    } else {
        quoted(text, written);
    }
}

/// Whether a text may stand without quotes: it begins and ends as words do, and holds nothing that YAML reads otherwise.
fn is_plain(text: &str) -> bool {
    let begins = text
        .chars()
        .next()
        .is_some_and(|first| first.is_alphanumeric() || "_/.$(".contains(first));
    begins
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|character| character == ' ' || is_shown(character))
        && !text.starts_with("...")
        && !means_something_else(text)
}

/// Whether a character is seen, and stands for itself within quotes and blocks.
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn quoted(text: &mut String, written: &str) {
    text.push('"');
    for character in written.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            ' ' => text.push(' '),
            shown if is_shown(shown) => text.push(shown),
            other if u32::from(other) <= 0xffff => {
                let _ = write!(text, "\\u{:04X}", u32::from(other));
            }
            other => {
                let _ = write!(text, "\\U{:08X}", u32::from(other));
            }
        }
    }
    text.push('"');
}

/// Whether a text of several lines may stand as a block: no line ends in a space or begins the block with one.
fn is_block(text: &str) -> bool {
    let lines = || text.split('\n');
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && lines().all(|line| !line.ends_with(' ') && line.chars().all(|one| one == ' ' || is_shown(one)))
}

fn block(text: &mut String, written: &str, depth: usize) {
    let content = written.trim_end_matches('\n');
    text.push_str(match written.len() - content.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    let kept = if written.len() - content.len() > 1 {
        &written[..written.len() - 1]
    } else {
        content
    };
    for line in kept.split('\n') {
        text.push('\n');
        if !line.is_empty() {
            indent(text, depth.max(1));
            text.push_str(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::yaml::read;

    fn read_back(value: &Value) -> Value {
        let text = write(value);
        let documents = read(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        documents.first().map_or(Value::Null, super::super::Node::to_json)
    }

    #[test]
    fn definitions_look_as_a_person_writes_them() {
        let value = json!({
            "kind": "Workflow", "description": "First line\nsecond: line\n", "condition": "input.n > 1", "no": "no", "n": 1.50,
            "empty": {}, "none": [], "url": "{env.URL}/x",
            "steps": [{"name": "a", "inputMapping": {"id": "{input.id}", "on": true}}, [1, [2]], "text: colon"],
        });
        let expected = "kind: Workflow\ndescription: |\n  First line\n  second: line\ncondition: input.n > 1\nno: no\nn: 1.5\n\
                        empty: {}\nnone: []\nurl: \"{env.URL}/x\"\nsteps:\n  - name: a\n    inputMapping:\n      \
                        id: \"{input.id}\"\n      on: true\n  -\n    - 1\n    -\n      - 2\n  - \"text: colon\"\n";
        assert_eq!(write(&value), expected);
        assert_eq!(read_back(&value), value);
    }

    #[test]
    fn what_is_not_seen_is_escaped() {
        let text = write(&json!({"a": "x\u{202e}y\u{0}\u{1b}[2J\u{feff}\u{85}\u{2028}\u{e0041}"}));
        assert_eq!(
            text,
            "a: \"x\\u202Ey\\u0000\\u001B[2J\\uFEFF\\u0085\\u2028\\U000E0041\"\n"
        );
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ \\n:#'\"{}\\[\\],&*!|>%@`a-c0-9.~?<=_/+-]{0,12}",
            "[a-z ]{0,6}(\\n[a-z ]{0,6}){0,4}",
            prop::sample::select(vec![
                "null", "~", "yes", "0x1", "1e3", "---", "...", "<<", "- a", "? b", "true", "01"
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any_text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any_text(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn everything_is_read_back_as_it_was(value in any_json()) {
            prop_assert_eq!(read_back(&value).to_string(), value.to_string());
        }
    }
}
