//! The use cases: authorise, load, decide, append, wait. One method per use case, no HTTP and no database.

pub mod app;
pub mod clock;
pub mod context;
pub mod error;
pub mod executions;
pub mod input;
//pub mod projection;
pub mod security;
pub mod store;
pub mod workspaces;
