//! Workspaces and their members.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_application::{
    history::EventView,
    security::permission::Permission,
    workspaces::{MemberInput, NewWorkspace, WorkspacePatch},
};
use wfm_domain::ids::{UserId, WorkspaceId};
use wfm_projections::queries::resources::{MemberRow, WorkspaceRow};

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, patch, post, put,
};
use crate::{
    answer::{Done, carry},
    context::Api,
    error::Problem,
    extract::{Command, Json, Maybe, Nothing, Pairs, Path, Reader},
    pages::Wanted,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const MANAGE: Access = Access::Workspace(Permission::ManageWorkspace);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/workspaces", Access::SignedIn, list)
            .says("Lists workspaces")
            .lists::<WorkspaceRow>(),
        post(
            "/api/v1/workspaces",
            Access::Global(Permission::CreateWorkspace),
            create,
        )
        .says("Creates a workspace; its creator becomes its Admin")
        .takes::<NewWorkspace>()
        .records::<WorkspaceRow>(201),
        get("/api/v1/workspaces/{id}", READ, show)
            .says("Shows a workspace")
            .shows::<WorkspaceRow>(),
        patch("/api/v1/workspaces/{id}", MANAGE, change)
            .says("Changes name or description")
            .takes::<WorkspacePatch>()
            .records::<WorkspaceRow>(200),
        delete("/api/v1/workspaces/{id}", MANAGE, remove)
            .says("Deletes a workspace softly with its projects and workflows; running executions are cancelled")
            .records_only(200),
        post("/api/v1/workspaces/{id}/deactivate", MANAGE, deactivate)
            .says("Takes a workspace out of use")
            .records::<WorkspaceRow>(200),
        post("/api/v1/workspaces/{id}/activate", MANAGE, activate)
            .says("Puts a workspace in use again")
            .records::<WorkspaceRow>(200),
        get("/api/v1/workspaces/{id}/members", READ, members)
            .says("Lists the members")
            .lists::<MemberRow>(),
        put("/api/v1/workspaces/{id}/members/{userId}", MANAGE, set_member)
            .says("Adds a member, or gives one another role")
            .may_take::<MemberInput>()
            .records_only(200),
        delete("/api/v1/workspaces/{id}/members/{userId}", MANAGE, remove_member)
            .says("Takes a member out")
            .records_only(200),
        get(
            "/api/v1/workspaces/{id}/history",
            READ,
            |api, Path(id): Path<WorkspaceId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of a workspace itself")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

fn named(id: WorkspaceId) -> String {
    format!("workspace {id}")
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<WorkspaceRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewWorkspace>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.create_workspace(&context, &input));
    Done::created(recorded, preference, "/api/v1/workspaces")
        .answer_with::<WorkspaceRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<WorkspaceRow>(&context, id.0, || named(id)).await
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<WorkspacePatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_workspace(&context, id, &patch));
    Done::changed(recorded, preference)
        .answer_with::<WorkspaceRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_workspace(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn deactivate(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.deactivate_workspace(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<WorkspaceRow>(&api)
        .await
}

async fn activate(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.activate_workspace(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<WorkspaceRow>(&api)
        .await
}

async fn members(
    State(api): State<Arc<Api>>,
    Path(id): Path<WorkspaceId>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.seen::<WorkspaceRow>(&context, id.0, || named(id)).await?;
    api.list::<MemberRow>(&context, Wanted::new(pairs).only("workspaceId", id.0))
        .await
}

async fn set_member(
    State(api): State<Arc<Api>>,
    Path((id, user)): Path<(WorkspaceId, UserId)>,
    Command {
        context,
        body: Maybe(input),
        preference,
    }: Command<Maybe<MemberInput>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.set_member(&context, id, user, &input));
    Done::changed(recorded, preference).answer(&api).await
}

async fn remove_member(
    State(api): State<Arc<Api>>,
    Path((id, user)): Path<(WorkspaceId, UserId)>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.remove_member(&context, id, user));
    Done::changed(recorded, preference).answer(&api).await
}
