//! Steps of workflows: of the version in force, of the draft, of any published version.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use wfm_application::{
    body_schemas::{StepBody, StepShown},
    security::permission::Permission,
    workflows::{StepOrder, StepPatch},
};
use wfm_domain::{
    ids::{StepId, WorkflowId},
    workflow::StepInput,
};
use wfm_projections::queries::resources::{WorkflowRow, WorkflowStepRow};

use super::{
    Access, Route, delete, get, patch, post, put,
    workflows::{VersionParameter, Wished, named},
};
use crate::{
    answer::{Done, carry, entity_tag, json},
    context::Api,
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Query, Reader},
    pages::{Wanted, items},
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const EDIT: Access = Access::Workspace(Permission::EditWorkflows);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/workflows/{id}/steps", READ, steps)
            .says("Lists the steps: of the version in force, the draft, or any published version")
            .query::<VersionParameter>()
            .lists_or::<WorkflowStepRow, StepShown>(),
        post("/api/v1/workflows/{id}/steps", EDIT, add_step)
            .says("Adds a step to the draft")
            .takes::<StepBody>()
            .records_only(201),
        put("/api/v1/workflows/{id}/steps/order", EDIT, reorder)
            .says("Gives the draft's steps another order")
            .takes::<StepOrder>()
            .records_only(200),
        get("/api/v1/workflows/{id}/steps/{stepId}", READ, step)
            .says("Shows a step of the version in force, the draft, or any published version")
            .query::<VersionParameter>()
            .shows_or::<WorkflowStepRow, StepShown>(),
        patch("/api/v1/workflows/{id}/steps/{stepId}", EDIT, change_step)
            .says("Changes a step of the draft")
            .takes::<StepPatch>()
            .records_only(200),
        delete("/api/v1/workflows/{id}/steps/{stepId}", EDIT, remove_step)
            .says("Removes a step from the draft")
            .records_only(200),
    ]
}

async fn steps(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    let version = pairs
        .iter()
        .find(|(name, _)| name == "version")
        .map(|(_, version)| version.clone());
    let content = match (VersionParameter { version }).wished()? {
        Wished::InForce => {
            api.seen::<WorkflowRow>(&context, id.0, || named(id)).await?;
            return api
                .list::<WorkflowStepRow>(&context, Wanted::new(pairs).only("workflowId", id.0))
                .await;
        }
        Wished::Draft => api.app.workflow_draft(&context, id).await?,
        Wished::Number(version) => api.app.workflow_version(&context, id, version).await?,
    };
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "version") {
        return Err(Problem::bad_parameter(
            name,
            "the steps of a named version are shown whole",
        ));
    }
    items(content.steps, None)
}

async fn step(
    State(api): State<Arc<Api>>,
    Path((id, step)): Path<(WorkflowId, StepId)>,
    Reader { context }: Reader,
    Query(parameters): Query<VersionParameter>,
) -> Result<Response, Problem> {
    let what = || format!("step {step} of workflow {id}");
    let content = match parameters.wished()? {
        Wished::InForce => {
            return api
                .show_child::<WorkflowStepRow>(&context, step.0, ("workflowId", id.0), what)
                .await;
        }
        Wished::Draft => api.app.workflow_draft(&context, id).await?,
        Wished::Number(version) => api.app.workflow_version(&context, id, version).await?,
    };
    let found = content
        .steps
        .iter()
        .find(|candidate| candidate.step.id == step)
        .ok_or_else(|| Problem::not_found(what()))?;
    Ok(entity_tag(json(StatusCode::OK, found)?, Some(content.stream_version)))
}

async fn add_step(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<StepInput>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.add_step(&context, id, &input));
    // The table of steps may show the version in force, which the draft's new step is no part of.
    Done::created(recorded, preference, &format!("/api/v1/workflows/{id}/steps"))
        .in_draft()
        .answer(&api)
        .await
}

async fn reorder(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<StepOrder>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.reorder_steps(&context, id, &input));
    Done::changed(recorded, preference).answer(&api).await
}

async fn change_step(
    State(api): State<Arc<Api>>,
    Path((id, step)): Path<(WorkflowId, StepId)>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<StepPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_step(&context, id, step, &patch));
    Done::changed(recorded, preference).answer(&api).await
}

async fn remove_step(
    State(api): State<Arc<Api>>,
    Path((id, step)): Path<(WorkflowId, StepId)>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.remove_step(&context, id, step));
    Done::changed(recorded, preference).answer(&api).await
}
