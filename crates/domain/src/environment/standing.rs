//! Takes an environment out of use, puts it in use again, deletes it.

use super::{Environment, EnvironmentActivated, EnvironmentDeactivated, EnvironmentDeleted, EnvironmentEvent};
use crate::refusal::Refusal;

/// Take out of use: no run may start in it.
#[derive(Debug, Clone)]
pub struct DeactivateEnvironment;

impl DeactivateEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            vec![EnvironmentDeactivated { id }.into()]
        } else {
            Vec::new()
        })
    }
}

/// Put in use again.
#[derive(Debug, Clone)]
pub struct ActivateEnvironment;

impl ActivateEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(if state.is_active {
            Vec::new()
        } else {
            vec![EnvironmentActivated { id }.into()]
        })
    }
}

/// Delete softly; the claim refuses it while workflows name the environment.
#[derive(Debug, Clone)]
pub struct DeleteEnvironment {
    /// Whether the deletion of the project or workspace causes it; workflows are no obstacle then.
    pub cascade: bool,
}

impl DeleteEnvironment {
    pub(super) fn decide(self, state: &Environment) -> Result<Vec<EnvironmentEvent>, Refusal> {
        let id = state.existing()?;
        Ok(vec![
            EnvironmentDeleted {
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
        environment::fixtures::created,
        given::{code, fold, when},
        ids::EnvironmentId,
    };

    const ID: EnvironmentId = EnvironmentId(7);

    #[test]
    fn each_change_of_standing_is_told_once() {
        let mut given = created();
        assert_eq!(when::<Environment>(&given, ActivateEnvironment), Ok(vec![]));
        let deactivated = EnvironmentEvent::from(EnvironmentDeactivated { id: ID });
        assert_eq!(
            when::<Environment>(&given, DeactivateEnvironment),
            Ok(vec![deactivated.clone()])
        );
        given.push(deactivated);
        assert_eq!(when::<Environment>(&given, DeactivateEnvironment), Ok(vec![]));
        assert_eq!(
            when::<Environment>(&given, ActivateEnvironment),
            Ok(vec![EnvironmentActivated { id: ID }.into()])
        );
    }

    #[test]
    fn workflows_stand_in_the_way_of_deletion_unless_the_project_goes() {
        let state = fold::<Environment>(&created());
        let deleted = |cascade| EnvironmentEvent::from(EnvironmentDeleted { id: ID, cascade });
        let delete = DeleteEnvironment { cascade: false };
        assert_eq!(
            when::<Environment>(&created(), delete.clone()),
            Ok(vec![deleted(false)])
        );
        assert_eq!(state.claims(&deleted(false)).require_empty, ["environment/7/workflows"]);
        assert_eq!(
            state.claims(&deleted(false)).release,
            [Claim::new("project/5/environments", "7")]
        );
        assert!(state.claims(&deleted(true)).require_empty.is_empty());
        let mut given = created();
        given.push(deleted(false));
        assert_eq!(code(when::<Environment>(&given, delete)), "environment-not-found");
    }
}
