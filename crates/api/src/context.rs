//! The guard around every route: request id, who calls, the rights that need no look at the addressed thing, and the
//! form of error answers.
//!
//! Invariant: no handler of a closed route runs before its caller is known, and no request reads a database to find out.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header::AUTHORIZATION, request::Parts};
use wfm_application::{
    app::App,
    clock::Entropy,
    context::Context,
    security::{
        access::{Caller, Visible},
        permission::Permission,
    },
};
use wfm_domain::instant::Instant;
use wfm_projections::queries::Visibility;
use wfm_storage::{
    event::Position,
    read_store::{Cell, Query},
};

use crate::{
    ApiOptions,
    conditional::KnownTags,
    crowd::{Crowd, Presence},
    error::Problem,
    extract::minimum_position,
    metrics::{Metrics, RouteMetrics},
    routes::{Access, RouteInfo},
};

/// Longest time a request waits for the read models.
pub const LONGEST_WAIT_FOR_READ_MODELS: Duration = Duration::from_secs(5);

/// Longest `X-Request-Id` that is taken over.
const LONGEST_REQUEST_ID: usize = 128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// What the W3C asks a vendor to pass on at least.
const LONGEST_TRACESTATE: usize = 512;

tokio::task_local! {
    /// While a request that only reads is answered: the position that the rows it sees must have reached.
    static READING_AS_OF: Position;
}

/// What all handlers share.
pub struct Api {
    /// The application.
    pub app: Arc<App>,
    /// Settings.
    pub options: ApiOptions,
    /// Measurements.
    pub metrics: Arc<Metrics>,
    /// The requests under way.
    pub crowd: Arc<Crowd>,
}

impl Api {
    /// Waits until the read models are up to `position`; whether they are.
    pub async fn projected(&self, position: Position) -> bool {
        self.app
            .projection
            .wait_for(position, LONGEST_WAIT_FOR_READ_MODELS)
            .await
    }

    /// The same for a reader, who is refused when they are not.
    ///
    /// # Errors
    /// When they did not reach the position in time.
    pub async fn reach(&self, position: u64) -> Result<(), Problem> {
        if self.projected(Position(position)).await {
            Ok(())
        } else {
            Err(Problem::behind(position))
        }
    }

    /// The rows of a query: for a request that only reads, of a copy of the read models if there is one; for others, which
    /// decide by them, of the read models themselves.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, Problem> {
        let reads = &self.app.reads;
        let rows = match READING_AS_OF.try_with(|position| *position) {
            Ok(position) => reads.query_as_of(query, position).await,
            Err(_) => reads.query(query).await,
        };
        Ok(rows?)
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.app.store.now()
    }

    /// The caller of a context.
    ///
    /// # Errors
    /// When the system itself acts.
    pub fn caller<'a>(&self, context: &'a Context) -> Result<&'a Caller, Problem> {
        Ok(self.app.caller(context)?)
    }

    /// What the caller of a context may see.
    ///
    /// # Errors
    /// When the system itself acts.
    pub fn visibility(&self, context: &Context) -> Result<Visibility, Problem> {
        Ok(match self.caller(context)?.visible() {
            Visible::All => Visibility::All,
            Visible::Workspaces(ids) => Visibility::Workspaces(ids),
        })
    }
}

/// A route with what its guard needs.
#[derive(Clone)]
pub struct Guard {
    /// What handlers share.
    pub api: Arc<Api>,
    /// The route.
    pub route: Arc<GuardedRoute>,
}

/// A route with its measurements.
pub struct GuardedRoute {
    /// The route.
    pub info: RouteInfo,
    /// Its measurements.
    pub metrics: RouteMetrics,
}

/// The guard, as a layer around one route.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let request_id = request_id(request.headers(), guard.api.app.store.entropy.as_ref());
    let (uri, known) = (request.uri().clone(), KnownTags::of(&request));
    let response = match admit(&guard, request, &request_id) {
        // A position that is none is refused by the handler.
        Ok((request, _present)) if request.method() == Method::GET => {
            let position = minimum_position(request.uri(), request.headers()).ok().flatten();
            let answer = next.run(request);
            READING_AS_OF.scope(Position(position.unwrap_or(0)), answer).await
        }
        Ok((request, _present)) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let response = finish(known.spare(response), &uri, &request_id);
    guard.route.metrics.observe(response.status(), started.elapsed());
    response
}

/// The request with its context, if its caller may come in; who needs no account is let in by the route's own limits.
fn admit(guard: &Guard, request: Request, request_id: &Arc<str>) -> Result<(Request, Option<Presence>), Problem> {
    let (mut parts, body) = request.into_parts();
    let needed = match guard.route.info.access {
        Access::Public | Access::Signed => {
            let mut context = Context::system("api", Arc::clone(request_id));
            describe(&mut context, &parts);
            parts.extensions.insert(context);
            return Ok((Request::from_parts(parts, body), None));
        }
        Access::Global(permission) => Some(permission),
        Access::SignedIn | Access::Own(_) | Access::Workspace(_) | Access::Endpoint => None,
    };
    let caller = authenticate(&guard.api, &parts.headers)?;
    if let Some(permission) = needed {
        caller.demand(permission)?;
    }
    let presence = guard.api.crowd.enter(caller.user)?;
    let mut context = Context::user(caller, Arc::clone(request_id));
    describe(&mut context, &parts);
    parts.extensions.insert(context);
    Ok((Request::from_parts(parts, body), Some(presence)))
}

/// Where the request comes from, for the envelope of what it leads to.
fn describe(context: &mut Context, parts: &Parts) {
    context.traceparent = parts
        .headers
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_traceparent(text))
        .map(Arc::from);
    if context.traceparent.is_some() {
        context.tracestate = parts
            .headers
            .get(TRACESTATE)
            .and_then(|value| value.to_str().ok())
            .filter(|text| !text.is_empty() && text.len() <= LONGEST_TRACESTATE)
            .map(Arc::from);
    }
    let address = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
    context.client_address = address.map(|ConnectInfo(address)| address.ip().to_string().into());
}

/// The answer in its final form: problems written out, the request id echoed.
pub fn finish(mut response: Response, uri: &Uri, request_id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut rendered = problem.render(uri, request_id);
        for (name, value) in response.headers() {
            rendered.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response = rendered;
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The caller's request id if it is short and plain, else a new one.
pub fn request_id(headers: &HeaderMap, entropy: &dyn Entropy) -> Arc<str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let given = given.filter(|id| !id.is_empty() && id.len() <= LONGEST_REQUEST_ID && id.bytes().all(plain));
    given.map_or_else(|| entropy.uuid().to_string().into(), Arc::from)
}

/// Whether the text is a W3C trace context of a version that keeps the form of version 00.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let [version, trace, span, flags] = parts.as_slice() else {
        return false;
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    hex(version, 2)
        && *version != "ff"
        && hex(trace, 32)
        && !is_zero(trace)
        && hex(span, 16)
        && !is_zero(span)
        && hex(flags, 2)
}

/// Who calls.
fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = token_of(headers)? else {
        return Err(Problem::unauthenticated(
            "sign in, and send the access token or an API key as Authorization: Bearer",
            "Bearer",
        ));
    };
    let caller = api.app.authenticate(token);
    caller.map_err(|error| Problem::unauthenticated(error.to_string(), "Bearer error=\"invalid_token\""))
}

fn token_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let refused = || {
        Problem::unauthenticated(
            "Authorization: Bearer and a token are expected",
            "Bearer error=\"invalid_request\"",
        )
    };
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value
            .to_str()
            .map_err(|_| refused())?
            .split_once(' ')
            .ok_or_else(refused)?;
        return if scheme.eq_ignore_ascii_case("bearer") {
            Ok(Some(token.trim()))
        } else {
            Err(refused())
        };
    }
    headers
        .get(API_KEY)
        .map(|value| value.to_str().map(str::trim).map_err(|_| refused()))
        .transpose()
}

/// Demands a right of an own thing: its owner has it, others need `permission`.
///
/// # Errors
/// When the caller is not `owner` and lacks the right.
pub fn demand_own(caller: &Caller, owner: i64, permission: Permission) -> Result<(), Problem> {
    if caller.user.0 == owner && caller.has(Permission::OwnAccount) {
        Ok(())
    } else {
        Ok(caller.demand(permission)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_contexts_are_checked() {
        assert!(is_traceparent(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        assert!(!is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"));
        assert!(!is_traceparent(
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        assert!(!is_traceparent(
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"
        ));
    }

    #[test]
    fn only_plain_request_ids_are_taken_over() {
        let entropy = wfm_application::clock::SystemEntropy;
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("order-42/a"));
        assert_eq!(&*request_id(&headers, &entropy), "order-42/a");
        for strange in ["", "a b", "\"x\""] {
            headers.insert(REQUEST_ID, HeaderValue::from_static(strange));
            assert_eq!(request_id(&headers, &entropy).len(), 36);
        }
    }
}
