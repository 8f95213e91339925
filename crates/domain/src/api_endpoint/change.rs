//! Changes an endpoint's definition; headers, authentication and parameters are replaced whole.
//!
//! Published workflows keep the definition they embed; drafts take the new one at their next publish.

use serde_json::Value;

use super::{
    ApiEndpoint, ApiEndpointChanged, ApiEndpointEvent, EndpointType, ParameterInput, parameters::replace,
    settings::WrittenSettings,
};
use crate::{choice::Choice, field_errors::FieldErrors, ids::ParameterId, instant::Instant, refusal::Refusal};

/// Change an endpoint. `None` leaves a field alone; `Some(None)` clears it.
#[derive(Debug, Clone)]
pub struct ChangeApiEndpoint {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `url`.
    pub url: Option<String>,
    /// `method`.
    pub method: Option<String>,
    /// `type`.
    pub endpoint_type: Option<Choice<EndpointType>>,
    /// `headers`.
    pub headers: Option<Option<Value>>,
    /// `authenticationMethod`; clearing it clears the settings, too.
    pub authentication_method: Option<Option<String>>,
    /// `authentication`.
    pub authentication: Option<Option<Value>>,
    /// `soap`; to be cleared when the type becomes REST.
    pub soap: Option<Option<Value>>,
    /// `limits`.
    pub limits: Option<Option<Value>>,
    /// `followRedirects`.
    pub follow_redirects: Option<Option<u8>>,
    /// `documentation`.
    pub documentation: Option<Option<String>>,
    /// `isActive`.
    pub is_active: Option<bool>,
    /// `parameters`: replaces them all; one keeps its id by its `id` or its name.
    pub parameters: Option<Vec<ParameterInput>>,
    /// Allotted ids, at least one a parameter given.
    pub parameter_ids: Vec<ParameterId>,
    /// Now.
    pub now: Instant,
}

impl ChangeApiEndpoint {
    /// A change of nothing, to be filled in.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self {
            name: None,
            description: None,
            url: None,
            method: None,
            endpoint_type: None,
            headers: None,
            authentication_method: None,
            authentication: None,
            soap: None,
            limits: None,
            follow_redirects: None,
            documentation: None,
            is_active: None,
            parameters: None,
            parameter_ids: Vec::new(),
            now,
        }
    }

    pub(super) fn decide(self, state: &ApiEndpoint) -> Result<Vec<ApiEndpointEvent>, Refusal> {
        let (id, before) = state.existing()?;
        let was = before.clone();
        let mut errors = FieldErrors::new();
        let authentication_cleared = self.authentication_method == Some(None);
        let settings = WrittenSettings {
            name: self.name.unwrap_or(was.name),
            description: self.description.unwrap_or(was.description),
            url: self.url.unwrap_or(was.url),
            method: self.method.unwrap_or(was.method),
            endpoint_type: Some(self.endpoint_type.unwrap_or(Choice::Known(was.endpoint_type))),
            headers: self.headers.unwrap_or(was.headers.map(Value::Object)),
            authentication_method: self.authentication_method.unwrap_or(was.authentication_method),
            authentication: self
                .authentication
                .unwrap_or(was.authentication.filter(|_| !authentication_cleared)),
            soap: self.soap.unwrap_or(was.soap),
            limits: self.limits.unwrap_or(was.limits),
            follow_redirects: self.follow_redirects.unwrap_or(was.follow_redirects),
            documentation: self.documentation.unwrap_or(was.documentation),
            is_active: self.is_active.unwrap_or(was.is_active),
        }
        .check(&mut errors);
        let parameter_events = match &self.parameters {
            None => Vec::new(),
            Some(written) => replace(
                &mut errors,
                id,
                written,
                &state.parameters,
                &self.parameter_ids,
                self.now,
            ),
        };
        errors.finish()?;
        let mut events = Vec::new();
        if settings != *before {
            events.push(ApiEndpointChanged { id, settings }.into());
        }
        events.extend(parameter_events);
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api_endpoint::fixtures::{defined, parameter},
        facts::Standing,
        given::{fold, later, pointers, when},
        ids::ApiEndpointId,
    };

    fn change() -> ChangeApiEndpoint {
        ChangeApiEndpoint::at(later())
    }

    #[test]
    fn only_what_is_given_changes() {
        let command = ChangeApiEndpoint {
            is_active: Some(false),
            headers: Some(None),
            ..change()
        };
        let mut given = defined();
        let events = when::<ApiEndpoint>(&given, command).unwrap();
        let [ApiEndpointEvent::ApiEndpointChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!((event.settings.is_active, &event.settings.headers), (false, &None));
        assert_eq!(event.settings.name, "Get order");
        given.extend(events);
        assert_eq!(
            fold::<ApiEndpoint>(&given).fact(ApiEndpointId(9)).standing,
            Standing::Inactive
        );
        assert_eq!(when::<ApiEndpoint>(&given, change()), Ok(vec![]));
    }

    #[test]
    fn clearing_the_method_clears_its_settings() {
        let command = ChangeApiEndpoint {
            authentication_method: Some(None),
            ..change()
        };
        let events = when::<ApiEndpoint>(&defined(), command).unwrap();
        assert!(
            matches!(&events[..], [ApiEndpointEvent::ApiEndpointChanged(event)] if event.settings.authentication.is_none())
        );
    }

    #[test]
    fn a_literal_secret_is_refused() {
        let command = ChangeApiEndpoint {
            authentication: Some(Some(json!({"token": "abc"}))),
            ..change()
        };
        assert_eq!(
            pointers(when::<ApiEndpoint>(&defined(), command)),
            ["/authentication/token"]
        );
    }

    #[test]
    fn parameters_written_anew_keep_their_ids() {
        let command = ChangeApiEndpoint {
            parameters: Some(vec![
                ParameterInput {
                    id: Some(ParameterId(21)),
                    ..parameter("include")
                },
                parameter("limit"),
            ]),
            parameter_ids: vec![ParameterId(22), ParameterId(23)],
            ..change()
        };
        let events = when::<ApiEndpoint>(&defined(), command).unwrap();
        let [
            ApiEndpointEvent::ParameterRemoved(removed),
            ApiEndpointEvent::ParameterChanged(changed),
            ApiEndpointEvent::ParameterAdded(added),
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(removed.parameter_id, ParameterId(20));
        assert_eq!(
            (changed.parameter.id, changed.parameter.name.as_str()),
            (ParameterId(21), "include")
        );
        assert_eq!(changed.parameter.updated_at, Some(later()));
        assert_eq!(added.parameter.id, ParameterId(22));
    }
}
