//! Dry runs: a workflow played through with mocked answers.
//!
//! Invariant: a dry run changes nothing, so that it needs no idempotency key and answers without a position.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde_json::Value;
use wfm_application::{
    error::ApplicationError,
    security::permission::Permission,
    workflows::{DryRun, DryRunInput},
};
use wfm_domain::{ids::WorkflowId, refusal::Refusal};

use super::{Access, Route, post, workflows::VersionParameter};
use crate::{
    answer::json,
    context::Api,
    error::Problem,
    extract::{Command, Maybe, Path, Query},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post(
            "/api/v1/workflows/{id}/test",
            Access::Workspace(Permission::EditWorkflows),
            test,
        )
        .says("Plays the draft or a version through with mocked answers; records nothing and calls nobody")
        .query::<VersionParameter>()
        .may_take::<DryRunInput>()
        .answers::<DryRun>(200),
    ]
}

async fn test(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Query(parameters): Query<VersionParameter>,
    Command {
        context,
        body: Maybe(mut input),
        ..
    }: Command<Maybe<DryRunInput>>,
) -> Result<Response, Problem> {
    if let Some(version) = parameters.version {
        if input.version.is_some() {
            let refusal = Refusal::field("/version", "is given in the query already");
            return Err(ApplicationError::from(refusal).into());
        }
        input.version = Some(Value::String(version));
    }
    json(StatusCode::OK, &api.app.dry_run(&context, id, &input).await?)
}
