//! The api_endpoint aggregate.

mod event;

pub use event::*;
