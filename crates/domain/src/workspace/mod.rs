//! The workspace aggregate.

mod event;

pub use event::*;
