//! Changes a workspace's name or description.

use super::{Workspace, WorkspaceChanged, WorkspaceEvent};
use crate::{field_errors::FieldErrors, refusal::Refusal, text};

/// Change name or description. `None` leaves a field alone; `Some(None)` clears the description.
#[derive(Debug, Clone, Default)]
pub struct ChangeWorkspace {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
}

impl ChangeWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
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
        Ok(vec![WorkspaceChanged { id, name, description }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, when},
        ids::WorkspaceId,
        workspace::{WorkspaceDeleted, fixtures::created},
    };

    #[test]
    fn another_name_moves_the_claim_and_the_same_changes_nothing() {
        let given = created();
        let rename = |name: &str| ChangeWorkspace {
            name: Some(name.into()),
            ..ChangeWorkspace::default()
        };
        let events = when::<Workspace>(&given, rename("Support")).unwrap();
        let changes = fold::<Workspace>(&given).claims(&events[0]);
        assert_eq!(changes.release, [Claim::new("workspace-name", "sales")]);
        assert_eq!(changes.take, [Claim::new("workspace-name", "support")]);
        let events = when::<Workspace>(&given, rename("SALES")).unwrap();
        let changes = fold::<Workspace>(&given).claims(&events[0]);
        assert!(
            changes.release.is_empty() && changes.take.is_empty(),
            "the same but for case"
        );
        assert_eq!(when::<Workspace>(&given, rename(" Sales ")), Ok(vec![]));
    }

    #[test]
    fn what_is_deleted_is_not_found() {
        let mut given = created();
        given.push(WorkspaceDeleted { id: WorkspaceId(3) }.into());
        assert_eq!(
            code(when::<Workspace>(&given, ChangeWorkspace::default())),
            "workspace-not-found"
        );
    }
}
