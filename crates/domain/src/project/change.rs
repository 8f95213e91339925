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
            Some(description) => text::block(&mut errors, "/description", description.as_deref(), Some(1000)),
        };
        errors.finish()?;
        if name == state.name && description == state.description {
            return Ok(Vec::new());
        }
        Ok(vec![ProjectChanged { id, name, description }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{fold, pointers, when},
        project::fixtures::created,
    };

    #[test]
    fn another_name_moves_the_claim_and_null_clears_the_description() {
        let given = created();
        let command = ChangeProject {
            name: Some("Returns".into()),
            description: Some(None),
        };
        let events = when::<Project>(&given, command).unwrap();
        let [ProjectEvent::ProjectChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!((event.name.as_str(), &event.description), ("Returns", &None));
        let changes = fold::<Project>(&given).claims(&events[0]);
        assert_eq!(changes.release, [Claim::new("workspace/3/project-name", "orders")]);
        assert_eq!(changes.take, [Claim::new("workspace/3/project-name", "returns")]);
    }

    #[test]
    fn nothing_new_is_no_event_and_wrong_fields_are_named() {
        assert_eq!(when::<Project>(&created(), ChangeProject::default()), Ok(vec![]));
        let command = ChangeProject {
            name: Some(" ".into()),
            ..ChangeProject::default()
        };
        assert_eq!(pointers(when::<Project>(&created(), command)), ["/name"]);
    }
}
