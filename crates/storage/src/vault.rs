//! What the log file holds beside events and may destroy: wrapped data keys and refresh-token sessions.

use async_trait::async_trait;

use crate::append::StorageError;

/// A refresh token's session. Tokens are stored as hashes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token (hex).
    pub token_hash: String,
    /// Family of tokens that descend from one login: reuse of a spent token ends the whole family.
    pub family: String,
    /// The user.
    pub user: i64,
    /// Fixed-width instant after which the token is void.
    pub expires_at: String,
    /// Whether the token was exchanged already.
    pub spent: bool,
}

/// Keys and sessions.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// The wrapped data key of this name.
    async fn data_key(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError>;

    /// Stores a wrapped data key unless the name has one; returns the one that is stored then, or `None` when the key of
    /// this name was destroyed: it never comes back.
    async fn create_data_key(&self, name: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Destroys a data key for good; the name remains as destroyed.
    async fn destroy_data_key(&self, name: &str) -> Result<(), StorageError>;

    /// Stores a session.
    async fn put_session(&self, session: &Session) -> Result<(), StorageError>;

    /// The session of a token.
    async fn session(&self, token_hash: &str) -> Result<Option<Session>, StorageError>;

    /// Marks a token as spent; `false` when it was spent before or does not exist. Atomic.
    async fn spend_session(&self, token_hash: &str) -> Result<bool, StorageError>;

    /// Ends every session of a family.
    async fn end_family(&self, family: &str) -> Result<(), StorageError>;

    /// Ends every session of a user.
    async fn end_sessions(&self, user: i64) -> Result<(), StorageError>;

    /// Removes sessions that expired before `instant`; returns how many.
    async fn forget_sessions(&self, instant: &str) -> Result<u64, StorageError>;
}
