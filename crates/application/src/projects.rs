//! Projects.

use serde::Deserialize;
use utoipa::ToSchema;
use wfm_domain::ids::{ProjectId, WorkspaceId};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    store::Recorded,
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
    /// See [`NewProject::name`].
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// See [`NewProject::description`]; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
}

impl App {
    /// Creates a project.
    ///
    /// # Errors
    /// When the caller may not, the workspace is not active, or the name is taken.
    pub async fn create_project(&self, context: &Context, input: &NewProject) -> Result<Recorded, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, id, patch);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Takes the project out of use: nothing new starts in it.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn deactivate_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Puts the project in use again.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn activate_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Deletes the project with its environments and workflows.
    ///
    /// # Errors
    /// When the caller may not, or the project has published workflows.
    pub async fn delete_project(&self, context: &Context, id: ProjectId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }
}
