//! The decisions about a job.

use super::{
    ItemResult, Job, JobAction, JobCancelled, JobCompleted, JobDefinition, JobEvent, JobItemsDone, JobItemsSelected,
    JobProgress, JobStarted, JobStatus,
};
use crate::{
    ids::{ExecutionId, JobId, UserId, WorkspaceId},
    protected::Protected,
    refusal::Refusal,
};

/// Executions that a job concerns at most.
pub const MOST_EXECUTIONS: usize = 10_000;

/// Executions that one event names.
const NAMED_AT_ONCE: usize = 1000;

/// Begin a job.
#[derive(Debug, Clone)]
pub struct StartJob {
    /// Id allotted to it.
    pub id: JobId,
    /// The workspace of the executions.
    pub workspace_id: WorkspaceId,
    /// What is asked of each.
    pub action: JobAction,
    /// Why.
    pub reason: Option<Protected>,
    /// Whether redrives send steps in doubt again.
    pub repeats_in_doubt: bool,
    /// What reruns follow.
    pub definition: Option<JobDefinition>,
    /// The executions, in the order in which they are dealt with.
    pub executions: Vec<ExecutionId>,
    /// Who asks.
    pub created_by: UserId,
}

impl StartJob {
    pub(super) fn decide(self, state: &Job) -> Result<Vec<JobEvent>, Refusal> {
        if state.started.is_some() {
            return Err(Refusal::conflict("job-exists", "the job was started already"));
        }
        if self.executions.len() > MOST_EXECUTIONS {
            let detail =
                format!("a job concerns at most {MOST_EXECUTIONS} executions; narrow the filter or give a limit");
            return Err(Refusal::field("/filter", detail));
        }
        if self.definition.is_some() && self.action != JobAction::Rerun {
            return Err(Refusal::field("/definition", "is given, but the action is not rerun"));
        }
        if self.repeats_in_doubt && self.action != JobAction::Redrive {
            return Err(Refusal::field("/inDoubt", "is given, but the action is not redrive"));
        }
        if self.reason.is_some() && !matches!(self.action, JobAction::Cancel | JobAction::Pause) {
            return Err(Refusal::field(
                "/reason",
                "is given, but the action is neither cancel nor pause",
            ));
        }
        let id = self.id;
        let total = u32::try_from(self.executions.len()).unwrap_or(u32::MAX);
        let mut events = vec![
            JobStarted {
                id,
                workspace_id: self.workspace_id,
                action: self.action,
                reason: self.reason,
                repeats_in_doubt: self.repeats_in_doubt,
                definition: self.definition,
                total,
                created_by: self.created_by,
            }
            .into(),
        ];
        events.extend(self.executions.chunks(NAMED_AT_ONCE).map(|executions| {
            let executions = executions.to_vec();
            JobEvent::from(JobItemsSelected { id, executions })
        }));
        if total == 0 {
            let progress = JobProgress::default();
            events.push(JobCompleted { id, progress }.into());
        }
        Ok(events)
    }
}

/// Note what became of the next executions.
#[derive(Debug, Clone)]
pub struct RecordItems {
    /// What became of them, in order.
    pub results: Vec<ItemResult>,
}

impl RecordItems {
    pub(super) fn decide(self, state: &Job) -> Result<Vec<JobEvent>, Refusal> {
        let started = running(state)?;
        let next = state.executions.iter().skip(state.progress.done as usize);
        let fits = self.results.len() <= state.executions.len() - state.progress.done as usize
            && self
                .results
                .iter()
                .zip(next)
                .all(|(result, execution)| result.execution_id == *execution);
        if self.results.is_empty() || !fits {
            let detail = "these are not the executions that come next";
            return Err(Refusal::conflict("job-order", detail));
        }
        let mut progress = state.progress;
        for result in &self.results {
            progress.done += 1;
            match &result.refusal {
                Some(_) => progress.refused += 1,
                None => progress.succeeded += 1,
            }
        }
        let id = started.id;
        let mut events = vec![
            JobItemsDone {
                id,
                results: self.results,
                progress,
            }
            .into(),
        ];
        if progress.done == started.total {
            events.push(JobCompleted { id, progress }.into());
        }
        Ok(events)
    }
}

/// Stop a job where it is.
#[derive(Debug, Clone, Copy)]
pub struct CancelJob {
    /// Who does.
    pub cancelled_by: UserId,
}

impl CancelJob {
    pub(super) fn decide(self, state: &Job) -> Result<Vec<JobEvent>, Refusal> {
        let started = running(state)?;
        Ok(vec![
            JobCancelled {
                id: started.id,
                cancelled_by: self.cancelled_by,
                progress: state.progress,
            }
            .into(),
        ])
    }
}

fn running(state: &Job) -> Result<&super::JobStarted, Refusal> {
    let started = state.started.as_ref();
    let started = started.ok_or_else(|| Refusal::not_found("job-not-found", "there is no such job"))?;
    match state.status {
        JobStatus::Running => Ok(started),
        JobStatus::Completed | JobStatus::Cancelled => Err(Refusal::conflict(
            "job-ended",
            format!("the job is {} already", state.status.name()),
        )),
    }
}
