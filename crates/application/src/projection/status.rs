//! What people and metrics see of the projection.

use serde::Serialize;
use utoipa::ToSchema;

/// Events that the read models may be behind while all is well: a moment's work.
pub const USUAL_LAG: u64 = 10_000;

/// What the projection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum ProjectionState {
    /// Events take effect as they come.
    Running,
    /// Another node does it.
    Following,
    /// The rows are built anew; those that serve meanwhile may be of another log.
    Rebuilding,
    /// A store failed; it is tried again.
    Retrying,
    /// The rows cannot grow; it is tried again.
    Full,
    /// The server is going down.
    Stopped,
}

/// How far the read models are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionStatus {
    /// Name of the projection: there is one for all tables, so that foreign keys hold.
    pub name: &'static str,
    /// What it is doing.
    pub state: ProjectionState,
    /// Position up to which the rows are.
    pub position: u64,
    /// Position of the log's last event.
    pub head: u64,
    /// Events that did not take effect yet.
    pub lag: u64,
    /// Events that could not be projected, with those that wait behind them.
    pub parked: u64,
    /// Grows with every rebuild, and when another node takes over.
    pub epoch: i64,
    /// Why it is retrying, or full.
    pub error: Option<String>,
}
