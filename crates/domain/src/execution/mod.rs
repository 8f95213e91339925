//! The Execution aggregate: one run of a published workflow, a saga whose log is its stream.
//!
//! The aggregate judges whether a move is legal and records it; what the next move is (conditions, templates, retries) is
//! computed outside from the pinned definition and arrives in the command. The legal transitions stand in `state.rs`.

mod command;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use event::*;
pub use state::*;
