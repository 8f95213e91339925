//! Sends callbacks through the connector that calls go through.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use wfm_application::{
    executions::outcome::{Answer, CallFailure},
    hooks::courier::{Courier, Letter},
};

use crate::{
    connector::{Connector, OutgoingCall},
    trace::Trace,
};

/// What sending one may take, from connecting to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends callbacks through a connector.
pub(crate) struct ConnectorCourier(pub(crate) Arc<dyn Connector>);

#[async_trait]
impl Courier for ConnectorCourier {
    async fn send(&self, letter: &Letter, may_send: &(dyn Fn() -> bool + Send + Sync)) -> Result<Answer, CallFailure> {
        // The name of a delivery begins with the run's id.
        let trace = Trace::under(
            letter.traceparent.as_deref(),
            letter.tracestate.as_deref(),
            &letter.delivery,
        );
        let call = OutgoingCall {
            request: &letter.request,
            target: &letter.target,
            idempotency_key: &letter.delivery,
            timeout: TIMEOUT,
            traceparent: Some(&trace.parent),
            tracestate: trace.state,
            may_send,
        };
        self.0.call(call).await
    }
}
