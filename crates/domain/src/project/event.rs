//! What happens to a project.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{ProjectId, UserId, WorkspaceId},
    protected_fields,
};

/// A project exists from now on, active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectCreated {
    /// `Projects.Id`.
    pub id: ProjectId,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// Unique in the workspace, at most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Who created it.
    pub created_by: UserId,
}

/// Name and description read so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectChanged {
    /// The project.
    pub id: ProjectId,
    /// See [`ProjectCreated::name`].
    pub name: String,
    /// See [`ProjectCreated::description`].
    pub description: Option<String>,
}

/// Nothing new may start in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectDeactivated {
    /// The project.
    pub id: ProjectId,
}

/// In use again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectActivated {
    /// The project.
    pub id: ProjectId,
}

/// Soft delete; the name is free again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectDeleted {
    /// The project.
    pub id: ProjectId,
    /// Whether the deletion of the workspace caused it.
    pub cascade: bool,
}

protected_fields!(
    ProjectCreated,
    ProjectChanged,
    ProjectDeactivated,
    ProjectActivated,
    ProjectDeleted
);

events! {
    /// Events of a project, stream `project-{id}`.
    ProjectEvent {
        /// Created.
        ProjectCreated = 1,
        /// Name or description changed.
        ProjectChanged = 1,
        /// Deactivated.
        ProjectDeactivated = 1,
        /// Activated.
        ProjectActivated = 1,
        /// Soft-deleted.
        ProjectDeleted = 1,
    }
}
