//! The projection: how far it is, what it could not project, and building it anew.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use wfm_application::{
    projection::{ProjectionState, ProjectionStatus},
    security::permission::Permission,
};
use wfm_storage::read_store::{ParkedEvent, TableDifference};

use super::{Access, Route, get, post};
use crate::{
    answer::json,
    context::Api,
    error::Problem,
    extract::{Command, Nothing, Path, Reader},
    pages::items,
};

const OPERATE: Access = Access::Global(Permission::Operate);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/projections", OPERATE, list)
            .says("How far the read models are")
            .pages::<ProjectionStatus>(),
        post("/api/v1/projections/{name}/rebuild", OPERATE, rebuild)
            .says("Builds the read models anew from the log while the present ones serve")
            .answers::<ProjectionStatus>(202),
        post("/api/v1/projections/{name}/verify", OPERATE, verify)
            .says("Builds the rows anew beside those that serve and compares; changes nothing, and answers when it is done")
            .answers::<Verified>(200),
        get("/api/v1/projections/{name}/parked", OPERATE, parked)
            .says("The first 200 events that could not be projected, or that wait behind such, in log order")
            .pages::<Parked>(),
        post("/api/v1/projections/{name}/parked/retry", OPERATE, retry)
            .says("Tries to project parked events again, in order")
            .answers::<Released>(200),
    ]
}

/// Parked events that are shown at most.
const SHOWN: usize = 200;

/// An event that is not projected.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Parked {
    /// Its position in the log.
    position: u64,
    /// Its stream.
    stream: String,
    /// Its type.
    #[serde(rename = "type")]
    event_type: String,
    /// Why it is parked.
    reason: String,
    /// Since when.
    parked_at: String,
}

impl From<ParkedEvent> for Parked {
    fn from(event: ParkedEvent) -> Self {
        Self {
            position: event.position.0,
            stream: event.stream.to_string(),
            event_type: event.event_type.to_string(),
            reason: event.reason,
            parked_at: event.parked_at.to_string(),
        }
    }
}

/// How the rows compare with their replay.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Verified {
    /// Whether every row is identical to its replay.
    identical: bool,
    /// The tables that differ.
    differences: Vec<Difference>,
}

/// A table that differs from its replay.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Difference {
    /// Its name.
    table: String,
    /// Rows that the replay has and the table lacks.
    missing: u64,
    /// Rows that the table has and the replay lacks.
    surplus: u64,
}

impl From<TableDifference> for Difference {
    fn from(difference: TableDifference) -> Self {
        let TableDifference {
            table,
            missing,
            surplus,
        } = difference;
        Self {
            table,
            missing,
            surplus,
        }
    }
}

/// What became of parked events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Released {
    /// Events that took effect.
    released: u64,
    /// Events that are still parked.
    parked: u64,
}

async fn list(State(api): State<Arc<Api>>, Reader { .. }: Reader) -> Result<Response, Problem> {
    items(vec![api.app.projection.status().await?], None)
}

async fn rebuild(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Command { .. }: Command<Nothing>,
) -> Result<Response, Problem> {
    let mut status = named(&api, &name).await?;
    if status.state == ProjectionState::Rebuilding {
        return Err(Problem::rebuilding());
    }
    let projection = api.app.projection.clone();
    tokio::spawn(async move {
        match projection.rebuild(|_| {}).await {
            Ok(differences) => tracing::info!(tables = differences.len(), "the read models were built anew"),
            Err(error) => tracing::error!(%error, "the read models could not be built anew"),
        }
    });
    status.state = ProjectionState::Rebuilding;
    json(StatusCode::ACCEPTED, &status)
}

async fn verify(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Command { .. }: Command<Nothing>,
) -> Result<Response, Problem> {
    named(&api, &name).await?;
    let differences = api.app.projection.verify(|_| {}).await?;
    let verified = Verified {
        identical: differences.is_empty(),
        differences: differences.into_iter().map(Difference::from).collect(),
    };
    json(StatusCode::OK, &verified)
}

/// The status of the projection of this name.
async fn named(api: &Api, name: &str) -> Result<ProjectionStatus, Problem> {
    let status = api.app.projection.status().await?;
    if status.name == name {
        Ok(status)
    } else {
        Err(Problem::not_found(format!("projection {name}")))
    }
}

async fn parked(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Reader { .. }: Reader,
) -> Result<Response, Problem> {
    named(&api, &name).await?;
    let parked = api.app.projection.parked().await?;
    items(parked.into_iter().take(SHOWN).map(Parked::from).collect(), None)
}

async fn retry(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Command { .. }: Command<Nothing>,
) -> Result<Response, Problem> {
    named(&api, &name).await?;
    let released = api.app.projection.retry_parked().await?;
    let parked = named(&api, &name).await?.parked;
    json(StatusCode::OK, &Released { released, parked })
}
