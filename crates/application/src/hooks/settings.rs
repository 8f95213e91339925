//! What a workflow's `configuration` says of its hooks.
//!
//! Invariant: a secret is named, never written: `{env.NAME}`.

use serde_json::{Map, Value};
use wfm_domain::{
    environment::Environment, field_errors::pointer_segment, refusal::FieldError, workflow::WorkflowSettings,
};

use super::callback_settings::WrittenCallback;

/// How far the clocks of sender and server may be apart when nothing else is said.
const USUAL_TOLERANCE_SECONDS: i64 = 300;

/// The most that may be said.
pub const LONGEST_TOLERANCE_SECONDS: i64 = 3600;

/// How runs are started by others: `configuration.webhook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The variable that holds the secret.
    pub secret: String,
    /// How old a signature may be, and how far ahead.
    pub tolerance_seconds: i64,
}

impl Webhook {
    /// Reads `configuration.webhook`; notes what is wrong with it, each fault with its place in the workflow.
    pub(crate) fn of(settings: &WorkflowSettings, problems: &mut Vec<FieldError>) -> Option<Self> {
        let value = member(settings, "webhook")?;
        let mut reader = Reader {
            at: "/configuration/webhook".to_owned(),
            problems,
        };
        let members = reader.object(value, &["secret", "toleranceSeconds", "inputFrom"])?;
        let secret = match members.get("secret") {
            Some(secret) => reader.variable("/secret", secret),
            None => {
                reader.problem(
                    "/secret",
                    "is missing: name a secret variable of the environment, {env.NAME}",
                );
                None
            }
        };
        let tolerance = given(members, "toleranceSeconds").map_or(Some(USUAL_TOLERANCE_SECONDS), Value::as_i64);
        let tolerance = tolerance.filter(|seconds| (1..=LONGEST_TOLERANCE_SECONDS).contains(seconds));
        if tolerance.is_none() {
            let detail = format!("must be an integer from 1 to {LONGEST_TOLERANCE_SECONDS}");
            reader.problem("/toleranceSeconds", &detail);
        }
        if given(members, "inputFrom").is_some_and(|from| from != "body") {
            reader.problem("/inputFrom", "must be body: the body is the run's input");
        }
        Some(Self {
            secret: secret?,
            tolerance_seconds: tolerance?,
        })
    }
}

/// Variables that are named as secrets of hooks but are readable: what anybody may read signs nothing.
#[must_use]
pub(crate) fn readable_secrets(settings: &WorkflowSettings, environment: &Environment) -> Vec<FieldError> {
    let webhook = Webhook::of(settings, &mut Vec::new())
        .map(|webhook| ("/configuration/webhook/secret".to_owned(), webhook.secret));
    let callbacks = (0..).zip(WrittenCallback::all_of(settings, &mut Vec::new()));
    let callbacks = callbacks
        .filter_map(|(index, callback)| Some((format!("/configuration/callbacks/{index}/secret"), callback?.secret?)));
    webhook
        .into_iter()
        .chain(callbacks)
        .filter(|(_, name)| {
            let variable = environment.variables.0.get(name);
            variable.is_some_and(|variable| !variable.secret)
        })
        .map(|(pointer, name)| FieldError {
            pointer,
            detail: format!("the variable {name} is readable; a secret must be a secret variable"),
        })
        .collect()
}

pub(super) fn member<'d>(settings: &'d WorkflowSettings, key: &str) -> Option<&'d Value> {
    let configuration = settings.configuration.as_ref()?;
    configuration.get(key).filter(|value| !value.is_null())
}

pub(super) fn given<'m>(members: &'m Map<String, Value>, key: &str) -> Option<&'m Value> {
    members.get(key).filter(|value| !value.is_null())
}

/// Reads an object and notes what is wrong with it.
pub(super) struct Reader<'p> {
    /// Place of the object.
    pub(super) at: String,
    /// What is wrong.
    pub(super) problems: &'p mut Vec<FieldError>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, pointer: &str, detail: &str) {
        self.problems.push(FieldError {
            pointer: format!("{}{pointer}", self.at),
            detail: detail.to_owned(),
        });
    }

    /// The members of an object that knows these keys.
    pub(super) fn object<'v>(&mut self, value: &'v Value, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.problem("", "must be a JSON object");
            return None;
        };
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let detail = format!("is unknown; known are {}", known.join(", "));
            self.problem(&pointer_segment(key), &detail);
        }
        Some(members)
    }

    /// The name in `{env.NAME}`.
    pub(super) fn variable(&mut self, pointer: &str, value: &Value) -> Option<String> {
        let name = value
            .as_str()
            .and_then(|text| text.strip_prefix("{env.")?.strip_suffix('}'))
            .filter(|name| !name.is_empty() && !name.contains(['{', '}', ' ', '?', '"', '[']));
        if name.is_none() {
            // What stands there may be the secret itself: it is not repeated.
            let detail = "a secret is never written here: name a secret variable of the environment, {env.NAME}";
            self.problem(pointer, detail);
        }
        name.map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(configuration: Value) -> WorkflowSettings {
        WorkflowSettings {
            name: "Ship".into(),
            description: None,
            environment_id: Default::default(),
            requires_approval: false,
            tags: None,
            configuration: Some(configuration),
        }
    }

    fn webhook(value: Value) -> Result<Option<Webhook>, Vec<String>> {
        let mut problems = Vec::new();
        let webhook = Webhook::of(&settings(json!({"webhook": value})), &mut problems);
        match problems.is_empty() {
            true => Ok(webhook),
            false => Err(problems.into_iter().map(|problem| problem.pointer).collect()),
        }
    }

    #[test]
    fn a_webhook_names_its_secret() {
        let usual = Webhook {
            secret: "HOOK".into(),
            tolerance_seconds: 300,
        };
        assert_eq!(webhook(json!({"secret": "{env.HOOK}"})), Ok(Some(usual.clone())));
        let written = json!({"secret": "{env.HOOK}", "toleranceSeconds": 60, "inputFrom": "body"});
        let tolerance_seconds = 60;
        assert_eq!(
            webhook(written),
            Ok(Some(Webhook {
                tolerance_seconds,
                ..usual
            }))
        );
        assert_eq!(webhook(Value::Null), Ok(None));
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        let at = |key: &str| Err(vec![format!("/configuration/webhook{key}")]);
        assert_eq!(webhook(json!("x")), at(""));
        assert_eq!(webhook(json!({})), at("/secret"));
        for secret in [
            "literal",
            "{env.}",
            "{env.A}{env.B}",
            "x{env.A}",
            "{input.A}",
            "{env.A ?? 1}",
        ] {
            assert_eq!(webhook(json!({"secret": secret})), at("/secret"), "{secret}");
        }
        for (key, value) in [
            ("toleranceSeconds", json!(0)),
            ("toleranceSeconds", json!(3601)),
            ("toleranceSeconds", json!("60")),
            ("inputFrom", json!("query")),
            ("surprise", json!(1)),
        ] {
            assert_eq!(
                webhook(json!({"secret": "{env.A}", key: value})),
                at(&format!("/{key}"))
            );
        }
    }
}
