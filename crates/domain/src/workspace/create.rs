//! Creates a workspace with its creator as its first Admin.

use super::{MemberAdded, Workspace, WorkspaceCreated, WorkspaceEvent};
use crate::{
    facts::UserFact,
    field_errors::FieldErrors,
    ids::{MembershipId, WorkspaceId},
    refusal::Refusal,
    role::Role,
    text,
};

/// Create a workspace.
#[derive(Debug, Clone)]
pub struct CreateWorkspace {
    /// Allotted id.
    pub id: WorkspaceId,
    /// `name`, required.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// Allotted id of the creator's membership.
    pub membership_id: MembershipId,
    /// Who creates it.
    pub created_by: UserFact,
}

impl CreateWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict(
                "workspace-exists",
                "a workspace with this id exists already",
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
        self.created_by.require_active()?;
        let user_id = self.created_by.id;
        Ok(vec![
            WorkspaceCreated {
                id: self.id,
                name,
                description,
                created_by: user_id,
            }
            .into(),
            MemberAdded {
                id: self.id,
                membership_id: self.membership_id,
                user_id,
                role: Role::Admin,
                returning: false,
            }
            .into(),
        ])
    }
}
