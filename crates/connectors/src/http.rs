//! Sends calls over HTTP: tokens, client certificates, redirects, the bounds of an answer.
//!
//! Invariant: no hop leaves without passing the egress policy, no credential crosses to another origin, no answer is larger
//! than the limit, and no failure holds a secret.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION},
};
use serde_json::Value;
use wfm_application::executions::outcome::{Answer, CallFailure};
use wfm_engine::connector::{Connector, OutgoingCall};
use wfm_expressions::{Credentials, encoded_forms, redact};

use crate::{
    clients::{Clients, HttpSettings, SettingsError},
    egress::{EgressPolicy, Refused},
    token::Tokens,
};

/// Headers that describe a body; they go with it when a redirect turns a call into GET.
const OF_THE_BODY: [&str; 4] = ["content-type", "content-encoding", "content-language", "soapaction"];

/// Sends the calls of REST and SOAP endpoints.
pub struct HttpConnector {
    clients: Clients,
    tokens: Tokens,
    policy: Arc<EgressPolicy>,
    maximum_answer_bytes: usize,
}

/// A request that may be sent several times.
struct Sendable {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl HttpConnector {
    /// A connector with connection pools of its own.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, SettingsError> {
        let policy = Arc::new(EgressPolicy {
            is_proxied: settings.proxy.is_some(),
            ..settings.policy.clone()
        });
        Ok(Self {
            clients: Clients::new(settings, Arc::clone(&policy))?,
            tokens: Tokens::default(),
            policy,
            maximum_answer_bytes: settings.maximum_answer_bytes,
        })
    }

    async fn exchange(&self, call: &OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        let sendable = sendable(call)?;
        self.admit(&sendable.url)?;
        let credentials = match call.request.credentials.as_deref() {
            None => return self.follow(call, self.clients.plain(), &sendable, None).await,
            Some(Credentials::ClientCertificate(certificate)) => {
                let client = self.clients.presenting(certificate)?;
                return self.follow(call, &client, &sendable, None).await;
            }
            Some(Credentials::ClientCredentials(credentials)) => credentials,
        };
        let token_url: Url = credentials
            .token_url
            .parse()
            .map_err(|_| refused("the tokenUrl is malformed".to_owned()))?;
        self.admit(&token_url)?;
        let client = self.clients.plain();
        let token = self.tokens.get(client, credentials, None).await?.value;
        let answer = self.follow(call, client, &sendable, Some(&token)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        // The token may have been revoked: one more try with a fresh one.
        let token = self.tokens.get(client, credentials, Some(&token)).await?.value;
        self.follow(call, client, &sendable, Some(&token)).await
    }

    /// Sends, and follows as many redirects as the endpoint allows.
    async fn follow(
        &self,
        call: &OutgoingCall<'_>,
        client: &Client,
        sendable: &Sendable,
        token: Option<&str>,
    ) -> Result<Answer, CallFailure> {
        let mut client = client;
        let mut hop = Sendable {
            method: sendable.method.clone(),
            url: sendable.url.clone(),
            headers: sendable.headers.clone(),
            body: sendable.body.clone(),
        };
        let mut secrets = Vec::new();
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| refused("the access token cannot be sent".to_owned()))?;
            value.set_sensitive(true);
            hop.headers.insert(AUTHORIZATION, value);
            secrets.push(token.to_owned());
            encoded_forms(&mut secrets);
        }
        let mut left = call.target.follow_redirects;
        loop {
            let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
            *request.headers_mut() = hop.headers.clone();
            *request.body_mut() = hop.body.clone().map(Into::into);
            // Tokens, turns and earlier hops took their time.
            if !(call.may_send)() {
                return Err(CallFailure::held_back());
            }
            let response = client.execute(request).await.map_err(|error| {
                let failure = failure(&call.request.secrets, &error);
                let is_redirected = left < call.target.follow_redirects;
                CallFailure {
                    // The first hop was sent, and what it did is unknown.
                    kind: if is_redirected && failure.kind == "connect" {
                        "interrupted"
                    } else {
                        failure.kind
                    },
                    ..failure
                }
            })?;
            let next = if left == 0 {
                None
            } else {
                redirected(&hop.url, &response)
            };
            let Some(next) = next else {
                return self.read(call, response, secrets).await;
            };
            left -= 1;
            if next.origin() != hop.url.origin() {
                if hop.url.scheme() == "https" && next.scheme() == "http" {
                    return Err(CallFailure {
                        kind: "policy",
                        message: "a redirect leads from https to http".to_owned(),
                    });
                }
                let keeps_body = matches!(response.status().as_u16(), 307 | 308);
                if keeps_body && holds_secret(hop.body.as_deref(), &call.request.secrets) {
                    // The body cannot be sent there without its secrets: what was answered is the answer.
                    return self.read(call, response, secrets).await;
                }
                forget_credentials(&mut hop.headers, &call.request.secrets);
                client = self.clients.plain();
            }
            if becomes_get(response.status(), &hop.method) {
                hop.method = Method::GET;
                hop.body = None;
                for name in OF_THE_BODY {
                    hop.headers.remove(name);
                }
            }
            hop.url = next;
            self.admit(&hop.url)?;
        }
    }

    /// Checks where a hop leads, as far as that can be told before its name is resolved.
    fn admit(&self, url: &Url) -> Result<(), CallFailure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(format!("the URL scheme {} is not http or https", url.scheme())));
        }
        let host = url.host_str().unwrap_or_default();
        self.policy.check_host(host).map_err(|refusal| CallFailure {
            kind: "policy",
            message: refusal.to_string(),
        })
    }

    async fn read(
        &self,
        call: &OutgoingCall<'_>,
        mut response: Response,
        secrets: Vec<String>,
    ) -> Result<Answer, CallFailure> {
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let expected = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(0);
        let mut body = Vec::with_capacity(expected.min(65_536));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(&call.request.secrets, &error))?
        {
            if body.len() + chunk.len() > self.maximum_answer_bytes {
                return Err(CallFailure {
                    kind: "response",
                    message: format!("the answer is larger than {} bytes", self.maximum_answer_bytes),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers: texts(&headers),
            body,
            secrets,
        })
    }
}

fn refused(message: String) -> CallFailure {
    CallFailure {
        kind: "mapping",
        message,
    }
}

fn sendable(call: &OutgoingCall<'_>) -> Result<Sendable, CallFailure> {
    let outgoing = call.request;
    let url: Url = outgoing
        .url
        .parse()
        .map_err(|error| refused(format!("the URL is malformed: {error}")))?;
    let method: Method = outgoing
        .method
        .parse()
        .map_err(|_| refused("the method is malformed".to_owned()))?;
    let mut headers = HeaderMap::with_capacity(outgoing.headers.len() + 3);
    for (name, value) in &outgoing.headers {
        insert(&mut headers, name, value).map_err(|()| refused(format!("the header {name} cannot be sent")))?;
    }
    insert(&mut headers, "idempotency-key", call.idempotency_key)
        .map_err(|()| refused("no idempotency key".to_owned()))?;
    for (name, value) in [("traceparent", call.traceparent), ("tracestate", call.tracestate)] {
        if let Some(value) = value {
            // A malformed trace context is not worth failing a call.
            let _ = insert(&mut headers, name, value);
        }
    }
    Ok(Sendable {
        method,
        url,
        headers,
        body: outgoing.body.clone().map(Bytes::from),
    })
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ()> {
    let name: HeaderName = name.parse().map_err(|_| ())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| ())?;
    headers.insert(name, value);
    Ok(())
}

/// Where a redirect leads; `None` when the answer is none that can be followed.
fn redirected(url: &Url, response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut next = url.join(location).ok()?;
    // What a server writes there is no credential of ours. Both fail only on URLs without a host.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    Some(next)
}

/// 303 asks for GET; 301 and 302 after POST are understood so by everybody (RFC 9110, section 15.4).
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

fn holds_secret(bytes: Option<&[u8]>, secrets: &[String]) -> bool {
    let Some(bytes) = bytes else { return false };
    let text = String::from_utf8_lossy(bytes);
    secrets
        .iter()
        .any(|secret| !secret.is_empty() && text.contains(secret.as_str()))
}

/// Removes what authenticates: the usual headers, and every other that holds a secret.
fn forget_credentials(headers: &mut HeaderMap, secrets: &[String]) {
    let revealing: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| {
            [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name) || holds_secret(Some(value.as_bytes()), secrets)
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in revealing {
        headers.remove(name);
    }
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

/// The kind of a failed exchange, and what to call it, without the URL and whatever the other side said.
pub(crate) fn kind_of(error: &reqwest::Error) -> (&'static str, &'static str) {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<Refused>() {
            return ("policy", "refused by the egress policy");
        }
        source = cause.source();
    }
    match (error.is_timeout(), error.is_connect()) {
        (true, _) => ("timeout", "no answer in time"),
        (_, true) => ("connect", "no connection"),
        // The connection broke before the answer was complete: whether the call took effect is unknown.
        (_, false) => ("interrupted", "the connection broke"),
    }
}

/// The kind and the readable cause of a failed exchange, without the URL and without secrets.
fn failure(secrets: &[String], error: &reqwest::Error) -> CallFailure {
    let (kind, what) = kind_of(error);
    let mut last = None;
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        last = Some(cause);
        source = cause.source();
    }
    let detail = last.map_or_else(String::new, |cause| format!(": {cause}"));
    let mut message = Value::String(format!("{what}{detail}"));
    redact(&mut message, secrets);
    CallFailure {
        kind,
        message: message.as_str().unwrap_or(what).to_owned(),
    }
}

#[async_trait]
impl Connector for HttpConnector {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        match tokio::time::timeout(call.timeout, self.exchange(&call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallFailure {
                kind: "timeout",
                message: format!("no answer within {} s", milliseconds(call.timeout)),
            }),
        }
    }
}

/// Seconds to the millisecond: what is left of a run's time is a little less than what was configured.
fn milliseconds(limit: std::time::Duration) -> f64 {
    (limit.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use wfm_application::executions::target::{ApiEndpointId, CallLimits, CallTarget};
    use wfm_expressions::OutgoingRequest;

    use super::*;

    #[tokio::test]
    async fn nothing_is_sent_once_the_node_may_not_act() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&served);
        let router = axum::Router::new().fallback(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            (StatusCode::FOUND, [(LOCATION, "/again")])
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let settings = HttpSettings {
            policy: EgressPolicy {
                allow_private: true,
                ..EgressPolicy::default()
            },
            ..HttpSettings::default()
        };
        let connector = HttpConnector::new(&settings).unwrap();
        let request = OutgoingRequest {
            method: "GET".to_owned(),
            url: format!("http://{address}/x"),
            headers: Vec::new(),
            body: None,
            secrets: Vec::new(),
            credentials: None,
        };
        let target = CallTarget {
            endpoint: ApiEndpointId(1),
            follow_redirects: 5,
            limits: CallLimits::default(),
        };
        // The lease ends after so many hops.
        for hops in [0, 2] {
            served.store(0, Ordering::SeqCst);
            let asked = AtomicUsize::new(0);
            let outcome = connector
                .call(OutgoingCall {
                    request: &request,
                    target: &target,
                    idempotency_key: "key",
                    timeout: Duration::from_secs(10),
                    traceparent: None,
                    tracestate: None,
                    may_send: &|| asked.fetch_add(1, Ordering::SeqCst) < hops,
                })
                .await;
            assert!(outcome.is_err_and(|failure| failure.is_held_back()));
            assert_eq!(served.load(Ordering::SeqCst), hops);
        }
        server.abort();
    }
}
