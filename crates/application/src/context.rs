//! Where a command comes from: what the envelope of its events says beside the facts.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wfm_domain::{
    ids::{UserId, WorkflowId},
    protected::{DataKey, Protected},
};

use crate::security::access::Caller;

/// Who acts.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user, possibly through an API key.
    User(Caller),
    /// The system itself: the engine, a cascade, the first start.
    System(&'static str),
    /// Whoever signs with the secret of this workflow's webhook.
    Webhook(WorkflowId),
}

/// A caller's key for at-most-once commands.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The `Idempotency-Key`.
    pub key: String,
    /// Hash over method, path and body (hex).
    pub request_hash: String,
}

/// Where a command comes from.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// Ties together everything that one request led to.
    pub correlation_id: Arc<str>,
    /// The event or request that led to this command.
    pub causation_id: Option<Arc<str>>,
    /// W3C trace context of the request.
    pub traceparent: Option<Arc<str>>,
    /// W3C trace state of the request; only beside a trace context.
    pub tracestate: Option<Arc<str>>,
    /// Network address of the client.
    pub client_address: Option<Arc<str>>,
    /// Person whom the address concerns while no user acts yet, as in a failed login: the address is sealed under their key.
    pub person: Option<UserId>,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
    /// Versions one of which the caller believes the entity to have (`If-Match`).
    pub expected_versions: Option<Vec<u64>>,
}

impl Context {
    /// A context of the system itself.
    pub fn system(part: &'static str, correlation_id: impl Into<Arc<str>>) -> Self {
        Self {
            actor: Actor::System(part),
            correlation_id: correlation_id.into(),
            causation_id: None,
            traceparent: None,
            tracestate: None,
            client_address: None,
            person: None,
            idempotency: None,
            expected_versions: None,
        }
    }

    /// A context of a user's request.
    pub fn user(caller: Caller, correlation_id: impl Into<Arc<str>>) -> Self {
        Self {
            actor: Actor::User(caller),
            ..Self::system("", correlation_id)
        }
    }

    /// The same origin for what the system itself does in the course of a request: not idempotent, at any version.
    #[must_use]
    pub fn on_behalf(&self, part: &'static str) -> Self {
        Self {
            traceparent: self.traceparent.clone(),
            tracestate: self.tracestate.clone(),
            ..Self::system(part, Arc::clone(&self.correlation_id))
        }
    }

    /// The same for what follows from an event.
    #[must_use]
    pub(crate) fn caused_by(self, event: Option<Uuid>) -> Self {
        Self {
            causation_id: event.map(|event| event.to_string().into()),
            ..self
        }
    }

    /// The same in the trace that an event's metadata (JSON) tells of.
    #[must_use]
    pub(crate) fn in_trace_of(self, metadata: Option<&str>) -> Self {
        let trace: TraceForm = metadata
            .and_then(|metadata| serde_json::from_str(metadata).ok())
            .unwrap_or_default();
        Self {
            traceparent: trace.traceparent,
            tracestate: trace.tracestate,
            ..self
        }
    }

    /// The user who acts, if a user does.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match &self.actor {
            Actor::User(caller) => Some(caller.user),
            Actor::System(_) | Actor::Webhook(_) => None,
        }
    }

    /// The actor as the command store names it.
    pub(crate) fn actor_name(&self) -> String {
        match &self.actor {
            Actor::User(caller) => format!("user/{}", caller.user),
            Actor::System(part) => format!("system/{part}"),
            Actor::Webhook(workflow) => format!("webhook/{workflow}"),
        }
    }

    /// The client's address as it goes into the envelope: sealed under the key of the person it concerns.
    pub(crate) fn sealed_address(&self) -> Option<Protected> {
        let address = self.client_address.as_ref()?;
        Some(Protected::new(
            DataKey::Person(self.user_id().or(self.person)?),
            Arc::clone(address),
        ))
    }

    /// The envelope's metadata (JSON).
    pub(crate) fn metadata(
        &self,
        workspace: Option<i64>,
        client_address: Option<&Protected>,
        cause: Option<&str>,
    ) -> Arc<str> {
        let actor = match &self.actor {
            Actor::User(caller) => ActorForm {
                user_id: Some(caller.user.0),
                api_key_id: caller.key.map(|key| key.0),
                system: None,
            },
            Actor::System(part) => ActorForm {
                user_id: None,
                api_key_id: None,
                system: Some((*part).into()),
            },
            Actor::Webhook(_) => ActorForm {
                user_id: None,
                api_key_id: None,
                system: Some(self.actor_name().into()),
            },
        };
        let form = MetadataForm {
            actor,
            correlation_id: &self.correlation_id,
            causation_id: cause,
            command_id: self.idempotency.as_ref().map(|command| command.key.as_str()),
            workspace_id: workspace,
            client_address,
            traceparent: self.traceparent.as_deref(),
            tracestate: self.tracestate.as_deref(),
        };
        serde_json::to_string(&form)
            .expect("texts and numbers always serialise; the address is sealed")
            .into()
    }
}

/// What metadata tells of a trace.
#[derive(Deserialize, Default)]
struct TraceForm {
    traceparent: Option<Arc<str>>,
    tracestate: Option<Arc<str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActorForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetadataForm<'a> {
    actor: ActorForm<'a>,
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_address: Option<&'a Protected>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracestate: Option<&'a str>,
}
