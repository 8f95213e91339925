//! Access tokens of the client credentials grant (RFC 6749, section 4.4): kept, renewed early, fetched once for all.
//!
//! Invariant: for one set of credentials at most one request for a token is under way; whoever needs it meanwhile gets its
//! outcome. No message holds a secret or what the token server wrote besides its error code.

use std::{sync::Arc, time::Duration};

use base64::Engine as _;
use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use reqwest::{
    Client, Method, Request, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use wfm_application::executions::outcome::CallFailure;
use wfm_expressions::ClientCredentials;

/// Sets of credentials whose tokens are kept.
const KEPT: usize = 1024;
/// Largest answer of a token server.
const MAXIMUM_ANSWER_BYTES: usize = 64 * 1024;
/// What fetching a token may take, whoever waits for it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);
/// Validity of a token that does not say.
const UNSAID_LIFETIME: Duration = Duration::from_secs(300);
/// A token is renewed this long before its end, or after four fifths of a shorter life.
const EARLY: Duration = Duration::from_secs(60);
/// How long a token that is still valid is used on after it could not be renewed.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);

/// A token and how long it is good for.
#[derive(Clone)]
pub(crate) struct Token {
    /// The token itself.
    pub(crate) value: Arc<str>,
    renew_at: Instant,
    ends_at: Instant,
}

impl Token {
    pub(crate) fn new(value: &str, lifetime: Duration, now: Instant) -> Self {
        let early = EARLY.min(lifetime / 5);
        Self {
            value: value.into(),
            renew_at: now + (lifetime - early),
            ends_at: now + lifetime,
        }
    }
}

type Outcome = Result<Token, CallFailure>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

#[derive(Default)]
struct State {
    token: Option<Token>,
    flight: Option<Flight>,
}

/// The tokens of a node.
pub(crate) struct Tokens(Cache<[u8; 32], Arc<Mutex<State>>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Tokens {
    /// A token for these credentials; `refused` is one that the target did not take.
    pub(crate) async fn get(&self, client: &Client, credentials: &ClientCredentials, refused: Option<&str>) -> Outcome {
        let (client, request) = (client.clone(), credentials.clone());
        self.get_by(digest(credentials), refused, move || fetch(client, request).boxed())
            .await
    }

    async fn get_by(
        &self,
        key: [u8; 32],
        refused: Option<&str>,
        fetch: impl FnOnce() -> BoxFuture<'static, Outcome>,
    ) -> Outcome {
        let slot = self
            .0
            .get_or_insert_with(&key, || Ok::<_, CallFailure>(Arc::default()))?;
        let flight = {
            let mut state = slot.lock();
            if state.token.as_ref().is_some_and(|token| refused == Some(&*token.value)) {
                state.token = None;
            }
            let now = Instant::now();
            if let Some(token) = state.token.clone().filter(|token| now < token.ends_at) {
                if now >= token.renew_at && state.flight.is_none() {
                    // Renewed behind the caller's back, who has a token that still holds.
                    drop(begin(&slot, &mut state, fetch()));
                }
                return Ok(token);
            }
            match &state.flight {
                Some(flight) => flight.clone(),
                None => begin(&slot, &mut state, fetch()),
            }
        };
        flight.await
    }
}

/// Fetches in a task of its own, so that no caller who gives up takes the others' token along.
fn begin(slot: &Arc<Mutex<State>>, state: &mut State, fetch: BoxFuture<'static, Outcome>) -> Flight {
    let slot = Arc::clone(slot);
    let task = tokio::spawn(async move {
        let outcome = fetch.await;
        let mut state = slot.lock();
        match &outcome {
            Ok(token) => state.token = Some(token.clone()),
            Err(_) => {
                if let Some(token) = &mut state.token {
                    token.renew_at = Instant::now() + RENEWAL_PAUSE;
                }
            }
        }
        state.flight = None;
        outcome
    });
    let flight = task
        .map(|ended| ended.unwrap_or_else(|_| Err(failure("connect", "the request for a token was abandoned"))))
        .boxed()
        .shared();
    state.flight = Some(flight.clone());
    flight
}

fn failure(kind: &'static str, message: impl Into<String>) -> CallFailure {
    CallFailure {
        kind,
        message: message.into(),
    }
}

/// Everything that a token depends on, as a digest.
fn digest(credentials: &ClientCredentials) -> [u8; 32] {
    let ClientCredentials {
        token_url,
        client_id,
        client_secret,
        scope,
        audience,
        in_body,
    } = credentials;
    let mut digest = Sha256::new();
    for part in [
        Some(token_url),
        Some(client_id),
        Some(client_secret),
        scope.as_ref(),
        audience.as_ref(),
    ] {
        digest.update([u8::from(part.is_some())]);
        let text = part.map_or("", String::as_str);
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    digest.update([u8::from(*in_body)]);
    digest.finalize().into()
}

async fn fetch(client: Client, credentials: ClientCredentials) -> Outcome {
    let request = request(&credentials)?;
    match tokio::time::timeout(FETCH_TIMEOUT, exchange(&client, request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(failure("connect", "no answer of the token server in time")),
    }
}

fn request(credentials: &ClientCredentials) -> Result<Request, CallFailure> {
    let url: Url = credentials
        .token_url
        .parse()
        .ok()
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| failure("mapping", "the tokenUrl is not a URL with http or https"))?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    for (name, value) in [("scope", &credentials.scope), ("audience", &credentials.audience)] {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    if credentials.in_body {
        form.append_pair("client_id", &credentials.client_id);
        form.append_pair("client_secret", &credentials.client_secret);
    }
    let mut request = Request::new(Method::POST, url);
    let headers = request.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if !credentials.in_body {
        // Both are form-encoded first (RFC 6749, section 2.3.1).
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!(
            "{}:{}",
            encoded(&credentials.client_id),
            encoded(&credentials.client_secret)
        );
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let mut value =
            HeaderValue::from_str(&basic).map_err(|_| failure("mapping", "the client's credentials cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    *request.body_mut() = Some(form.finish().into());
    Ok(request)
}

async fn exchange(client: &Client, request: Request) -> Outcome {
    let broken = |error: reqwest::Error| {
        // Whatever became of it, the call itself was not sent.
        let (kind, what) = match crate::http::kind_of(&error) {
            ("policy", what) => ("policy", what),
            (_, what) => ("connect", what),
        };
        failure(kind, format!("token server: {what}"))
    };
    let mut response = client.execute(request).await.map_err(broken)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAXIMUM_ANSWER_BYTES {
            return Err(failure("authentication", "the answer of the token server is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    read(status, &body, Instant::now())
}

/// Reads the answer of a token server (RFC 6749, sections 5.1 and 5.2).
fn read(status: u16, body: &[u8], now: Instant) -> Outcome {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    if status != 200 {
        // The code comes from a closed set; anything else in its place is not repeated.
        let code = answer
            .get("error")
            .and_then(Value::as_str)
            .filter(|code| code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        let code = code.map_or_else(String::new, |code| format!(": {code}"));
        // A server that is not well is as good as not reached: trying again may help.
        let kind = if status == 429 || status >= 500 {
            "connect"
        } else {
            "authentication"
        };
        return Err(failure(kind, format!("the token server answered {status}{code}")));
    }
    let wrong = |what: &str| Err(failure("authentication", format!("the token server's answer {what}")));
    let Some(token) = answer.get("access_token").and_then(Value::as_str) else {
        return wrong("has no access_token");
    };
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("has an access_token that cannot be sent");
    }
    let is_bearer = |kind: &Value| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !answer.get("token_type").is_none_or(is_bearer) {
        return wrong("has a token_type other than Bearer");
    }
    let seconds = match answer.get("expires_in") {
        // Some servers write it as text.
        Some(Value::String(text)) => text.parse::<f64>().ok(),
        Some(value) => value.as_f64(),
        None => None,
    };
    let lifetime = seconds.map_or(UNSAID_LIFETIME, |seconds| {
        // A year is as good as forever.
        Duration::from_secs_f64(seconds.clamp(0.0, 31_536_000.0))
    });
    Ok(Token::new(token, lifetime, now))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A token server of one's own: counts, answers `t1`, `t2`, … once the gate lets it.
    struct Server {
        asked: Arc<AtomicUsize>,
        gate: Arc<Semaphore>,
        fails: Arc<std::sync::atomic::AtomicBool>,
        lifetime: Duration,
    }

    impl Server {
        fn living(seconds: u64) -> Self {
            Self {
                asked: Arc::default(),
                gate: Arc::new(Semaphore::new(1000)),
                fails: Arc::default(),
                lifetime: Duration::from_secs(seconds),
            }
        }

        fn fetch(&self) -> BoxFuture<'static, Outcome> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let (gate, lifetime) = (Arc::clone(&self.gate), self.lifetime);
            let fails = Arc::clone(&self.fails);
            async move {
                gate.acquire().await.unwrap().forget();
                if fails.load(Ordering::SeqCst) {
                    return Err(failure("connect", "down"));
                }
                Ok(Token::new(&format!("t{number}"), lifetime, Instant::now()))
            }
            .boxed()
        }

        async fn get(&self, tokens: &Tokens, refused: Option<&str>) -> Result<String, CallFailure> {
            let token = tokens.get_by([0; 32], refused, || self.fetch()).await;
            token.map(|token| token.value.to_string())
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    /// Lets tasks that are ready run.
    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_kept_and_renewed_before_its_end() {
        let (tokens, server) = (Tokens::default(), Server::living(600));
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t1");
        tokio::time::advance(Duration::from_secs(539)).await;
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t1");
        assert_eq!(server.asked(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(
            server.get(&tokens, None).await.unwrap(),
            "t1",
            "the old one still holds"
        );
        settle().await;
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t2");
        assert_eq!(server.asked(), 2);
        // Nobody asked for long: the next one waits for a new token.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_fails_is_not_tried_with_every_call() {
        let (tokens, server) = (Tokens::default(), Server::living(600));
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t1");
        server.fails.store(true, Ordering::SeqCst);
        tokio::time::advance(Duration::from_secs(550)).await;
        for _ in 0..5 {
            assert_eq!(server.get(&tokens, None).await.unwrap(), "t1");
            settle().await;
        }
        assert_eq!(server.asked(), 2);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(server.get(&tokens, None).await.is_err(), "it is over");
    }

    #[tokio::test]
    async fn callers_share_one_request_and_its_outcome() {
        let (tokens, mut server) = (Arc::new(Tokens::default()), Server::living(600));
        server.gate = Arc::new(Semaphore::new(0));
        let server = Arc::new(server);
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (tokens, server) = (Arc::clone(&tokens), Arc::clone(&server));
                tokio::spawn(async move { server.get(&tokens, None).await })
            })
            .collect();
        settle().await;
        // One who gives up takes nothing from the others.
        callers[0].abort();
        server.gate.add_permits(1);
        for caller in callers.into_iter().skip(1) {
            assert_eq!(caller.await.unwrap().unwrap(), "t1");
        }
        assert_eq!(server.asked(), 1);
        let refused: Vec<_> = (0..20).map(|_| server.get(&tokens, Some("t1"))).collect();
        let refused = futures::future::join_all(refused);
        server.gate.add_permits(1);
        for token in refused.await {
            assert_eq!(token.unwrap(), "t2", "the refused token is replaced once for all");
        }
        assert_eq!(server.asked(), 2);
        // A failure is shared, too, and not kept.
        server.fails.store(true, Ordering::SeqCst);
        let failing = futures::future::join_all((0..5).map(|_| server.get(&tokens, Some("t2"))));
        server.gate.add_permits(1);
        assert!(failing.await.into_iter().all(|outcome| outcome.is_err()));
        assert_eq!(server.asked(), 3);
        server.fails.store(false, Ordering::SeqCst);
        server.gate.add_permits(1);
        assert_eq!(server.get(&tokens, None).await.unwrap(), "t4");
    }

    #[test]
    fn everything_that_matters_is_in_the_key() {
        let credentials = ClientCredentials {
            token_url: "https://id.example/t".into(),
            client_id: "a".into(),
            client_secret: "b".into(),
            scope: None,
            audience: None,
            in_body: false,
        };
        let mut others = vec![credentials.clone(); 8];
        others[1].token_url.push('x');
        others[2].client_id.push('x');
        others[3].client_secret.push('x');
        others[4].scope = Some(String::new());
        others[5].audience = Some(String::new());
        others[6].in_body = true;
        (others[7].client_id, others[7].client_secret) = ("ab".into(), String::new());
        let digests: std::collections::BTreeSet<_> = others.iter().map(digest).collect();
        assert_eq!(digests.len(), others.len());
    }

    #[test]
    fn answers_of_token_servers_are_read_and_never_repeated() {
        let now = Instant::now();
        let read = |status, body: &str| read(status, body.as_bytes(), now);
        let token = read(
            200,
            r#"{"access_token":"abc","token_type":"bearer","expires_in":"100"}"#,
        )
        .unwrap_or_else(|_| panic!());
        assert_eq!((&*token.value, token.ends_at - now), ("abc", Duration::from_secs(100)));
        assert_eq!(token.renew_at - now, Duration::from_secs(80));
        let told = |status, body: &str| {
            let failure = read(status, body).err().unwrap();
            (failure.kind, failure.message)
        };
        assert_eq!(
            told(400, r#"{"error":"invalid_client","error_description":"secret"}"#),
            ("authentication", "the token server answered 400: invalid_client".into())
        );
        assert_eq!(
            told(401, r#"{"error":"Your secret is wrong"}"#),
            ("authentication", "the token server answered 401".into())
        );
        assert_eq!(told(503, "down").0, "connect");
        for body in [
            "",
            "[]",
            r#"{"access_token":7}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
        ] {
            assert_eq!(told(200, body).0, "authentication", "{body}");
        }
    }
}
