//! A small real OAuth2 server for the client credentials grant, and an API that takes its tokens.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use base64::Engine as _;
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::Gate;

/// The client that it knows.
pub const CLIENT: &str = "orders:service";
/// Its secret.
pub const CLIENT_SECRET: &str = "s3cret/with +:&=%";

#[derive(Default)]
struct Book {
    /// Forms of the token requests, with how the client authenticated under `by`.
    requests: Vec<HashMap<String, String>>,
    valid: Vec<String>,
    /// `Authorization` of the API calls.
    calls: Vec<String>,
    gate: Option<Gate>,
    refuses_all: bool,
    failing: usize,
    expires_in: i64,
}

/// The server.
pub struct TokenServer {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    task: JoinHandle<()>,
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TokenServer {
    /// Starts it; tokens live an hour.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book {
            expires_in: 3600,
            ..Book::default()
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&book));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, book, task }
    }

    /// Its base URL: tokens at `/token`, the API at `/api`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Holds token requests back.
    pub fn hold(&self, gate: &Gate) {
        self.book.lock().gate = Some(gate.clone());
    }

    /// Tokens from now on live so many seconds.
    pub fn living(&self, seconds: i64) {
        self.book.lock().expires_in = seconds;
    }

    /// Makes every token so far worthless.
    pub fn revoke(&self) {
        self.book.lock().valid.clear();
    }

    /// The API takes no token from now on.
    pub fn refuse_all(&self) {
        self.book.lock().refuses_all = true;
    }

    /// So many of the next token requests get 503.
    pub fn fail(&self, times: usize) {
        self.book.lock().failing = times;
    }

    /// The token requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<HashMap<String, String>> {
        self.book.lock().requests.clone()
    }

    /// `Authorization` of the API calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.book.lock().calls.clone()
    }
}

async fn answer(State(book): State<Arc<Mutex<Book>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let authorization = parts.headers.get("authorization");
    let authorization = authorization.map_or("", |value| value.to_str().unwrap()).to_owned();
    if parts.uri.path() != "/token" {
        let mut book = book.lock();
        book.calls.push(authorization.clone());
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        if book.refuses_all || !book.valid.iter().any(|valid| valid == token) {
            return respond(401, &json!({"error": "invalid_token", "token": token}));
        }
        // Says back what it was sent, as a careless API would.
        return respond(200, &json!({"ok": true, "token": token}));
    }
    let mut form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let known = match authorization.strip_prefix("Basic ") {
        Some(encoded) => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
            let decoded = String::from_utf8(decoded).unwrap();
            let plain = |text: &str| {
                let pair = form_urlencoded::parse(text.as_bytes()).next();
                pair.map(|(text, _)| text.into_owned()).unwrap_or_default()
            };
            let (client, secret) = decoded.split_once(':').unwrap();
            form.insert("by".to_owned(), "basic".to_owned());
            (plain(client), plain(secret))
        }
        None => {
            form.insert("by".to_owned(), "body".to_owned());
            let field = |name: &str| form.get(name).cloned().unwrap_or_default();
            (field("client_id"), field("client_secret"))
        }
    };
    let (gate, number) = {
        let mut book = book.lock();
        book.requests.push(form.clone());
        (book.gate.clone(), book.requests.len())
    };
    if let Some(gate) = gate {
        gate.passed().await;
    }
    let mut book = book.lock();
    if book.failing > 0 {
        book.failing -= 1;
        return respond(503, &json!({"error": "temporarily_unavailable"}));
    }
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
        return respond(400, &json!({"error": "unsupported_grant_type"}));
    }
    if known != (CLIENT.to_owned(), CLIENT_SECRET.to_owned()) {
        return respond(
            401,
            &json!({"error": "invalid_client", "error_description": format!("{known:?}")}),
        );
    }
    let token = format!("token-{number}-of-the-client");
    book.valid.push(token.clone());
    respond(
        200,
        &json!({"access_token": token, "token_type": "Bearer", "expires_in": book.expires_in}),
    )
}

fn respond(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    response
}
