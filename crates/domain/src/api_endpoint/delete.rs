//! Deletes an endpoint. Published workflows keep the definition they embed; drafts that use it cannot be published.

use super::{ApiEndpoint, ApiEndpointDeleted, ApiEndpointEvent};
use crate::refusal::Refusal;

/// Delete softly.
#[derive(Debug, Clone)]
pub struct DeleteApiEndpoint {
    /// Whether the deletion of the workspace causes it.
    pub cascade: bool,
}

impl DeleteApiEndpoint {
    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        let (id, _) = state.existing()?;
        Ok(vec![
            ApiEndpointDeleted {
                id,
                cascade: self.cascade,
            }
            .into(),
        ])
    }
}
