//! Forgets what was kept for a while only: idempotency keys and expired sessions.

use crate::{app::App, error::ApplicationError};

/// How long an idempotency key is remembered.
pub const COMMANDS_KEPT_DAYS: i64 = 7;

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Idempotency keys.
    pub commands: u64,
    /// Refresh-token sessions.
    pub sessions: u64,
}

impl App {
    /// Forgets idempotency keys older than [`COMMANDS_KEPT_DAYS`] and sessions that have expired. To be called now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_expired(&self) -> Result<Forgotten, ApplicationError> {
        let now = self.store.now();
        let oldest = now
            .plus_milliseconds(-COMMANDS_KEPT_DAYS * DAY_MILLISECONDS)
            .to_string();
        let commands = self.store.log.forget_commands(&oldest).await?;
        let sessions = self.vault.forget_sessions(&now.to_string()).await?;
        Ok(Forgotten { commands, sessions })
    }
}
