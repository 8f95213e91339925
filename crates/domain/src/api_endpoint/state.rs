//! An endpoint's state: its definition and its parameters in the order they were added.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ApiEndpointCommand, ApiEndpointEvent, EndpointSettings, Parameter};
use crate::{
    aggregate::{Claim, ClaimChanges, Decide},
    cqrs_aggregate,
    facts::{EndpointFact, Standing},
    ids::{ApiEndpointId, UserId, WorkspaceId},
    refusal::Refusal,
    scopes,
};

/// An endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiEndpoint {
    /// Set once the endpoint exists.
    pub id: Option<ApiEndpointId>,
    /// Owning workspace; `None` for a shared one.
    pub workspace_id: Option<WorkspaceId>,
    /// Its definition; set once the endpoint exists.
    pub settings: Option<EndpointSettings>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Who created it.
    pub created_by: UserId,
    /// `ApiEndpoints.IsDeleted`.
    pub is_deleted: bool,
}

cqrs_aggregate!(ApiEndpoint, "api-endpoint");

impl ApiEndpoint {
    /// The endpoint as a fact for commands on workflows.
    #[must_use]
    pub fn fact(&self, id: ApiEndpointId) -> EndpointFact {
        let is_active = self.settings.as_ref().is_some_and(|settings| settings.is_active);
        EndpointFact {
            id,
            workspace_id: self.workspace_id,
            standing: Standing::of(self.id.is_some(), is_active, self.is_deleted),
        }
    }

    /// Id and definition of an endpoint that exists and was not deleted.
    pub(super) fn existing(&self) -> Result<(ApiEndpointId, &EndpointSettings), Refusal> {
        match (self.id, &self.settings) {
            (Some(id), Some(settings)) if !self.is_deleted => Ok((id, settings)),
            _ => Err(Refusal::not_found(
                "api-endpoint-not-found",
                "there is no such API endpoint",
            )),
        }
    }

    fn held(&self) -> BTreeSet<Claim> {
        let mut held = BTreeSet::new();
        if let Some(id) = self.id {
            held.insert(Claim::new(scopes::created_by(self.created_by), id.stream()));
            if let Some(workspace) = self.workspace_id.filter(|_| !self.is_deleted) {
                held.insert(Claim::new(scopes::api_endpoints_of(workspace), id.to_string()));
            }
        }
        held
    }
}

impl Decide for ApiEndpoint {
    type Command = ApiEndpointCommand;
    type Event = ApiEndpointEvent;

    fn decide(&self, command: ApiEndpointCommand) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &ApiEndpointEvent) {
        match event {
            ApiEndpointEvent::ApiEndpointDefined(defined) => {
                *self = Self {
                    id: Some(defined.id),
                    workspace_id: defined.workspace_id,
                    settings: Some(defined.settings.clone()),
                    parameters: defined.parameters.clone(),
                    created_by: defined.created_by,
                    is_deleted: false,
                };
            }
            ApiEndpointEvent::ApiEndpointChanged(changed) => self.settings = Some(changed.settings.clone()),
            ApiEndpointEvent::ParameterAdded(added) => self.parameters.push(added.parameter.clone()),
            ApiEndpointEvent::ParameterChanged(changed) => {
                if let Some(known) = self
                    .parameters
                    .iter_mut()
                    .find(|known| known.id == changed.parameter.id)
                {
                    known.clone_from(&changed.parameter);
                }
            }
            ApiEndpointEvent::ParameterRemoved(removed) => {
                self.parameters.retain(|parameter| parameter.id != removed.parameter_id);
            }
            ApiEndpointEvent::ApiEndpointDeleted(_) => self.is_deleted = true,
        }
    }

    fn claims(&self, event: &ApiEndpointEvent) -> ClaimChanges {
        let mut after = self.clone();
        after.evolve(event);
        ClaimChanges::between(&self.held(), &after.held())
    }
}
