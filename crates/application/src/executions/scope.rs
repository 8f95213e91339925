//! What the expressions of a run read: input, system values, and what became of its steps.

use serde_json::{Map, Value};
use wfm_domain::{
    execution::{Execution, StepResult},
    instant::Instant,
    protected::Protected,
};
use wfm_expressions::{Scope, StepOutcome, Steps};

use super::definition::{CompiledWorkflow, NULL};

/// Kind of error of a step of which nobody knows whether it took effect.
pub const IN_DOUBT: &str = "in-doubt";

/// What became of a step, as expressions read it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    status: &'static str,
    output: Value,
    error: Value,
}

impl StepRecord {
    /// A step that succeeded.
    #[must_use]
    pub fn succeeded(output: Value) -> Self {
        Self {
            status: "Succeeded",
            output,
            error: Value::Null,
        }
    }

    /// A step that was not run.
    #[must_use]
    pub fn skipped() -> Self {
        Self {
            status: "Skipped",
            output: Value::Null,
            error: Value::Null,
        }
    }

    /// A step that failed.
    #[must_use]
    pub fn failed(kind: &str, message: &str, status_code: Option<u16>) -> Self {
        let mut error = Map::new();
        error.insert("kind".to_owned(), kind.into());
        error.insert("message".to_owned(), message.into());
        if let Some(status) = status_code {
            error.insert("statusCode".to_owned(), status.into());
        }
        Self {
            status: "Failed",
            output: Value::Null,
            error: Value::Object(error),
        }
    }

    /// A step of which nobody knows whether it took effect.
    #[must_use]
    pub fn in_doubt() -> Self {
        Self::failed(
            IN_DOUBT,
            "the call was cut short, and the step must not be repeated: it may or may not have taken effect",
            None,
        )
    }

    /// Whether the step succeeded.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.status == "Succeeded"
    }

    /// Kind and message of a step that failed.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, &str)> {
        let text = |key: &str| self.error.get(key).and_then(Value::as_str);
        Some((text("kind")?, text("message")?))
    }
}

/// What the expressions of a run read.
pub struct RunScope {
    /// Input parameters.
    pub input: Value,
    /// `system`; its `utcNow` is the instant at which the open step began.
    pub system: Value,
    names: Vec<std::sync::Arc<str>>,
    records: Vec<Option<StepRecord>>,
}

impl Steps for RunScope {
    fn step(&self, name: &str) -> Option<StepOutcome<'_>> {
        let index = self.names.iter().position(|candidate| **candidate == *name)?;
        let record = self.records[index].as_ref()?;
        Some(StepOutcome {
            status: record.status,
            output: &record.output,
            error: &record.error,
        })
    }
}

impl RunScope {
    /// The scope of a run that has not begun.
    #[must_use]
    pub fn new(workflow: &CompiledWorkflow, execution: &str, context: Option<&str>, input: Value) -> Self {
        let mut system = Map::with_capacity(5);
        system.insert("utcNow".to_owned(), Value::Null);
        system.insert("executionId".to_owned(), execution.into());
        system.insert("workflowId".to_owned(), workflow.id.0.into());
        system.insert("workflowVersion".to_owned(), workflow.version.into());
        system.insert("executionContext".to_owned(), context.into());
        Self {
            input,
            system: Value::Object(system),
            names: workflow
                .steps
                .iter()
                .map(|step| std::sync::Arc::clone(&step.name))
                .collect(),
            records: vec![None; workflow.steps.len()],
        }
    }

    /// Fixes `system.utcNow`.
    pub fn set_now(&mut self, now: Instant) {
        if let Some(system) = self.system.as_object_mut() {
            system.insert("utcNow".to_owned(), now.to_string().into());
        }
    }

    /// Notes what became of a step.
    pub fn set(&mut self, index: usize, record: StepRecord) {
        self.records[index] = Some(record);
    }

    /// Forgets the steps that are not done in the log: a planner noted them, and its moves were not recorded.
    pub fn forget_unrecorded(&mut self, execution: &Execution) {
        for (index, record) in (0..).zip(&mut self.records) {
            if execution.step_done(index).is_none() {
                *record = None;
            }
        }
    }

    /// Notes the steps of a run that was read from the log.
    pub fn restore(&mut self, execution: &Execution) {
        for done in &execution.done {
            let record = match &done.result {
                StepResult::Skipped => StepRecord::skipped(),
                StepResult::Succeeded(output) => StepRecord::succeeded(open_json(output)),
                StepResult::Failed {
                    kind,
                    message,
                    status_code,
                    ..
                } => StepRecord::failed(kind, message.text().unwrap_or("erased"), *status_code),
                StepResult::InDoubt => StepRecord::in_doubt(),
            };
            if let Some(slot) = self.records.get_mut(done.index as usize) {
                *slot = Some(record);
            }
        }
    }

    /// What became of the step at this place, if it is done.
    #[must_use]
    pub fn record(&self, index: usize) -> Option<&StepRecord> {
        self.records.get(index)?.as_ref()
    }

    /// The output of the last step that ran and has one.
    pub(super) fn last_output(&self) -> Value {
        let ran = self
            .records
            .iter()
            .rev()
            .flatten()
            .find(|record| record.status == "Succeeded");
        ran.map_or(Value::Null, |record| record.output.clone())
    }

    /// What expressions may read, with secrets closed or open as `environment` gives them.
    #[must_use]
    pub fn scope<'a>(
        &'a self,
        environment: &'a dyn wfm_expressions::Environment,
        response: Option<&'a Value>,
    ) -> Scope<'a> {
        Scope {
            input: &self.input,
            env: environment,
            system: &self.system,
            steps: self,
            response,
        }
    }
}

/// The JSON value of a protected text; null when it cannot be opened any more.
#[must_use]
pub fn open_json(text: &Protected) -> Value {
    text.text()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| NULL.clone())
}
