//! The execution aggregate.

mod event;

pub use event::*;
