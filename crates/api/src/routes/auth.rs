//! Sessions: login, refresh, logout, and who the caller is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;
use wfm_application::sessions::{LoginInput, Me, RefreshInput, Tokens};

use super::{Access, Route, get, post};
use crate::{
    answer::{carry, json, secret},
    context::Api,
    error::Problem,
    extract::{Command, Json, Reader},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/auth/login", Access::Public, login)
            .says("Proves a password; answers with an access token and a refresh token")
            .takes::<LoginInput>()
            .refuses(&[401, 429])
            .answers::<Tokens>(200),
        post("/api/v1/auth/refresh", Access::Public, refresh)
            .says("Exchanges a refresh token, once, for new tokens")
            .takes::<RefreshInput>()
            .refuses(&[401])
            .answers::<Tokens>(200),
        post("/api/v1/auth/logout", Access::Public, logout)
            .says("Ends the sessions of the login that the refresh token descends from")
            .takes::<RefreshInput>()
            .answers_nothing(204),
        get("/api/v1/auth/me", Access::SignedIn, me)
            .says("Who the caller is")
            .answers::<Me>(200),
    ]
}

async fn login(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        ..
    }: Command<Json<LoginInput>>,
) -> Result<Response, Problem> {
    let tokens = carry!(api, app => app.login(&context, &input));
    secret(StatusCode::OK, &tokens)
}

async fn refresh(
    State(api): State<Arc<Api>>,
    Command { body: Json(input), .. }: Command<Json<RefreshInput>>,
) -> Result<Response, Problem> {
    let tokens = carry!(api, app => app.refresh(&input));
    secret(StatusCode::OK, &tokens)
}

async fn logout(
    State(api): State<Arc<Api>>,
    Command { body: Json(input), .. }: Command<Json<RefreshInput>>,
) -> Result<StatusCode, Problem> {
    carry!(api, app => app.logout(&input));
    Ok(StatusCode::NO_CONTENT)
}

async fn me(State(api): State<Arc<Api>>, Reader { context }: Reader) -> Result<Response, Problem> {
    json(StatusCode::OK, &api.app.me(&context).await?)
}
