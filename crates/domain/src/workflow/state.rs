//! A workflow's state: the draft, the version in force, and how it stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Definition, Step, WorkflowCommand, WorkflowEvent, WorkflowSettings};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    ids::{ProjectId, UserId, WorkflowId, WorkspaceId},
    refusal::Refusal,
    scopes,
};

/// `WorkflowStatus`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkflowStatus {
    /// 0: never published.
    #[default]
    Draft,
    /// 1: runs may start.
    Published,
    /// 2: deactivated; running ones finish.
    Inactive,
}

impl WorkflowStatus {
    /// The documented enum value.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Draft => 0,
            Self::Published => 1,
            Self::Inactive => 2,
        }
    }
}

/// The version that runs follow and the documented tables show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    /// `Workflows.Version`.
    pub version: u32,
    /// SHA-256 (hex) of the definition's canonical JSON.
    pub content_hash: String,
    /// What runs do.
    pub definition: Definition,
    /// The steps as drafted: without the retries that publishing filled in.
    pub drafted_steps: Vec<Step>,
}

/// A workflow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Set once the workflow exists.
    pub id: Option<WorkflowId>,
    /// Workspace of the project.
    pub workspace_id: WorkspaceId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// Who created it.
    pub created_by: UserId,
    /// The draft's settings; set once the workflow exists.
    pub settings: Option<WorkflowSettings>,
    /// The draft's steps, ascending by order.
    pub steps: Vec<Step>,
    /// The version in force (or last in force, when inactive); `None` before the first publish.
    pub in_force: Option<InForce>,
    /// `Workflows.Status`.
    pub status: WorkflowStatus,
    /// Whether a version with callbacks was ever published.
    #[serde(default)]
    pub calls_back: bool,
    /// `Workflows.IsDeleted`.
    pub is_deleted: bool,
}

cqrs_aggregate!(Workflow, "workflow");

impl Workflow {
    /// Id and draft settings of a workflow that exists and was not deleted.
    pub(super) fn existing(&self) -> Result<(WorkflowId, &WorkflowSettings), Refusal> {
        match (self.id, &self.settings) {
            (Some(id), Some(settings)) if !self.is_deleted => Ok((id, settings)),
            _ => Err(Refusal::not_found("workflow-not-found", "there is no such workflow")),
        }
    }

    /// Whether the documented tables show the draft: nothing was published yet.
    pub(super) fn shows_draft(&self) -> bool {
        self.in_force.is_none()
    }

    /// Whether the draft differs from the version in force; a workflow never published has no other version.
    #[must_use]
    pub fn has_draft_changes(&self) -> bool {
        self.in_force.as_ref().is_some_and(|in_force| {
            self.settings.as_ref() != Some(&in_force.definition.settings) || self.steps != in_force.drafted_steps
        })
    }

    fn sort_steps(&mut self) {
        self.steps.sort_by_key(|step| (step.order, step.id));
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        let Some(id) = self.id else { return held };
        held.insert(Claim::new(scopes::created_by(self.created_by), id.stream()));
        if self.calls_back {
            held.insert(Claim::new(scopes::CALLING_BACK, id.to_string()));
        }
        if self.is_deleted {
            return held;
        }
        held.insert(Claim::new(scopes::workflows_of(self.project_id), id.to_string()));
        let published = self.in_force.as_ref().map(|in_force| &in_force.definition.settings);
        for settings in self.settings.iter().chain(published) {
            held.insert(Claim::new(
                scopes::workflows_in(settings.environment_id),
                id.to_string(),
            ));
        }
        if self.status == WorkflowStatus::Published {
            held.insert(Claim::new(scopes::active_workflows_of(self.project_id), id.to_string()));
        }
        held
    }
}

impl Decide for Workflow {
    type Command = WorkflowCommand;
    type Event = WorkflowEvent;

    fn decide(&self, command: WorkflowCommand) -> Result<Vec<WorkflowEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &WorkflowEvent) {
        match event {
            WorkflowEvent::WorkflowCreated(created) => {
                *self = Self {
                    id: Some(created.id),
                    workspace_id: created.workspace_id,
                    project_id: created.project_id,
                    created_by: created.created_by,
                    settings: Some(created.settings.clone()),
                    ..Self::default()
                };
            }
            WorkflowEvent::WorkflowChanged(changed) => self.settings = Some(changed.settings.clone()),
            WorkflowEvent::StepAdded(added) => {
                self.steps.push(added.step.clone());
                self.sort_steps();
            }
            WorkflowEvent::StepChanged(changed) => {
                if let Some(step) = self.steps.iter_mut().find(|step| step.id == changed.step.id) {
                    step.clone_from(&changed.step);
                }
                self.sort_steps();
            }
            WorkflowEvent::StepsReordered(reordered) => {
                for place in &reordered.places {
                    if let Some(step) = self.steps.iter_mut().find(|step| step.id == place.step_id) {
                        step.order = place.order;
                    }
                }
                self.sort_steps();
            }
            WorkflowEvent::StepRemoved(removed) => self.steps.retain(|step| step.id != removed.step_id),
            WorkflowEvent::WorkflowPublished(published) => {
                self.in_force = Some(InForce {
                    version: published.version,
                    content_hash: published.content_hash.clone(),
                    definition: published.definition.clone(),
                    drafted_steps: self.steps.clone(),
                });
                self.status = WorkflowStatus::Published;
                self.calls_back |= published.calls_back();
            }
            WorkflowEvent::DraftDiscarded(_) => {
                if let Some(in_force) = &self.in_force {
                    self.settings = Some(in_force.definition.settings.clone());
                    self.steps.clone_from(&in_force.drafted_steps);
                }
            }
            WorkflowEvent::WorkflowDeactivated(_) => self.status = WorkflowStatus::Inactive,
            WorkflowEvent::WorkflowDeleted(_) => self.is_deleted = true,
        }
    }

    fn claims(&self, event: &WorkflowEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        ClaimChanges::between(&self.held(), &after.held())
    }
}
