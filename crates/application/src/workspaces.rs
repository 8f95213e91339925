//! Workspaces and their members.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    choice::Choice,
    facts::{Standing, WorkspaceFact},
    ids::{MembershipId, UserId, WorkspaceId},
    role::Role,
    user::User,
    workspace::{
        ActivateWorkspace, ChangeWorkspace, CreateWorkspace, DeactivateWorkspace, RemoveMember, SetMember, Workspace,
        WorkspaceCommand,
    },
};

use crate::{
    app::App,
    body_schemas::RoleChoice,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    security::permission::Permission,
    store::{Loaded, Recorded, Unit, check_version},
};

/// Body of `POST /workspaces`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWorkspace {
    /// Unique in the system, at most 200 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: Option<String>,
}

/// Body of `PATCH /workspaces/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspacePatch {
    /// Unique in the system, at most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
}

/// Body of `PUT /workspaces/{id}/members/{userId}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberInput {
    /// Role in the workspace, by name or number; `Viewer` when omitted.
    #[schema(value_type = Option<RoleChoice>)]
    pub role: Option<Choice<Role>>,
}

impl App {
    /// Creates a workspace; its creator becomes its Admin.
    ///
    /// # Errors
    /// When the caller may not, or the name is taken.
    pub async fn create_workspace(
        &self,
        context: &Context,
        input: &NewWorkspace,
    ) -> Result<Recorded, ApplicationError> {
        self.demand(context, Permission::CreateWorkspace)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.seen(recorded).await);
        }
        let id = WorkspaceId(self.store.allot(WorkspaceId::KIND).await?);
        let membership_id = MembershipId(self.store.allot(MembershipId::KIND).await?);
        let recorded = self
            .store
            .retrying(|| async {
                let creator = self.acting_user(context).await?;
                let mut workspace = Loaded::<Workspace>::fresh(id.stream(), Some(id));
                let mut unit = self.store.unit(context);
                unit.guard(&creator);
                let command = CreateWorkspace {
                    id,
                    name: input.name.clone(),
                    description: input.description.clone(),
                    membership_id,
                    created_by: self.creator_fact(context, &creator)?,
                };
                unit.decide(&mut workspace, command).await?;
                unit.commit(id.0, workspace.version).await
            })
            .await?;
        Ok(self.seen(recorded).await)
    }

    /// Changes name or description.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or the name is taken.
    pub async fn change_workspace(
        &self,
        context: &Context,
        id: WorkspaceId,
        patch: &WorkspacePatch,
    ) -> Result<Recorded, ApplicationError> {
        let command = || ChangeWorkspace {
            name: patch.name.clone(),
            description: patch.description.clone(),
        };
        self.command_workspace(context, id, command).await
    }

    /// Takes the workspace out of use.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn deactivate_workspace(&self, context: &Context, id: WorkspaceId) -> Result<Recorded, ApplicationError> {
        self.command_workspace(context, id, || DeactivateWorkspace).await
    }

    /// Puts the workspace in use again.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn activate_workspace(&self, context: &Context, id: WorkspaceId) -> Result<Recorded, ApplicationError> {
        self.command_workspace(context, id, || ActivateWorkspace).await
    }

    /// Deletes the workspace with its projects, environments, workflows and endpoints; cancels its runs.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn delete_workspace(&self, context: &Context, id: WorkspaceId) -> Result<Recorded, ApplicationError> {
        self.cascade_workspace(context, id).await
    }

    /// Adds a member or gives one another role.
    ///
    /// # Errors
    /// When the caller may not, or would grant above their own role.
    pub async fn set_member(
        &self,
        context: &Context,
        id: WorkspaceId,
        user: UserId,
        input: &MemberInput,
    ) -> Result<Recorded, ApplicationError> {
        self.demand_in(context, Permission::ManageWorkspace, id, || format!("workspace {id}"))?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.seen(recorded).await);
        }
        let membership_id = MembershipId(self.store.allot(MembershipId::KIND).await?);
        let recorded = self
            .store
            .retrying(|| async {
                let member = self.store.load::<User>(user.stream()).await?;
                let mut workspace = self.store.load::<Workspace>(id.stream()).await?;
                check_version(context, &workspace)?;
                let mut unit = self.store.unit(context);
                unit.guard(&member);
                let command = SetMember {
                    user: member.aggregate.fact(user),
                    role: input.role.clone(),
                    membership_id,
                    granter: self.granter_in(context, id),
                };
                unit.decide(&mut workspace, command).await?;
                unit.commit(user.0, workspace.version).await
            })
            .await?;
        Ok(self.seen(recorded).await)
    }

    /// Takes a member out.
    ///
    /// # Errors
    /// When the caller may not, or the last Admin would leave the others behind.
    pub async fn remove_member(
        &self,
        context: &Context,
        id: WorkspaceId,
        user: UserId,
    ) -> Result<Recorded, ApplicationError> {
        let granter = self.granter_in(context, id);
        self.command_workspace(context, id, || RemoveMember { user_id: user, granter })
            .await
    }

    /// Demands a right in the workspace that `/workspaceId` of a body names.
    pub(crate) fn demand_named_workspace(
        &self,
        context: &Context,
        permission: Permission,
        id: WorkspaceId,
    ) -> Result<(), ApplicationError> {
        self.demand_in(context, permission, id, || format!("workspace {id}"))
            .map_err(|error| error.at("/workspaceId"))
    }

    /// That workspace as a fact, which stays as it is until the append.
    pub(crate) async fn named_workspace(
        &self,
        id: WorkspaceId,
        unit: &mut Unit<'_>,
    ) -> Result<WorkspaceFact, ApplicationError> {
        let workspace = self.store.load::<Workspace>(id.stream()).await?;
        let fact = workspace.aggregate.fact(id);
        if fact.standing == Standing::Missing {
            // Who has every right may do so in a workspace that does not exist.
            return Err(ApplicationError::not_found("workspace", id).at("/workspaceId"));
        }
        unit.guard(&workspace);
        Ok(fact)
    }

    async fn command_workspace<C: Into<WorkspaceCommand>>(
        &self,
        context: &Context,
        id: WorkspaceId,
        command: impl Fn() -> C,
    ) -> Result<Recorded, ApplicationError> {
        self.demand_in(context, Permission::ManageWorkspace, id, || format!("workspace {id}"))?;
        let recorded = self
            .command::<Workspace, C>(context, id.stream(), Value::from(id.0), command)
            .await?;
        Ok(self.seen(recorded).await)
    }
}
