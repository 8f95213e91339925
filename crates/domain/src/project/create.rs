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
        let description = text::block(&mut errors, "/description", self.description.as_deref(), Some(1000));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        facts::Standing,
        given::{code, inactive_user, pointers, when, workspace},
        project::fixtures::{create, created},
    };

    #[test]
    fn nothing_is_created_below_a_deleted_or_inactive_workspace() {
        let below = |standing| CreateProject {
            workspace: workspace(standing),
            ..create()
        };
        assert_eq!(
            code(when::<Project>(&[], below(Standing::Inactive))),
            "workspace-inactive"
        );
        assert_eq!(
            pointers(when::<Project>(&[], below(Standing::Deleted))),
            ["/workspaceId"]
        );
        assert_eq!(
            pointers(when::<Project>(&[], below(Standing::Missing))),
            ["/workspaceId"]
        );
    }

    #[test]
    fn only_active_users_create() {
        let command = CreateProject {
            created_by: inactive_user(1),
            ..create()
        };
        assert_eq!(code(when::<Project>(&[], command)), "user-inactive");
    }

    #[test]
    fn lengths_are_the_documented_ones() {
        let command = CreateProject {
            name: String::new(),
            description: Some("x".repeat(1001)),
            ..create()
        };
        assert_eq!(pointers(when::<Project>(&[], command)), ["/name", "/description"]);
    }

    #[test]
    fn the_name_is_claimed_in_the_workspace() {
        assert_eq!(
            Project::default().claims(&created()[0]).take,
            [
                Claim::new("user/1/created", "project-5"),
                Claim::new("workspace/3/project-name", "orders"),
                Claim::new("workspace/3/projects", "5"),
            ]
        );
    }
}
