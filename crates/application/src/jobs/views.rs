//! How jobs stand, for people: read from their streams.
//!
//! Invariant: a job is shown by its first event and its last ones, however many executions it concerns.

use serde::Serialize;
use utoipa::ToSchema;
use wfm_domain::{
    event::Event,
    ids::{ExecutionId, JobId, WorkspaceId},
    job::{ItemRefusal, ItemResult, Job, JobEvent, JobProgress, JobStatus},
};
use wfm_storage::event::{StoredEvent, StreamId, StreamVersion};

use crate::{app::App, context::Context, error::ApplicationError, security::permission::Permission, store::typed};

/// Events that are read at once in search of results.
const PAGE: u32 = 20;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    /// The job.
    pub id: i64,
    /// The workspace of its executions.
    workspace_id: i64,
    /// redrive, rerun, cancel, pause or resume.
    action: &'static str,
    /// Running, Completed or Cancelled.
    status: &'static str,
    /// Executions that it concerns.
    total: u32,
    /// Of these, executions that are dealt with.
    done: u32,
    /// Executions that did what was asked.
    succeeded: u32,
    /// Executions that refused; `items` says why.
    refused: u32,
    /// Who asked.
    created_by_user_id: i64,
    /// When.
    created_at: String,
    /// When it ended.
    completed_at: Option<String>,
    /// Version of its stream.
    pub version: u64,
}

/// What became of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    /// The execution.
    execution_id: String,
    /// Succeeded or Refused.
    result: &'static str,
    /// Why it refused.
    error: Option<ItemErrorView>,
    /// The run that a rerun started.
    new_execution_id: Option<String>,
}

/// Why an execution refused.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ItemErrorView {
    /// Stable code, for example `execution-not-failed`.
    code: String,
    /// In words.
    detail: String,
}

impl From<ItemResult> for ItemView {
    fn from(result: ItemResult) -> Self {
        let name = |id: ExecutionId| id.0;
        Self {
            execution_id: name(result.execution_id),
            result: if result.refusal.is_none() {
                "Succeeded"
            } else {
                "Refused"
            },
            error: result
                .refusal
                .map(|ItemRefusal { code, detail }| ItemErrorView { code, detail }),
            new_execution_id: result.new_execution_id.map(name),
        }
    }
}

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` when there is none.
    pub next: Option<String>,
}

impl App {
    /// The jobs of a workspace, the newest first.
    ///
    /// # Errors
    /// When the caller may not see the workspace.
    pub async fn jobs(
        &self,
        context: &Context,
        workspace: WorkspaceId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<JobView>, ApplicationError> {
        let caller = self.caller(context)?;
        caller.demand_in(Permission::ReadWorkspace, workspace, || {
            format!("workspace {workspace}")
        })?;
        let scope = Job::of_workspace(workspace);
        let mut claims = self.store.log.claims(&scope, after, limit + 1).await?;
        let more = claims.len() > limit as usize;
        claims.truncate(limit as usize);
        let next = claims.last().filter(|_| more).map(|claim| claim.key.key.to_string());
        let mut items = Vec::with_capacity(claims.len());
        for claim in claims {
            items.extend(self.job_view(&claim.owner).await?);
        }
        Ok(Page { items, next })
    }

    /// A job.
    ///
    /// # Errors
    /// When there is none that the caller may see.
    pub async fn job(&self, context: &Context, id: JobId) -> Result<JobView, ApplicationError> {
        let not_found = || format!("job {id}");
        let view = self.job_view(&StreamId::new(id.stream())).await?;
        let view = view.ok_or_else(|| ApplicationError::NotFound(not_found()))?;
        let workspace = WorkspaceId(view.workspace_id);
        self.caller(context)?
            .demand_in(Permission::ReadWorkspace, workspace, not_found)?;
        Ok(view)
    }

    /// What became of a job's executions, in order: the results that were recorded together after the cursor.
    ///
    /// # Errors
    /// When there is no such job that the caller may see.
    pub async fn job_items(
        &self,
        context: &Context,
        id: JobId,
        after: u64,
    ) -> Result<Page<ItemView>, ApplicationError> {
        let job = self.job(context, id).await?;
        let stream = StreamId::new(id.stream());
        let mut after = StreamVersion(after);
        loop {
            let events = self.store.log.read_stream(&stream, after, PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            };
            after = last.version;
            for stored in &events {
                if let Some(JobEvent::JobItemsDone(done)) = job_event(stored) {
                    let more = done.progress.done < job.done;
                    return Ok(Page {
                        items: done.results.into_iter().map(ItemView::from).collect(),
                        next: more.then(|| stored.version.0.to_string()),
                    });
                }
            }
        }
    }

    async fn job_view(&self, stream: &StreamId) -> Result<Option<JobView>, ApplicationError> {
        let Some(found) = self.store.log.stream(stream).await? else {
            return Ok(None);
        };
        let read = async |after: u64| self.store.log.read_stream(stream, StreamVersion(after), 1).await;
        let (first, last) = (read(0).await?, read(found.version.0.saturating_sub(1)).await?);
        let (Some(first), Some(last)) = (first.first(), last.first()) else {
            return Ok(None);
        };
        let Some(JobEvent::JobStarted(started)) = job_event(first) else {
            return Ok(None);
        };
        let (status, progress) = match job_event(last) {
            Some(JobEvent::JobItemsDone(done)) => (JobStatus::Running, done.progress),
            Some(JobEvent::JobCompleted(completed)) => (JobStatus::Completed, completed.progress),
            Some(JobEvent::JobCancelled(cancelled)) => (JobStatus::Cancelled, cancelled.progress),
            Some(JobEvent::JobStarted(_) | JobEvent::JobItemsSelected(_)) | None => {
                (JobStatus::Running, JobProgress::default())
            }
        };
        Ok(Some(JobView {
            id: started.id.0,
            workspace_id: started.workspace_id.0,
            action: started.action.name(),
            status: status.name(),
            total: started.total,
            done: progress.done,
            succeeded: progress.succeeded,
            refused: progress.refused,
            created_by_user_id: started.created_by.0,
            created_at: first.occurred_at.to_string(),
            completed_at: (status != JobStatus::Running).then(|| last.occurred_at.to_string()),
            version: found.version.0,
        }))
    }
}

fn job_event(stored: &StoredEvent) -> Option<JobEvent> {
    match typed(stored)?.into_owned() {
        Event::Job(event) => Some(event),
        _ => None,
    }
}
