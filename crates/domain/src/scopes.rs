//! The scopes of claims, and what a refusal says when a claim's condition fails.
//!
//! The store knows only that a key was taken or a scope not empty; here stands what that means.

use crate::{
    aggregate::Claim,
    ids::{EnvironmentId, ProjectId, UserId, WorkspaceId},
    refusal::Refusal,
};

/// E-mail addresses (as keyed hashes): unique in the system, kept by deleted users, freed by erasure.
pub const USER_EMAIL: &str = "user-email";
/// Names of workspaces: unique in the system.
pub const WORKSPACE_NAME: &str = "workspace-name";
/// Users that are active global Admins: at least one remains.
pub const ACTIVE_ADMINS: &str = "active-admins";
/// Workspace-months of which executions were purged and whose data key still exists.
pub const PURGED_MONTHS: &str = "purged-run-months";
/// Workspace-months whose run data was erased, kept for good: their data keys are destroyed, or about to be.
pub const ERASED_MONTHS: &str = "erased-run-months";

/// Schedules that have a tick to come: the number of the workflow each.
pub const ACTIVE_SCHEDULES: &str = "active-schedules";

/// Workflows of which a version with callbacks was ever published, kept for good: their runs may still have something to tell.
pub const CALLING_BACK: &str = "workflows-with-callbacks";

/// What a user created, kept for good: a user that created anything cannot be deleted.
#[must_use]
pub fn created_by(user: UserId) -> String {
    format!("user/{user}/created")
}

/// Projects of a workspace.
#[must_use]
pub fn projects_of(workspace: WorkspaceId) -> String {
    format!("workspace/{workspace}/projects")
}

/// Names of the projects of a workspace.
#[must_use]
pub fn project_names_of(workspace: WorkspaceId) -> String {
    format!("workspace/{workspace}/project-name")
}

/// API endpoints of a workspace.
#[must_use]
pub fn api_endpoints_of(workspace: WorkspaceId) -> String {
    format!("workspace/{workspace}/api-endpoints")
}

/// Environments of a project.
#[must_use]
pub fn environments_of(project: ProjectId) -> String {
    format!("project/{project}/environments")
}

/// Workflows of a project.
#[must_use]
pub fn workflows_of(project: ProjectId) -> String {
    format!("project/{project}/workflows")
}

/// Published workflows of a project.
#[must_use]
pub fn active_workflows_of(project: ProjectId) -> String {
    format!("project/{project}/active-workflows")
}

/// Workflows whose draft or version in force names an environment.
#[must_use]
pub fn workflows_in(environment: EnvironmentId) -> String {
    format!("environment/{environment}/workflows")
}

/// The refusal when `claim` is held by another stream.
#[must_use]
pub fn taken(claim: &Claim) -> Refusal {
    match claim.scope.as_str() {
        USER_EMAIL => {
            let detail = "another user has this e-mail address (a deleted user keeps theirs until it is erased)";
            with_pointer(Refusal::conflict("email-taken", detail), "/email")
        }
        WORKSPACE_NAME => with_pointer(
            Refusal::conflict("workspace-name-taken", "another workspace has this name"),
            "/name",
        ),
        scope if scope.ends_with("/project-name") => with_pointer(
            Refusal::conflict("project-name-taken", "another project of the workspace has this name"),
            "/name",
        ),
        scope => Refusal::conflict("already-claimed", format!("{} is already taken in {scope}", claim.key)),
    }
}

/// The refusal when `scope` had to be empty and is not.
#[must_use]
pub fn not_empty(scope: &str) -> Refusal {
    if scope.ends_with("/active-workflows") {
        Refusal::conflict(
            "project-has-active-workflows",
            "the project contains active workflows; deactivate them first",
        )
    } else if scope.starts_with("user/") {
        Refusal::conflict(
            "user-has-created-entities",
            "the user has created entities and cannot be deleted; deactivate (or erase) the user instead",
        )
    } else if scope.starts_with("environment/") {
        Refusal::conflict(
            "environment-in-use",
            "workflows use the environment; delete them or give them another one first",
        )
    } else {
        Refusal::conflict(
            "not-empty",
            format!("something was added meanwhile ({scope}); try again"),
        )
    }
}

/// The refusal when `scope` had to keep more claims than remain.
#[must_use]
pub fn too_few(scope: &str) -> Refusal {
    if scope == ACTIVE_ADMINS {
        Refusal::conflict(
            "last-admin",
            "this is the last active Admin; make another user Admin first",
        )
    } else {
        Refusal::conflict("too-few", format!("too few would remain in {scope}"))
    }
}

fn with_pointer(mut refusal: Refusal, pointer: &str) -> Refusal {
    refusal.errors.push(crate::refusal::FieldError {
        pointer: pointer.to_owned(),
        detail: refusal.detail.clone(),
    });
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_claims_say_what_they_mean() {
        assert_eq!(
            taken(&Claim::new(project_names_of(WorkspaceId(3)), "x")).code,
            "project-name-taken"
        );
        assert_eq!(not_empty(&created_by(UserId(1))).code, "user-has-created-entities");
        assert!(not_empty(&created_by(UserId(1))).detail.contains("deactivate"));
        assert_eq!(
            not_empty(&active_workflows_of(ProjectId(1))).code,
            "project-has-active-workflows"
        );
        assert_eq!(not_empty(&workflows_in(EnvironmentId(1))).code, "environment-in-use");
        assert_eq!(too_few(ACTIVE_ADMINS).code, "last-admin");
    }
}
