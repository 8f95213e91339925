//! Environments and their variables.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::ids::{EnvironmentId, ProjectId};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    input::{double_option, not_null},
    store::Recorded,
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
    /// See [`NewEnvironment::name`].
    #[serde(default, deserialize_with = "not_null")]
    pub name: Option<String>,
    /// See [`NewEnvironment::description`]; null removes it.
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
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, id, patch);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, id, name, value);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, id, name);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Takes the environment out of use: no run starts in it.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn deactivate_environment(&self, context: &Context, id: EnvironmentId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Puts the environment in use again.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn activate_environment(&self, context: &Context, id: EnvironmentId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Deletes the environment.
    ///
    /// # Errors
    /// When the caller may not, or workflows use it.
    pub async fn delete_environment(&self, context: &Context, id: EnvironmentId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }
}
