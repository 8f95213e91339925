//! The use cases: authorise, load, decide, append, wait. One method per use case, no HTTP and no database.

pub mod api_keys;
pub mod app;
pub mod approvals;
pub mod cascade;
pub mod clock;
pub mod context;
mod duties;
pub mod endpoints;
pub mod environments;
pub mod error;
pub mod executions;
pub mod history;
pub mod hooks;
pub mod housekeeping;
pub mod input;
pub mod jobs;
pub mod membership;
pub mod projection;
pub mod projects;
pub mod retention;
pub mod schedules;
pub mod security;
pub mod sessions;
pub mod store;
pub mod users;
pub mod workflows;
pub mod workspaces;
