//! What happens to an API key.

use serde::{Deserialize, Serialize};

use crate::{
    events,
    ids::{ApiKeyId, UserId, WorkspaceId},
    instant::Instant,
    protected_fields,
    role::Role,
};

/// A key works from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyIssued {
    /// Id of the key; part of the token.
    pub id: ApiKeyId,
    /// Its owner, whose rights it has.
    pub user_id: UserId,
    /// What it is for, at most 200 UTF-16 units.
    pub name: String,
    /// SHA-256 of the token's random part (hex).
    pub token_hash: String,
    /// No right above this role.
    pub maximum_role: Option<Role>,
    /// Nothing outside this workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Not valid from this instant on.
    pub expires_at: Option<Instant>,
}

/// The key works no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRevoked {
    /// The key.
    pub id: ApiKeyId,
}

protected_fields!(ApiKeyIssued, ApiKeyRevoked);

events! {
    /// Events of an API key, stream `api-key-{id}`.
    ApiKeyEvent {
        /// Issued.
        ApiKeyIssued = 1,
        /// Revoked.
        ApiKeyRevoked = 1,
    }
}
