//! The outer world that workflows call: a real HTTP server on loopback that records every request and answers by script.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query as sent, without `?`.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// `Idempotency-Key`.
    pub key: String,
    /// How many calls came with this key, this one included.
    pub attempt: usize,
}

impl Call {
    /// The body as JSON; null when there is none.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body).unwrap()
        }
    }

    /// A header; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Holds answers back until it is opened.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets one waiting or coming call through.
    pub fn pass_one(&self) {
        self.0.add_permits(1);
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0.close();
    }

    pub(crate) async fn passed(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

/// What is answered.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    gate: Option<Gate>,
    broken: bool,
}

impl Reply {
    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// 200 with JSON.
    #[must_use]
    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// Any text.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into(),
            gate: None,
            broken: false,
        }
    }

    /// A status without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            gate: None,
            broken: false,
        }
    }

    /// A connection that breaks in the middle of the answer.
    #[must_use]
    pub fn broken() -> Self {
        Self {
            broken: true,
            ..Self::status(200)
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Once the gate lets it through.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Everything that the call brought, as JSON: method, path, query, headers and body.
    #[must_use]
    pub fn echo(call: &Call) -> Self {
        let headers: Value = call
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let body = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
        Self::ok(
            &json!({"method": call.method, "path": call.path, "query": call.query, "headers": headers, "body": body}),
        )
    }
}

type Script = Arc<dyn Fn(&Call) -> Reply + Send + Sync>;

#[derive(Default)]
struct Recorded {
    calls: Vec<Call>,
    scripts: HashMap<String, Script>,
    attempts: HashMap<String, usize>,
}

struct Shared {
    state: Mutex<Recorded>,
    arrived: watch::Sender<usize>,
}

/// The server.
pub struct Target {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Target {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Target {
    /// Starts it. A path without a script echoes what it was sent.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: watch::Sender::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers calls to a path by a script.
    pub fn on(&self, path: &str, script: impl Fn(&Call) -> Reply + Send + Sync + 'static) {
        self.shared
            .state
            .lock()
            .scripts
            .insert(path.to_owned(), Arc::new(script));
    }

    /// Answers calls to a path with these, one for each attempt under a key, the last one from then on.
    pub fn sequence(&self, path: &str, replies: Vec<Reply>) {
        self.on(path, move |call| {
            replies[(call.attempt - 1).min(replies.len() - 1)].clone()
        });
    }

    /// Answers calls to a path with these, one for each call whatever its key, the last one from then on.
    pub fn in_turn(&self, path: &str, replies: Vec<Reply>) {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        self.on(path, move |_| {
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            replies[call.min(replies.len() - 1)].clone()
        });
    }

    /// The calls to a path, in order of arrival.
    #[must_use]
    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.shared
            .state
            .lock()
            .calls
            .iter()
            .filter(|call| call.path == path)
            .cloned()
            .collect()
    }

    /// All calls, in order of arrival.
    #[must_use]
    pub fn all_calls(&self) -> Vec<Call> {
        self.shared.state.lock().calls.clone()
    }

    /// The calls to a path once there are so many.
    pub async fn arrived(&self, path: &str, count: usize) -> Vec<Call> {
        let mut arrivals = self.shared.arrived.subscribe();
        let waiting = async {
            loop {
                arrivals.borrow_and_update();
                let calls = self.calls(path);
                if calls.len() >= count {
                    return calls;
                }
                arrivals.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(crate::until::DEADLINE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{count} calls to {path} were expected: {:?}", self.all_calls()))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Response::new(Body::empty());
    };
    let key = parts
        .headers
        .get("idempotency-key")
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    let (call, script) = {
        let mut state = shared.state.lock();
        let attempt = state.attempts.entry(key.clone()).or_default();
        *attempt += 1;
        let call = Call {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            key,
            attempt: *attempt,
        };
        state.calls.push(call.clone());
        (call, state.scripts.get(parts.uri.path()).cloned())
    };
    shared.arrived.send_modify(|count| *count += 1);
    let reply = script.map_or_else(|| Reply::echo(&call), |script| script(&call));
    if let Some(gate) = &reply.gate {
        gate.passed().await;
    }
    let mut response = if reply.broken {
        let pieces = [
            Ok(Bytes::from_static(b"{\"half")),
            Err(std::io::Error::other("broken on purpose")),
        ];
        let mut response = Response::new(Body::from_stream(futures::stream::iter(pieces)));
        response.headers_mut().insert("content-length", 1000.into());
        response
    } else {
        Response::new(Body::from(reply.body))
    };
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap();
    for (name, value) in &reply.headers {
        let name: http::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
