//! Gates before the endpoints: a circuit breaker, a rate and a bound on concurrency for each, shared by all runs of a node.
//!
//! Invariant: what a gate turns away was not sent. Waiting counts into the call's timeout, and a caller who gives up leaves
//! nothing behind.

mod gate;
mod registry;

use std::sync::Arc;

use async_trait::async_trait;
use wfm_application::executions::outcome::{Answer, CallFailure};
use wfm_engine::connector::{Connector, OutgoingCall};

pub use registry::GateRegistry;

use gate::Verdict;

/// Lets calls through to another connector as the limits of their endpoints allow.
pub struct GuardedConnector<C> {
    inner: C,
    gates: Arc<GateRegistry>,
}

impl<C: Connector> GuardedConnector<C> {
    /// Gates of its own before a connector.
    pub fn new(inner: C) -> Self {
        Self {
            inner,
            gates: Arc::default(),
        }
    }

    /// The gates, to be looked at.
    #[must_use]
    pub fn gates(&self) -> Arc<GateRegistry> {
        Arc::clone(&self.gates)
    }
}

#[async_trait]
impl<C: Connector> Connector for GuardedConnector<C> {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        let begun = tokio::time::Instant::now();
        let limits = &call.target.limits;
        let gate = self.gates.gate(call.target.endpoint, origin(&call.request.url));
        let turned_away = |verdict: &Verdict| {
            self.gates.count(verdict);
            verdict.failure(call.timeout)
        };
        let pass = gate
            .enter(limits, begun + call.timeout)
            .await
            .map_err(|verdict| turned_away(&verdict))?;
        let timeout = call.timeout.saturating_sub(begun.elapsed());
        let outcome = self.inner.call(OutgoingCall { timeout, ..call }).await;
        pass.leave(failed(&outcome));
        outcome
    }
}

/// Scheme, host and port: an endpoint whose URL begins with a variable leads to another target in each environment.
fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let length = url[from..].find(['/', '?', '#']).unwrap_or(url.len() - from);
    &url[..from + length]
}

/// Whether the outcome speaks against the endpoint; `None` when it says nothing about it.
fn failed(outcome: &Result<Answer, CallFailure>) -> Option<bool> {
    match outcome {
        Ok(answer) => Some(answer.status >= 500 && !is_soap_fault(answer)),
        Err(failure) => match failure.kind {
            "connect" | "timeout" | "interrupted" => Some(true),
            "response" => Some(false),
            _ => None,
        },
    }
}

/// SOAP 1.1 answers 500 also when the caller is at fault: whoever answers so is well.
fn is_soap_fault(answer: &Answer) -> bool {
    let is_xml = |(name, value): &(String, String)| {
        let essence = value.trim_start().to_ascii_lowercase();
        name == "content-type" && (essence.starts_with("text/xml") || essence.starts_with("application/soap+xml"))
    };
    answer.status == 500 && answer.headers.iter().any(is_xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_stands_before_the_path() {
        for (url, expected) in [
            ("https://a.example:8443/x?y", "https://a.example:8443"),
            ("http://a.example", "http://a.example"),
            ("http://a.example?x=/", "http://a.example"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn only_what_speaks_against_the_endpoint_counts() {
        let answer = |status, content_type: &str| {
            Ok(Answer {
                status,
                headers: vec![("content-type".into(), content_type.into())],
                body: Vec::new(),
                secrets: Vec::new(),
            })
        };
        let failure = |kind| {
            Err(CallFailure {
                kind,
                message: String::new(),
            })
        };
        for (outcome, expected) in [
            (answer(200, "text/plain"), Some(false)),
            (answer(429, "text/plain"), Some(false)),
            (answer(500, "text/plain"), Some(true)),
            (answer(500, "text/xml; charset=utf-8"), Some(false)),
            (answer(503, "text/xml"), Some(true)),
            (failure("connect"), Some(true)),
            (failure("timeout"), Some(true)),
            (failure("interrupted"), Some(true)),
            (failure("response"), Some(false)),
            (failure("policy"), None),
            (failure("authentication"), None),
        ] {
            assert_eq!(failed(&outcome), expected, "{outcome:?}");
        }
    }
}
