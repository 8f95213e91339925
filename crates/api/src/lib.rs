//! The HTTP API: routes, authentication, answers and errors over the application's use cases.
//!
//! Invariant: everything a route is (method, path, right, handler, documentation) stands in one table, see [`mod@routes`]; only
//! [`error`] knows the status codes of errors.

pub mod answer;
mod conditional;
pub mod context;
pub mod crowd;
pub mod error;
pub mod exposition;
pub mod extract;
pub mod metrics;
mod objects;
pub mod openapi;
pub mod pages;
pub mod routes;
pub mod row_schemas;
pub mod rows;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use wfm_application::{
    app::App,
    executions::gates::{Gates, NoGates},
};

pub use routes::{Access, RouteInfo, routes};

use context::{Api, Guard, GuardedRoute, finish, guard, request_id};
use crowd::Crowd;
use error::Problem;
use metrics::Metrics;

/// Settings of the API.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// Largest request body in bytes.
    pub maximum_body_bytes: usize,
    /// Requests of signed-in callers that are under way at once; of one caller half of them.
    pub maximum_requests: usize,
    /// Origins that browsers may call from; none by default. `*` allows all.
    pub cors_origins: Vec<String>,
    /// Says whether the server is to get requests.
    pub readiness: Readiness,
    /// The gates before endpoints.
    pub gates: Arc<dyn Gates>,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            maximum_body_bytes: 2 * 1024 * 1024,
            maximum_requests: 10_000,
            cors_origins: Vec::new(),
            readiness: Readiness::default(),
            gates: Arc::new(NoGates),
        }
    }
}

/// Whether the server is to get requests, as far as it knows itself: a server that is stopping says so here.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<std::sync::Mutex<Option<String>>>);

impl Readiness {
    /// Not ready from now on, for this reason.
    pub fn withdraw(&self, reason: impl Into<String>) {
        *self.lock() = Some(reason.into());
    }

    /// Ready from now on.
    pub fn restore(&self) {
        *self.lock() = None;
    }

    /// Why the server is not ready; `None` when it is.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        // A text is whole whatever became of the thread that wrote it.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The API over an application. Within a runtime it also begins to count the runs that start and end.
pub fn router(app: Arc<App>, options: ApiOptions) -> Router {
    let metrics = Arc::new(Metrics::default());
    count_runs(&app, &metrics);
    let cors = cors(&options.cors_origins);
    let crowd = Arc::new(Crowd::new(options.maximum_requests));
    let api = Arc::new(Api {
        app,
        options,
        metrics,
        crowd,
    });
    let mut router = Router::new();
    for route in routes::table() {
        let measured = api.metrics.route(&route.info.method, route.info.path);
        let path = route.info.path;
        let guarded = Guard {
            api: Arc::clone(&api),
            route: Arc::new(GuardedRoute {
                info: route.info,
                metrics: measured,
            }),
        };
        router = router.route(path, route.handler.route_layer(from_fn_with_state(guarded, guard)));
    }
    let router = router
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

fn count_runs(app: &Arc<App>, metrics: &Arc<Metrics>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let (log, metrics) = (Arc::clone(&app.store.log), Arc::clone(metrics));
    runtime.spawn(async move {
        match log.head().await {
            Ok(head) => metrics.follow(log, head.position).await,
            Err(error) => tracing::warn!(%error, "runs are not counted: the log cannot be read"),
        }
    });
}

async fn no_route(State(api): State<Arc<Api>>, request: Request) -> Response {
    problem(&api, &request, &Problem::no_route(request.uri().path()))
}

async fn method_not_allowed(State(api): State<Arc<Api>>, request: Request) -> Response {
    problem(&api, &request, &Problem::method_not_allowed(request.method()))
}

fn problem(api: &Api, request: &Request, problem: &Problem) -> Response {
    let request_id = request_id(request.headers(), api.app.store.entropy.as_ref());
    finish(problem.clone().into_response(), request.uri(), &request_id)
}

/// CORS for these origins; `None` when there are none.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let exposed = [
        "etag",
        "location",
        "retry-after",
        "x-request-id",
        "idempotency-replayed",
    ]
    .map(HeaderName::from_static);
    // A star would not cover Authorization.
    let headers = AllowHeaders::mirror_request();
    Some(
        CorsLayer::new()
            .allow_origin(origin)
            .allow_methods(Any)
            .allow_headers(headers)
            .expose_headers(exposed),
    )
}
