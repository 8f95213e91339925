//! A workspace's state: its name, its standing and everyone who ever was a member.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{WorkspaceCommand, WorkspaceEvent};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    facts::{Standing, WorkspaceFact},
    ids::{MembershipId, UserId, WorkspaceId},
    refusal::Refusal,
    role::Role,
    scopes, text,
};

/// A present or former member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// `UserWorkspaces.Id`, kept when the user returns.
    pub membership_id: MembershipId,
    /// Role within the workspace.
    pub role: Role,
    /// `UserWorkspaces.IsActive`.
    pub is_active: bool,
}

/// A workspace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Set once the workspace exists.
    pub id: Option<WorkspaceId>,
    /// Name, as shown.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Who created it.
    pub created_by: UserId,
    /// `Workspaces.IsActive`.
    pub is_active: bool,
    /// `Workspaces.IsDeleted`.
    pub is_deleted: bool,
    /// Present and former members.
    pub members: BTreeMap<UserId, Member>,
}

cqrs_aggregate!(Workspace, "workspace");

impl Workspace {
    /// The workspace as a fact for commands on other aggregates.
    #[must_use]
    pub fn fact(&self, id: WorkspaceId) -> WorkspaceFact {
        WorkspaceFact {
            id,
            standing: Standing::of(self.id.is_some(), self.is_active, self.is_deleted),
        }
    }

    /// The role of a present member; `None` for everyone else.
    #[must_use]
    pub fn role_of(&self, user: UserId) -> Option<Role> {
        self.members
            .get(&user)
            .filter(|member| member.is_active)
            .map(|member| member.role)
    }

    pub(super) fn existing(&self) -> Result<WorkspaceId, Refusal> {
        match self.id {
            Some(id) if !self.is_deleted => Ok(id),
            Some(_) | None => Err(Refusal::not_found("workspace-not-found", "there is no such workspace")),
        }
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        if let Some(id) = self.id {
            held.insert(Claim::new(scopes::created_by(self.created_by), id.stream()));
            if !self.is_deleted {
                held.insert(Claim::new(scopes::WORKSPACE_NAME, text::unique_key(&self.name)));
            }
        }
        held
    }
}

impl Decide for Workspace {
    type Command = WorkspaceCommand;
    type Event = WorkspaceEvent;

    fn decide(&self, command: WorkspaceCommand) -> Result<Vec<WorkspaceEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &WorkspaceEvent) {
        match event {
            WorkspaceEvent::WorkspaceCreated(created) => {
                *self = Self {
                    id: Some(created.id),
                    name: created.name.clone(),
                    description: created.description.clone(),
                    created_by: created.created_by,
                    is_active: true,
                    is_deleted: false,
                    members: BTreeMap::new(),
                };
            }
            WorkspaceEvent::WorkspaceChanged(changed) => {
                self.name.clone_from(&changed.name);
                self.description.clone_from(&changed.description);
            }
            WorkspaceEvent::WorkspaceDeactivated(_) => self.is_active = false,
            WorkspaceEvent::WorkspaceActivated(_) => self.is_active = true,
            WorkspaceEvent::WorkspaceDeleted(_) => self.is_deleted = true,
            WorkspaceEvent::MemberAdded(added) => {
                let member = Member {
                    membership_id: added.membership_id,
                    role: added.role,
                    is_active: true,
                };
                self.members.insert(added.user_id, member);
            }
            WorkspaceEvent::MemberRoleChanged(changed) => {
                if let Some(member) = self.members.get_mut(&changed.user_id) {
                    member.role = changed.role;
                }
            }
            WorkspaceEvent::MemberRemoved(removed) => {
                if let Some(member) = self.members.get_mut(&removed.user_id) {
                    member.is_active = false;
                }
            }
        }
    }

    fn claims(&self, event: &WorkspaceEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        let mut changes = ClaimChanges::between(&self.held(), &after.held());
        match event {
            // The cascade deletes the children in the same append; one that was created meanwhile must not be left over.
            WorkspaceEvent::WorkspaceDeleted(deleted) => {
                changes.require_empty = vec![scopes::projects_of(deleted.id), scopes::api_endpoints_of(deleted.id)];
            }
            WorkspaceEvent::WorkspaceCreated(_)
            | WorkspaceEvent::WorkspaceChanged(_)
            | WorkspaceEvent::WorkspaceDeactivated(_)
            | WorkspaceEvent::WorkspaceActivated(_)
            | WorkspaceEvent::MemberAdded(_)
            | WorkspaceEvent::MemberRoleChanged(_)
            | WorkspaceEvent::MemberRemoved(_) => {}
        }
        changes
    }
}
