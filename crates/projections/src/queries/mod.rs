//! The read queries: texts with parameters, and plain structs for their rows.
//!
//! Invariant: whatever belongs to a workspace is filtered by the caller's [`Visibility`] in SQL, so that no caller forgets it.
//! Lists and single rows are table-driven: a resource is one entry in [`resources`].

mod cells;
mod cursor;
mod dialect;
mod list;
mod metrics;
#[macro_use]
mod resource_table;
pub mod resources;
pub mod retention;
pub mod run_resources;
mod scope;
#[cfg(test)]
mod tests;

pub use cells::{DecodeError, FromCell};
pub use list::{
    ListError, ListRequest, Listed, Page, Range, Resource, ResourceColumn, Sorting, get, list, page, single,
};
pub use metrics::{WorkflowMetricsRow, workflow_metrics};
pub use scope::{Scope, Visibility};

/// The instant of an RFC 3339 text, for callers that know no domain types; `None` when it is none.
#[must_use]
pub fn instant(text: &str) -> Option<wfm_domain::instant::Instant> {
    wfm_domain::instant::Instant::parse(text)
}
