//! Environments and their variables.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    environment::{
        ActivateEnvironment, ChangeEnvironment, CreateEnvironment, DeactivateEnvironment, DeleteEnvironment,
        Environment, EnvironmentCommand, RemoveVariable, SetVariable,
    },
    ids::{EnvironmentId, ProjectId, WorkspaceId},
    instant::Instant,
    project::Project,
};

use crate::{
    app::{App, Placed},
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    security::permission::Permission,
    store::{Loaded, Recorded},
};

/// Body of `POST /environments`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewEnvironment {
    /// The project it belongs to.
    #[schema(value_type = i64)]
    pub project_id: ProjectId,
    /// At most 200 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// `timeout`, `retries`, `enableLogging`, `enableMetrics`, `maxConcurrentExecutions`; each may be absent.
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Value>,
    /// Variables by name: a text is a secret, `{"value": …, "secret": false}` is readable.
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Value>,
}

/// Body of `PATCH /environments/{id}`.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentPatch {
    /// At most 200 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// At most 1000 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub description: Option<Option<String>>,
    /// Replaced whole; null means the defaults.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub configuration: Option<Option<Value>>,
    /// Replaced whole; `{"secret": true}` without a value keeps the present one; null removes them all.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Option<Value>>,
}

impl App {
    /// Creates an environment.
    ///
    /// # Errors
    /// When the caller may not, or the project is not active.
    pub async fn create_environment(
        &self,
        context: &Context,
        input: &NewEnvironment,
    ) -> Result<Recorded, ApplicationError> {
        let project = self.store.load(input.project_id.stream()).await?;
        self.demand_on::<Project>(context, Permission::WriteProjects, &project)
            .map_err(|error| error.at("/projectId"))?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let id = EnvironmentId(self.store.allot(EnvironmentId::KIND).await?);
        self.store
            .retrying(|| async {
                let mut unit = self.store.unit(context);
                let creator = self.acting_user(context).await?;
                unit.guard(&creator);
                let project = self
                    .project_fact(context, Permission::WriteProjects, input.project_id, &mut unit)
                    .await?;
                let mut environment = Loaded::<Environment>::fresh(id.stream(), Some(project.workspace.id));
                let command = CreateEnvironment {
                    id,
                    project,
                    name: input.name.clone(),
                    description: input.description.clone(),
                    configuration: input.configuration.clone(),
                    variables: input.variables.clone(),
                    created_by: self.creator_fact(context, &creator)?,
                    now: unit.now(),
                };
                unit.decide(&mut environment, command).await?;
                unit.commit(id.0, environment.version).await
            })
            .await
    }

    /// Changes settings, or all variables.
    ///
    /// # Errors
    /// When the caller may not, or the version is another.
    pub async fn change_environment(
        &self,
        context: &Context,
        id: EnvironmentId,
        patch: &EnvironmentPatch,
    ) -> Result<Recorded, ApplicationError> {
        let command = |now| ChangeEnvironment {
            name: patch.name.clone(),
            description: patch.description.clone(),
            configuration: patch.configuration.clone(),
            variables: patch.variables.clone(),
            now,
        };
        self.command_environment(context, id, command).await
    }

    /// Sets one variable. `value` is the body of `PUT …/variables/{name}`: a text (a secret) or
    /// `{"value": …, "secret": false}`.
    ///
    /// # Errors
    /// When the caller may not, or the value has another shape.
    pub async fn set_variable(
        &self,
        context: &Context,
        id: EnvironmentId,
        name: &str,
        value: &Value,
    ) -> Result<Recorded, ApplicationError> {
        let command = |now| SetVariable {
            name: name.to_owned(),
            value: value.clone(),
            now,
        };
        self.command_environment(context, id, command).await
    }

    /// Removes one variable.
    ///
    /// # Errors
    /// When the caller may not, or there is no such variable.
    pub async fn remove_variable(
        &self,
        context: &Context,
        id: EnvironmentId,
        name: &str,
    ) -> Result<Recorded, ApplicationError> {
        self.command_environment(context, id, |_| RemoveVariable { name: name.to_owned() })
            .await
    }

    /// Takes the environment out of use: no run starts in it.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn deactivate_environment(
        &self,
        context: &Context,
        id: EnvironmentId,
    ) -> Result<Recorded, ApplicationError> {
        self.command_environment(context, id, |_| DeactivateEnvironment).await
    }

    /// Puts the environment in use again.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn activate_environment(
        &self,
        context: &Context,
        id: EnvironmentId,
    ) -> Result<Recorded, ApplicationError> {
        self.command_environment(context, id, |_| ActivateEnvironment).await
    }

    /// Deletes the environment.
    ///
    /// # Errors
    /// When the caller may not, or workflows use it.
    pub async fn delete_environment(&self, context: &Context, id: EnvironmentId) -> Result<Recorded, ApplicationError> {
        self.command_environment(context, id, |_| DeleteEnvironment { cascade: false })
            .await
    }

    async fn command_environment<C: Into<EnvironmentCommand>>(
        &self,
        context: &Context,
        id: EnvironmentId,
        command: impl Fn(Instant) -> C,
    ) -> Result<Recorded, ApplicationError> {
        let command = |_: &Environment, now| Ok(command(now));
        self.command_in(
            context,
            Permission::WriteProjects,
            id.stream(),
            Value::from(id.0),
            command,
        )
        .await
    }
}

impl Placed for Environment {
    fn workspace(&self) -> Option<WorkspaceId> {
        self.id.map(|_| self.workspace_id)
    }
}
