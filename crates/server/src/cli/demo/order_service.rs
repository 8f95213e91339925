//! The demonstration's order service: real HTTP endpoints that reserve, charge, ship, and fail where they should.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::scenario::SECRET;

/// What the service saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Calls by path.
    pub calls: HashMap<&'static str, u32>,
    /// Bodies by idempotency key: every repeat must bring the same.
    bodies: HashMap<String, Value>,
    attempts: HashMap<String, u32>,
    /// Keys that came with two different bodies.
    pub contradictions: u32,
}

type Shared = Arc<Mutex<Seen>>;

/// The running service.
pub struct OrderService {
    address: SocketAddr,
    seen: Shared,
    task: JoinHandle<()>,
}

impl Drop for OrderService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OrderService {
    /// Starts it on a free loopback port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let seen = Shared::default();
        let router = Router::new()
            .route("/reservations", post(reserve))
            .route("/fraud-checks", post(check_fraud))
            .route("/payments", post(charge))
            .route("/shipments", post(ship))
            .route("/newsletter", post(subscribe))
            .with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the order service ended");
            }
        });
        Ok(Self { address, seen, task })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it saw, so far.
    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes a call; answers which attempt under its idempotency key this is.
fn note(seen: &Shared, path: &'static str, headers: &HeaderMap, body: &Value) -> u32 {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    *seen.calls.entry(path).or_default() += 1;
    if seen.bodies.entry(key.clone()).or_insert_with(|| body.clone()) != body {
        seen.contradictions += 1;
    }
    let attempts = seen.attempts.entry(key).or_default();
    *attempts += 1;
    *attempts
}

async fn reserve(State(seen): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    note(&seen, "/reservations", &headers, &body);
    if body["sku"] == "SOLD-OUT" {
        return (StatusCode::CONFLICT, Json(json!({ "error": "sold out" }))).into_response();
    }
    Json(json!({ "reservationId": format!("R-{}", body["orderId"].as_str().unwrap_or("?")), "quantity": body["quantity"] }))
        .into_response()
}

async fn check_fraud(State(seen): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    note(&seen, "/fraud-checks", &headers, &body);
    Json(json!({ "score": 7, "accepted": true })).into_response()
}

async fn charge(State(seen): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    note(&seen, "/payments", &headers, &body);
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if authorization != format!("Bearer {SECRET}") {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "error": "unknown payment key" })),
        )
            .into_response();
    }
    // A careless service: it repeats the key it was sent. The answer is redacted before anything is recorded.
    Json(json!({ "paymentId": format!("P-{}", body["orderId"].as_str().unwrap_or("?")), "amount": body["amount"], "paidWith": authorization }))
        .into_response()
}

async fn ship(State(seen): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if note(&seen, "/shipments", &headers, &body) <= 2 {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "error": "the carrier is busy" })),
        )
            .into_response();
    }
    Json(json!({ "trackingNumber": format!("T-{}", body["orderId"].as_str().unwrap_or("?")) })).into_response()
}

async fn subscribe(State(seen): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    note(&seen, "/newsletter", &headers, &body);
    (
        StatusCode::GONE,
        Json(json!({ "error": "the newsletter was discontinued" })),
    )
        .into_response()
}
