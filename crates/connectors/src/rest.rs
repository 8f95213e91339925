//! Calls REST endpoints over one pooled client.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{
    Client, Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use serde_json::Value;
use wfm_application::executions::outcome::{Answer, CallFailure};
use wfm_engine::connector::{Connector, OutgoingCall};
use wfm_expressions::redact;

use crate::egress::{CheckedResolver, EgressPolicy, Refused};

/// Limits of the client.
#[derive(Debug, Clone, Copy)]
pub struct RestLimits {
    /// Largest answer in bytes, decoded.
    pub maximum_answer_bytes: usize,
    /// What connecting may take, within the call's own timeout.
    pub connect_timeout: Duration,
    /// Idle connections that are kept per host.
    pub idle_connections_per_host: usize,
}

impl Default for RestLimits {
    fn default() -> Self {
        Self {
            maximum_answer_bytes: 8 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            idle_connections_per_host: 256,
        }
    }
}

/// The connector for endpoints of type REST.
pub struct RestConnector {
    client: Client,
    policy: EgressPolicy,
    limits: RestLimits,
}

impl RestConnector {
    /// A connector with its own connection pool. Redirects are not followed: an answer 3xx is the answer.
    ///
    /// # Errors
    /// When the TLS configuration cannot be set up.
    pub fn new(policy: EgressPolicy, limits: RestLimits) -> Result<Self, reqwest::Error> {
        install_tls();
        let client = Client::builder()
            .user_agent(concat!("wfm/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(limits.connect_timeout)
            .pool_max_idle_per_host(limits.idle_connections_per_host)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .dns_resolver(CheckedResolver::shared(policy))
            .build()?;
        Ok(Self { client, policy, limits })
    }

    async fn exchange(&self, call: &OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        let request = self.request(call)?;
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(|error| failure(call, &error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::with_capacity(
            usize::try_from(response.content_length().unwrap_or(0))
                .unwrap_or(0)
                .min(65_536),
        );
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(call, &error))? {
            if body.len() + chunk.len() > self.limits.maximum_answer_bytes {
                let message = format!("the answer is larger than {} bytes", self.limits.maximum_answer_bytes);
                return Err(CallFailure {
                    kind: "response",
                    message,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers: texts(&headers),
            body,
        })
    }

    fn request(&self, call: &OutgoingCall<'_>) -> Result<reqwest::Request, CallFailure> {
        let refuse = |message: String| CallFailure {
            kind: "mapping",
            message,
        };
        let outgoing = call.request;
        let url: Url = outgoing
            .url
            .parse()
            .map_err(|error| refuse(format!("the URL is malformed: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse(format!("the URL scheme {} is not http or https", url.scheme())));
        }
        if let Some(host) = url.host_str() {
            self.policy.check_host(host).map_err(|refusal| CallFailure {
                kind: "policy",
                message: refusal.to_string(),
            })?;
        }
        let method: Method = outgoing
            .method
            .parse()
            .map_err(|_| refuse("the method is malformed".to_owned()))?;
        let mut request = reqwest::Request::new(method, url);
        let headers = request.headers_mut();
        for (name, value) in &outgoing.headers {
            insert(headers, name, value).map_err(|()| refuse(format!("the header {name} cannot be sent")))?;
        }
        insert(headers, "idempotency-key", call.idempotency_key)
            .map_err(|()| refuse("no idempotency key".to_owned()))?;
        if let Some(traceparent) = call.traceparent {
            // A malformed trace context is not worth failing a call.
            let _ = insert(headers, "traceparent", traceparent);
        }
        *request.body_mut() = outgoing.body.clone().map(Into::into);
        Ok(request)
    }
}

/// Chooses the process's TLS implementation, once.
pub(crate) fn install_tls() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ()> {
    let name: HeaderName = name.parse().map_err(|_| ())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| ())?;
    headers.insert(name, value);
    Ok(())
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    };
    headers.iter().map(text).collect()
}

/// The kind and the readable chain of causes of a failed exchange, without the URL and without secrets.
fn failure(call: &OutgoingCall<'_>, error: &reqwest::Error) -> CallFailure {
    let mut causes = Vec::new();
    let mut refused = false;
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        refused |= cause.is::<Refused>();
        causes.push(cause.to_string());
        source = cause.source();
    }
    let what = match (refused, error.is_timeout(), error.is_connect()) {
        (true, _, _) => ("policy", "refused"),
        (_, true, _) => ("timeout", "no answer in time"),
        (_, _, true) => ("connect", "no connection"),
        // The connection broke before the answer was complete: whether the call took effect is unknown.
        (_, _, false) => ("interrupted", "the connection broke"),
    };
    let detail = causes.last().map_or_else(String::new, |cause| format!(": {cause}"));
    let mut message = Value::String(format!("{}{detail}", what.1));
    redact(&mut message, &call.request.secrets);
    CallFailure {
        kind: what.0,
        message: message.as_str().unwrap_or(what.1).to_owned(),
    }
}

#[async_trait]
impl Connector for RestConnector {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        match tokio::time::timeout(call.timeout, self.exchange(&call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallFailure {
                kind: "timeout",
                message: format!("no answer within {} s", call.timeout.as_secs_f64()),
            }),
        }
    }
}
