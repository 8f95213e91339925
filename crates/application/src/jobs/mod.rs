//! Jobs: one thing asked of many executions, such as the redrive of all that failed last night.
//!
//! Invariant: which executions a job concerns is recorded when it starts, so that what fails or ends later is not swept along;
//! a job is carried on by whichever node may act, until it is complete or cancelled.

mod input;
mod runner;
mod selection;
mod views;

pub use input::{BulkAction, BulkDefinition, BulkFilter, BulkInDoubt, BulkInput};
pub use runner::work_off;
pub use views::{ItemView, JobView, Page};

use wfm_domain::{
    field_errors::FieldErrors,
    ids::{ExecutionId, JobId, WorkflowId, WorkspaceId},
    job::{CancelJob, Job, StartJob},
    protected::{DataKey, Protected},
    refusal::Refusal,
    text,
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    security::{access::Caller, permission::Permission},
    store::{Loaded, Recorded, check_version},
};

/// What a bulk request leads to.
#[derive(Debug)]
pub enum Bulk {
    /// What it would concern; nothing was recorded.
    Matched(Vec<ExecutionId>),
    /// A job over so many executions; `None` when an earlier request with the same idempotency key started it.
    Started(Recorded, Option<usize>),
}

impl App {
    /// Starts a job over the executions that match, or tells which would be concerned.
    ///
    /// # Errors
    /// When the caller may not, the filter names no workspace or workflow, or too many executions match.
    pub async fn bulk(&self, context: &Context, input: &BulkInput) -> Result<Bulk, ApplicationError> {
        let mut errors = FieldErrors::new();
        text::block(&mut errors, "/reason", input.reason.as_deref(), Some(1000));
        errors.finish()?;
        let caller = self.caller(context)?;
        let workspace = self.workspace_of(caller, &input.filter).await?;
        caller
            .demand_in(Permission::EditWorkflows, workspace, || {
                format!("workspace {workspace}")
            })
            .map_err(|error| error.at("/filter/workspaceId"))?;
        let created_by = caller.user;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(Bulk::Started(recorded, None));
        }
        let executions = self.matching(workspace, &input.filter, input.limit).await?;
        if input.dry_run {
            return Ok(Bulk::Matched(executions));
        }
        let total = executions.len();
        let id = JobId(self.store.allot(JobId::KIND).await?);
        let mut job = Loaded::<Job>::fresh(id.stream(), Some(workspace));
        let reason = input.reason.as_deref();
        let command = StartJob {
            id,
            workspace_id: workspace,
            action: input.action.into(),
            reason: reason.map(|reason| Protected::new(DataKey::Person(created_by), reason)),
            repeats_in_doubt: input.in_doubt.is_some(),
            definition: input.definition.map(Into::into),
            executions,
            created_by,
        };
        let mut unit = self.store.unit(context);
        unit.decide(&mut job, command).await?;
        let recorded = unit.commit(id.0, job.version).await?;
        tracing::info!(
            job = id.0,
            executions = total,
            action = input.action.name(),
            "a job begins"
        );
        self.job_bell.notify_one();
        Ok(Bulk::Started(recorded, Some(total)))
    }

    /// Stops a job; executions that are not dealt with yet are left alone.
    ///
    /// # Errors
    /// When the caller may not, or the job has ended.
    pub async fn cancel_job(&self, context: &Context, id: JobId) -> Result<Recorded, ApplicationError> {
        let attempt = || async {
            let mut job = self.store.load::<Job>(id.stream()).await?;
            let not_found = || format!("job {id}");
            let Some(workspace) = job.aggregate.started.as_ref().map(|started| started.workspace_id) else {
                return Err(ApplicationError::NotFound(not_found()));
            };
            let caller = self.caller(context)?;
            caller.demand_in(Permission::EditWorkflows, workspace, not_found)?;
            let cancelled_by = caller.user;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            check_version(context, &job)?;
            let mut unit = self.store.unit(context);
            unit.decide(&mut job, CancelJob { cancelled_by }).await?;
            unit.commit(id.0, job.version).await
        };
        self.store.retrying(attempt).await
    }

    /// The workspace that a filter leads to. A workflow that the caller may not see is as good as none.
    async fn workspace_of(&self, caller: &Caller, filter: &BulkFilter) -> Result<WorkspaceId, ApplicationError> {
        let by_workflow = match filter.workflow_id {
            None => None,
            Some(id) => {
                let workflow = self.definitions.workflow(WorkflowId(id)).await?;
                let seen = workflow.filter(|workflow| {
                    let named = || format!("workflow {id}");
                    caller
                        .demand_in(Permission::ReadWorkspace, workflow.workspace, named)
                        .is_ok()
                });
                let workflow = seen.ok_or_else(|| Refusal::field("/filter/workflowId", "there is no such workflow"))?;
                Some(workflow.workspace)
            }
        };
        match (filter.workspace_id.map(WorkspaceId), by_workflow) {
            (Some(given), Some(found)) if given != found => {
                Err(Refusal::field("/filter/workflowId", "is a workflow of another workspace").into())
            }
            (Some(workspace), _) | (None, Some(workspace)) => Ok(workspace),
            (None, None) => Err(Refusal::field("/filter", "must name a workspaceId or a workflowId").into()),
        }
    }
}
