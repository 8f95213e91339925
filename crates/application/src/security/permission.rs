//! The permission table: who may do what, globally and within a workspace.
//!
//! The documentation and the sweep over every route are made from [`Permission::ALL`]. A global Admin is Admin
//! everywhere; other global roles open no workspace and cap no membership.

use wfm_domain::role::Role;

/// A right, and the least role that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Own profile, password and API keys.
    OwnAccount,
    /// Reading shared endpoints.
    ReadSharedEndpoints,
    /// Users, all actions, and others' API keys.
    ManageUsers,
    /// Creating a workspace; its creator becomes its Admin.
    CreateWorkspace,
    /// Changing, deactivating and deleting a workspace; its members.
    ManageWorkspace,
    /// Writing projects, environments and variables; deleting workflows; dropping `requiresApproval`.
    WriteProjects,
    /// Editing, publishing and deactivating workflows, workspace endpoints; starting and cancelling runs.
    EditWorkflows,
    /// Writing shared endpoints.
    WriteSharedEndpoints,
    /// Reading a workspace, its views and histories.
    ReadWorkspace,
    /// Events and streams of a workspace.
    ReadWorkspaceLog,
    /// The whole log, the access log, projections, keys, retention.
    Operate,
}

impl Permission {
    /// Every right, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::OwnAccount,
        Self::ReadSharedEndpoints,
        Self::ManageUsers,
        Self::CreateWorkspace,
        Self::ManageWorkspace,
        Self::WriteProjects,
        Self::EditWorkflows,
        Self::WriteSharedEndpoints,
        Self::ReadWorkspace,
        Self::ReadWorkspaceLog,
        Self::Operate,
    ];

    /// The least global role that has the right everywhere.
    #[must_use]
    pub fn global(self) -> Role {
        match self {
            Self::OwnAccount | Self::ReadSharedEndpoints => Role::Viewer,
            Self::CreateWorkspace | Self::WriteSharedEndpoints => Role::ProjectManager,
            Self::ManageUsers
            | Self::ManageWorkspace
            | Self::WriteProjects
            | Self::EditWorkflows
            | Self::ReadWorkspace
            | Self::ReadWorkspaceLog
            | Self::Operate => Role::Admin,
        }
    }

    /// The least role of a membership that has the right in its workspace; `None` for rights that no membership gives.
    #[must_use]
    pub fn in_workspace(self) -> Option<Role> {
        match self {
            Self::ManageWorkspace => Some(Role::Admin),
            Self::WriteProjects | Self::ReadWorkspaceLog => Some(Role::ProjectManager),
            Self::EditWorkflows => Some(Role::Developer),
            Self::ReadWorkspace => Some(Role::Viewer),
            Self::OwnAccount
            | Self::ReadSharedEndpoints
            | Self::ManageUsers
            | Self::CreateWorkspace
            | Self::WriteSharedEndpoints
            | Self::Operate => None,
        }
    }

    /// What the right is, for the documentation and for refusals.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::OwnAccount => "use one's own account",
            Self::ReadSharedEndpoints => "read shared endpoints",
            Self::ManageUsers => "manage users",
            Self::CreateWorkspace => "create workspaces",
            Self::ManageWorkspace => "manage the workspace and its members",
            Self::WriteProjects => "write projects and environments of the workspace, delete its workflows",
            Self::EditWorkflows => "edit and run workflows of the workspace",
            Self::WriteSharedEndpoints => "write shared endpoints",
            Self::ReadWorkspace => "read the workspace",
            Self::ReadWorkspaceLog => "read the events of the workspace",
            Self::Operate => "operate the system",
        }
    }
}
