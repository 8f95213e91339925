//! The rules of expressions, told as tables and as properties.

#![allow(clippy::unwrap_used, reason = "a failing test is meant to stop")]

mod cel;
mod fixture;
mod known;
mod properties;
mod requests;
mod templates;
