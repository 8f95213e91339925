//! The environment aggregate.

mod event;

pub use event::*;
