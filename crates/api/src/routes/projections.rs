//! The projection: how far it is, and building it anew.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use wfm_application::{
    projection::{ProjectionState, ProjectionStatus},
    security::permission::Permission,
};

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
    ]
}

async fn list(State(api): State<Arc<Api>>, Reader { .. }: Reader) -> Result<Response, Problem> {
    items(vec![api.app.projection.status().await?], None)
}

async fn rebuild(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Command { .. }: Command<Nothing>,
) -> Result<Response, Problem> {
    let mut status = api.app.projection.status().await?;
    if status.name != name {
        return Err(Problem::not_found(format!("projection {name}")));
    }
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
