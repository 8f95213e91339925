//! Retention: what is old enough to go, and letting it go before the daily run does.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use wfm_application::{retention::RetentionReport, security::permission::Permission};

use super::{Access, Route, get, post};
use crate::{
    answer::{carry, json},
    context::Api,
    error::Problem,
    extract::{Command, Nothing, Reader},
};

const OPERATE: Access = Access::Global(Permission::Operate);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/retention/plan", OPERATE, plan)
            .says("What retention would purge and erase now, by workspace and month; changes nothing")
            .answers::<RetentionReport>(200),
        post("/api/v1/retention/run", OPERATE, run)
            .says(
                "Purges executions that are old enough, erases the data of months that are emptied, and says what was done",
            )
            .answers::<RetentionReport>(200),
    ]
}

async fn plan(State(api): State<Arc<Api>>, Reader { context }: Reader) -> Result<Response, Problem> {
    let report = api.app.plan_retention(&context, &api.app.retention_rule).await?;
    json(StatusCode::OK, &report)
}

async fn run(State(api): State<Arc<Api>>, Command { context, .. }: Command<Nothing>) -> Result<Response, Problem> {
    let report = carry!(api, app => async move { app.run_retention(&context, &app.retention_rule).await });
    json(StatusCode::OK, &report)
}
