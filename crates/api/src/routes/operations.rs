//! For operators and programmers: health, metrics, and the documentation of the API.

use std::sync::{Arc, LazyLock};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, VARY},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config;
use wfm_application::{
    executions::gates::Circuit,
    projection::{ProjectionState, USUAL_LAG},
};

use super::{Access, Route, get};
use crate::{
    answer::json,
    context::Api,
    error::{Problem, told},
    exposition::Exposition,
    extract::Path,
    openapi,
};

const OPEN: Access = Access::Public;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/health/live", OPEN, live)
            .says("Whether the process runs")
            .answers::<Health>(200),
        get("/health/ready", OPEN, ready)
            .says("Whether the server is to get requests; 503 with the reasons when not")
            .answers::<Health>(200)
            .answers::<Health>(503),
        get("/metrics", OPEN, metrics)
            .says("Measurements for Prometheus")
            .answers_media(Exposition::MEDIA_TYPES),
        get("/openapi.json", OPEN, document)
            .says("This document")
            .answers_media(&["application/json"]),
        get("/docs", OPEN, async || Redirect::permanent("/docs/"))
            .says("The documentation, rendered")
            .answers_nothing(308),
        get("/docs/", OPEN, docs_index)
            .says("The documentation, rendered")
            .answers_media(&["text/html"]),
        get("/docs/{*file}", OPEN, docs_file)
            .says("Parts of the rendered documentation")
            .answers_media(&["*/*"]),
    ]
}

const READ_MODELS_FULL: &str = "the read models cannot grow: the disk is full, or they are as large as \
    max_read_models_megabytes allows; what is recorded meanwhile shows when there is room";

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `live`, `ready` or `notReady`.
    status: &'static str,
    /// Why the server is not ready.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    /// What is wrong without keeping the server from its work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Endpoints whose calls are held back at the moment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    circuits: Vec<CircuitHealth>,
}

/// A circuit breaker that is not closed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CircuitHealth {
    /// The endpoint.
    api_endpoint_id: i64,
    /// `open` or `halfOpen`.
    state: &'static str,
    /// Calls that failed in a row.
    failures: u32,
}

/// Endpoints that are shown at once.
const SHOWN_CIRCUITS: usize = 100;

/// What does not keep the server from its work, only the runs of some endpoints.
fn circuits(api: &Api) -> Vec<CircuitHealth> {
    let gates = api.options.gates.gates();
    let open = gates.into_iter().filter(|gate| gate.circuit != Circuit::Closed);
    open.take(SHOWN_CIRCUITS)
        .map(|gate| CircuitHealth {
            api_endpoint_id: gate.endpoint.0,
            state: gate.circuit.name(),
            failures: gate.failures,
        })
        .collect()
}

async fn live() -> Result<Response, Problem> {
    json(
        StatusCode::OK,
        &Health {
            status: "live",
            reasons: Vec::new(),
            warnings: Vec::new(),
            circuits: Vec::new(),
        },
    )
}

async fn ready(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    let mut warnings = Vec::new();
    let mut reasons: Vec<String> = api.options.readiness.reason().into_iter().collect();
    match api.app.projection.status().await {
        Err(_) => reasons.push("the log cannot be read".to_owned()),
        Ok(status) => {
            match status.state {
                ProjectionState::Running | ProjectionState::Following => {}
                ProjectionState::Rebuilding => reasons.push("the read models are being built anew".to_owned()),
                ProjectionState::Retrying => reasons.push("the read models cannot be written at the moment".to_owned()),
                ProjectionState::Full => reasons.push(READ_MODELS_FULL.to_owned()),
                ProjectionState::Stopped => reasons.push("the read models stand still".to_owned()),
            }
            if api.app.projection.is_behind_its_start() {
                let rest = status.lag;
                reasons.push(format!(
                    "the read models are not up to what was recorded before the start: {rest} events to go"
                ));
            } else if status.lag > USUAL_LAG {
                reasons.push(format!("the read models are {} events behind", status.lag));
            }
            if status.parked > 0 {
                warnings.push(format!(
                    "{} events could not be projected; see /api/v1/projections",
                    status.parked
                ));
            }
        }
    }
    if let Some(trouble) = api.app.store.log.trouble() {
        let (_, why) = told(&trouble).unwrap_or(("", "the server's log says why"));
        reasons.push(format!("the event log cannot be written: {why}"));
    }
    if api.app.reads.checkpoint().await.is_err() {
        reasons.push("the read models cannot be read".to_owned());
    }
    let (code, status) = if reasons.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (crate::error::NOT_READY, "notReady")
    };
    json(
        code,
        &Health {
            status,
            reasons,
            warnings,
            circuits: circuits(&api),
        },
    )
}

async fn metrics(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let exposition = Exposition::accepted(accept);
    let text = api.metrics.render(&api.app, api.options.gates.as_ref()).await?;
    let mut response = media(exposition.media_type(), Body::from(exposition.of(text)));
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

async fn document() -> Response {
    static TEXT: LazyLock<bytes::Bytes> = LazyLock::new(|| {
        let text = openapi::document()
            .to_json()
            .expect("a document of texts and schemas serialises");
        text.into()
    });
    media("application/json", Body::from(TEXT.clone()))
}

async fn docs_index() -> Result<Response, Problem> {
    docs("")
}

async fn docs_file(Path(file): Path<String>) -> Result<Response, Problem> {
    docs(&file)
}

fn docs(file: &str) -> Result<Response, Problem> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));
    let found = utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)).map_err(Problem::internal)?;
    let file = found.ok_or_else(|| Problem::not_found(format!("/docs/{file}")))?;
    Ok(media(&file.content_type, Body::from(file.bytes.into_owned())))
}

fn media(content_type: &str, body: Body) -> Response {
    let mut response = body.into_response();
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}
