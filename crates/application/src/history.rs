//! The log for its readers: the history of one entity, the events of a workspace, the whole log.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::ids::WorkspaceId;
use wfm_storage::event::Position;

use crate::{app::App, context::Context, error::ApplicationError};

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
    #[schema(value_type = Object)]
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
    /// Position (of the log) or version (of a stream) to go on after; `None` when there may be no more for now.
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
        let _ = (context, stream, after_version, limit);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, after, limit, workspace);
        Err(ApplicationError::internal("not available yet"))
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
        let _ = (context, stream, after_version, limit);
        Err(ApplicationError::internal("not available yet"))
    }
}
