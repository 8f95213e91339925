//! The adapter against a server: the suite of the port, and what only a server has that can be lost, frozen and shared.
//!
//! The server is the one of the connection string in `WFM_TEST_SQLSERVER`, whose login may create databases; without it
//! every test here says that it was skipped.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod catalogue;
mod conformance;
mod connections;
mod interruptions;
mod migrations;
mod nodes;
mod procedures;
mod proxy;
mod read_store;
mod roles;
mod samples;
mod schema;
mod server;
