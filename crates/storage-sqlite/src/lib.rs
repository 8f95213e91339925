//! The SQLite adapter: the event log in `es.db`, the read models in a file of their own.
//!
//! Invariant: one process writes a folder (it holds the folder's lock); readers may stand beside it. Nothing outside this
//! crate knows SQLite.

mod checkpoint;
mod connections;
mod error;
mod facts;
mod folder_lock;
mod guards;
mod log;
mod migrations;
mod reading;
mod vault;
mod write_texts;
mod writer;

pub mod measure;
pub mod read_store;

pub use connections::{Clock, LogOptions};
pub use folder_lock::{demand_free, holder};
pub use log::SqliteLog;
pub use migrations::SqliteMigrations;
