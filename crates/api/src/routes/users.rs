//! Users.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_application::{
    security::permission::Permission,
    users::{NewUser, PasswordInput, UserPatch},
};
use wfm_domain::ids::UserId;
use wfm_projections::queries::resources::UserRow;

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, patch, post,
};
use crate::{
    answer::{Done, carry, entity},
    conditional::ChangesByItself,
    context::{Api, demand_own},
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Reader},
    pages::Wanted,
};
use wfm_application::history::EventView;

const ADMIN: Access = Access::Global(Permission::ManageUsers);
const OWN: Access = Access::Own(Permission::ManageUsers);

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/users", ADMIN, list).says("Lists users").lists::<UserRow>(),
        post("/api/v1/users", ADMIN, create)
            .says("Creates a user")
            .takes::<NewUser>()
            .records::<UserRow>(201),
        get("/api/v1/users/{id}", OWN, show)
            .says("Shows a user")
            .shows::<UserRow>(),
        patch("/api/v1/users/{id}", OWN, change)
            .says("Changes personal data, or (Admin) the global role")
            .takes::<UserPatch>()
            .records::<UserRow>(200),
        delete("/api/v1/users/{id}", ADMIN, remove)
            .says("Deletes a user softly; refused while anything that the user created exists")
            .records_only(200),
        post("/api/v1/users/{id}/deactivate", ADMIN, deactivate)
            .says("Takes a user out of use; the next request with any of the user's tokens is refused")
            .records::<UserRow>(200),
        post("/api/v1/users/{id}/activate", ADMIN, activate)
            .says("Puts a user in use again")
            .records::<UserRow>(200),
        post("/api/v1/users/{id}/password", OWN, password)
            .says("Sets another password and ends the user's sessions")
            .takes::<PasswordInput>()
            .records_only(200),
        post("/api/v1/users/{id}/erase", ADMIN, erase)
            .says("Erases a person for good: personal data becomes unreadable everywhere")
            .records_only(200),
        get(
            "/api/v1/users/{id}/history",
            OWN,
            |api, Path(id): Path<UserId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of a user")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<UserRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewUser>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.create_user(&context, &input));
    Done::created(recorded, preference, "/api/v1/users")
        .answer_with::<UserRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    demand_own(api.caller(&context)?, id.0, Permission::ManageUsers)?;
    let row = api.seen::<UserRow>(&context, id.0, || format!("user {id}")).await?;
    let has_logged_in = row.text("lastLoginAt").is_some();
    let mut response = entity(&api.entity::<UserRow>(row).await?)?;
    if has_logged_in {
        // A login shows in the row and is no event of the user's stream.
        response.extensions_mut().insert(ChangesByItself);
    }
    Ok(response)
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<UserPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_user(&context, id, &patch));
    Done::changed(recorded, preference).answer_with::<UserRow>(&api).await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_user(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn deactivate(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.deactivate_user(&context, id));
    Done::changed(recorded, preference).answer_with::<UserRow>(&api).await
}

async fn activate(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.activate_user(&context, id));
    Done::changed(recorded, preference).answer_with::<UserRow>(&api).await
}

async fn password(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<PasswordInput>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_password(&context, id, &input));
    Done::changed(recorded, preference).answer(&api).await
}

async fn erase(
    State(api): State<Arc<Api>>,
    Path(id): Path<UserId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.erase_user(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}
