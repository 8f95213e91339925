//! The draft and the published versions, as the log tells them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    choice::Documented,
    event::Event,
    ids::{ApiEndpointId, WorkflowId},
    workflow::{Definition, Step, Workflow, WorkflowEvent, WorkflowPublished, WorkflowSettings, WorkflowStatus},
};
use wfm_storage::event::{StreamId, StreamVersion};

use crate::{
    app::App,
    body_schemas::StepShown,
    context::Context,
    error::ApplicationError,
    security::permission::Permission,
    store::{Loaded, typed},
};

const PAGE: u32 = 500;

/// The draft or a published version of a workflow, as the log tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowContent {
    /// `Workflows.Id`.
    pub id: i64,
    /// Version of its stream: the `ETag`.
    #[serde(skip)]
    pub stream_version: u64,
    /// The project it belongs to.
    pub project_id: i64,
    /// Workspace of the project.
    pub workspace_id: i64,
    /// `Draft`, `Published` or `Inactive`.
    pub status: &'static str,
    /// The published version; null for the draft.
    pub version: Option<u32>,
    /// Whether the draft differs from the version in force.
    pub has_draft_changes: bool,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Environment of its runs.
    pub environment_id: i64,
    /// Whether publishing needs an approval by another person.
    pub requires_approval: bool,
    /// Tags.
    pub tags: Option<String>,
    /// Configuration.
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Value>,
    /// Steps in order.
    #[schema(value_type = Vec<StepShown>)]
    pub steps: Vec<StepContent>,
    /// SHA-256 (hex) over all that the version does; null for the draft.
    pub content_hash: Option<String>,
}

/// A step of the draft or of a published version.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepContent {
    /// Its workflow.
    pub workflow_id: i64,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
}

impl App {
    /// The draft.
    ///
    /// # Errors
    /// When the caller may not read it, or there is no such workflow.
    pub async fn workflow_draft(&self, context: &Context, id: WorkflowId) -> Result<WorkflowContent, ApplicationError> {
        let workflow = self.readable_workflow(context, id).await?;
        let Workflow {
            settings: Some(settings),
            steps,
            ..
        } = &workflow.aggregate
        else {
            return Err(ApplicationError::not_found("workflow", id));
        };
        Ok(content(&workflow, settings, steps, None))
    }

    /// A published version.
    ///
    /// # Errors
    /// When the caller may not read it, or there is no such version.
    pub async fn workflow_version(
        &self,
        context: &Context,
        id: WorkflowId,
        version: u32,
    ) -> Result<WorkflowContent, ApplicationError> {
        let workflow = self.readable_workflow(context, id).await?;
        let missing = || ApplicationError::NotFound(format!("version {version} of workflow {id}"));
        let present = workflow
            .aggregate
            .in_force
            .as_ref()
            .filter(|in_force| in_force.version == version);
        if let Some(present) = present {
            let Definition { settings, steps, .. } = &present.definition;
            return Ok(content(
                &workflow,
                settings,
                steps,
                Some((version, &present.content_hash)),
            ));
        }
        let published = self
            .published_version(&workflow.stream, version)
            .await?
            .ok_or_else(missing)?;
        let Definition { settings, steps, .. } = &published.definition;
        Ok(content(
            &workflow,
            settings,
            steps,
            Some((version, &published.content_hash)),
        ))
    }

    /// Endpoints that changed or were deleted since the version in force was published.
    ///
    /// # Errors
    /// When the caller may not read the workflow, or there is none.
    pub async fn outdated_endpoints(
        &self,
        context: &Context,
        id: WorkflowId,
    ) -> Result<Vec<ApiEndpointId>, ApplicationError> {
        let workflow = self.readable_workflow(context, id).await?;
        let mut outdated = Vec::new();
        for snapshot in workflow
            .aggregate
            .in_force
            .iter()
            .flat_map(|in_force| &in_force.definition.endpoints)
        {
            let stream = self.store.log.stream(&StreamId::new(snapshot.id.stream())).await?;
            // A deletion is a new version, too.
            if stream.is_none_or(|stream| stream.version.0 > snapshot.version) {
                outdated.push(snapshot.id);
            }
        }
        Ok(outdated)
    }

    async fn readable_workflow(&self, context: &Context, id: WorkflowId) -> Result<Loaded<Workflow>, ApplicationError> {
        let workflow = self.store.load::<Workflow>(id.stream()).await?;
        self.demand_on(context, Permission::ReadWorkspace, &workflow)?;
        if workflow.aggregate.is_deleted {
            return Err(ApplicationError::not_found("workflow", id));
        }
        Ok(workflow)
    }

    pub(super) async fn published_version(
        &self,
        stream: &StreamId,
        version: u32,
    ) -> Result<Option<WorkflowPublished>, ApplicationError> {
        let mut after = StreamVersion(0);
        loop {
            let page = self.store.log.read_stream(stream, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(None) };
            after = last.version;
            for stored in &page {
                if let Some(Event::Workflow(WorkflowEvent::WorkflowPublished(published))) = typed(stored).as_deref()
                    && published.version == version
                {
                    return Ok(Some(published.clone()));
                }
            }
        }
    }
}

fn content(
    workflow: &Loaded<Workflow>,
    settings: &WorkflowSettings,
    steps: &[Step],
    published: Option<(u32, &str)>,
) -> WorkflowContent {
    let Loaded { aggregate, version, .. } = workflow;
    let id = aggregate.id.unwrap_or_default().0;
    WorkflowContent {
        id,
        stream_version: version.0,
        project_id: aggregate.project_id.0,
        workspace_id: aggregate.workspace_id.0,
        status: status_name(aggregate.status),
        version: published.map(|(version, _)| version),
        has_draft_changes: aggregate.has_draft_changes(),
        name: settings.name.clone(),
        description: settings.description.clone(),
        environment_id: settings.environment_id.0,
        requires_approval: settings.requires_approval,
        tags: settings.tags.clone(),
        configuration: settings.configuration.clone(),
        steps: steps
            .iter()
            .map(|step| StepContent {
                workflow_id: id,
                step: step.clone(),
            })
            .collect(),
        content_hash: published.map(|(_, hash)| hash.to_owned()),
    }
}

fn status_name(status: WorkflowStatus) -> &'static str {
    WorkflowStatus::NAMES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or("", |(_, name)| name)
}
