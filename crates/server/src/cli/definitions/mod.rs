//! What `wfm export` and `wfm apply` share: the way to a server, and reading what it has.

mod client;
pub mod folder;
pub mod inventory;

pub use client::{Client, Connection, Problem};
