//! What an expression can read while it is evaluated: input, environment, system facts, earlier steps and a response.
//!
//! Invariant: everything is borrowed; evaluating never copies a root it does not return.

use serde_json::Value;

/// The value of one environment variable, as an evaluation may see it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum EnvValue<'a> {
    /// A readable variable.
    Plain(&'a str),
    /// A secret: `None` while the durable form is rendered, `Some` when the request is about to be sent.
    Secret(Option<&'a str>),
    /// The environment has no variable of that name.
    Missing,
}

impl std::fmt::Debug for EnvValue<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(text) => formatter.debug_tuple("Plain").field(text).finish(),
            Self::Secret(_) => formatter.write_str("Secret(***)"),
            Self::Missing => formatter.write_str("Missing"),
        }
    }
}

/// The variables of the environment a run belongs to.
pub trait Environment {
    /// The variable of that name (names are compared exactly).
    fn variable(&self, name: &str) -> EnvValue<'_>;
}

/// What became of an earlier step.
#[derive(Debug, Clone, Copy)]
pub struct StepOutcome<'a> {
    /// `Succeeded`, `Failed` or `Skipped`.
    pub status: &'a str,
    /// The step's output; null when it has none.
    pub output: &'a Value,
    /// `{"kind", "message", "statusCode"?}`, or null.
    pub error: &'a Value,
}

/// The outcomes of the steps of a run so far.
pub trait Steps {
    /// The outcome of the step of that name; `None` if it has not ended (or was never reached).
    fn step(&self, name: &str) -> Option<StepOutcome<'_>>;
}

/// Everything an evaluation may read.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The run's input parameters.
    pub input: &'a Value,
    /// The environment's variables.
    pub env: &'a dyn Environment,
    /// An object: `utcNow`, `executionId`, `workflowId`, `workflowVersion`, `executionContext`.
    pub system: &'a Value,
    /// The earlier steps.
    pub steps: &'a dyn Steps,
    /// `{"status", "headers", "body"}`, header names in lower case; only for output mappings and `successWhen`.
    pub response: Option<&'a Value>,
}

impl Scope<'_> {
    /// What there is to read before anything runs.
    pub(crate) const EMPTY: Self = Self {
        input: &Value::Null,
        env: &Nothing,
        system: &Value::Null,
        steps: &Nothing,
        response: None,
    };
}

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> EnvValue<'_> {
        EnvValue::Missing
    }
}

impl Steps for Nothing {
    fn step(&self, _name: &str) -> Option<StepOutcome<'_>> {
        None
    }
}
