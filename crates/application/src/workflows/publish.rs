//! Publishing a draft.
//!
//! Invariant: what is published compiles as a whole; everything that a run of it reads besides environment values stands
//! in the event, taken from streams that are guarded in the same append.

use std::collections::BTreeSet;

use wfm_domain::{
    api_endpoint::ApiEndpoint,
    environment::Environment,
    facts::{EndpointFacts, EnvironmentFact, ProjectFact, Standing},
    ids::{ApiEndpointId, EnvironmentId, WorkflowId, WorkspaceId},
    refusal::FieldError,
    workflow::{Definition, EndpointSnapshot, PublishWorkflow, Step, Workflow},
};

use super::Edit;
use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    executions::definition::CompiledWorkflow,
    hooks::settings::readable_secrets,
    security::permission::Permission,
    store::{Loaded, Recorded, Unit},
};

impl App {
    /// Publishes the draft: compiles and checks everything that its runs will do.
    ///
    /// # Errors
    /// When the caller may not, or anything is wrong with the draft: each fault with its place.
    pub async fn publish_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, id.0, Edit::Publish).await
    }

    /// Everything that publishing the draft depends on, and what is wrong with it.
    pub(crate) async fn publication(
        &self,
        context: &Context,
        workflow: &Workflow,
        unit: &mut Unit<'_>,
    ) -> Result<PublishWorkflow, ApplicationError> {
        let project = self
            .project_fact(context, Permission::EditWorkflows, workflow.project_id, unit)
            .await?;
        let environment_id = workflow
            .settings
            .as_ref()
            .map(|settings| settings.environment_id)
            .unwrap_or_default();
        let environment = self
            .environment_fact(environment_id, workflow.workspace_id, unit)
            .await?;
        let mut endpoints = EndpointFacts::new();
        let mut snapshots = Vec::new();
        let named = workflow
            .steps
            .iter()
            .flat_map(Step::endpoints)
            .map(|(_, endpoint)| endpoint)
            .collect();
        for endpoint in self.endpoints_of(&named, unit).await? {
            let (Some(id), Some(settings)) = (endpoint.aggregate.id, endpoint.aggregate.settings.clone()) else {
                continue;
            };
            endpoints.insert(id, endpoint.aggregate.fact(id));
            let parameters = endpoint.aggregate.parameters;
            snapshots.push(EndpointSnapshot {
                id,
                version: endpoint.version.0,
                settings,
                parameters,
            });
        }
        let requires_approval = workflow
            .settings
            .as_ref()
            .is_some_and(|settings| settings.requires_approval);
        let approved = match workflow.id.filter(|_| requires_approval) {
            Some(id) => self.approved_hashes(id, unit).await?,
            None => Vec::new(),
        };
        let mut problems = problems(workflow, &project, &environment, &snapshots);
        if let Some(settings) = &workflow.settings {
            let named = self.store.load::<Environment>(environment_id.stream()).await?;
            problems.extend(readable_secrets(settings, &named.aggregate));
        }
        Ok(PublishWorkflow {
            project,
            environment,
            endpoints,
            snapshots,
            problems,
            approved,
            published_by: context.user_id(),
        })
    }

    /// An environment as a fact for a workflow of `workspace`; another workspace's is as good as missing.
    pub(super) async fn environment_fact(
        &self,
        id: EnvironmentId,
        workspace: WorkspaceId,
        unit: &mut Unit<'_>,
    ) -> Result<EnvironmentFact, ApplicationError> {
        let environment = self.store.load::<Environment>(id.stream()).await?;
        unit.guard(&environment);
        let mut fact = environment.aggregate.fact(id);
        if environment.aggregate.workspace_id != workspace {
            fact.standing = Standing::Missing;
        }
        Ok(fact)
    }

    /// The endpoints of these ids; they are guarded.
    async fn endpoints_of(
        &self,
        ids: &BTreeSet<ApiEndpointId>,
        unit: &mut Unit<'_>,
    ) -> Result<Vec<Loaded<ApiEndpoint>>, ApplicationError> {
        let mut endpoints = Vec::with_capacity(ids.len());
        for id in ids {
            let endpoint = self.store.load::<ApiEndpoint>(id.stream()).await?;
            unit.guard(&endpoint);
            endpoints.push(endpoint);
        }
        Ok(endpoints)
    }

    /// The endpoints of these ids as facts for a workflow's steps; they are guarded.
    pub(super) async fn endpoint_facts(
        &self,
        ids: &BTreeSet<ApiEndpointId>,
        unit: &mut Unit<'_>,
    ) -> Result<EndpointFacts, ApplicationError> {
        let endpoints = self.endpoints_of(ids, unit).await?;
        let fact = |endpoint: Loaded<ApiEndpoint>| endpoint.aggregate.id.map(|id| (id, endpoint.aggregate.fact(id)));
        Ok(endpoints.into_iter().filter_map(fact).collect())
    }
}

/// What is wrong with the draft beyond what the aggregate checks by itself.
fn problems(
    workflow: &Workflow,
    project: &ProjectFact,
    environment: &EnvironmentFact,
    snapshots: &[EndpointSnapshot],
) -> Vec<FieldError> {
    let (Some(id), Some(settings)) = (workflow.id, workflow.settings.clone()) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let retries = environment.retries;
    let fill = |step: &Step| Step {
        retry_count: Some(step.retry_count.unwrap_or(retries)),
        ..step.clone()
    };
    let definition = Definition {
        settings,
        steps: workflow.steps.iter().map(fill).collect(),
        endpoints: snapshots.to_vec(),
    };
    if let Err(found) = CompiledWorkflow::compile(id, project.workspace.id, project.id, 1, &definition) {
        // Endpoints that are missing and jumps that lead nowhere are named by the aggregate.
        let by_aggregate = |error: &FieldError| {
            error.pointer.ends_with("/apiEndpointId") || error.pointer.ends_with("/errorHandling/goto")
        };
        problems.extend(found.into_iter().filter(|error| !by_aggregate(error)));
    }
    problems
}
