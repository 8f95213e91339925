//! The Execution aggregate: one run of a published workflow, a saga whose log is its stream.
//!
//! The aggregate judges whether a move is legal and records it; what the next move is (conditions, templates, retries) is
//! computed outside from the pinned definition and arrives in the command. The legal transitions stand in `standing.rs`.

mod command;
mod compensation_event;
mod control_event;
mod decide;
mod event;
mod recorder;
mod redrive;
mod standing;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use event::*;
pub use redrive::{Effect, Redo, Selection};
pub use standing::*;
pub use state::*;
