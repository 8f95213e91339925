//! The use cases over a real log.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cascade;
mod history;
mod keys;
mod retention;
mod runs;
mod sessions;
mod testing;
mod users;
mod workflows;
mod workspaces;
