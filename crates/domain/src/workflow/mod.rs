//! The workflow aggregate.

mod event;

pub use event::*;
