//! What the calls of one endpoint have in common besides their request: whom they count for, and how far they go.

use wfm_domain::workflow::EndpointSnapshot;
pub use wfm_domain::{
    api_endpoint::{CallLimits, CircuitBreaker},
    ids::ApiEndpointId,
};

/// The endpoint that a call is sent to, as the published version embeds it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTarget {
    /// `ApiEndpoints.Id`: calls of all runs under one id share its limits.
    pub endpoint: ApiEndpointId,
    /// How many redirects are followed.
    pub follow_redirects: u8,
    /// Rate, concurrency, circuit breaker.
    pub limits: CallLimits,
}

impl CallTarget {
    /// The target that an endpoint is.
    #[must_use]
    pub fn of(endpoint: &EndpointSnapshot) -> Self {
        // Checked when the endpoint was defined.
        let limits = endpoint.settings.limits.as_ref().map(CallLimits::parse);
        Self {
            endpoint: endpoint.id,
            follow_redirects: endpoint.settings.follow_redirects.unwrap_or(0),
            limits: limits.and_then(Result::ok).unwrap_or_default(),
        }
    }
}
