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
        let description = text::block(&mut errors, "/description", self.description.as_deref(), Some(1000));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, inactive_user, pointers, when},
        ids::UserId,
        workspace::{
            WorkspaceDeleted,
            fixtures::{added, create, created},
        },
    };

    #[test]
    fn the_creator_becomes_admin() {
        let event = WorkspaceCreated {
            id: WorkspaceId(3),
            name: "Sales".into(),
            description: None,
            created_by: UserId(1),
        };
        assert_eq!(
            when::<Workspace>(&[], create()),
            Ok(vec![event.into(), added(10, 1, Role::Admin, false)])
        );
    }

    #[test]
    fn only_active_users_create() {
        let command = CreateWorkspace {
            created_by: inactive_user(1),
            ..create()
        };
        assert_eq!(code(when::<Workspace>(&[], command)), "user-inactive");
    }

    #[test]
    fn lengths_are_the_documented_ones() {
        let command = CreateWorkspace {
            name: "x".repeat(201),
            description: Some("x".repeat(1001)),
            ..create()
        };
        assert_eq!(pointers(when::<Workspace>(&[], command)), ["/name", "/description"]);
    }

    #[test]
    fn the_name_is_claimed_by_case_fold_and_freed_by_deletion() {
        let given = created();
        let name = Claim::new("workspace-name", "sales");
        let of_creator = Claim::new("user/1/created", "workspace-3");
        assert_eq!(Workspace::default().claims(&given[0]).take, [of_creator, name.clone()]);
        let changes = fold::<Workspace>(&given).claims(&WorkspaceDeleted { id: WorkspaceId(3) }.into());
        assert_eq!(changes.release, [name]);
        assert_eq!(
            changes.require_empty,
            ["workspace/3/projects", "workspace/3/api-endpoints"]
        );
    }
}
