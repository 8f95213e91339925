//! Projects.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_application::{
    history::EventView,
    projects::{NewProject, ProjectPatch},
    security::permission::Permission,
};
use wfm_domain::ids::ProjectId;
use wfm_projections::queries::resources::ProjectRow;

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, patch, post,
};
use crate::{
    answer::{Done, carry},
    context::Api,
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Reader},
    pages::Wanted,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const WRITE: Access = Access::Workspace(Permission::WriteProjects);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/projects", Access::SignedIn, list)
            .says("Lists projects")
            .lists::<ProjectRow>(),
        post("/api/v1/projects", WRITE, create)
            .says("Creates a project in a workspace")
            .takes::<NewProject>()
            .refuses(&[404])
            .records::<ProjectRow>(201),
        get("/api/v1/projects/{id}", READ, show)
            .says("Shows a project")
            .shows::<ProjectRow>(),
        patch("/api/v1/projects/{id}", WRITE, change)
            .says("Changes name or description")
            .takes::<ProjectPatch>()
            .records::<ProjectRow>(200),
        delete("/api/v1/projects/{id}", WRITE, remove)
            .says("Deletes a project softly; refused while it has published workflows")
            .records_only(200),
        post("/api/v1/projects/{id}/deactivate", WRITE, deactivate)
            .says("Takes a project out of use: nothing new starts in it")
            .records::<ProjectRow>(200),
        post("/api/v1/projects/{id}/activate", WRITE, activate)
            .says("Puts a project in use again")
            .records::<ProjectRow>(200),
        get(
            "/api/v1/projects/{id}/history",
            READ,
            |api, Path(id): Path<ProjectId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of a project itself")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ProjectRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewProject>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.create_project(&context, &input));
    Done::created(recorded, preference, "/api/v1/projects")
        .answer_with::<ProjectRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<ProjectId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<ProjectRow>(&context, id.0, || format!("project {id}")).await
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<ProjectId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<ProjectPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_project(&context, id, &patch));
    Done::changed(recorded, preference)
        .answer_with::<ProjectRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<ProjectId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_project(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn deactivate(
    State(api): State<Arc<Api>>,
    Path(id): Path<ProjectId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.deactivate_project(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<ProjectRow>(&api)
        .await
}

async fn activate(
    State(api): State<Arc<Api>>,
    Path(id): Path<ProjectId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.activate_project(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<ProjectRow>(&api)
        .await
}
