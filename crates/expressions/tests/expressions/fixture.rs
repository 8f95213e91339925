//! A scope to evaluate in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wfm_expressions::{Allowed, EnvValue, Environment, Scope, StepOutcome, Steps};

/// Variables: the flag says whether it is secret. Secrets are readable only while `is_sending`.
pub struct Variables {
    pub values: BTreeMap<String, (String, bool)>,
    pub is_sending: bool,
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> EnvValue<'_> {
        match self.values.get(name) {
            None => EnvValue::Missing,
            Some((text, false)) => EnvValue::Plain(text),
            Some((text, true)) => EnvValue::Secret(self.is_sending.then_some(text)),
        }
    }
}

pub struct Outcomes(pub BTreeMap<String, (String, Value, Value)>);

impl Steps for Outcomes {
    fn step(&self, name: &str) -> Option<StepOutcome<'_>> {
        self.0
            .get(name)
            .map(|(status, output, error)| StepOutcome { status, output, error })
    }
}

pub const SECRET: &str = "s3cr3t & \"key\"";

pub struct Fixture {
    pub input: Value,
    pub system: Value,
    pub response: Option<Value>,
    pub steps: Outcomes,
    pub rendering: Variables,
    pub sending: Variables,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(
            serde_json::from_str(
                r#"{"customerId": 42, "total": 100.10, "big": 123456789012345678901234567890, "name": "Ann", "empty": "",
                    "nothing": null, "yes": true, "items": [{"sku": "a", "price": 1.5, "n": 2}, {"sku": "b", "price": 2, "n": 1}],
                    "look": "{env.API_KEY}", "object": {"a b": {"c": [10, 20]}}, "date": "2026-01-31T10:00:00Z",
                    "evil": "../x?y=1#z\r\nA: b", "dots": ".."}"#,
            )
            .unwrap(),
        )
    }

    pub fn with(input: Value) -> Self {
        let variables = |is_sending| Variables {
            values: [
                ("API_URL", "https://api.example.com", false),
                ("DEBUG", "false", false),
                ("TIMEOUT_MS", "30000", false),
                ("API_KEY", SECRET, true),
                ("NUMBER", "4711", true),
            ]
            .into_iter()
            .map(|(name, text, secret)| (name.to_owned(), (text.to_owned(), secret)))
            .collect(),
            is_sending,
        };
        let outcome = |status: &str, output, error| (status.to_owned(), output, error);
        Self {
            input,
            system: json!({"utcNow": "2026-11-22T16:29:03.123456Z", "executionId": "e-1", "workflowId": 7,
                "workflowVersion": 3, "executionContext": null}),
            response: None,
            steps: Outcomes(
                [
                    (
                        "check",
                        outcome("Succeeded", json!({"ok": true, "left": [1, 2, 3]}), Value::Null),
                    ),
                    (
                        "Check stock",
                        outcome(
                            "Failed",
                            Value::Null,
                            json!({"kind": "Http", "message": "no", "statusCode": 503}),
                        ),
                    ),
                    ("skipped", outcome("Skipped", Value::Null, Value::Null)),
                ]
                .into_iter()
                .map(|(name, outcome)| (name.to_owned(), outcome))
                .collect(),
            ),
            rendering: variables(false),
            sending: variables(true),
        }
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope {
            input: &self.input,
            env: &self.rendering,
            system: &self.system,
            steps: &self.steps,
            response: self.response.as_ref(),
        }
    }

    pub fn sending(&self) -> Scope<'_> {
        Scope {
            env: &self.sending,
            ..self.scope()
        }
    }

    /// The same, with every secret a readable variable.
    pub fn all_plain(mut self) -> Self {
        for variables in [&mut self.rendering, &mut self.sending] {
            variables.values.values_mut().for_each(|(_, secret)| *secret = false);
        }
        self
    }
}

pub const STEPS: [&str; 4] = ["check", "Check stock", "skipped", "unreached"];

pub fn request() -> Allowed {
    Allowed::request(STEPS).with_later_steps(["later"])
}
