//! Changes a project's name or description.

use super::{Project, ProjectChanged, ProjectEvent};
use crate::{field_errors::FieldErrors, refusal::Refusal, text};

/// Change name or description. `None` leaves a field alone; `Some(None)` clears the description.
#[derive(Debug, Clone, Default)]
pub struct ChangeProject {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
}

impl ChangeProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        let mut errors = FieldErrors::new();
        let name = self.name.map_or_else(
            || state.name.clone(),
            |name| text::name(&mut errors, "/name", &name, 200),
        );
        let description = match self.description {
            None => state.description.clone(),
            Some(description) => text::block(
                &mut errors,
                "/description",
                description.as_deref(),
                Some(1000),
            ),
        };
        errors.finish()?;
        if name == state.name && description == state.description {
            return Ok(Vec::new());
        }
        Ok(vec![
            ProjectChanged {
                id,
                name,
                description,
            }
            .into(),
        ])
    }
}
