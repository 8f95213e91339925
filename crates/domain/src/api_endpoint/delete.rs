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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api_endpoint::fixtures::defined,
        facts::Standing,
        given::{code, fold, when},
        ids::ApiEndpointId,
    };

    #[test]
    fn a_deleted_endpoint_is_gone() {
        let mut given = defined();
        let deleted = ApiEndpointEvent::from(ApiEndpointDeleted {
            id: ApiEndpointId(9),
            cascade: true,
        });
        assert_eq!(
            when::<ApiEndpoint>(&given, DeleteApiEndpoint { cascade: true }),
            Ok(vec![deleted.clone()])
        );
        given.push(deleted);
        assert_eq!(
            fold::<ApiEndpoint>(&given).fact(ApiEndpointId(9)).standing,
            Standing::Deleted
        );
        assert_eq!(
            code(when::<ApiEndpoint>(&given, DeleteApiEndpoint { cascade: false })),
            "api-endpoint-not-found"
        );
    }
}
