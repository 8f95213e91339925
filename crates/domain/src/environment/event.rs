//! What happens to an environment; its variables stand sealed under the environment's key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    event::VisitField,
    events,
    ids::{EnvironmentId, ProjectId, UserId, WorkspaceId},
    instant::Instant,
    protected::Protected,
    protected_fields,
};

/// The documented keys of `Environments.Configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnvironmentConfiguration {
    /// Seconds a whole run may take; 1 to 31,536,000.
    pub timeout: u32,
    /// Retries of a step that names none; 0 to 100.
    pub retries: u32,
    /// Whether runs write `ExecutionLogs`.
    pub enable_logging: bool,
    /// Whether runs write `WorkflowMetrics`.
    pub enable_metrics: bool,
    /// Runs at once; 1 to 100,000. Further ones queue.
    pub max_concurrent_executions: u32,
}

impl Default for EnvironmentConfiguration {
    /// The values of the documented example.
    fn default() -> Self {
        Self {
            timeout: 120,
            retries: 3,
            enable_logging: true,
            enable_metrics: true,
            max_concurrent_executions: 5,
        }
    }
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Whether the value may never be shown again.
    pub secret: bool,
    /// The value, sealed under the environment's key.
    pub value: Protected,
    /// When the value was set.
    pub updated_at: Instant,
}

/// All variables of an environment by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, Variable>);

impl VisitField for Variables {
    fn visit_field(&mut self, name: &str, visit: &mut dyn FnMut(&str, &mut Protected)) {
        for (variable, content) in &mut self.0 {
            visit(&format!("{name}.{variable}"), &mut content.value);
        }
    }
}

/// An environment exists from now on, active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentCreated {
    /// `Environments.Id`.
    pub id: EnvironmentId,
    /// Workspace of the project.
    pub workspace_id: WorkspaceId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// At most 200 UTF-16 units.
    pub name: String,
    /// At most 1000 UTF-16 units.
    pub description: Option<String>,
    /// Settings of its runs.
    pub configuration: EnvironmentConfiguration,
    /// Its variables.
    pub variables: Variables,
    /// Who created it.
    pub created_by: UserId,
}
protected_fields!(EnvironmentCreated => variables);

/// All of it reads so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentChanged {
    /// The environment.
    pub id: EnvironmentId,
    /// See [`EnvironmentCreated::name`].
    pub name: String,
    /// See [`EnvironmentCreated::description`].
    pub description: Option<String>,
    /// Settings after the change.
    pub configuration: EnvironmentConfiguration,
    /// All variables after the change.
    pub variables: Variables,
}
protected_fields!(EnvironmentChanged => variables);

/// One variable was set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableSet {
    /// The environment.
    pub id: EnvironmentId,
    /// The variable's name.
    pub name: String,
    /// All variables after the change: the documented column is one JSON text.
    pub variables: Variables,
}
protected_fields!(VariableSet => variables);

/// One variable is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableRemoved {
    /// The environment.
    pub id: EnvironmentId,
    /// The variable's name.
    pub name: String,
    /// All variables after the change.
    pub variables: Variables,
}
protected_fields!(VariableRemoved => variables);

/// No run may start in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentDeactivated {
    /// The environment.
    pub id: EnvironmentId,
}

/// In use again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentActivated {
    /// The environment.
    pub id: EnvironmentId,
}

/// Soft delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentDeleted {
    /// The environment.
    pub id: EnvironmentId,
    /// Whether the deletion of the project or workspace caused it.
    pub cascade: bool,
}

protected_fields!(EnvironmentDeactivated, EnvironmentActivated, EnvironmentDeleted);

events! {
    /// Events of an environment, stream `environment-{id}`.
    EnvironmentEvent {
        /// Created.
        EnvironmentCreated = 1,
        /// Changed.
        EnvironmentChanged = 1,
        /// Deactivated.
        EnvironmentDeactivated = 1,
        /// Activated.
        EnvironmentActivated = 1,
        /// Soft-deleted.
        EnvironmentDeleted = 1,
        /// Variable set.
        VariableSet = 1,
        /// Variable removed.
        VariableRemoved = 1,
    }
}
