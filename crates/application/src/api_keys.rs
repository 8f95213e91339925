//! API keys: issued once in the open, kept as hashes, revoked for good.

use serde::Deserialize;
use utoipa::ToSchema;
use wfm_domain::{
    choice::Choice,
    ids::{ApiKeyId, UserId, WorkspaceId},
    instant::Instant,
    role::Role,
};

use crate::{app::App, context::Context, error::ApplicationError, store::Recorded};

/// Body of `POST /api-keys`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for, at most 200 characters.
    pub name: String,
    /// Its owner; the caller when omitted.
    #[schema(value_type = Option<i64>)]
    pub user_id: Option<UserId>,
    /// No right above this role, by name or number.
    #[schema(value_type = Option<String>)]
    pub max_role: Option<Choice<Role>>,
    /// Nothing outside this workspace.
    #[schema(value_type = Option<i64>)]
    pub workspace_id: Option<WorkspaceId>,
    /// Not valid from this instant on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Instant>,
}

/// An issued key.
pub struct IssuedApiKey {
    /// What was recorded.
    pub recorded: Recorded,
    /// The key as its owner holds it; shown this once, `None` for a repeated request.
    pub token: Option<String>,
}

impl App {
    /// Issues a key, to the caller or to another user.
    ///
    /// # Errors
    /// When the caller may not, or the owner is not active.
    pub async fn issue_api_key(&self, context: &Context, input: &NewApiKey) -> Result<IssuedApiKey, ApplicationError> {
        let _ = (context, input);
        Err(ApplicationError::internal("not available yet"))
    }

    /// Revokes a key, one's own or another user's.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn revoke_api_key(&self, context: &Context, id: ApiKeyId) -> Result<Recorded, ApplicationError> {
        let _ = (context, id);
        Err(ApplicationError::internal("not available yet"))
    }
}
