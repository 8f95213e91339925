//! The use cases over a real log.

mod cascade;
mod history;
mod keys;
mod sessions;
mod testing;
mod users;
mod workflows;
mod workspaces;
