//! Cascades: what is deleted with a workspace or a project, and the runs that are stopped with it.
//!
//! Invariants: a deletion and what it takes along are one append when they are few. Otherwise the parent goes first, so
//! that nothing new can begin below it (every creation and every start guards its parents), under a claim that says that
//! children are left; they follow in pages, after a crash at the next start. Children are found from claims.

use std::sync::Arc;

use futures::future::try_join_all;
use rustc_hash::FxHashMap;
use serde_json::Value;
use wfm_domain::{
    api_endpoint::{ApiEndpoint, DeleteApiEndpoint},
    environment::{DeleteEnvironment, Environment},
    ids::{ApiEndpointId, EnvironmentId, ExecutionId, ProjectId, WorkflowId, WorkspaceId},
    project::{DeleteProject, Project},
    scopes,
    workflow::{DeleteWorkflow, Workflow},
    workspace::{DeleteWorkspace, Workspace},
};
use wfm_storage::{
    append::{Claim, ClaimKey},
    event::{Position, StreamId, StreamVersion},
    work::{WorkFilter, WorkItem},
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    security::permission::Permission,
    store::{Recorded, Unit, check_version},
};

/// Parents that were deleted while children are left: one claim each, by the parent's stream.
const UNFINISHED: &str = "unfinished-cascades";

/// Children deleted in one append, and claims or runs read at once.
const PAGE: usize = 500;

/// Runs that are cancelled at once.
const CANCELLED_AT_ONCE: usize = 32;

/// What is deleted with its parent.
#[derive(Debug, Clone, Copy)]
enum Child {
    Workflow(WorkflowId),
    Environment(EnvironmentId),
    Project(ProjectId),
    Endpoint(ApiEndpointId),
}

/// Below what a cascade runs.
#[derive(Debug, Clone, Copy)]
enum Parent {
    Workspace(WorkspaceId),
    Project(ProjectId),
}

impl Parent {
    fn stream(self) -> String {
        match self {
            Self::Workspace(id) => id.stream(),
            Self::Project(id) => id.stream(),
        }
    }

    fn parse(stream: &str) -> Option<Self> {
        let (kind, id) = stream.rsplit_once('-')?;
        let id = id.parse().ok()?;
        match kind {
            WorkspaceId::KIND => Some(Self::Workspace(WorkspaceId(id))),
            ProjectId::KIND => Some(Self::Project(ProjectId(id))),
            _ => None,
        }
    }

    fn mark(self) -> Claim {
        let stream = self.stream();
        Claim {
            key: ClaimKey::new(UNFINISHED, stream.as_str()),
            owner: StreamId::new(stream),
        }
    }
}

impl App {
    /// Deletes a workspace with everything in it; see [`App::delete_workspace`].
    pub(crate) async fn cascade_workspace(
        &self,
        context: &Context,
        id: WorkspaceId,
    ) -> Result<Recorded, ApplicationError> {
        self.demand_in(context, Permission::ManageWorkspace, id, || format!("workspace {id}"))?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let parent = Parent::Workspace(id);
        let attempt = || async {
            let mut workspace = self.store.load::<Workspace>(id.stream()).await?;
            check_version(context, &workspace)?;
            let mut unit = self.store.unit(context);
            unit.decide(&mut workspace, DeleteWorkspace).await?;
            let children = self.children(parent, PAGE + 1).await?;
            let complete = children.len() <= PAGE;
            if complete {
                self.delete_children(&mut unit, &children).await?;
            } else {
                unit.leave_over(&[scopes::projects_of(id), scopes::api_endpoints_of(id)]);
                unit.take(&workspace, UNFINISHED, id.stream());
            }
            let recorded = unit.commit(id.0, workspace.version).await.map_err(added_meanwhile)?;
            Ok((recorded, complete))
        };
        let (recorded, complete) = self.store.retrying(attempt).await?;
        let recorded = self.seen(recorded).await;
        let runs = WorkFilter {
            workspace: Some(id.0),
            ..WorkFilter::default()
        };
        self.follow_through(context, parent, recorded, complete, vec![runs])
            .await
    }

    /// Deletes a project with everything in it; see [`App::delete_project`].
    pub(crate) async fn cascade_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        let parent = Parent::Project(id);
        let attempt = || async {
            let mut project = self.store.load::<Project>(id.stream()).await?;
            self.demand_on(context, Permission::WriteProjects, &project)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok((recorded, true, Vec::new()));
            }
            check_version(context, &project)?;
            let active = self.store.log.claims(&scopes::active_workflows_of(id), None, 1).await?;
            let mut unit = self.store.unit(context);
            let command = DeleteProject {
                cascade: false,
                active_workflows: active.len() as u64,
            };
            unit.decide(&mut project, command).await?;
            let runs = self.runs_of_project(id).await?;
            let children = self.children(parent, PAGE + 1).await?;
            let complete = children.len() <= PAGE;
            if complete {
                self.delete_children(&mut unit, &children).await?;
                // A workflow that was published since the look above is deleted as published here, which frees the very
                // claim that the append checks. After this second look a publication moves a stream that the append guards.
                let published = self.store.log.claims(&scopes::active_workflows_of(id), None, 1).await?;
                if !published.is_empty() {
                    return Err(ApplicationError::Contended);
                }
            } else {
                unit.leave_over(&[scopes::workflows_of(id), scopes::environments_of(id)]);
                unit.take(&project, UNFINISHED, id.stream());
            }
            let recorded = unit.commit(id.0, project.version).await.map_err(added_meanwhile)?;
            Ok((recorded, complete, runs))
        };
        let (recorded, complete, runs) = self.store.retrying(attempt).await?;
        self.follow_through(context, parent, recorded, complete, runs).await
    }

    /// Stops the runs and deletes what is left below a parent that was just deleted.
    async fn follow_through(
        &self,
        context: &Context,
        parent: Parent,
        mut recorded: Recorded,
        complete: bool,
        runs: Vec<WorkFilter>,
    ) -> Result<Recorded, ApplicationError> {
        self.definitions.clear();
        let context = context.on_behalf("cascade").caused_by(recorded.last_event);
        let mut stopped = false;
        for filter in runs {
            stopped |= self.cancel_runs(&context, filter).await?;
        }
        if stopped {
            // Whoever waits for this position sees every run ended.
            recorded.position = recorded.position.max(self.store.log.head().await?.position);
        }
        if !complete {
            recorded.position = recorded.position.max(self.finish_cascade(&context, parent).await?);
        }
        Ok(recorded)
    }

    /// Finishes cascades that a stop of the process cut short, and stops runs below what was deleted; returns how many
    /// cascades there were. To be called at each start, before runs are recovered.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn resume_cascades(&self) -> Result<usize, ApplicationError> {
        let context = Context::system("cascade", self.store.entropy.uuid().to_string());
        let mut resumed = 0;
        for claim in self.store.all_claims(UNFINISHED).await? {
            if let Some(parent) = Parent::parse(&claim.key.key) {
                self.finish_cascade(&context, parent).await?;
                resumed += 1;
            }
        }
        self.cancel_orphans(&context).await?;
        Ok(resumed)
    }

    /// Deletes the children of a deleted parent page by page; returns the position of the last deletion.
    async fn finish_cascade(&self, context: &Context, parent: Parent) -> Result<Position, ApplicationError> {
        let mut last = Position(0);
        loop {
            let attempt = || async {
                let children = self.children(parent, PAGE + 1).await?;
                let complete = children.len() <= PAGE;
                let mut unit = self.store.unit(context);
                self.delete_children(&mut unit, &children[..children.len().min(PAGE)])
                    .await?;
                if complete {
                    unit.release(parent.mark());
                }
                let recorded = unit
                    .commit(Value::Null, StreamVersion(0))
                    .await
                    .map_err(added_meanwhile)?;
                Ok((recorded.position, complete))
            };
            let (position, complete) = self.store.retrying(attempt).await?;
            last = last.max(position);
            if complete {
                self.definitions.clear();
                return Ok(last);
            }
        }
    }

    async fn delete_children(&self, unit: &mut Unit<'_>, children: &[Child]) -> Result<(), ApplicationError> {
        for child in children {
            match *child {
                Child::Workflow(id) => {
                    let mut workflow = self.store.load::<Workflow>(id.stream()).await?;
                    self.remove_schedule_with(unit, id).await?;
                    unit.decide(&mut workflow, DeleteWorkflow { cascade: true })
                        .await
                        .map_err(gone_meanwhile)?;
                }
                Child::Environment(id) => {
                    let mut environment = self.store.load::<Environment>(id.stream()).await?;
                    unit.decide(&mut environment, DeleteEnvironment { cascade: true })
                        .await
                        .map_err(gone_meanwhile)?;
                }
                Child::Project(id) => {
                    let mut project = self.store.load::<Project>(id.stream()).await?;
                    let command = DeleteProject {
                        cascade: true,
                        active_workflows: 0,
                    };
                    unit.decide(&mut project, command).await.map_err(gone_meanwhile)?;
                }
                Child::Endpoint(id) => {
                    let mut endpoint = self.store.load::<ApiEndpoint>(id.stream()).await?;
                    unit.decide(&mut endpoint, DeleteApiEndpoint { cascade: true })
                        .await
                        .map_err(gone_meanwhile)?;
                }
            }
        }
        Ok(())
    }

    /// The first children in an order in which they can be deleted: what is below a project comes before it.
    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<Child>, ApplicationError> {
        let mut children = Vec::new();
        match parent {
            Parent::Project(project) => self.children_of_project(project, limit, &mut children).await?,
            Parent::Workspace(workspace) => {
                for project in self.ids(&scopes::projects_of(workspace), limit).await? {
                    self.children_of_project(ProjectId(project), limit, &mut children)
                        .await?;
                    if children.len() >= limit {
                        return Ok(children);
                    }
                    children.push(Child::Project(ProjectId(project)));
                }
                let left = limit.saturating_sub(children.len());
                let endpoints = self.ids(&scopes::api_endpoints_of(workspace), left).await?;
                children.extend(endpoints.into_iter().map(|id| Child::Endpoint(ApiEndpointId(id))));
            }
        }
        Ok(children)
    }

    async fn children_of_project(
        &self,
        project: ProjectId,
        limit: usize,
        children: &mut Vec<Child>,
    ) -> Result<(), ApplicationError> {
        let left = limit.saturating_sub(children.len());
        let workflows = self.ids(&scopes::workflows_of(project), left).await?;
        children.extend(workflows.into_iter().map(|id| Child::Workflow(WorkflowId(id))));
        let left = limit.saturating_sub(children.len());
        let environments = self.ids(&scopes::environments_of(project), left).await?;
        children.extend(environments.into_iter().map(|id| Child::Environment(EnvironmentId(id))));
        Ok(())
    }

    /// The first ids that are claimed in a scope.
    async fn ids(&self, scope: &str, limit: usize) -> Result<Vec<i64>, ApplicationError> {
        let limit = u32::try_from(limit).map_err(ApplicationError::internal)?;
        let claims = self.store.log.claims(scope, None, limit).await?;
        let id = |claim: Claim| claim.key.key.parse().map_err(ApplicationError::internal);
        claims.into_iter().map(id).collect()
    }

    async fn runs_of_project(&self, project: ProjectId) -> Result<Vec<WorkFilter>, ApplicationError> {
        let environments = self.store.all_claims(&scopes::environments_of(project)).await?;
        let filter = |claim: Claim| {
            let environment = claim.key.key.parse().map_err(ApplicationError::internal)?;
            Ok(WorkFilter {
                environment: Some(environment),
                ..WorkFilter::default()
            })
        };
        environments.into_iter().map(filter).collect()
    }

    /// Cancels every open run that the filter covers; whether there was any.
    async fn cancel_runs(&self, context: &Context, mut filter: WorkFilter) -> Result<bool, ApplicationError> {
        let mut found = false;
        loop {
            let page = self.store.log.work(&filter, PAGE as u32).await?;
            let Some(last) = page.last() else { return Ok(found) };
            found = true;
            filter.after = Some(Arc::clone(&last.execution));
            self.cancel_all(context, &page).await?;
        }
    }

    /// Cancels runs, many at once, so that their appends share commits.
    async fn cancel_all(&self, context: &Context, runs: &[WorkItem]) -> Result<(), ApplicationError> {
        for together in runs.chunks(CANCELLED_AT_ONCE) {
            try_join_all(together.iter().map(|run| self.cancel_run(context, &run.execution))).await?;
        }
        Ok(())
    }

    async fn cancel_run(&self, context: &Context, execution: &str) -> Result<(), ApplicationError> {
        let id = ExecutionId(execution.to_owned());
        match self
            .runs
            .cancel(context, &id, Some("deleted together with what it belongs to"))
            .await
        {
            // It ended by itself meanwhile.
            Ok(_) | Err(ApplicationError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Cancels open runs whose project or workspace was deleted before they could be stopped.
    async fn cancel_orphans(&self, context: &Context) -> Result<(), ApplicationError> {
        let mut filter = WorkFilter::default();
        let mut known: FxHashMap<i64, bool> = FxHashMap::default();
        loop {
            let page = self.store.log.work(&filter, PAGE as u32).await?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(Arc::clone(&last.execution));
            let mut orphans = Vec::new();
            for item in page {
                let orphaned = match known.get(&item.environment) {
                    Some(orphaned) => *orphaned,
                    None => {
                        let orphaned = self.is_orphaned(EnvironmentId(item.environment)).await?;
                        known.insert(item.environment, orphaned);
                        orphaned
                    }
                };
                if orphaned {
                    orphans.push(item);
                }
            }
            self.cancel_all(context, &orphans).await?;
        }
    }

    async fn is_orphaned(&self, environment: EnvironmentId) -> Result<bool, ApplicationError> {
        let environment = self.store.load::<Environment>(environment.stream()).await?.aggregate;
        let project = self
            .store
            .load::<Project>(environment.project_id.stream())
            .await?
            .aggregate;
        let workspace = self
            .store
            .load::<Workspace>(environment.workspace_id.stream())
            .await?
            .aggregate;
        Ok(project.is_deleted || workspace.is_deleted)
    }
}

/// A child that was made between the look at the claims and the append: the attempt is made again.
fn added_meanwhile(error: ApplicationError) -> ApplicationError {
    match error {
        ApplicationError::Refused(refusal) if refusal.code == "not-empty" => ApplicationError::Contended,
        other => other,
    }
}

/// A child that was deleted between the look at the claims and its loading: the attempt is made again.
fn gone_meanwhile(error: ApplicationError) -> ApplicationError {
    match error {
        ApplicationError::Refused(_) => ApplicationError::Contended,
        other => other,
    }
}
