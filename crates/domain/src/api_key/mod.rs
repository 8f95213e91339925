//! The api_key aggregate.

mod event;

pub use event::*;
