//! What the engine needs of a connector: one call, one answer or one failure.

use std::time::Duration;

use async_trait::async_trait;
use wfm_application::executions::{
    outcome::{Answer, CallFailure},
    target::CallTarget,
};
use wfm_expressions::OutgoingRequest;

/// A call to be sent.
#[derive(Debug)]
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
}

/// Sends calls. Implementations hold connections and limits; they know nothing of runs.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Sends the call and reads the answer. Dropping the future abandons the call.
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure>;
}
