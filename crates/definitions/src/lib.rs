//! Definitions as code: what `wfm export` writes and `wfm apply` reads, and the plan that leads from one to the other.
//!
//! Invariant: pure. Texts and JSON in, texts and plans out; files, HTTP and tokens are the server crate's. A resource is
//! known by its names, never by an id. No value of a variable and no credential leaves in a text or a plan.

mod prune;

pub mod difference;
pub mod inventory;
pub mod json_schema;
pub mod kinds;
pub mod layout;
pub mod naming;
pub mod plan;
pub mod requests;
pub mod resource;
pub mod secrets;
pub mod shape;
pub mod yaml;
