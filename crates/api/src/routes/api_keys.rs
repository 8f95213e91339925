//! API keys.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use wfm_application::{api_keys::NewApiKey, history::EventView, security::permission::Permission};
use wfm_domain::ids::ApiKeyId;
use wfm_projections::queries::{Visibility, resources::ApiKeyRow};

use super::{
    Access, Route, delete,
    events::{HistoryParameters, history},
    get, post,
};
use crate::{
    answer::{Done, carry, entity},
    context::{Api, demand_own},
    error::Problem,
    extract::{Command, Json, Nothing, Pairs, Path, Reader},
    pages::Wanted,
};

const OWN: Access = Access::Own(Permission::ManageUsers);

/// An issued key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the schema of an answer that is written member by member")]
struct IssuedKey {
    /// Id of the key.
    id: i64,
    /// Version of its stream.
    version: u64,
    /// Position in the log.
    position: u64,
    /// The key itself: shown this once; null when the request was repeated.
    token: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/api-keys", Access::SignedIn, list)
            .says("Lists one's own API keys; an Admin sees everybody's")
            .lists::<ApiKeyRow>(),
        post("/api/v1/api-keys", OWN, create)
            .says("Issues an API key; its token is shown this once")
            .takes::<NewApiKey>()
            .answers::<IssuedKey>(201),
        get("/api/v1/api-keys/{id}", OWN, show)
            .says("Shows an API key without its token")
            .shows::<ApiKeyRow>(),
        post("/api/v1/api-keys/{id}/revoke", OWN, revoke)
            .says("Revokes an API key for good")
            .records::<ApiKeyRow>(200),
        delete("/api/v1/api-keys/{id}", OWN, revoke)
            .says("Revokes an API key for good; it stays in sight")
            .records::<ApiKeyRow>(200),
        get(
            "/api/v1/api-keys/{id}/history",
            OWN,
            |api, Path(id): Path<ApiKeyId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of an API key")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    let caller = api.caller(&context)?;
    let mut wanted = Wanted::new(pairs);
    if !caller.has(Permission::ManageUsers) {
        wanted = wanted.only("userId", caller.user.0);
    }
    api.list::<ApiKeyRow>(&context, wanted).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewApiKey>>,
) -> Result<Response, Problem> {
    let issued = carry!(api, app => app.issue_api_key(&context, &input));
    let done = Done::created(issued.recorded, preference, "/api/v1/api-keys");
    done.with_secret("token", issued.token)
        .answer_with::<ApiKeyRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiKeyId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    let row = api.row::<ApiKeyRow>(id.0, &Visibility::All).await?;
    // Who may not see others' keys learns nothing from one that does not exist.
    let owner = row.as_ref().and_then(|row| row.integer("userId")).unwrap_or_default();
    demand_own(api.caller(&context)?, owner, Permission::ManageUsers)?;
    let row = row.ok_or_else(|| Problem::not_found(format!("API key {id}")))?;
    entity(&api.entity::<ApiKeyRow>(row).await?)
}

async fn revoke(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiKeyId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.revoke_api_key(&context, id));
    Done::changed(recorded, preference).answer_with::<ApiKeyRow>(&api).await
}
