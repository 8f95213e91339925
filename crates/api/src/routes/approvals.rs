//! Approvals: ask, list, show, decide.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use wfm_application::{
    approvals::{NewApproval, Verdict},
    history::EventView,
    security::permission::Permission,
};
use wfm_domain::ids::{ApprovalId, WorkflowId};
use wfm_projections::queries::resources::{ApprovalRow, WorkflowRow};

use super::{
    Access, Route,
    events::{HistoryParameters, history},
    get, post,
};
use crate::{
    answer::{Done, carry},
    context::Api,
    error::Problem,
    extract::{Command, Json, Maybe, Pairs, Path, Reader},
    pages::Wanted,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const EDIT: Access = Access::Workspace(Permission::EditWorkflows);
const DECIDE: Access = Access::Workspace(Permission::WriteProjects);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/approvals", Access::SignedIn, list)
            .says("Lists approvals")
            .lists::<ApprovalRow>(),
        get("/api/v1/approvals/{id}", READ, show)
            .says("Shows an approval")
            .shows::<ApprovalRow>(),
        get("/api/v1/workflows/{id}/approvals", READ, list_of_workflow)
            .says("Lists the approvals of a workflow")
            .lists::<ApprovalRow>(),
        post("/api/v1/workflows/{id}/approvals", EDIT, request)
            .says("Asks for an approval of the draft as it is; a changed draft needs another one")
            .takes::<NewApproval>()
            .records::<ApprovalRow>(201),
        post("/api/v1/approvals/{id}/approve", DECIDE, approve)
            .says("Approves; never by whoever asked. A run that waited goes on as soon as it gets a place")
            .may_take::<CommentsBody>()
            .records::<ApprovalRow>(200),
        post("/api/v1/approvals/{id}/reject", DECIDE, reject)
            .says("Rejects; never by whoever asked. A run that waited is cancelled")
            .may_take::<CommentsBody>()
            .records::<ApprovalRow>(200),
        post("/api/v1/approvals/{id}/cancel", EDIT, cancel)
            .says("Takes a request back: by whoever asked, or by who may decide")
            .may_take::<CommentsBody>()
            .records::<ApprovalRow>(200),
        get(
            "/api/v1/approvals/{id}/history",
            READ,
            |api, Path(id): Path<ApprovalId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of an approval")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

/// Body of a decision.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CommentsBody {
    /// What is said about it, at most 1000 characters.
    comments: Option<String>,
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ApprovalRow>(&context, Wanted::new(pairs)).await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApprovalId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<ApprovalRow>(&context, id.0, || format!("approval {id}"))
        .await
}

async fn list_of_workflow(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.seen::<WorkflowRow>(&context, id.0, || format!("workflow {id}"))
        .await?;
    api.list::<ApprovalRow>(&context, Wanted::new(pairs).only("workflowId", id.0))
        .await
}

async fn request(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkflowId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewApproval>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.request_approval(&context, id, &input));
    Done::created(recorded, preference, "/api/v1/approvals")
        .answer_with::<ApprovalRow>(&api)
        .await
}

async fn approve(api: State<Arc<Api>>, id: Path<ApprovalId>, command: Decision) -> Result<Response, Problem> {
    decide(api, id, command, Verdict::Approve).await
}

async fn reject(api: State<Arc<Api>>, id: Path<ApprovalId>, command: Decision) -> Result<Response, Problem> {
    decide(api, id, command, Verdict::Reject).await
}

async fn cancel(api: State<Arc<Api>>, id: Path<ApprovalId>, command: Decision) -> Result<Response, Problem> {
    decide(api, id, command, Verdict::Cancel).await
}

type Decision = Command<Maybe<CommentsBody>>;

async fn decide(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApprovalId>,
    Command {
        context,
        body: Maybe(body),
        preference,
    }: Decision,
    verdict: Verdict,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => async move {
        app.decide_approval(&context, id, verdict, body.comments.as_deref()).await
    });
    Done::changed(recorded, preference)
        .answer_with::<ApprovalRow>(&api)
        .await
}
