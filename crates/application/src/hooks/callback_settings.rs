//! What a workflow's `configuration.callbacks` says: who is told of which ends of its runs, and under whose signature.

use serde_json::{Map, Value};
use wfm_domain::{execution::Outcome, refusal::FieldError, workflow::WorkflowSettings};
use wfm_expressions::{Allowed, Authentication, CompiledRequest, EndpointDefinition};

use super::settings::{Reader, given, member};

/// Callbacks that a workflow has at most.
const MOST_CALLBACKS: usize = 5;

/// Longest URL in bytes.
const LONGEST_URL: usize = 2000;

const OUTCOMES: [(&str, Outcome); 3] = [
    ("completed", Outcome::Completed),
    ("failed", Outcome::Failed),
    ("cancelled", Outcome::Cancelled),
];

/// A callback as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenCallback {
    /// Of which ends it tells.
    pub(super) on: Vec<Outcome>,
    /// Template of the URL.
    pub(super) url: String,
    /// The variable that holds the secret.
    pub(super) secret: Option<String>,
}

/// A callback, ready to be sent.
#[derive(Debug)]
pub struct CompiledCallback {
    /// Of which ends it tells.
    pub on: Vec<Outcome>,
    /// The URL as it is written, for people.
    pub url: String,
    /// The request, but for its body and signature.
    pub request: CompiledRequest,
    /// The variable that holds the secret; without one it is not signed.
    pub secret: Option<String>,
}

impl WrittenCallback {
    /// Reads `configuration.callbacks`; notes what is wrong, each fault with its place in the workflow. `None` stands where
    /// something is wrong.
    pub(super) fn all_of(settings: &WorkflowSettings, problems: &mut Vec<FieldError>) -> Vec<Option<Self>> {
        let Some(value) = member(settings, "callbacks") else {
            return Vec::new();
        };
        let at = "/configuration/callbacks";
        let list = value.as_array().filter(|list| list.len() <= MOST_CALLBACKS);
        let Some(list) = list else {
            problems.push(FieldError {
                pointer: at.to_owned(),
                detail: format!("must be a list of at most {MOST_CALLBACKS} callbacks"),
            });
            return Vec::new();
        };
        let read = |(index, value)| {
            let at = format!("{at}/{index}");
            Self::of(value, &mut Reader { at, problems })
        };
        list.iter().enumerate().map(read).collect()
    }

    fn of(value: &Value, reader: &mut Reader<'_>) -> Option<Self> {
        let members = reader.object(value, &["on", "url", "secret"])?;
        let on = outcomes(members, reader);
        let url = members.get("url").and_then(Value::as_str);
        let url = url.filter(|url| url.len() <= LONGEST_URL);
        if url.is_none() {
            reader.problem("/url", &format!("must be a URL of at most {LONGEST_URL} bytes"));
        }
        let secret = match given(members, "secret") {
            None => None,
            Some(secret) => Some(reader.variable("/secret", secret)?),
        };
        Some(Self {
            on: on?,
            url: url?.to_owned(),
            secret,
        })
    }
}

/// `on`: every end when omitted.
fn outcomes(members: &Map<String, Value>, reader: &mut Reader<'_>) -> Option<Vec<Outcome>> {
    let Some(on) = given(members, "on") else {
        return Some(OUTCOMES.map(|(_, outcome)| outcome).to_vec());
    };
    let named = |name: &Value| {
        let known = OUTCOMES.iter().find(|(known, _)| name == known);
        known.map(|(_, outcome)| *outcome)
    };
    let outcomes: Option<Vec<Outcome>> = on.as_array().and_then(|names| names.iter().map(named).collect());
    let outcomes = outcomes.filter(|outcomes| {
        let is_first = |(index, outcome): (usize, &Outcome)| !outcomes[..index].contains(outcome);
        !outcomes.is_empty() && outcomes.iter().enumerate().all(is_first)
    });
    if outcomes.is_none() {
        reader.problem(
            "/on",
            "must be a list of completed, failed, cancelled, each at most once",
        );
    }
    outcomes
}

impl CompiledCallback {
    /// Reads and compiles `configuration.callbacks`; notes what is wrong.
    pub(crate) fn all_of(settings: &WorkflowSettings, problems: &mut Vec<FieldError>) -> Vec<Self> {
        let written = WrittenCallback::all_of(settings, problems);
        let compile = |(index, callback): (usize, Option<WrittenCallback>)| {
            let callback = callback?;
            match compile(&callback.url) {
                Ok(request) => Some(Self {
                    on: callback.on,
                    url: callback.url,
                    request,
                    secret: callback.secret,
                }),
                Err(details) => {
                    problems.extend(details.into_iter().map(|detail| FieldError {
                        pointer: format!("/configuration/callbacks/{index}/url"),
                        detail,
                    }));
                    None
                }
            }
        };
        written.into_iter().enumerate().filter_map(compile).collect()
    }
}

/// The URL is that of an endpoint without parameters: `{env.…}` anywhere, `{input.…}` and `{system.…}` after the host.
fn compile(url: &str) -> Result<CompiledRequest, Vec<String>> {
    let endpoint = EndpointDefinition {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        authentication: Authentication::None,
        parameters: Vec::new(),
        soap: None,
    };
    let allowed = Allowed::request(std::iter::empty::<String>());
    CompiledRequest::compile(&endpoint, None, &allowed)
        .map_err(|problems| problems.into_iter().map(|problem| problem.detail).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(callbacks: Value) -> Result<Vec<CompiledCallback>, Vec<String>> {
        let settings = WorkflowSettings {
            name: "Ship".into(),
            description: None,
            environment_id: Default::default(),
            requires_approval: false,
            tags: None,
            configuration: Some(json!({"callbacks": callbacks})),
        };
        let mut problems = Vec::new();
        let compiled = CompiledCallback::all_of(&settings, &mut problems);
        match problems.is_empty() {
            true => Ok(compiled),
            false => Err(problems.into_iter().map(|problem| problem.pointer).collect()),
        }
    }

    #[test]
    fn callbacks_say_whom_they_tell_of_what() {
        let callbacks = compiled(json!([
            {"on": ["failed", "cancelled"], "url": "{env.HOOKS}/orders/{system.executionId}?of={input.order}"},
            {"url": "https://hooks.example.com", "secret": "{env.SECRET}"},
        ]));
        let callbacks = callbacks.unwrap();
        assert_eq!(callbacks[0].on, [Outcome::Failed, Outcome::Cancelled]);
        assert_eq!(callbacks[0].secret, None);
        assert_eq!(callbacks[1].on.len(), 3, "every end");
        assert_eq!(callbacks[1].secret.as_deref(), Some("SECRET"));
        assert!(compiled(json!([])).unwrap().is_empty());
        assert!(compiled(Value::Null).unwrap().is_empty());
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        let at = |place: &str| vec![format!("/configuration/callbacks{place}")];
        let one = json!({"url": "https://a.example"});
        assert_eq!(compiled(json!({})).unwrap_err(), at(""));
        assert_eq!(compiled(json!([one, one, one, one, one, one])).unwrap_err(), at(""));
        assert_eq!(compiled(json!(["x"])).unwrap_err(), at("/0"));
        for (key, value) in [
            ("on", json!([])),
            ("on", json!(["Completed"])),
            ("on", json!(["failed", "failed"])),
            ("on", json!("failed")),
            ("url", json!("ftp://a.example")),
            ("url", json!("/relative")),
            ("url", json!("https://{input.host}/x")),
            ("url", json!("https://me:word@a.example")),
            ("url", json!("https://a.example/{steps.a.output}")),
            ("url", json!(7)),
            ("secret", json!("literal")),
            ("surprise", json!(1)),
        ] {
            let mut callback = one.clone();
            callback[key] = value;
            assert_eq!(
                compiled(json!([one, callback])).unwrap_err(),
                at(&format!("/1/{key}")),
                "{callback}"
            );
        }
    }
}
