//! Hooks: runs that others start by a signed request, and what others are told by one when a run ends.
//!
//! `signature` signs and verifies both ways; `settings` and `callback_settings` read what a workflow says of its hooks.
//! `throttle` slows down whoever asks too often without a login, `webhook` starts runs. `letter` writes what is told, `callbacks`
//! records what became of it, `callback_views` shows it, `courier` knows when which workflow has something to tell and has it sent.

pub mod callback_settings;
pub mod callback_views;
pub mod callbacks;
pub mod courier;
mod letter;
pub mod settings;
pub mod signature;
pub mod throttle;
pub mod webhook;
