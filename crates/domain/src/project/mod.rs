//! The project aggregate.

mod event;

pub use event::*;
