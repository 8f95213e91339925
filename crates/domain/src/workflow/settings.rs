//! Checks a workflow's settings: everything but its steps.

use serde_json::Value;

use super::WorkflowSettings;
use crate::{field_errors::FieldErrors, ids::EnvironmentId, json, text};

/// Settings as written.
pub(super) struct WrittenSettings {
    pub name: String,
    pub description: Option<String>,
    pub environment_id: EnvironmentId,
    pub requires_approval: bool,
    pub tags: Option<Value>,
    pub configuration: Option<Value>,
}

impl WrittenSettings {
    /// The settings, normalised; notes everything that `Workflows` does not take.
    pub(super) fn check(self, errors: &mut FieldErrors) -> WorkflowSettings {
        WorkflowSettings {
            name: text::name(errors, "/name", &self.name, 200),
            description: text::block(errors, "/description", self.description.as_deref(), Some(1000)),
            environment_id: self.environment_id,
            requires_approval: self.requires_approval,
            tags: check_tags(errors, self.tags.as_ref()),
            configuration: json::object(errors, "/configuration", self.configuration.as_ref()),
        }
    }
}

/// A text as written, or an array of texts joined by commas; at most 500 UTF-16 units either way.
fn check_tags(errors: &mut FieldErrors, written: Option<&Value>) -> Option<String> {
    let joined = match written? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(tags) => {
            let mut texts = Vec::new();
            for (index, tag) in tags.iter().enumerate() {
                match tag.as_str().map(str::trim) {
                    Some(tag) if !tag.is_empty() && !tag.contains(',') => texts.push(tag),
                    Some(_) => errors.add(
                        format!("/tags/{index}"),
                        "must be a text without commas that is not empty",
                    ),
                    None => errors.add(format!("/tags/{index}"), "must be a text"),
                }
            }
            texts.join(",")
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            errors.add("/tags", "must be a text or an array of texts");
            return None;
        }
    };
    text::line(errors, "/tags", Some(&joined), 500)
}
