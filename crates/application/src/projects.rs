//! Projects.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    facts::ProjectFact,
    ids::{ProjectId, WorkspaceId},
    project::{ActivateProject, ChangeProject, CreateProject, DeactivateProject, Project, ProjectCommand},
    workspace::Workspace,
};

use crate::{
    app::{App, Placed},
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    security::permission::Permission,
    store::{Loaded, Recorded, Unit},
};

/// Body of `POST /projects`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProject {
    /// The workspace it belongs to.
    #[schema(value_type = i64)]
    pub workspace_id: WorkspaceId,
    /// Unique in the workspace, at most 200 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: Option<String>,
}

/// Body of `PATCH /projects/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectPatch {
    /// Unique in the workspace, at most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
}

impl App {
    /// Creates a project.
    ///
    /// # Errors
    /// When the caller may not, the workspace is not active, or the name is taken.
    pub async fn create_project(&self, context: &Context, input: &NewProject) -> Result<Recorded, ApplicationError> {
        let workspace_id = input.workspace_id;
        self.demand_named_workspace(context, Permission::WriteProjects, workspace_id)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let id = ProjectId(self.store.allot(ProjectId::KIND).await?);
        self.store
            .retrying(|| async {
                let creator = self.acting_user(context).await?;
                let mut project = Loaded::<Project>::fresh(id.stream(), Some(workspace_id));
                let mut unit = self.store.unit(context);
                unit.guard(&creator);
                let command = CreateProject {
                    id,
                    workspace: self.named_workspace(workspace_id, &mut unit).await?,
                    name: input.name.clone(),
                    description: input.description.clone(),
                    created_by: self.creator_fact(context, &creator)?,
                };
                unit.decide(&mut project, command).await?;
                unit.commit(id.0, project.version).await
            })
            .await
    }

    /// Changes name or description.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or the name is taken.
    pub async fn change_project(
        &self,
        context: &Context,
        id: ProjectId,
        patch: &ProjectPatch,
    ) -> Result<Recorded, ApplicationError> {
        let command = || ChangeProject {
            name: patch.name.clone(),
            description: patch.description.clone(),
        };
        self.command_project(context, id, command).await
    }

    /// Takes the project out of use: nothing new starts in it.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn deactivate_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        self.command_project(context, id, || DeactivateProject).await
    }

    /// Puts the project in use again.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn activate_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        self.command_project(context, id, || ActivateProject).await
    }

    /// Deletes the project with its environments and workflows.
    ///
    /// # Errors
    /// When the caller may not, or the project has published workflows.
    pub async fn delete_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        self.cascade_project(context, id).await
    }

    async fn command_project<C: Into<ProjectCommand>>(
        &self,
        context: &Context,
        id: ProjectId,
        command: impl Fn() -> C,
    ) -> Result<Recorded, ApplicationError> {
        let command = |_: &Project, _| Ok(command());
        self.command_in(
            context,
            Permission::WriteProjects,
            id.stream(),
            Value::from(id.0),
            command,
        )
        .await
    }

    /// A project that the caller may do something in, as a fact for what is made in it; it and its workspace are guarded.
    ///
    /// # Errors
    /// See [`App::demand_on`].
    pub(crate) async fn project_fact(
        &self,
        context: &Context,
        permission: Permission,
        id: ProjectId,
        unit: &mut Unit<'_>,
    ) -> Result<ProjectFact, ApplicationError> {
        let project = self.store.load::<Project>(id.stream()).await?;
        let workspace_id = self.demand_on(context, permission, &project)?;
        let workspace = self.store.load::<Workspace>(workspace_id.stream()).await?;
        unit.guard(&project);
        unit.guard(&workspace);
        Ok(project.aggregate.fact(id, workspace.aggregate.fact(workspace_id)))
    }
}

impl Placed for Project {
    fn workspace(&self) -> Option<WorkspaceId> {
        self.id.map(|_| self.workspace_id)
    }
}
