//! The SQL Server adapter: the event log in schema `es`, the read models in `dbo`, one database.
//!
//! Invariant: any number of nodes may write; the row of `es.Head` is the lock that orders them. Nothing outside this crate
//! knows SQL Server.

mod batch_answer;
mod batch_request;
mod cleanup;
mod conditions;
mod connection;
mod error;
mod exact;
mod independence;
mod json_rows;
mod leases;
mod log;
mod migrations;
mod options;
mod parameter;
mod pool;
mod read_store;
mod reading;
pub mod scratch;
mod settings;
mod settle;
mod vault;
mod watch;
mod writer;

pub mod measure;

pub use error::SqlError;
pub use log::SqlServerLog;
pub use migrations::SqlServerMigrations;
pub use options::{Clock, LogOptions};
pub use pool::Pool;
pub use read_store::SqlServerReadStore;
pub use settings::{InvalidConnectionString, Settings, UnusableFile};
