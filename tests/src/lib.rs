//! What the end-to-end stories share: servers, a client, a target that is called, and things made through the API.
//!
//! Invariant: nothing here waits for time to pass. What has to happen is waited for, and every wait has a deadline.

#![allow(clippy::unwrap_used, reason = "everything here runs in tests")]

pub mod client;
pub mod contract;
pub mod database;
pub mod freezing;
pub mod mortal;
pub mod place;
pub mod process;
pub mod saga;
pub mod server;
pub mod soap_service;
pub mod target;
pub mod tls_target;
pub mod token_server;
pub mod until;
pub mod world;

pub use client::{Answer, Client};
pub use mortal::{Moment, Mortal};
pub use place::Place;
pub use process::{Process, Settings};
pub use server::{MovableClock, TestServer};
pub use soap_service::SoapService;
pub use target::{Call, Gate, Reply, Target};
pub use tls_target::TlsTarget;
pub use token_server::TokenServer;
pub use until::until;
pub use world::World;

/// Address of the first administrator.
pub const ADMIN: &str = "admin@example.com";

/// Password of everybody.
pub const PASSWORD: &str = "correct horse battery";
