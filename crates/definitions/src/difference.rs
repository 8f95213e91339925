//! What changes between two definitions, member by member; steps and parameters by their names.

use serde_json::{Map, Value};

use crate::secrets;

/// One member that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `/steps/reserve/timeoutSeconds`.
    pub path: String,
    /// What it is now; `None` when it is not there.
    pub before: Option<Value>,
    /// What it becomes; `None` when it goes.
    pub after: Option<Value>,
}

impl Difference {
    /// The member of the resource in which it lies.
    #[must_use]
    pub fn member(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }
}

/// The differences between two bodies. Names of variables count as none: an apply sets no variables.
#[must_use]
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    members(before, after, "", &mut found);
    found.retain(|difference| difference.member() != "variables");
    found
}

fn members(before: &Map<String, Value>, after: &Map<String, Value>, at: &str, found: &mut Vec<Difference>) {
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        compare(before.get(key), after.get(key), &format!("{at}/{key}"), found);
    }
}

fn compare(before: Option<&Value>, after: Option<&Value>, at: &str, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => members(before, after, at, found),
        (Some(Value::Array(old)), Some(Value::Array(new))) => match (by_name(old), by_name(new)) {
            (Some(old), Some(new)) => members(&old, &new, at, found),
            _ => note(before, after, at, found),
        },
        _ => note(before, after, at, found),
    }
}

fn note(before: Option<&Value>, after: Option<&Value>, at: &str, found: &mut Vec<Difference>) {
    found.push(Difference {
        path: at.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    });
}

/// A list of named things as an object; `None` when something in it has no name of its own.
fn by_name(items: &[Value]) -> Option<Map<String, Value>> {
    let mut named = Map::new();
    for item in items {
        let name = item.get("name")?.as_str()?;
        if named.insert(name.to_owned(), item.clone()).is_some() {
            return None;
        }
    }
    Some(named)
}

/// A difference as it may be shown: without credentials.
#[must_use]
pub fn shown(difference: &Difference) -> Difference {
    let segments: Vec<&str> = difference.path.split('/').collect();
    let name = match segments[..] {
        // A parameter's default is what its name says.
        [.., parameter, "defaultValue"] => parameter,
        [.., last] => last,
        [] => "",
    };
    let show = |value: &Option<Value>| value.as_ref().map(|value| secrets::shown(name, value));
    Difference {
        path: difference.path.clone(),
        before: show(&difference.before),
        after: show(&difference.after),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn between(before: &Value, after: &Value) -> Vec<String> {
        let found = differences(before.as_object().unwrap(), after.as_object().unwrap());
        let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        found
            .iter()
            .map(shown)
            .map(|one| format!("{} {} {}", one.path, text(&one.before), text(&one.after)))
            .collect()
    }

    #[test]
    fn steps_go_by_name() {
        let before =
            json!({"steps": [{"name": "a", "order": 1, "n": {"x": 1}}, {"name": "b", "order": 2}], "tags": "x"});
        let after = json!({"steps": [{"name": "c", "order": 1}, {"name": "a", "order": 2, "n": {"x": 2}}]});
        assert_eq!(
            between(&before, &after),
            [
                "/steps/a/order 1 2",
                "/steps/a/n/x 1 2",
                "/steps/b {\"name\":\"b\",\"order\":2} -",
                "/steps/c - {\"name\":\"c\",\"order\":1}",
                "/tags \"x\" -"
            ]
        );
    }

    #[test]
    fn credentials_are_not_shown_and_variables_are_no_difference() {
        let before = json!({"headers": {"Authorization": "Bearer old"}, "parameters": [{"name": "apiKey", "defaultValue": "a"}]});
        let after = json!({"headers": {"Authorization": "Bearer new"}, "parameters": [{"name": "apiKey", "defaultValue": "b"}],
            "variables": {"A": {}}});
        assert_eq!(
            between(&before, &after),
            [
                r#"/headers/Authorization {"withheld":true} {"withheld":true}"#,
                r#"/parameters/apiKey/defaultValue {"withheld":true} {"withheld":true}"#
            ]
        );
    }
}
