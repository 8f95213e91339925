//! Takes a workspace out of use, puts it in use again, deletes it.

use super::{Workspace, WorkspaceActivated, WorkspaceDeactivated, WorkspaceDeleted, WorkspaceEvent};
use crate::refusal::Refusal;

/// Take out of use: nothing new may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateWorkspace;

impl DeactivateWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![WorkspaceDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateWorkspace;

impl ActivateWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![WorkspaceActivated { id }.into()]
        })
    }
}

/// Delete softly. Its projects, environments, workflows and endpoints follow by their own events with `cascade`, in the
/// same append: the claims require that no child is left.
#[derive(Debug, Clone)]
pub struct DeleteWorkspace;

impl DeleteWorkspace {
    pub(super) fn decide(self, state: &Workspace) -> Result<Vec<WorkspaceEvent>, Refusal> {
        let id = state.existing()?;
        Ok(vec![WorkspaceDeleted { id }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{code, when},
        ids::WorkspaceId,
        workspace::fixtures::created,
    };

    #[test]
    fn each_change_of_standing_is_told_once() {
        let id = WorkspaceId(3);
        let mut given = created();
        assert_eq!(when::<Workspace>(&given, ActivateWorkspace), Ok(vec![]));
        assert_eq!(
            when::<Workspace>(&given, DeactivateWorkspace),
            Ok(vec![WorkspaceDeactivated { id }.into()])
        );
        given.push(WorkspaceDeactivated { id }.into());
        assert_eq!(when::<Workspace>(&given, DeactivateWorkspace), Ok(vec![]));
        assert_eq!(
            when::<Workspace>(&given, ActivateWorkspace),
            Ok(vec![WorkspaceActivated { id }.into()])
        );
        assert_eq!(
            when::<Workspace>(&given, DeleteWorkspace),
            Ok(vec![WorkspaceDeleted { id }.into()])
        );
        given.push(WorkspaceDeleted { id }.into());
        assert_eq!(code(when::<Workspace>(&given, DeleteWorkspace)), "workspace-not-found");
    }
}
