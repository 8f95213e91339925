//! What the engine needs of a connector: one call, one answer or one failure.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use wfm_application::executions::{
    outcome::{Answer, CallFailure},
    target::CallTarget,
};
use wfm_expressions::OutgoingRequest;

/// A call to be sent.
pub struct OutgoingCall<'a> {
    /// The request, secrets filled in.
    pub request: &'a OutgoingRequest,
    /// Whom it goes to, and under which limits.
    pub target: &'a CallTarget,
    /// Value of the `Idempotency-Key` header: the same for every attempt of a step.
    pub idempotency_key: &'a str,
    /// What the whole call may take, from connecting to the last byte.
    pub timeout: Duration,
    /// W3C trace context of the call.
    pub traceparent: Option<&'a str>,
    /// What the caller's tracing system passes on with it.
    pub tracestate: Option<&'a str>,
    /// Asked right before anything is sent, after whatever was waited for: whether this node may still act for the run. If
    /// not, the call fails as [`CallFailure::held_back`].
    pub may_send: &'a (dyn Fn() -> bool + Send + Sync),
}

/// Sends calls. Implementations hold connections and limits; they know nothing of runs.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Sends the call and reads the answer. Dropping the future abandons the call.
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure>;
}

#[async_trait]
impl Connector for Arc<dyn Connector> {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        self.as_ref().call(call).await
    }
}
