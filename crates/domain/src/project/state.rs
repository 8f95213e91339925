//! A project's state.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ProjectCommand, ProjectEvent};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    facts::{ProjectFact, Standing, WorkspaceFact},
    ids::{ProjectId, UserId, WorkspaceId},
    refusal::Refusal,
    scopes, text,
};

/// A project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Set once the project exists.
    pub id: Option<ProjectId>,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// Name, as shown.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Who created it.
    pub created_by: UserId,
    /// `Projects.IsActive`.
    pub is_active: bool,
    /// `Projects.IsDeleted`.
    pub is_deleted: bool,
}

cqrs_aggregate!(Project, "project");

impl Project {
    /// The project as a fact for commands on other aggregates.
    #[must_use]
    pub fn fact(&self, id: ProjectId, workspace: WorkspaceFact) -> ProjectFact {
        ProjectFact {
            id,
            workspace,
            standing: Standing::of(self.id.is_some(), self.is_active, self.is_deleted),
        }
    }

    pub(super) fn existing(&self) -> Result<ProjectId, Refusal> {
        match self.id {
            Some(id) if !self.is_deleted => Ok(id),
            Some(_) | None => Err(Refusal::not_found("project-not-found", "there is no such project")),
        }
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        if let Some(id) = self.id {
            held.insert(Claim::new(scopes::created_by(self.created_by), id.stream()));
            if !self.is_deleted {
                held.insert(Claim::new(scopes::projects_of(self.workspace_id), id.to_string()));
                held.insert(Claim::new(
                    scopes::project_names_of(self.workspace_id),
                    text::unique_key(&self.name),
                ));
            }
        }
        held
    }
}

impl Decide for Project {
    type Command = ProjectCommand;
    type Event = ProjectEvent;

    fn decide(&self, command: ProjectCommand) -> Result<Vec<ProjectEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &ProjectEvent) {
        match event {
            ProjectEvent::ProjectCreated(created) => {
                *self = Self {
                    id: Some(created.id),
                    workspace_id: created.workspace_id,
                    name: created.name.clone(),
                    description: created.description.clone(),
                    created_by: created.created_by,
                    is_active: true,
                    is_deleted: false,
                };
            }
            ProjectEvent::ProjectChanged(changed) => {
                self.name.clone_from(&changed.name);
                self.description.clone_from(&changed.description);
            }
            ProjectEvent::ProjectDeactivated(_) => self.is_active = false,
            ProjectEvent::ProjectActivated(_) => self.is_active = true,
            ProjectEvent::ProjectDeleted(_) => self.is_deleted = true,
        }
    }

    fn claims(&self, event: &ProjectEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        let mut changes = ClaimChanges::between(&self.held(), &after.held());
        match event {
            ProjectEvent::ProjectDeleted(deleted) => {
                if !deleted.cascade {
                    changes.require_empty.push(scopes::active_workflows_of(deleted.id));
                }
                // Children go in the same append; one that was created meanwhile must not be left over.
                changes.require_empty.push(scopes::workflows_of(deleted.id));
                changes.require_empty.push(scopes::environments_of(deleted.id));
            }
            ProjectEvent::ProjectCreated(_)
            | ProjectEvent::ProjectChanged(_)
            | ProjectEvent::ProjectDeactivated(_)
            | ProjectEvent::ProjectActivated(_) => {}
        }
        changes
    }
}
