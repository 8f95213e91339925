//! The log for its readers: the history of one entity, the events of a workspace, the whole log.
//!
//! Invariants: nobody reads here what they could not read elsewhere; secret variables and the hashes of passwords and
//! tokens are never shown, to nobody.

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use wfm_domain::{
    api_key::{ApiKey, ApiKeyEvent},
    environment::{EnvironmentEvent, Variables},
    event::Event,
    ids::{ApiEndpointId, ApiKeyId, UserId, WorkspaceId},
    protected::{Protected, ProtectedFields},
    upcast,
    user::UserEvent,
};
use wfm_storage::{
    event::{Position, StoredEvent, StreamId, StreamVersion},
    log::{MAX_PAGE_BYTES, StreamInfo},
};

use crate::{
    app::{App, addressed},
    context::Context,
    error::ApplicationError,
    security::permission::Permission,
    store::seal_error,
};

/// Events of one page at most.
pub const MAXIMUM_PAGE: u32 = 200;

/// What stands for a secret.
const MASK: &str = "***";

/// What stands for a value whose key was destroyed.
const ERASED: &str = "erased";

/// An event as a reader sees it: protected values in the open, secrets masked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Place in the log's total order.
    pub position: u64,
    /// Its stream.
    pub stream: String,
    /// Place in its stream, from 1.
    pub version: u64,
    /// Unique id.
    pub id: String,
    /// Type name.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u16,
    /// When it happened.
    pub occurred_at: String,
    /// When it was recorded.
    pub recorded_at: String,
    /// What happened; `erased` stands for personal data whose key was destroyed, `***` for secrets.
    #[schema(value_type = Value)]
    pub data: Value,
    /// Who did it, and what it belongs to.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// SHA-256 (hex) over what the log holds.
    pub leaf_hash: String,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// The events in order.
    pub items: Vec<EventView>,
    /// Position (of the log) or version (of a stream) to go on after; null when nothing follows yet.
    pub next: Option<u64>,
}

impl App {
    /// The history of an entity: events of its stream after a version.
    ///
    /// # Errors
    /// When the caller may not read the entity, or there is none.
    pub async fn history(
        &self,
        context: &Context,
        stream: &str,
        after_version: u64,
        limit: u32,
    ) -> Result<EventPage, ApplicationError> {
        let found = self.find_stream(stream).await?;
        match found.workspace {
            Some(workspace) => {
                let what = || addressed(&found.stream);
                self.demand_in(context, Permission::ReadWorkspace, WorkspaceId(workspace), what)?;
            }
            None => self.demand_global_history(context, &found.stream).await?,
        }
        self.stream_page(context, &found.stream, after_version, limit).await
    }

    /// Events of the log after a position: of one workspace, or all.
    ///
    /// # Errors
    /// When the caller may not read that log.
    pub async fn events(
        &self,
        context: &Context,
        after: Position,
        limit: u32,
        workspace: Option<WorkspaceId>,
    ) -> Result<EventPage, ApplicationError> {
        let limit = limit.clamp(1, MAXIMUM_PAGE);
        match workspace {
            Some(id) => self.demand_in(context, Permission::ReadWorkspaceLog, id, || format!("workspace {id}"))?,
            None => self.demand(context, Permission::Operate)?,
        }
        let mut page = self.log_page(workspace, after, limit + 1).await?;
        let mut more = page.len() > limit as usize;
        page.truncate(limit as usize);
        let last = page.last().map(|last| last.position);
        if let Some(last) = last.filter(|_| !more) {
            // Large events end a page before its limit.
            let bytes: usize = page
                .iter()
                .map(|event| event.payload.len() + event.metadata.len())
                .sum();
            more = bytes >= MAX_PAGE_BYTES && !self.log_page(workspace, last, 1).await?.is_empty();
        }
        Ok(EventPage {
            items: self.views(context, &page).await?,
            next: last.filter(|_| more).map(|last| last.0),
        })
    }

    async fn log_page(
        &self,
        workspace: Option<WorkspaceId>,
        after: Position,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, ApplicationError> {
        let log = &self.store.log;
        Ok(match workspace {
            Some(id) => log.read_workspace(id.0, after, limit).await?,
            None => log.read_log(after, limit).await?,
        })
    }

    /// Events of any stream after a version.
    ///
    /// # Errors
    /// When the caller may not read the log that the stream belongs to, or there is no such stream.
    pub async fn stream_events(
        &self,
        context: &Context,
        stream: &str,
        after_version: u64,
        limit: u32,
    ) -> Result<EventPage, ApplicationError> {
        let found = self.find_stream(stream).await?;
        let what = || addressed(&found.stream);
        match found.workspace {
            Some(workspace) => self.demand_in(context, Permission::ReadWorkspaceLog, WorkspaceId(workspace), what)?,
            // Whether a stream exists that belongs to no workspace is not everybody's to know.
            None => self
                .demand(context, Permission::Operate)
                .map_err(|_| ApplicationError::NotFound(what()))?,
        }
        self.stream_page(context, &found.stream, after_version, limit).await
    }

    async fn find_stream(&self, name: &str) -> Result<StreamInfo, ApplicationError> {
        let missing = || {
            ApplicationError::NotFound(
                StreamId::parse(name).map_or_else(|| "the stream".to_owned(), |id| addressed(&id)),
            )
        };
        let stream = StreamId::parse(name).ok_or_else(missing)?;
        self.store.log.stream(&stream).await?.ok_or_else(missing)
    }

    /// Who may read the history of what belongs to no workspace: users and their keys, shared endpoints.
    async fn demand_global_history(&self, context: &Context, stream: &StreamId) -> Result<(), ApplicationError> {
        let Some((kind, id)) = stream.as_str().rsplit_once('-') else {
            return self.demand(context, Permission::Operate);
        };
        let owner = match (kind, id.parse()) {
            (UserId::KIND | "access", Ok(id)) => Some(UserId(id)),
            (ApiKeyId::KIND, Ok(id)) => {
                let key = self.store.load::<ApiKey>(ApiKeyId(id).stream()).await?;
                key.aggregate.issued.map(|issued| issued.user_id)
            }
            (ApiEndpointId::KIND, _) => return self.demand(context, Permission::ReadSharedEndpoints),
            _ => return self.demand(context, Permission::Operate),
        };
        let own = owner.is_some() && owner == context.user_id();
        self.demand(
            context,
            if own {
                Permission::OwnAccount
            } else {
                Permission::ManageUsers
            },
        )
    }

    async fn stream_page(
        &self,
        context: &Context,
        stream: &StreamId,
        after_version: u64,
        limit: u32,
    ) -> Result<EventPage, ApplicationError> {
        let limit = limit.clamp(1, MAXIMUM_PAGE);
        // One more than asked tells whether more follow.
        let mut page = self
            .store
            .log
            .read_stream(stream, StreamVersion(after_version), limit + 1)
            .await?;
        let more = page.len() > limit as usize;
        page.truncate(limit as usize);
        let next = page.last().filter(|_| more).map(|last| last.version.0);
        Ok(EventPage {
            items: self.views(context, &page).await?,
            next,
        })
    }

    async fn views(&self, context: &Context, page: &[StoredEvent]) -> Result<Vec<EventView>, ApplicationError> {
        let shows_addresses = self.demand(context, Permission::Operate).is_ok();
        let mut views = Vec::with_capacity(page.len());
        for stored in page {
            views.push(EventView {
                position: stored.position.0,
                stream: stored.stream.to_string(),
                version: stored.version.0,
                id: stored.id.to_string(),
                event_type: stored.event_type.to_string(),
                schema_version: stored.schema_version,
                occurred_at: stored.occurred_at.to_string(),
                recorded_at: stored.recorded_at.to_string(),
                data: self.data(stored).await?,
                metadata: self.metadata(stored, shows_addresses).await?,
                leaf_hash: hex::encode(stored.leaf_hash),
            });
        }
        Ok(views)
    }

    /// The payload with every sealed value replaced by what a reader may see.
    async fn data(&self, stored: &StoredEvent) -> Result<Value, ApplicationError> {
        let mut data: Value = serde_json::from_str(&stored.payload).map_err(ApplicationError::internal)?;
        // An event of a newer build is shown as it is stored: sealed.
        let Ok(events) = upcast::load(&stored.event_type, stored.schema_version, &stored.payload) else {
            return Ok(data);
        };
        let mut shown = FxHashMap::default();
        for mut event in events {
            self.store
                .keyring
                .open_event(stored.stream.as_str(), stored.id, &mut event)
                .await
                .map_err(seal_error)?;
            let hidden = Hidden::of(&event);
            event.visit_protected(&mut |field, value| {
                let text = match value.text() {
                    None => ERASED,
                    Some(_) if hidden.covers(field) => MASK,
                    Some(text) => text,
                };
                shown.extend(value.sealed().map(|sealed| (sealed.to_owned(), text.to_owned())));
            });
            hidden.mask(&mut data);
        }
        replace(&mut data, &shown);
        Ok(data)
    }

    /// The envelope's metadata; the client's address is opened for operators and left out for everybody else.
    async fn metadata(&self, stored: &StoredEvent, shows_address: bool) -> Result<Value, ApplicationError> {
        let mut metadata: Value = serde_json::from_str(&stored.metadata).map_err(ApplicationError::internal)?;
        let Some(members) = metadata.as_object_mut() else {
            return Ok(metadata);
        };
        let Some(sealed) = members.remove("clientAddress") else {
            return Ok(metadata);
        };
        if shows_address {
            let mut address: Protected = serde_json::from_value(sealed).map_err(ApplicationError::internal)?;
            let correlation = members.get("correlationId").and_then(Value::as_str).unwrap_or_default();
            self.store
                .keyring
                .open_address(correlation, &mut address)
                .await
                .map_err(seal_error)?;
            let text = address.text().unwrap_or(ERASED).to_owned();
            members.insert("clientAddress".to_owned(), Value::String(text));
        }
        Ok(metadata)
    }
}

/// What of an event is shown to nobody.
#[derive(Default)]
struct Hidden {
    /// Protected fields, by the names that visiting gives them.
    protected: Vec<String>,
    /// Members of the payload that stand in the open but are nobody's business.
    members: &'static [&'static str],
}

impl Hidden {
    fn of(event: &Event) -> Self {
        let secrets = |variables: &Variables| {
            let secret = variables.0.iter().filter(|(_, variable)| variable.secret);
            Self {
                protected: secret.map(|(name, _)| format!("variables.{name}")).collect(),
                members: &[],
            }
        };
        match event {
            Event::User(UserEvent::UserRegistered(_) | UserEvent::UserPasswordChanged(_)) => Self {
                protected: vec!["password_hash".to_owned()],
                members: &["emailClaim"],
            },
            Event::User(UserEvent::UserProfileChanged(_)) => Self {
                protected: Vec::new(),
                members: &["emailClaim"],
            },
            Event::ApiKey(ApiKeyEvent::ApiKeyIssued(_)) => Self {
                protected: Vec::new(),
                members: &["tokenHash"],
            },
            Event::Environment(EnvironmentEvent::EnvironmentCreated(event)) => secrets(&event.variables),
            Event::Environment(EnvironmentEvent::EnvironmentChanged(event)) => secrets(&event.variables),
            Event::Environment(EnvironmentEvent::VariableSet(event)) => secrets(&event.variables),
            Event::Environment(EnvironmentEvent::VariableRemoved(event)) => secrets(&event.variables),
            Event::User(
                UserEvent::UserRoleChanged(_)
                | UserEvent::UserDeactivated(_)
                | UserEvent::UserActivated(_)
                | UserEvent::UserDeleted(_)
                | UserEvent::UserErased(_),
            )
            | Event::ApiKey(ApiKeyEvent::ApiKeyRevoked(_))
            | Event::Environment(
                EnvironmentEvent::EnvironmentDeactivated(_)
                | EnvironmentEvent::EnvironmentActivated(_)
                | EnvironmentEvent::EnvironmentDeleted(_),
            )
            | Event::Access(_)
            | Event::Workspace(_)
            | Event::Project(_)
            | Event::ApiEndpoint(_)
            | Event::Workflow(_)
            | Event::Execution(_)
            | Event::RunMonth(_)
            | Event::Schedule(_)
            | Event::Approval(_)
            | Event::Callback(_)
            | Event::Job(_) => Self::default(),
        }
    }

    fn covers(&self, field: &str) -> bool {
        self.protected.iter().any(|hidden| hidden == field)
    }

    fn mask(&self, data: &mut Value) {
        for member in self.members {
            if let Some(value) = data.get_mut(*member) {
                *value = Value::String(MASK.to_owned());
            }
        }
    }
}

/// Puts texts in the place of sealed values: objects of a key's name and a seal that `shown` knows.
fn replace(value: &mut Value, shown: &FxHashMap<String, String>) {
    if let Some(text) = value.as_object().and_then(sealed).and_then(|sealed| shown.get(sealed)) {
        *value = Value::String(text.clone());
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, shown)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, shown)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn sealed(members: &Map<String, Value>) -> Option<&str> {
    if members.len() == 2 && members.contains_key("key") {
        members.get("sealed")?.as_str()
    } else {
        None
    }
}
