//! An environment's state, folded from events whose variables were opened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{EnvironmentCommand, EnvironmentConfiguration, EnvironmentEvent, Variables};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    facts::{EnvironmentFact, Standing},
    ids::{EnvironmentId, ProjectId, UserId, WorkspaceId},
    refusal::Refusal,
    scopes,
};

/// An environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Set once the environment exists.
    pub id: Option<EnvironmentId>,
    /// Workspace of the project.
    pub workspace_id: WorkspaceId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Settings of its runs.
    pub configuration: EnvironmentConfiguration,
    /// Its variables.
    pub variables: Variables,
    /// Who created it.
    pub created_by: UserId,
    /// `Environments.IsActive`.
    pub is_active: bool,
    /// `Environments.IsDeleted`.
    pub is_deleted: bool,
}

cqrs_aggregate!(Environment, "environment");

impl Environment {
    /// The environment as a fact for commands on other aggregates.
    #[must_use]
    pub fn fact(&self, id: EnvironmentId) -> EnvironmentFact {
        EnvironmentFact {
            id,
            project_id: self.project_id,
            standing: Standing::of(self.id.is_some(), self.is_active, self.is_deleted),
            retries: self.configuration.retries,
        }
    }

    pub(super) fn existing(&self) -> Result<EnvironmentId, Refusal> {
        match self.id {
            Some(id) if !self.is_deleted => Ok(id),
            Some(_) | None => Err(Refusal::not_found(
                "environment-not-found",
                "there is no such environment",
            )),
        }
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        if let Some(id) = self.id {
            held.insert(Claim::new(scopes::created_by(self.created_by), id.stream()));
            if !self.is_deleted {
                held.insert(Claim::new(scopes::environments_of(self.project_id), id.to_string()));
            }
        }
        held
    }
}

impl Decide for Environment {
    type Command = EnvironmentCommand;
    type Event = EnvironmentEvent;

    fn decide(&self, command: EnvironmentCommand) -> Result<Vec<EnvironmentEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &EnvironmentEvent) {
        match event {
            EnvironmentEvent::EnvironmentCreated(created) => {
                *self = Self {
                    id: Some(created.id),
                    workspace_id: created.workspace_id,
                    project_id: created.project_id,
                    name: created.name.clone(),
                    description: created.description.clone(),
                    configuration: created.configuration.clone(),
                    variables: created.variables.clone(),
                    created_by: created.created_by,
                    is_active: true,
                    is_deleted: false,
                };
            }
            EnvironmentEvent::EnvironmentChanged(changed) => {
                self.name.clone_from(&changed.name);
                self.description.clone_from(&changed.description);
                self.configuration = changed.configuration.clone();
                self.variables = changed.variables.clone();
            }
            EnvironmentEvent::VariableSet(set) => self.variables = set.variables.clone(),
            EnvironmentEvent::VariableRemoved(removed) => self.variables = removed.variables.clone(),
            EnvironmentEvent::EnvironmentDeactivated(_) => self.is_active = false,
            EnvironmentEvent::EnvironmentActivated(_) => self.is_active = true,
            EnvironmentEvent::EnvironmentDeleted(_) => self.is_deleted = true,
        }
    }

    fn claims(&self, event: &EnvironmentEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        let mut changes = ClaimChanges::between(&self.held(), &after.held());
        match event {
            EnvironmentEvent::EnvironmentDeleted(deleted) => {
                if !deleted.cascade {
                    changes.require_empty.push(scopes::workflows_in(deleted.id));
                }
            }
            EnvironmentEvent::EnvironmentCreated(_)
            | EnvironmentEvent::EnvironmentChanged(_)
            | EnvironmentEvent::EnvironmentDeactivated(_)
            | EnvironmentEvent::EnvironmentActivated(_)
            | EnvironmentEvent::VariableSet(_)
            | EnvironmentEvent::VariableRemoved(_) => {}
        }
        changes
    }
}
