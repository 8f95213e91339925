//! Takes a project out of use, puts it in use again, deletes it.

use super::{Project, ProjectActivated, ProjectDeactivated, ProjectDeleted, ProjectEvent};
use crate::{refusal::Refusal, scopes};

/// Take out of use: nothing new may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateProject;

impl DeactivateProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![ProjectDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateProject;

impl ActivateProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![ProjectActivated { id }.into()]
        })
    }
}

/// Delete softly. Environments and inactive workflows follow by their own events with `cascade`, in the same append: the
/// claims require that no child is left.
#[derive(Debug, Clone)]
pub struct DeleteProject {
    /// Whether the deletion of the workspace causes it; active workflows are no obstacle then.
    pub cascade: bool,
    /// How many claims `project/{id}/active-workflows` holds. The cascade within the append would release them before
    /// the claims are checked, so the documented rule is decided here.
    pub active_workflows: u64,
}

impl DeleteProject {
    pub(super) fn decide(self, state: &Project) -> Result<Vec<ProjectEvent>, Refusal> {
        let id = state.existing()?;
        if !self.cascade && self.active_workflows > 0 {
            return Err(scopes::not_empty(&scopes::active_workflows_of(id)));
        }
        Ok(vec![
            ProjectDeleted {
                id,
                cascade: self.cascade,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        given::{code, fold, when},
        ids::ProjectId,
        project::fixtures::created,
    };

    const ID: ProjectId = ProjectId(5);

    #[test]
    fn each_change_of_standing_is_told_once() {
        let mut given = created();
        assert_eq!(when::<Project>(&given, ActivateProject), Ok(vec![]));
        assert_eq!(
            when::<Project>(&given, DeactivateProject),
            Ok(vec![ProjectDeactivated { id: ID }.into()])
        );
        given.push(ProjectDeactivated { id: ID }.into());
        assert_eq!(when::<Project>(&given, DeactivateProject), Ok(vec![]));
        assert_eq!(
            when::<Project>(&given, ActivateProject),
            Ok(vec![ProjectActivated { id: ID }.into()])
        );
    }

    #[test]
    fn active_workflows_stand_in_the_way_unless_the_workspace_goes() {
        let delete = |cascade| DeleteProject {
            cascade,
            active_workflows: 1,
        };
        assert_eq!(
            code(when::<Project>(&created(), delete(false))),
            "project-has-active-workflows"
        );
        let deleted = ProjectDeleted { id: ID, cascade: true };
        assert_eq!(when::<Project>(&created(), delete(true)), Ok(vec![deleted.into()]));
    }

    #[test]
    fn deletion_frees_the_name_and_leaves_no_child() {
        let changes = fold::<Project>(&created()).claims(&ProjectDeleted { id: ID, cascade: false }.into());
        let name = Claim::new("workspace/3/project-name", "orders");
        assert_eq!(changes.release, [name, Claim::new("workspace/3/projects", "5")]);
        let children = ["project/5/workflows", "project/5/environments"];
        assert_eq!(
            changes.require_empty,
            ["project/5/active-workflows", children[0], children[1]]
        );
        let changes = fold::<Project>(&created()).claims(&ProjectDeleted { id: ID, cascade: true }.into());
        assert_eq!(changes.require_empty, children);
    }
}
