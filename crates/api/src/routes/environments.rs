//! Environments and their variables.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_application::{
    body_schemas::VariableBody,
    environments::{EnvironmentPatch, NewEnvironment},
    history::EventView,
    security::permission::Permission,
};
use wfm_domain::ids::EnvironmentId;
use wfm_projections::queries::resources::EnvironmentRow;

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, patch, post, put,
};
use crate::{
    answer::{Done, carry},
    context::Api,
    error::Problem,
    extract::{AnyJson, Command, Json, Nothing, Pairs, Path, Reader},
    pages::Wanted,
};

const READ: Access = Access::Workspace(Permission::ReadWorkspace);
const WRITE: Access = Access::Workspace(Permission::WriteProjects);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/environments", Access::SignedIn, list)
            .says("Lists environments")
            .lists::<EnvironmentRow>(),
        post("/api/v1/environments", WRITE, create)
            .says("Creates an environment in a project")
            .takes::<NewEnvironment>()
            .refuses(&[404])
            .records::<EnvironmentRow>(201),
        get("/api/v1/environments/{id}", READ, show)
            .says("Shows an environment; secret variables without their values")
            .shows::<EnvironmentRow>(),
        patch("/api/v1/environments/{id}", WRITE, change)
            .says("Changes settings, or all variables")
            .takes::<EnvironmentPatch>()
            .records::<EnvironmentRow>(200),
        delete("/api/v1/environments/{id}", WRITE, remove)
            .says("Deletes an environment softly; refused while workflows use it")
            .records_only(200),
        post("/api/v1/environments/{id}/deactivate", WRITE, deactivate)
            .says("Takes an environment out of use: no run starts in it")
            .records::<EnvironmentRow>(200),
        post("/api/v1/environments/{id}/activate", WRITE, activate)
            .says("Puts an environment in use again")
            .records::<EnvironmentRow>(200),
        put("/api/v1/environments/{id}/variables/{name}", WRITE, set_variable)
            .says("Sets a variable: a text is a secret, {\"value\": …, \"secret\": false} is readable")
            .takes::<VariableBody>()
            .records::<EnvironmentRow>(200),
        delete("/api/v1/environments/{id}/variables/{name}", WRITE, remove_variable)
            .says("Removes a variable")
            .records::<EnvironmentRow>(200),
        get(
            "/api/v1/environments/{id}/history",
            READ,
            |api, Path(id): Path<EnvironmentId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of an environment; values of secrets stay closed")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<EnvironmentRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewEnvironment>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.create_environment(&context, &input));
    Done::created(recorded, preference, "/api/v1/environments")
        .answer_with::<EnvironmentRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<EnvironmentId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<EnvironmentRow>(&context, id.0, || format!("environment {id}"))
        .await
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<EnvironmentId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<EnvironmentPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_environment(&context, id, &patch));
    Done::changed(recorded, preference)
        .answer_with::<EnvironmentRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<EnvironmentId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_environment(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn deactivate(
    State(api): State<Arc<Api>>,
    Path(id): Path<EnvironmentId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.deactivate_environment(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<EnvironmentRow>(&api)
        .await
}

async fn activate(
    State(api): State<Arc<Api>>,
    Path(id): Path<EnvironmentId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.activate_environment(&context, id));
    Done::changed(recorded, preference)
        .answer_with::<EnvironmentRow>(&api)
        .await
}

async fn set_variable(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(EnvironmentId, String)>,
    Command {
        context,
        body: AnyJson(value),
        preference,
    }: Command<AnyJson>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.set_variable(&context, id, &name, &value));
    Done::changed(recorded, preference)
        .of(id.0)
        .answer_with::<EnvironmentRow>(&api)
        .await
}

async fn remove_variable(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(EnvironmentId, String)>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.remove_variable(&context, id, &name));
    Done::changed(recorded, preference)
        .of(id.0)
        .answer_with::<EnvironmentRow>(&api)
        .await
}
