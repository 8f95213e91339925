//! Creates an environment in an active project.

use serde_json::Value;

use super::{
    Environment, EnvironmentCreated, EnvironmentEvent, Variables, configuration::check_configuration, variables,
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
        let description = text::block(&mut errors, "/description", self.description.as_deref(), Some(1000));
        let configuration = check_configuration(&mut errors, "/configuration", self.configuration.as_ref());
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        environment::fixtures::{create, created},
        facts::{Standing, WorkspaceFact},
        given::{code, inactive_user, pointers, project, when, workspace},
        protected::DataKey,
    };

    #[test]
    fn variables_are_protected_under_the_environments_key() {
        let [EnvironmentEvent::EnvironmentCreated(event)] = &created()[..] else {
            panic!()
        };
        let key = &event.variables.0["API_KEY"];
        assert!(key.secret);
        assert_eq!(key.value.text(), Some("s3cret"));
        assert_eq!(key.value.key(), &DataKey::Environment(EnvironmentId(7)));
        assert!(!event.variables.0["API_URL"].secret);
        assert_eq!((event.configuration.timeout, event.configuration.retries), (60, 3));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let command = CreateEnvironment {
            name: "x".repeat(201),
            description: Some("\0".into()),
            configuration: Some(json!({"retries": 101})),
            variables: Some(json!({"A": 1, "B": {"secret": true}, "C": {"value": "x", "hidden": true}})),
            ..create()
        };
        assert_eq!(
            pointers(when::<Environment>(&[], command)),
            [
                "/name",
                "/description",
                "/configuration/retries",
                "/variables/A",
                "/variables/B",
                "/variables/C/hidden"
            ]
        );
    }

    #[test]
    fn nothing_is_created_below_what_is_deleted_or_inactive() {
        let below = |project| CreateEnvironment { project, ..create() };
        assert_eq!(
            code(when::<Environment>(&[], below(project(Standing::Inactive)))),
            "project-inactive"
        );
        assert_eq!(
            pointers(when::<Environment>(&[], below(project(Standing::Deleted)))),
            ["/projectId"]
        );
        let workspace: WorkspaceFact = workspace(Standing::Inactive);
        let below_inactive = below(ProjectFact {
            workspace,
            ..project(Standing::Active)
        });
        assert_eq!(code(when::<Environment>(&[], below_inactive)), "workspace-inactive");
        let command = CreateEnvironment {
            created_by: inactive_user(1),
            ..create()
        };
        assert_eq!(code(when::<Environment>(&[], command)), "user-inactive");
    }

    #[test]
    fn it_is_claimed_as_the_projects() {
        assert_eq!(
            Environment::default().claims(&created()[0]).take,
            [
                Claim::new("project/5/environments", "7"),
                Claim::new("user/1/created", "environment-7")
            ]
        );
    }
}
