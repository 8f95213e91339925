//! Gives a user another global role, within the limits of who grants it.

use super::{User, UserEvent, UserRoleChanged};
use crate::{
    choice::Choice, facts::Granter, field_errors::FieldErrors, refusal::Refusal, role::Role,
};

/// Give another global role.
#[derive(Debug, Clone)]
pub struct ChangeUserRole {
    /// Role from now on.
    pub role: Choice<Role>,
    /// Who asks.
    pub granter: Granter,
}

impl ChangeUserRole {
    pub(super) fn decide(self, state: &User) -> Result<Vec<UserEvent>, Refusal> {
        let id = state.changeable()?;
        let mut errors = FieldErrors::new();
        let role = self.role.resolve(&mut errors, "/role").unwrap_or_default();
        errors.finish()?;
        if role == state.role {
            return Ok(Vec::new());
        }
        self.granter.require_other_than(id)?;
        // Taking a role away from someone above oneself is no right of theirs either.
        self.granter.require_may_grant(state.role)?;
        self.granter.require_may_grant(role)?;
        Ok(vec![
            UserRoleChanged {
                id,
                role,
                previous: state.role,
            }
            .into(),
        ])
    }
}
