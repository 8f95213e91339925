//! The API over a real application: SQLite in a temporary folder, a connector that answers at once.

#![allow(clippy::unwrap_used, missing_docs)]

mod commands;
mod dry_run;
mod executions;
mod nested_objects;
mod openapi;
mod operations;
mod problems;
mod reading;
mod support;
mod sweep;
