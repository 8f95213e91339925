//! Creates an environment in an active project.

use serde_json::Value;

use super::{
    Environment, EnvironmentCreated, EnvironmentEvent, Variables,
    configuration::check_configuration, variables,
};
use crate::{
    facts::{ProjectFact, UserFact},
    field_errors::FieldErrors,
    ids::EnvironmentId,
    instant::Instant,
    refusal::Refusal,
    text,
};

/// Create an environment.
#[derive(Debug, Clone)]
pub struct CreateEnvironment {
    /// Allotted id.
    pub id: EnvironmentId,
    /// The project it shall belong to.
    pub project: ProjectFact,
    /// `name`, required.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `configuration` as written; absent keys take the documented example's values.
    pub configuration: Option<Value>,
    /// `variables` as written: `{"NAME": "secret text"}` or `{"NAME": {"value": …, "secret": false}}`.
    pub variables: Option<Value>,
    /// Who creates it.
    pub created_by: UserFact,
    /// Now.
    pub now: Instant,
}

impl CreateEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        if state.id.is_some() {
            return Err(Refusal::conflict(
                "environment-exists",
                "an environment with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let name = text::name(&mut errors, "/name", &self.name, 200);
        let description = text::block(
            &mut errors,
            "/description",
            self.description.as_deref(),
            Some(1000),
        );
        let configuration =
            check_configuration(&mut errors, "/configuration", self.configuration.as_ref());
        let none = Variables::default();
        let variables = variables::check_all(
            &mut errors,
            "/variables",
            self.variables.as_ref(),
            &none,
            self.id,
            self.now,
        );
        errors.finish()?;
        self.project.require_active("/projectId")?;
        self.created_by.require_active()?;
        Ok(vec![
            EnvironmentCreated {
                id: self.id,
                workspace_id: self.project.workspace.id,
                project_id: self.project.id,
                name,
                description,
                configuration,
                variables,
                created_by: self.created_by.id,
            }
            .into(),
        ])
    }
}
