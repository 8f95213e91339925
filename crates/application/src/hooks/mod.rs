//! Hooks: runs that others start by a signed request, and what others are told by one when a run ends.
//!
//! `signature` signs and verifies both ways, `settings` reads what a workflow says of its hooks, `throttle` slows down whoever
//! asks too often without a login, `webhook` starts runs.

pub mod settings;
pub mod signature;
pub mod throttle;
pub mod webhook;
