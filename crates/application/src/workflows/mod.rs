//! Workflows: the draft, its steps, and the version in force.

mod dry_run;
mod input;
mod publish;
mod read;

pub use dry_run::{DryRun, DryRunInput};
pub use input::{NewWorkflow, StepOrder, StepPatch, WorkflowPatch};
pub use read::WorkflowContent;

use std::collections::BTreeSet;

use wfm_domain::{
    facts::EndpointFacts,
    ids::{ApiEndpointId, StepId, WorkflowId, WorkspaceId},
    instant::Instant,
    project::Project,
    workflow::{
        AddStep, ChangeStep, ChangeWorkflow, CreateWorkflow, DeactivateWorkflow, DeleteWorkflow, DiscardDraft,
        RemoveStep, ReorderSteps, StepInput, Workflow, WorkflowCommand,
    },
};

use crate::{
    app::{App, Placed},
    context::Context,
    error::ApplicationError,
    security::permission::Permission,
    store::{Loaded, Recorded, Unit, check_version},
};

/// What somebody with the right to edit workflows does to one.
enum Edit<'a> {
    Change(&'a WorkflowPatch, Vec<StepId>),
    AddStep(StepId, &'a StepInput),
    ChangeStep(StepId, &'a StepPatch),
    RemoveStep(StepId),
    Reorder(&'a StepOrder),
    DiscardDraft,
    Publish,
    Deactivate,
}

impl App {
    /// Creates a workflow as a draft, with its steps.
    ///
    /// # Errors
    /// When the caller may not, or something is malformed: each fault with its place.
    pub async fn create_workflow(&self, context: &Context, input: &NewWorkflow) -> Result<Recorded, ApplicationError> {
        let project = self.store.load::<Project>(input.project_id.stream()).await?;
        self.demand_on(context, Permission::EditWorkflows, &project)
            .map_err(|error| error.at("/projectId"))?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let id = WorkflowId(self.store.allot(WorkflowId::KIND).await?);
        let step_ids = self.step_ids(&input.steps).await?;
        self.store
            .retrying(|| async {
                let mut unit = self.store.unit(context);
                let creator = self.acting_user(context).await?;
                unit.guard(&creator);
                let project = self
                    .project_fact(context, Permission::EditWorkflows, input.project_id, &mut unit)
                    .await?;
                let workspace = project.workspace.id;
                let environment = self
                    .environment_fact(input.environment_id, workspace, &mut unit)
                    .await?;
                let mut workflow = Loaded::<Workflow>::fresh(id.stream(), Some(workspace));
                let command = CreateWorkflow {
                    id,
                    project,
                    environment,
                    name: input.name.clone(),
                    description: input.description.clone(),
                    tags: input.tags.clone(),
                    requires_approval: input.requires_approval,
                    configuration: input.configuration.clone(),
                    steps: input.steps.clone(),
                    step_ids: step_ids.clone(),
                    endpoints: self.endpoint_facts(&named_in(&input.steps), &mut unit).await?,
                    created_by: self.creator_fact(context, &creator)?,
                    now: unit.now(),
                };
                unit.decide(&mut workflow, command).await?;
                unit.commit(id.0, workflow.version).await
            })
            .await
    }

    /// Changes the draft.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or something is malformed.
    pub async fn change_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        patch: &WorkflowPatch,
    ) -> Result<Recorded, ApplicationError> {
        let workflow = self.store.load::<Workflow>(id.stream()).await?;
        self.demand_on(context, Permission::EditWorkflows, &workflow)?;
        let step_ids = self.step_ids(patch.steps.as_deref().unwrap_or_default()).await?;
        self.edit_workflow(context, id, id.0, Edit::Change(patch, step_ids))
            .await
    }

    /// Adds a step to the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, or the step is malformed.
    pub async fn add_step(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &StepInput,
    ) -> Result<Recorded, ApplicationError> {
        let workflow = self.store.load::<Workflow>(id.stream()).await?;
        self.demand_on(context, Permission::EditWorkflows, &workflow)?;
        let new = StepId(self.store.allot(StepId::KIND).await?);
        self.edit_workflow(context, id, new.0, Edit::AddStep(new, input)).await
    }

    /// Changes a step of the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, there is no such step, or it is malformed.
    pub async fn change_step(
        &self,
        context: &Context,
        id: WorkflowId,
        step: StepId,
        patch: &StepPatch,
    ) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, step.0, Edit::ChangeStep(step, patch))
            .await
    }

    /// Removes a step from the draft; the answer's id is the step's.
    ///
    /// # Errors
    /// When the caller may not, or there is no such step.
    pub async fn remove_step(
        &self,
        context: &Context,
        id: WorkflowId,
        step: StepId,
    ) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, step.0, Edit::RemoveStep(step)).await
    }

    /// Gives the draft's steps other places.
    ///
    /// # Errors
    /// When the caller may not, or a step is unknown or named twice.
    pub async fn reorder_steps(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &StepOrder,
    ) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, id.0, Edit::Reorder(input)).await
    }

    /// Drops the draft's changes.
    ///
    /// # Errors
    /// When the caller may not, or the workflow was never published.
    pub async fn discard_draft(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, id.0, Edit::DiscardDraft).await
    }

    /// Takes the workflow out of force: no new runs; running ones finish.
    ///
    /// # Errors
    /// When the caller may not, or the workflow was never published.
    pub async fn deactivate_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.edit_workflow(context, id, id.0, Edit::Deactivate).await
    }

    /// Deletes the workflow, published or not; running ones finish.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn delete_workflow(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        let attempt = || async {
            let mut workflow = self.store.load::<Workflow>(id.stream()).await?;
            self.demand_on(context, Permission::WriteProjects, &workflow)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            check_version(context, &workflow)?;
            let mut unit = self.store.unit(context);
            self.remove_schedule_with(&mut unit, id).await?;
            unit.decide(&mut workflow, DeleteWorkflow { cascade: false }).await?;
            unit.commit(id.0, workflow.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        self.definitions.forget(&id.stream());
        Ok(recorded)
    }

    /// Carries out what an editor does to a workflow; `answer` is the id that the answer names.
    async fn edit_workflow(
        &self,
        context: &Context,
        id: WorkflowId,
        answer: i64,
        edit: Edit<'_>,
    ) -> Result<Recorded, ApplicationError> {
        let attempt = || async {
            let mut workflow = self.store.load::<Workflow>(id.stream()).await?;
            self.demand_on(context, Permission::EditWorkflows, &workflow)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            check_version(context, &workflow)?;
            let mut unit = self.store.unit(context);
            let command = self.command_of(context, &edit, &workflow.aggregate, &mut unit).await?;
            let before = workflow.version;
            unit.decide(&mut workflow, command).await?;
            if matches!(edit, Edit::Publish) && workflow.version != before {
                self.use_approval(&workflow, &mut unit).await?;
            }
            unit.commit(answer, workflow.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        self.definitions.forget(&id.stream());
        Ok(recorded)
    }

    /// The command with the facts it needs, whose streams are guarded.
    async fn command_of(
        &self,
        context: &Context,
        edit: &Edit<'_>,
        workflow: &Workflow,
        unit: &mut Unit<'_>,
    ) -> Result<WorkflowCommand, ApplicationError> {
        Ok(match edit {
            Edit::Change(patch, step_ids) => self.change_of(context, patch, step_ids, workflow, unit).await?.into(),
            Edit::AddStep(id, step) => {
                let endpoints = self
                    .endpoint_facts(&step.api_endpoint_id.into_iter().collect(), unit)
                    .await?;
                AddStep {
                    id: *id,
                    step: (*step).clone(),
                    endpoints,
                    now: unit.now(),
                }
                .into()
            }
            Edit::ChangeStep(id, patch) => {
                let endpoints = self
                    .endpoint_facts(&patch.api_endpoint_id.into_iter().collect(), unit)
                    .await?;
                change_of_step(*id, patch, endpoints, unit.now()).into()
            }
            Edit::RemoveStep(step_id) => RemoveStep { step_id: *step_id }.into(),
            Edit::Reorder(order) => ReorderSteps::in_sequence(&order.steps).into(),
            Edit::DiscardDraft => DiscardDraft.into(),
            Edit::Publish => self.publication(context, workflow, unit).await?.into(),
            Edit::Deactivate => DeactivateWorkflow.into(),
        })
    }

    async fn change_of(
        &self,
        context: &Context,
        patch: &WorkflowPatch,
        step_ids: &[StepId],
        workflow: &Workflow,
        unit: &mut Unit<'_>,
    ) -> Result<ChangeWorkflow, ApplicationError> {
        let required = workflow
            .settings
            .as_ref()
            .is_some_and(|settings| settings.requires_approval);
        if required && patch.requires_approval == Some(false) {
            let what = || "workflow".to_owned();
            self.demand_in(context, Permission::WriteProjects, workflow.workspace_id, what)?;
        }
        let environment = match patch.environment_id {
            Some(id) => Some(self.environment_fact(id, workflow.workspace_id, unit).await?),
            None => None,
        };
        let named = named_in(patch.steps.as_deref().unwrap_or_default());
        Ok(ChangeWorkflow {
            name: patch.name.clone(),
            description: patch.description.clone(),
            environment,
            requires_approval: patch.requires_approval,
            tags: patch.tags.clone(),
            configuration: patch.configuration.clone(),
            steps: patch.steps.clone(),
            step_ids: step_ids.to_vec(),
            endpoints: self.endpoint_facts(&named, unit).await?,
            now: unit.now(),
        })
    }

    /// Ids for the steps that do not say which present one they replace.
    async fn step_ids(&self, steps: &[StepInput]) -> Result<Vec<StepId>, ApplicationError> {
        let new = steps.iter().filter(|step| step.id.is_none()).count();
        Ok(self
            .store
            .allot_many(StepId::KIND, new)
            .await?
            .into_iter()
            .map(StepId)
            .collect())
    }
}

impl Placed for Workflow {
    fn workspace(&self) -> Option<WorkspaceId> {
        self.id.map(|_| self.workspace_id)
    }
}

/// The endpoints that steps name.
fn named_in(steps: &[StepInput]) -> BTreeSet<ApiEndpointId> {
    steps.iter().filter_map(|step| step.api_endpoint_id).collect()
}

fn change_of_step(step_id: StepId, patch: &StepPatch, endpoints: EndpointFacts, now: Instant) -> ChangeStep {
    ChangeStep {
        step_id,
        name: patch.name.clone(),
        description: patch.description.clone(),
        order: patch.order,
        api_endpoint_id: patch.api_endpoint_id,
        input_mapping: patch.input_mapping.clone(),
        output_mapping: patch.output_mapping.clone(),
        error_handling: patch.error_handling.clone(),
        is_optional: patch.is_optional,
        timeout_seconds: patch.timeout_seconds,
        retry_count: patch.retry_count,
        retry_delay_seconds: patch.retry_delay_seconds,
        condition: patch.condition.clone(),
        endpoints,
        now,
    }
}
