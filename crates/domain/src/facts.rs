//! What a decision must know about other aggregates: small facts that arrive inside the command.
//!
//! Invariant: facts are read from streams whose versions the application guards in the same append, so that a decision
//! never rests on something that changed meanwhile.

use std::collections::BTreeMap;

use crate::{
    field_errors::FieldErrors,
    ids::{ApiEndpointId, EnvironmentId, ProjectId, UserId, WorkspaceId},
    refusal::Refusal,
    role::Role,
};

/// How an entity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none of this id.
    Missing,
    /// Exists and is in use.
    Active,
    /// Exists but is deactivated.
    Inactive,
    /// Was deleted (softly).
    Deleted,
}

impl Standing {
    /// The standing of an entity with these flags.
    #[must_use]
    pub fn of(exists: bool, is_active: bool, is_deleted: bool) -> Self {
        match (exists, is_deleted, is_active) {
            (false, _, _) => Self::Missing,
            (true, true, _) => Self::Deleted,
            (true, false, true) => Self::Active,
            (true, false, false) => Self::Inactive,
        }
    }

    /// Whether the entity exists and was not deleted.
    #[must_use]
    pub fn exists(self) -> bool {
        matches!(self, Self::Active | Self::Inactive)
    }
}

/// A user that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFact {
    /// The user.
    pub id: UserId,
    /// How it stands; an erased user is inactive.
    pub standing: Standing,
}

impl UserFact {
    /// An active user.
    #[must_use]
    pub fn active(id: UserId) -> Self {
        Self {
            id,
            standing: Standing::Active,
        }
    }

    /// Refuses unless the user is active: only active users create anything (documented for workspaces).
    ///
    /// # Errors
    /// `user-inactive`.
    pub fn require_active(&self) -> Result<(), Refusal> {
        match self.standing {
            Standing::Active => Ok(()),
            Standing::Missing | Standing::Inactive | Standing::Deleted => Err(Refusal::forbidden(
                "user-inactive",
                format!("user {} is not active; only active users may do this", self.id),
            )),
        }
    }
}

/// Who grants a role, and what they may grant at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granter {
    /// The acting user; `None` for the system itself (command line, first administrator).
    pub user_id: Option<UserId>,
    /// Their role where the grant takes effect: global, or effective in the workspace.
    pub role: Role,
}

impl Granter {
    /// The system, which may grant every role.
    #[must_use]
    pub fn system() -> Self {
        Self {
            user_id: None,
            role: Role::Admin,
        }
    }

    /// A user with a role.
    #[must_use]
    pub fn user(user_id: UserId, role: Role) -> Self {
        Self {
            user_id: Some(user_id),
            role,
        }
    }

    /// Refuses a grant above the granter's own role.
    ///
    /// # Errors
    /// `role-above-own`.
    pub fn require_may_grant(&self, role: Role) -> Result<(), Refusal> {
        if self.role.at_least(role) {
            return Ok(());
        }
        let detail = format!(
            "nobody grants a role above their own: {} is above {}",
            role.name(),
            self.role.name()
        );
        Err(Refusal::forbidden("role-above-own", detail))
    }

    /// Refuses when the granter would change their own role.
    ///
    /// # Errors
    /// `own-role`.
    pub fn require_other_than(&self, user: UserId) -> Result<(), Refusal> {
        if self.user_id == Some(user) {
            return Err(Refusal::forbidden(
                "own-role",
                "nobody changes their own role; ask another administrator",
            ));
        }
        Ok(())
    }
}

/// A workspace that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceFact {
    /// The workspace.
    pub id: WorkspaceId,
    /// How it stands.
    pub standing: Standing,
}

impl WorkspaceFact {
    /// Refuses unless the workspace is active.
    ///
    /// # Errors
    /// A field error at `pointer` when it does not exist, `workspace-inactive` when it is deactivated.
    pub fn require_active(&self, pointer: &str) -> Result<(), Refusal> {
        require_active("workspace", self.id.0, self.standing, pointer, "workspace-inactive")
    }
}

/// A project that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectFact {
    /// The project.
    pub id: ProjectId,
    /// Its workspace.
    pub workspace: WorkspaceFact,
    /// How it stands.
    pub standing: Standing,
}

impl ProjectFact {
    /// Refuses unless the project and its workspace are active.
    ///
    /// # Errors
    /// A field error at `pointer` when it does not exist, `project-inactive` or `workspace-inactive`.
    pub fn require_active(&self, pointer: &str) -> Result<(), Refusal> {
        require_active("project", self.id.0, self.standing, pointer, "project-inactive")?;
        self.workspace.require_active(pointer)
    }
}

/// An environment that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvironmentFact {
    /// The environment.
    pub id: EnvironmentId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// How it stands.
    pub standing: Standing,
    /// Its configuration's `retries`: what a step without `retryCount` gets at publish.
    pub retries: u32,
}

impl EnvironmentFact {
    /// Refuses unless the environment is an active one of `project`.
    ///
    /// # Errors
    /// A field error at `pointer` when it does not exist or belongs to another project, `environment-inactive`.
    pub fn require_active_in(&self, project: ProjectId, pointer: &str) -> Result<(), Refusal> {
        if !self.standing.exists() {
            return Err(Refusal::field(
                pointer,
                format!("environment {} does not exist", self.id),
            ));
        }
        if self.project_id != project {
            let detail = format!("environment {} belongs to another project than {project}", self.id);
            return Err(Refusal::field(pointer, detail));
        }
        require_active("environment", self.id.0, self.standing, pointer, "environment-inactive")
    }
}

/// An endpoint that a step names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointFact {
    /// The endpoint.
    pub id: ApiEndpointId,
    /// Its workspace; `None` for a shared one.
    pub workspace_id: Option<WorkspaceId>,
    /// How it stands.
    pub standing: Standing,
}

/// The endpoints that a command's steps name; one that is not listed does not exist.
pub type EndpointFacts = BTreeMap<ApiEndpointId, EndpointFact>;

/// Notes an error unless a step in `workspace` may use the endpoint `id`: it exists, is active, and is shared or the
/// workspace's own.
pub fn check_endpoint(
    errors: &mut FieldErrors,
    pointer: &str,
    endpoints: &EndpointFacts,
    id: ApiEndpointId,
    workspace: WorkspaceId,
) {
    let fact = endpoints.get(&id).filter(|fact| fact.standing.exists());
    match fact {
        Some(fact) if fact.workspace_id.is_some_and(|owner| owner != workspace) => {
            // The same words as for a missing one: another workspace's endpoints are invisible.
            errors.add(pointer, format!("API endpoint {id} does not exist"));
        }
        None => errors.add(pointer, format!("API endpoint {id} does not exist")),
        Some(fact) if fact.standing == Standing::Inactive => {
            errors.add(pointer, format!("API endpoint {id} is not active"));
        }
        Some(_) => {}
    }
}

fn require_active(
    kind: &str,
    id: i64,
    standing: Standing,
    pointer: &str,
    inactive: &'static str,
) -> Result<(), Refusal> {
    match standing {
        Standing::Active => Ok(()),
        Standing::Inactive => Err(Refusal::conflict(
            inactive,
            format!("{kind} {id} is deactivated; activate it first"),
        )),
        // Told as what the caller may not see: the field names what is not there.
        Standing::Missing | Standing::Deleted => {
            Err(Refusal::not_found_at(pointer, format!("{kind} {id} does not exist")))
        }
    }
}
