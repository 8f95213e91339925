//! An API key's state. Keys make no claims.

use serde::{Deserialize, Serialize};

use super::{ApiKeyCommand, ApiKeyEvent, ApiKeyIssued};
use crate::{
    aggregate::{ClaimChanges, Decide},
    cqrs_aggregate,
    instant::Instant,
    refusal::Refusal,
};

/// An API key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// How it was issued; set once the key exists.
    pub issued: Option<ApiKeyIssued>,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

cqrs_aggregate!(ApiKey, "api-key");

impl ApiKey {
    /// Whether the key works at `now`.
    #[must_use]
    pub fn is_valid_at(&self, now: Instant) -> bool {
        !self.is_revoked
            && self
                .issued
                .as_ref()
                .is_some_and(|issued| issued.expires_at.is_none_or(|end| now < end))
    }
}

impl Decide for ApiKey {
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;

    fn decide(&self, command: ApiKeyCommand) -> Result<Vec<ApiKeyEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &ApiKeyEvent) {
        match event {
            ApiKeyEvent::ApiKeyIssued(issued) => {
                *self = Self {
                    issued: Some(issued.clone()),
                    is_revoked: false,
                }
            }
            ApiKeyEvent::ApiKeyRevoked(_) => self.is_revoked = true,
        }
    }

    fn claims(&self, event: &ApiKeyEvent) -> ClaimChanges {
        match event {
            ApiKeyEvent::ApiKeyIssued(_) | ApiKeyEvent::ApiKeyRevoked(_) => ClaimChanges::default(),
        }
    }
}
