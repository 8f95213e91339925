//! The documented views.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_projections::queries::resources::{ActiveWorkflowRow, WorkflowExecutionSummaryRow};

use super::{Access, Route, get};
use crate::{
    context::Api,
    error::Problem,
    extract::{Pairs, Reader},
    pages::Wanted,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/views/active-workflows", Access::SignedIn, active_workflows)
            .says("vw_ActiveWorkflows")
            .lists::<ActiveWorkflowRow>(),
        get(
            "/api/v1/views/workflow-execution-summary",
            Access::SignedIn,
            execution_summary,
        )
        .says("vw_WorkflowExecutionSummary")
        .lists::<WorkflowExecutionSummaryRow>(),
    ]
}

async fn active_workflows(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ActiveWorkflowRow>(&context, Wanted::new(pairs)).await
}

async fn execution_summary(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<WorkflowExecutionSummaryRow>(&context, Wanted::new(pairs))
        .await
}
