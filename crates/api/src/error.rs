//! Every error answer: problem documents after RFC 9457, and the only place that gives errors their status codes.
//!
//! Invariant: an answer with a status of 400 or above carries a [`Problem`], and no text of an internal error reaches a
//! caller. Handlers return a [`Problem`]; the guard around the routes writes it out with the request's path and id.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode, Uri,
    header::{CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;
use wfm_application::{error::ApplicationError, projection::ProjectionError};
use wfm_domain::refusal::{FieldError, Refusal, RefusalKind};
use wfm_projections::queries::{DecodeError, ListError};
use wfm_storage::append::StorageError;

/// Media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Status of a server that is not to get requests.
pub const NOT_READY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// What the answer to unsigned requests names instead of their path.
const WEBHOOKS: &str = "/api/v1/webhooks";

/// Seconds after which a caller may try again when the store is not available.
const RETRY_STORAGE_SECONDS: u64 = 5;

/// An error answer before it knows its request.
#[derive(Debug, Clone)]
pub struct Problem(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    current_version: Option<u64>,
    challenge: Option<&'static str>,
    /// Whether the answer is the same bytes whatever was asked for.
    is_uniform: bool,
    /// What only the server's log may say.
    internal: Option<String>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument<'a> {
    /// Names the kind of problem; stable.
    #[serde(rename = "type")]
    #[schema(example = "/problems/workspace-name-taken")]
    kind: &'a str,
    /// The kind of problem in words.
    title: &'a str,
    /// HTTP status.
    status: u16,
    /// What is wrong this time and how to put it right.
    detail: &'a str,
    /// Path of the request.
    instance: &'a str,
    /// The request's `X-Request-Id`; absent where every answer is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemField<'a>>,
}

/// A field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField<'a> {
    /// JSON pointer into the request body, or `/name` of a query parameter.
    pointer: &'a str,
    /// What is wrong with it and what would be accepted.
    detail: &'a str,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
            current_version: None,
            challenge: None,
            is_uniform: false,
            internal: None,
        }))
    }

    fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Notes for the server's log what went wrong.
    fn because(mut self, error: impl std::fmt::Display) -> Self {
        self.0.internal = Some(error.to_string());
        self
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// A request that cannot be understood; `code` says in which way, `pointer` where.
    pub fn malformed(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (pointer.into(), detail.into());
        let shown = if pointer.is_empty() {
            detail.clone()
        } else {
            format!("{}: {detail}", &pointer[1..])
        };
        Self::new(StatusCode::BAD_REQUEST, code, shown).with_errors(vec![FieldError { pointer, detail }])
    }

    /// A query parameter that cannot be understood.
    pub fn bad_parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::malformed("bad-parameter", format!("/{name}"), detail)
    }

    /// A request header that cannot be understood.
    pub fn bad_header(name: &str, detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-header", format!("{name}: {detail}"))
    }

    /// Nobody known asks.
    pub fn unauthenticated(detail: impl Into<String>, challenge: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
        problem.0.challenge = Some(challenge);
        problem
    }

    /// Nobody signed for what is addressed, if it exists: the same bytes whatever it is.
    pub fn unsigned(detail: impl Into<String>) -> Self {
        let mut problem = Self::unauthenticated(detail, "X-WFM-Signature");
        problem.0.is_uniform = true;
        problem
    }

    /// What is addressed does not exist, or the caller may not know that it does.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("{what} does not exist"))
    }

    /// There is no such route.
    pub fn no_route(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-such-route",
            format!("there is nothing at {path}; see /docs"),
        )
    }

    /// The route does not have this method.
    pub fn method_not_allowed(method: &http::Method) -> Self {
        let detail = format!("{method} is not allowed here; the Allow header says what is");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }

    /// The read models are being built anew already.
    pub fn rebuilding() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "rebuild-under-way",
            "the read models are being built anew already",
        )
    }

    /// The body is larger than the server takes.
    pub fn too_large(maximum_bytes: usize) -> Self {
        let detail = format!("a request body may have at most {maximum_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
    }

    /// The body did not arrive in time.
    pub fn too_slow(longest: std::time::Duration) -> Self {
        let detail = format!("the whole body is expected within {} seconds", longest.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", detail)
    }

    /// The body is not of a type that the route takes.
    pub fn unsupported_media_type() -> Self {
        let detail = "the body must be JSON, with the header Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
    }

    /// The read models did not reach the position that the caller demands in time.
    pub fn behind(position: u64) -> Self {
        let detail = format!("the read models did not reach position {position} in time");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "read-models-behind", detail).retry_after(1)
    }

    /// A bug or a broken invariant: `error` goes to the log, not to the caller.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let detail = "the server could not answer; its log says why, under the request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).because(error)
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The answer to a request.
    #[must_use]
    pub fn render(&self, uri: &Uri, request_id: &str) -> Response {
        let content = &*self.0;
        if let Some(error) = &content.internal {
            tracing::error!(
                error,
                request_id,
                path = uri.path(),
                status = content.status.as_u16(),
                "a request failed"
            );
        }
        let document = ProblemDocument {
            kind: &format!("/problems/{}", content.code),
            title: &title(content.code),
            status: content.status.as_u16(),
            detail: &content.detail,
            instance: if content.is_uniform { WEBHOOKS } else { uri.path() },
            request_id: (!content.is_uniform).then_some(request_id),
            errors: content
                .errors
                .iter()
                .map(|error| ProblemField {
                    pointer: &error.pointer,
                    detail: &error.detail,
                })
                .collect(),
        };
        let body = serde_json::to_vec(&document).expect("a problem holds texts and a number");
        let mut response = (content.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = content.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(version) = content.current_version {
            headers.insert(ETAG, etag(version));
        }
        if let Some(challenge) = content.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// The entity tag of a stream version.
#[must_use]
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotes are a header value")
}

/// `workspace-name-taken` in words: `Workspace name taken`.
fn title(code: &str) -> String {
    let mut title = code.replace('-', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// Leaves the problem to the guard, which knows the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        };
        Self::new(status, refusal.code, refusal.detail).with_errors(refusal.errors)
    }
}

impl From<ApplicationError> for Problem {
    fn from(error: ApplicationError) -> Self {
        match error {
            ApplicationError::Refused(refusal) => refusal.into(),
            ApplicationError::Unauthenticated(detail) => Self::unauthenticated(detail, "Bearer"),
            ApplicationError::Forbidden(detail) => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            ApplicationError::NotFound(what) => Self::not_found(what),
            ApplicationError::PreconditionFailed { current } => {
                let detail = format!("the present version is {current}; read it again before changing it");
                let mut problem = Self::new(StatusCode::PRECONDITION_FAILED, "version-mismatch", detail);
                problem.0.current_version = Some(current);
                problem
            }
            ApplicationError::IdempotencyMismatch => {
                let detail = "this Idempotency-Key was used with another request; choose a new one";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
            }
            ApplicationError::TooMany {
                detail,
                retry_after_seconds,
            } => Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", detail).retry_after(retry_after_seconds),
            ApplicationError::Contended => Self::new(
                StatusCode::CONFLICT,
                "contended",
                ApplicationError::Contended.to_string(),
            )
            .retry_after(1),
            ApplicationError::Storage(error) => error.into(),
            ApplicationError::Internal(detail) => Self::internal(detail),
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let Some((code, detail)) = told(&error) else {
            return Self::internal(error);
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
            .retry_after(RETRY_STORAGE_SECONDS)
            .because(error)
    }
}

/// Code and explanation of a failure of the store that a caller or an operator can do something about.
pub fn told(error: &StorageError) -> Option<(&'static str, &'static str)> {
    match error {
        StorageError::Full(_) => Some((
            "storage-full",
            "the database cannot grow: its disk is full, or it is as large as max_log_megabytes or max_read_models_megabytes \
             allows; nothing was recorded. Make room or raise the limit, then send the request again",
        )),
        StorageError::ReadOnly(_) => Some((
            "storage-read-only",
            "the store cannot be written; nothing can be recorded",
        )),
        StorageError::Unavailable(_) => Some(("storage-unavailable", "the store is not available; try again later")),
        StorageError::Held(_) => Some(("storage-held", "another process holds the store; try again later")),
        StorageError::DamagedRows(_) => Some((
            "read-models-damaged",
            "the read models are damaged, not the event log; they are built anew once their files are removed",
        )),
        StorageError::Corrupt(_) | StorageError::Other(_) => None,
    }
}

impl From<ProjectionError> for Problem {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Storage(error) => error.into(),
            ProjectionError::Busy => Self::rebuilding(),
            ProjectionError::Refused(_) => StorageError::Corrupt(error.to_string()).into(),
            ProjectionError::Moved(_) => {
                StorageError::Unavailable("another node moved the read models on".to_owned()).into()
            }
        }
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::internal(error)
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        let detail = error.to_string();
        match error {
            ListError::UnknownFilter { name, .. } | ListError::BadValue { name, .. } => {
                Self::bad_parameter(&name, detail)
            }
            ListError::UnknownSort { .. } => Self::bad_parameter("sort", detail),
            ListError::BadCursor => Self::bad_parameter("cursor", detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_titles() {
        assert_eq!(title("workspace-name-taken"), "Workspace name taken");
    }

    #[test]
    fn internal_texts_stay_inside() {
        let problem = Problem::from(ApplicationError::Internal("secret path /x".to_owned()));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.0.detail.contains("secret"));
        let problem = Problem::from(StorageError::Full("/disk".to_owned()));
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!problem.0.detail.contains("/disk"));
    }
}
