//! `ApiEndpoints`, `ApiParameters` and `ApiEndpointScopes`.

use wfm_domain::{
    api_endpoint::{ApiEndpointEvent, Parameter},
    ids::ApiEndpointId,
};
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, json, text, update};
use crate::{
    envelope::Envelope,
    tables::{API_ENDPOINT_SCOPES, API_ENDPOINTS, API_PARAMETERS, ApiEndpointScopes, ApiEndpoints},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &ApiEndpointEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    match event {
        ApiEndpointEvent::ApiEndpointDefined(event) => {
            let settings = &event.settings;
            let row = vec![
                event.id.0.into(),
                settings.name.as_str().into(),
                text(&settings.description),
                settings.url.as_str().into(),
                settings.method.as_str().into(),
                settings.endpoint_type.number().into(),
                json(settings.headers.as_ref()),
                text(&settings.authentication_method),
                text(&settings.documentation),
                settings.is_active.into(),
                event.created_by.0.into(),
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            changes.push(insert(&API_ENDPOINTS, row));
            let workspace: Cell = event.workspace_id.map(|workspace| workspace.0).into();
            let scope = vec![
                event.id.0.into(),
                workspace,
                json(settings.authentication.as_ref()),
                json(settings.soap.as_ref()),
                json(settings.limits.as_ref()),
                settings.follow_redirects.map(i64::from).into(),
            ];
            changes.push(insert(&API_ENDPOINT_SCOPES, scope));
            for parameter in &event.parameters {
                changes.push(insert(&API_PARAMETERS, parameter_row(event.id, parameter)));
            }
        }
        ApiEndpointEvent::ApiEndpointChanged(event) => {
            let settings = &event.settings;
            let set = [
                (ApiEndpoints::Name, settings.name.as_str().into()),
                (ApiEndpoints::Description, text(&settings.description)),
                (ApiEndpoints::Url, settings.url.as_str().into()),
                (ApiEndpoints::Method, settings.method.as_str().into()),
                (ApiEndpoints::Type, settings.endpoint_type.number().into()),
                (ApiEndpoints::Headers, json(settings.headers.as_ref())),
                (
                    ApiEndpoints::AuthenticationMethod,
                    text(&settings.authentication_method),
                ),
                (ApiEndpoints::Documentation, text(&settings.documentation)),
                (ApiEndpoints::IsActive, settings.is_active.into()),
                (ApiEndpoints::UpdatedAt, at()),
            ];
            changes.push(update(&API_ENDPOINTS, event.id.0, set));
            let set = [
                (
                    ApiEndpointScopes::Authentication,
                    json(settings.authentication.as_ref()),
                ),
                (ApiEndpointScopes::Soap, json(settings.soap.as_ref())),
                (ApiEndpointScopes::Limits, json(settings.limits.as_ref())),
                (
                    ApiEndpointScopes::FollowRedirects,
                    settings.follow_redirects.map(i64::from).into(),
                ),
            ];
            changes.push(update(&API_ENDPOINT_SCOPES, event.id.0, set));
        }
        ApiEndpointEvent::ParameterAdded(event) => {
            changes.push(insert(&API_PARAMETERS, parameter_row(event.id, &event.parameter)));
            changes.push(touched(event.id, envelope));
        }
        ApiEndpointEvent::ParameterChanged(event) => {
            changes.push(Change::Put {
                table: &API_PARAMETERS,
                row: parameter_row(event.id, &event.parameter),
            });
            changes.push(touched(event.id, envelope));
        }
        ApiEndpointEvent::ParameterRemoved(event) => {
            changes.push(Change::Delete {
                table: &API_PARAMETERS,
                key: event.parameter_id.0.into(),
            });
            changes.push(touched(event.id, envelope));
        }
        ApiEndpointEvent::ApiEndpointDeleted(event) => {
            let set = [
                (ApiEndpoints::IsDeleted, true.into()),
                (ApiEndpoints::DeletedAt, at()),
                (ApiEndpoints::UpdatedAt, at()),
            ];
            changes.push(update(&API_ENDPOINTS, event.id.0, set));
        }
    }
}

/// A change of a parameter is a change of its endpoint.
fn touched(endpoint: ApiEndpointId, envelope: &Envelope) -> Change {
    update(&API_ENDPOINTS, endpoint.0, [(ApiEndpoints::UpdatedAt, envelope.at())])
}

fn parameter_row(endpoint: ApiEndpointId, parameter: &Parameter) -> Vec<Cell> {
    vec![
        parameter.id.0.into(),
        endpoint.0.into(),
        parameter.name.as_str().into(),
        text(&parameter.description),
        parameter.parameter_type.number().into(),
        parameter.is_required.into(),
        text(&parameter.default_value),
        json(parameter.validation_rules.as_ref()),
        parameter.created_at.to_string().into(),
        parameter.updated_at.map(|at| at.to_string()).into(),
    ]
}
