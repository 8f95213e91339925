//! Issues an API key to an active user.

use super::{ApiKey, ApiKeyEvent, ApiKeyIssued};
use crate::{
    choice::Choice,
    facts::{UserFact, WorkspaceFact},
    field_errors::FieldErrors,
    ids::ApiKeyId,
    instant::Instant,
    refusal::Refusal,
    role::Role,
    text,
};

/// Issue a key.
#[derive(Debug, Clone)]
pub struct IssueApiKey {
    /// Allotted id.
    pub id: ApiKeyId,
    /// Its owner, whose rights it has.
    pub owner: UserFact,
    /// `name`: what it is for, required.
    pub name: String,
    /// SHA-256 (hex) of the token's random part.
    pub token_hash: String,
    /// `maxRole`: no right above this role; the owner's own rights bound it anyway.
    pub maximum_role: Option<Choice<Role>>,
    /// `workspaceId`: nothing outside this workspace.
    pub workspace: Option<WorkspaceFact>,
    /// `expiresAt`: not valid from this instant on; lies in the future.
    pub expires_at: Option<Instant>,
    /// Now.
    pub now: Instant,
}

impl IssueApiKey {
    pub(super) fn decide(self, state: &ApiKey) -> Result<Vec<ApiKeyEvent>, Refusal> {
        if state.issued.is_some() {
            return Err(Refusal::conflict(
                "api-key-exists",
                "an API key with this id exists already",
            ));
        }
        let mut errors = FieldErrors::new();
        let name = text::name(&mut errors, "/name", &self.name, 200);
        let maximum_role = self
            .maximum_role
            .and_then(|role| role.resolve(&mut errors, "/maxRole"));
        if let Some(workspace) = &self.workspace
            && !workspace.standing.exists()
        {
            errors.add(
                "/workspaceId",
                format!("workspace {} does not exist", workspace.id),
            );
        }
        if self.expires_at.is_some_and(|end| end <= self.now) {
            errors.add("/expiresAt", "must lie in the future");
        }
        errors.finish()?;
        self.owner.require_active()?;
        Ok(vec![
            ApiKeyIssued {
                id: self.id,
                user_id: self.owner.id,
                name,
                token_hash: self.token_hash,
                maximum_role,
                workspace_id: self.workspace.map(|workspace| workspace.id),
                expires_at: self.expires_at,
            }
            .into(),
        ])
    }
}
