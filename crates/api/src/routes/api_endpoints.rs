//! API endpoints and their parameters.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use wfm_application::{
    body_schemas::ParameterBody,
    endpoints::{EndpointPatch, NewEndpoint, ParameterPatch},
    history::EventView,
};
use wfm_domain::{
    api_endpoint::ParameterInput,
    ids::{ApiEndpointId, ParameterId},
};
use wfm_projections::queries::resources::{ApiEndpointRow, ApiParameterRow};

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

const READ: Access = Access::SignedIn;
const WRITE: Access = Access::Endpoint;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/api-endpoints", READ, list)
            .says("Lists endpoints: the shared ones and those of the caller's workspaces")
            .lists::<ApiEndpointRow>(),
        post("/api/v1/api-endpoints", WRITE, create)
            .says("Defines an endpoint, shared or of a workspace")
            .takes::<NewEndpoint>()
            .refuses(&[404])
            .records::<ApiEndpointRow>(201),
        get("/api/v1/api-endpoints/{id}", READ, show)
            .says("Shows an endpoint with its parameters")
            .shows::<ApiEndpointRow>(),
        patch("/api/v1/api-endpoints/{id}", WRITE, change)
            .says("Changes the definition; published workflows keep the one they embed")
            .takes::<EndpointPatch>()
            .records::<ApiEndpointRow>(200),
        delete("/api/v1/api-endpoints/{id}", WRITE, remove)
            .says("Deletes an endpoint softly; published workflows keep the definition they embed")
            .records_only(200),
        get("/api/v1/api-endpoints/{id}/parameters", READ, parameters)
            .says("Lists the parameters")
            .lists::<ApiParameterRow>(),
        post("/api/v1/api-endpoints/{id}/parameters", WRITE, add_parameter)
            .says("Adds a parameter")
            .takes::<ParameterBody>()
            .records::<ApiParameterRow>(201),
        get("/api/v1/api-endpoints/{id}/parameters/{parameterId}", READ, parameter)
            .says("Shows a parameter")
            .shows::<ApiParameterRow>(),
        patch(
            "/api/v1/api-endpoints/{id}/parameters/{parameterId}",
            WRITE,
            change_parameter,
        )
        .says("Changes a parameter")
        .takes::<ParameterPatch>()
        .records::<ApiParameterRow>(200),
        delete(
            "/api/v1/api-endpoints/{id}/parameters/{parameterId}",
            WRITE,
            remove_parameter,
        )
        .says("Removes a parameter")
        .records_only(200),
        get(
            "/api/v1/api-endpoints/{id}/history",
            READ,
            |api, Path(id): Path<ApiEndpointId>, reader, parameters| history(api, id.stream(), reader, parameters),
        )
        .says("Events of an endpoint")
        .query::<HistoryParameters>()
        .pages::<EventView>(),
    ]
}

fn named(id: ApiEndpointId) -> String {
    format!("API endpoint {id}")
}

async fn list(
    State(api): State<Arc<Api>>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.list::<ApiEndpointRow>(&context, Wanted::new(pairs)).await
}

async fn create(
    State(api): State<Arc<Api>>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<NewEndpoint>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.define_endpoint(&context, &input));
    Done::created(recorded, preference, "/api/v1/api-endpoints")
        .answer_with::<ApiEndpointRow>(&api)
        .await
}

async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiEndpointId>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    api.show::<ApiEndpointRow>(&context, id.0, || named(id)).await
}

async fn change(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiEndpointId>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<EndpointPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_endpoint(&context, id, &patch));
    Done::changed(recorded, preference)
        .answer_with::<ApiEndpointRow>(&api)
        .await
}

async fn remove(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiEndpointId>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.delete_endpoint(&context, id));
    Done::changed(recorded, preference).answer(&api).await
}

async fn parameters(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiEndpointId>,
    Reader { context }: Reader,
    Pairs(pairs): Pairs,
) -> Result<Response, Problem> {
    api.seen::<ApiEndpointRow>(&context, id.0, || named(id)).await?;
    api.list::<ApiParameterRow>(&context, Wanted::new(pairs).only("apiEndpointId", id.0))
        .await
}

async fn parameter(
    State(api): State<Arc<Api>>,
    Path((id, parameter)): Path<(ApiEndpointId, ParameterId)>,
    Reader { context }: Reader,
) -> Result<Response, Problem> {
    let what = || format!("parameter {parameter} of API endpoint {id}");
    api.show_child::<ApiParameterRow>(&context, parameter.0, ("apiEndpointId", id.0), what)
        .await
}

async fn add_parameter(
    State(api): State<Arc<Api>>,
    Path(id): Path<ApiEndpointId>,
    Command {
        context,
        body: Json(input),
        preference,
    }: Command<Json<ParameterInput>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.add_parameter(&context, id, &input));
    let collection = format!("/api/v1/api-endpoints/{id}/parameters");
    Done::created(recorded, preference, &collection)
        .answer_with::<ApiParameterRow>(&api)
        .await
}

async fn change_parameter(
    State(api): State<Arc<Api>>,
    Path((id, parameter)): Path<(ApiEndpointId, ParameterId)>,
    Command {
        context,
        body: Json(patch),
        preference,
    }: Command<Json<ParameterPatch>>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.change_parameter(&context, id, parameter, &patch));
    Done::changed(recorded, preference)
        .answer_with::<ApiParameterRow>(&api)
        .await
}

async fn remove_parameter(
    State(api): State<Arc<Api>>,
    Path((id, parameter)): Path<(ApiEndpointId, ParameterId)>,
    Command {
        context, preference, ..
    }: Command<Nothing>,
) -> Result<Response, Problem> {
    let recorded = carry!(api, app => app.remove_parameter(&context, id, parameter));
    Done::changed(recorded, preference).answer(&api).await
}
