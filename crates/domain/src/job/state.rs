//! A job's state, and the claims by which open jobs, and those of a workspace, are found.

use serde::{Deserialize, Serialize};

use super::{JobCommand, JobEvent, JobProgress, JobStarted};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    ids::{ExecutionId, JobId, WorkspaceId},
    refusal::Refusal,
};

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum JobStatus {
    /// It goes on.
    #[default]
    Running,
    /// Every execution is dealt with.
    Completed,
    /// It was stopped.
    Cancelled,
}

impl JobStatus {
    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// A job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What was asked; set once the job exists.
    pub started: Option<JobStarted>,
    /// The executions, in order.
    pub executions: Vec<ExecutionId>,
    /// How far it is.
    pub progress: JobProgress,
    /// How it stands.
    pub status: JobStatus,
}

cqrs_aggregate!(Job, "job");

impl Job {
    /// Scope of the claims of jobs that go on.
    pub const OPEN: &'static str = "jobs/open";

    /// Scope of the claims of a workspace's jobs, kept for good; the newest comes first.
    #[must_use]
    pub fn of_workspace(workspace: WorkspaceId) -> String {
        format!("workspace/{workspace}/jobs")
    }

    fn open(id: JobId) -> Claim {
        Claim::new(Self::OPEN, id.to_string())
    }
}

impl Decide for Job {
    type Command = JobCommand;
    type Event = JobEvent;

    fn decide(&self, command: JobCommand) -> Result<Vec<JobEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &JobEvent) {
        match event {
            JobEvent::JobStarted(started) => {
                *self = Self {
                    started: Some(started.clone()),
                    ..Self::default()
                }
            }
            JobEvent::JobItemsSelected(selected) => self.executions.extend(selected.executions.iter().cloned()),
            JobEvent::JobItemsDone(done) => self.progress = done.progress,
            JobEvent::JobCompleted(completed) => {
                self.progress = completed.progress;
                self.status = JobStatus::Completed;
            }
            JobEvent::JobCancelled(cancelled) => {
                self.progress = cancelled.progress;
                self.status = JobStatus::Cancelled;
            }
        }
    }

    fn claims(&self, event: &JobEvent) -> ClaimChanges {
        let mut changes = ClaimChanges::default();
        match event {
            JobEvent::JobStarted(started) => {
                let newest_first = format!("{:020}", i64::MAX - started.id.0);
                changes
                    .take
                    .push(Claim::new(Self::of_workspace(started.workspace_id), newest_first));
                if started.total > 0 {
                    changes.take.push(Self::open(started.id));
                }
            }
            JobEvent::JobCompleted(_) | JobEvent::JobCancelled(_) => {
                let open = self.started.as_ref().filter(|started| started.total > 0);
                changes.release.extend(open.map(|started| Self::open(started.id)));
            }
            JobEvent::JobItemsSelected(_) | JobEvent::JobItemsDone(_) => {}
        }
        changes
    }
}
