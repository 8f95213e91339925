//! Creates a project in an active workspace.

use super::{Project, ProjectCreated, ProjectEvent};
use crate::{
    facts::{UserFact, WorkspaceFact},
    field_errors::FieldErrors,
    ids::ProjectId,
    refusal::Refusal,
    text,
};

/// Create a project.
#[derive(Debug, Clone)]
pub struct CreateProject {
    /// Allotted id.
    pub id: ProjectId,
    /// The workspace it shall belong to.
    pub workspace: WorkspaceFact,
    /// `name`, required.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// Who creates it.
    pub created_by: UserFact,
}

impl CreateProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict(
                "project-exists",
                "a project with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let name = text::name(&mut errors, "/name", &self.name, 200);
        let description = text::block(
            &mut errors,
            "/description",
            self.description.as_deref(),
            Some(1000),
        );
        errors.finish()?;
        self.workspace.require_active("/workspaceId")?;
        self.created_by.require_active()?;
        Ok(vec![
            ProjectCreated {
                id: self.id,
                workspace_id: self.workspace.id,
                name,
                description,
                created_by: self.created_by.id,
            }
            .into(),
        ])
    }
}
