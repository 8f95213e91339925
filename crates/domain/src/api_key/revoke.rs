//! Revokes an API key, for good.

use super::{ApiKey, ApiKeyEvent, ApiKeyRevoked};
use crate::refusal::Refusal;

/// Revoke a key.
#[derive(Debug, Clone)]
pub struct RevokeApiKey;

impl RevokeApiKey {
    pub(super) fn decide(self, state: &ApiKey) -> Result<Vec<ApiKeyEvent>, Refusal> {
        let issued = state
            .issued
            .as_ref()
            .ok_or_else(|| Refusal::not_found("api-key-not-found", "there is no such API key"))?;
        Ok(if state.is_revoked {
            Vec::new()
        } else {
            vec![ApiKeyRevoked { id: issued.id }.into()]
        })
    }
}
