//! Shows a plan and what became of it: lines for people, one JSON object for scripts.
//!
//! Invariant: every value goes through [`difference::shown`], which withholds credentials.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value, json};
use wfm_definitions::{
    difference::{self, Difference},
    plan::{Action, FileFault, Plan, Step, Warning},
    resource::printable,
};

use crate::cli::{definitions::Problem, output};

/// Characters of a value that a line shows.
const LONGEST_VALUE: usize = 120;

/// What became of a step.
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Failed(Failure),
    /// It was not begun.
    Remains,
}

/// Why a step was refused.
pub struct Failure {
    file: Option<String>,
    line: Option<usize>,
    detail: String,
}

impl Failure {
    /// The problem of a step, at the place in its file.
    pub fn new(plan: &Plan, step: &Step, problem: Problem) -> Self {
        let declared = step.declared.map(|index| &plan.declared[index]);
        let pointer = problem.errors.first().map_or("", |(pointer, _)| pointer.as_str());
        let detail = match (problem.status, step.action) {
            (412, _) => "somebody changed it since the plan was made; run apply again to see the new plan".to_owned(),
            (409, Action::Create) => format!("{problem}; it may have been made since the plan: run apply again"),
            _ => problem.to_string(),
        };
        Self {
            file: declared.map(|declared| declared.file.clone()),
            line: declared.map(|declared| declared.line_of(pointer)),
            detail: printable(&detail),
        }
    }
}

/// `create Workflow Acme / Orders / Fulfil`.
pub fn title(step: &Step) -> String {
    format!("{} {}", step.action.name(), step.resource.identity)
}

/// A plan and what became of it.
pub struct Report<'a> {
    plan: &'a Plan,
    dry_run: bool,
    /// What became of each step; empty when nothing was begun.
    pub outcomes: Vec<Outcome>,
}

impl<'a> Report<'a> {
    /// Of a plan.
    pub fn new(plan: &'a Plan, dry_run: bool) -> Self {
        Self {
            plan,
            dry_run,
            outcomes: Vec::new(),
        }
    }

    /// Whether something was refused.
    pub fn has_failed(&self) -> bool {
        self.failures().next().is_some()
    }

    fn failures(&self) -> impl Iterator<Item = (&Step, &Failure)> {
        self.plan
            .steps
            .iter()
            .zip(&self.outcomes)
            .filter_map(|(step, outcome)| match outcome {
                Outcome::Failed(failure) => Some((step, failure)),
                Outcome::Done | Outcome::Remains => None,
            })
    }

    /// The place of a step's document.
    fn place(&self, step: &Step) -> Option<(&str, usize)> {
        let declared = &self.plan.declared[step.declared?];
        Some((&declared.file, declared.node.line))
    }

    /// What the plan does, for people.
    pub fn print_plan(&self) {
        for step in &self.plan.steps {
            let sign = match step.action {
                Action::Create => '+',
                Action::Change => '~',
                Action::Publish => '^',
                Action::Delete => '-',
                Action::Deactivate => '!',
            };
            let place = self.place(step).map(|(file, line)| format!("  ({file}:{line})"));
            println!("{sign} {}{}", title(step), place.unwrap_or_default());
            for difference in step.differences.iter().map(difference::shown) {
                let (before, after) = (value(difference.before.as_ref()), value(difference.after.as_ref()));
                println!(
                    "    {}: {before} -> {after}",
                    printable(difference.path.trim_start_matches('/'))
                );
            }
        }
        for warning in &self.plan.warnings {
            eprintln!("warning: {}{}: {}", at(warning), warning.identity, warning.detail);
        }
        if self.plan.steps.is_empty() {
            println!("nothing to do: {} definitions are as described", self.plan.unchanged);
        } else {
            let counts: Vec<String> = counts(self.plan)
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(name, count)| format!("{count} to {name}"))
                .collect();
            println!("plan: {}, {} unchanged", counts.join(", "), self.plan.unchanged);
        }
    }

    /// What became of it, for people.
    pub fn print_end(&self) {
        let done = self
            .outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Done))
            .count();
        for (step, failure) in self.failures() {
            let place = match (&failure.file, failure.line) {
                (Some(file), Some(line)) => format!("{file}:{line}: "),
                _ => String::new(),
            };
            eprintln!("error: {place}{}: {}", title(step), failure.detail);
        }
        if self.has_failed() {
            eprintln!(
                "{done} of {} steps are done; running apply again does the rest:",
                self.outcomes.len()
            );
            for (step, outcome) in self.plan.steps.iter().zip(&self.outcomes) {
                if matches!(outcome, Outcome::Remains) {
                    eprintln!("  remains: {}", title(step));
                }
            }
        } else if !self.outcomes.is_empty() {
            println!("applied: {done} steps");
        }
    }

    /// All of it as JSON.
    pub fn print_json(&self) -> Result<()> {
        let steps = self.plan.steps.iter().enumerate().map(|(index, step)| {
            let mut members = identity(step);
            if let Some((file, line)) = self.place(step) {
                members.insert("file".to_owned(), json!(file));
                members.insert("line".to_owned(), json!(line));
            }
            let differences: Vec<Value> = step
                .differences
                .iter()
                .map(difference::shown)
                .map(difference_json)
                .collect();
            members.insert("differences".to_owned(), json!(differences));
            let outcome = match self.outcomes.get(index) {
                None => "planned",
                Some(Outcome::Done) => "done",
                Some(Outcome::Failed(_)) => "failed",
                Some(Outcome::Remains) => "remains",
            };
            members.insert("outcome".to_owned(), json!(outcome));
            Value::Object(members)
        });
        let warnings = self.plan.warnings.iter().map(|warning| {
            json!({
                "code": warning.code, "kind": warning.identity.kind.name(), "workspace": warning.identity.workspace,
                "project": warning.identity.project, "name": warning.identity.name, "file": warning.file,
                "line": warning.line, "detail": warning.detail,
            })
        });
        let errors = self.failures().map(|(step, failure)| {
            let mut members = identity(step);
            members.insert("file".to_owned(), json!(failure.file));
            members.insert("line".to_owned(), json!(failure.line));
            members.insert("detail".to_owned(), json!(failure.detail));
            Value::Object(members)
        });
        let mut counts: Map<String, Value> = counts(self.plan)
            .into_iter()
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        counts.insert("unchanged".to_owned(), json!(self.plan.unchanged));
        output::json(&json!({
            "dryRun": self.dry_run, "counts": counts, "steps": steps.collect::<Vec<_>>(),
            "warnings": warnings.collect::<Vec<_>>(), "errors": errors.collect::<Vec<_>>(),
        }))
    }
}

/// Says what is wrong with files; nothing was asked of the server, or nothing done.
pub fn faults(faults: &[FileFault], as_json: bool) -> Result<ExitCode> {
    if as_json {
        let errors: Vec<Value> = faults
            .iter()
            .map(|fault| json!({"file": fault.file, "line": fault.line, "detail": printable(&fault.detail)}))
            .collect();
        output::json(&json!({"errors": errors}))?;
    } else {
        for fault in faults {
            eprintln!("error: {}", printable(&fault.to_string()));
        }
    }
    Ok(ExitCode::FAILURE)
}

fn counts(plan: &Plan) -> [(&'static str, usize); 5] {
    [
        Action::Create,
        Action::Change,
        Action::Publish,
        Action::Delete,
        Action::Deactivate,
    ]
    .map(|action| (action.name(), plan.count(action)))
}

fn at(warning: &Warning) -> String {
    match (&warning.file, warning.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        _ => String::new(),
    }
}

fn identity(step: &Step) -> Map<String, Value> {
    let identity = &step.resource.identity;
    let members = json!({
        "action": step.action.name(), "kind": identity.kind.name(), "workspace": identity.workspace,
        "project": identity.project, "name": identity.name,
    });
    members.as_object().cloned().unwrap_or_default()
}

fn difference_json(difference: Difference) -> Value {
    json!({"path": difference.path, "before": difference.before, "after": difference.after})
}

/// A value on a line.
fn value(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "(absent)".to_owned();
    };
    let text = printable(&value.to_string());
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
