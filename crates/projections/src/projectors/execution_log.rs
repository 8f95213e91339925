//! `ExecutionLogs`: one readable row an event, its facts as JSON beside it.
//!
//! Invariant: at most one row an event, so its id is position × 256. The JSON is written straight into one string.

use std::fmt::Write as _;

use wfm_domain::{
    execution::{Ending, StepAttempt},
    ids::StepId,
};
use wfm_storage::read_store::{Cell, Change};

use super::rows::insert;
use crate::{envelope::Envelope, tables::EXECUTION_LOGS};

/// Writes the row of one event.
pub struct Log<'a> {
    envelope: &'a Envelope,
    execution: &'a Cell,
    step: Option<StepId>,
    changes: &'a mut Vec<Change>,
}

impl<'a> Log<'a> {
    /// For an event of this execution.
    pub fn new(envelope: &'a Envelope, execution: &'a Cell, changes: &'a mut Vec<Change>) -> Self {
        Self {
            envelope,
            execution,
            step: None,
            changes,
        }
    }

    /// About a step.
    pub fn step(self, step: StepId) -> Self {
        self.step_or_none(Some(step))
    }

    /// About a step, if there is one.
    pub fn step_or_none(mut self, step: Option<StepId>) -> Self {
        self.step = step;
        self
    }

    /// LogLevel Info.
    pub fn info(self, message: &str, details: Details) {
        self.write("Info", message, details);
    }

    /// LogLevel Warning.
    pub fn warning(self, message: &str, details: Details) {
        self.write("Warning", message, details);
    }

    /// LogLevel Error.
    pub fn error(self, message: &str, details: Details) {
        self.write("Error", message, details);
    }

    fn write(self, level: &str, message: &str, details: Details) {
        let row = vec![
            self.envelope.derived_id(0),
            self.execution.clone(),
            self.step.map(|step| step.0).into(),
            level.into(),
            message.into(),
            details.finish(),
            self.envelope.at(),
        ];
        self.changes.push(insert(&EXECUTION_LOGS, row));
    }
}

/// A flat JSON object, written as it grows.
pub struct Details(String);

impl Details {
    /// NULL.
    pub fn none() -> Self {
        Self(String::new())
    }

    /// `{"executionId":…`
    pub fn run(execution: &str) -> Self {
        Self::with_text("executionId", execution)
    }

    /// `{"step":…,"attempt":…`
    pub fn step(step: &StepAttempt) -> Self {
        Self::none().and_step(step)
    }

    /// `{"durationMs":…,"retryCount":…`
    pub fn ending(ending: &Ending) -> Self {
        Self::none()
            .duration_ms(ending.duration_ms)
            .number("retryCount", ending.retry_count)
    }

    /// `"step":…,"attempt":…`
    pub fn and_step(self, step: &StepAttempt) -> Self {
        self.text("step", &step.name).number("attempt", step.attempt)
    }

    /// `"statusCode":…`, if there is one.
    pub fn status_code(self, status_code: Option<u16>) -> Self {
        match status_code {
            Some(code) => self.number("statusCode", code),
            None => self,
        }
    }

    /// `"durationMs":…`
    pub fn duration_ms(self, duration_ms: f64) -> Self {
        // JSON knows no infinity.
        if duration_ms.is_finite() {
            self.number("durationMs", duration_ms)
        } else {
            self
        }
    }

    /// `"errorKind":…`
    pub fn error_kind(self, kind: &str) -> Self {
        self.text("errorKind", kind)
    }

    /// The JSON text, or NULL for an object without members.
    pub fn finish(mut self) -> Cell {
        if self.0.is_empty() {
            return Cell::Null;
        }
        self.0.push('}');
        self.0.into()
    }

    fn with_text(name: &str, value: &str) -> Self {
        Self(String::with_capacity(128)).text(name, value)
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn number(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{value}");
        self
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push('"');
        for character in value.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                control if control < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(control));
                }
                plain => self.0.push(plain),
            }
        }
        self.0.push('"');
        self
    }
}
