//! The SQL Server adapter: the event log in schema `es`, the read models in `dbo`, one database.
//!
//! Invariant: any number of nodes may write; the row of `es.Head` is the lock that orders them. Nothing outside this crate
//! knows SQL Server.

mod connection;
mod error;
mod parameter;
mod pool;
mod settings;

pub use error::SqlError;
pub use pool::Pool;
pub use settings::{InvalidConnectionString, Settings};
