//! Runs: the use cases and the planning behind the Execution saga.
//!
//! `definition` holds what a published version compiles to, `environment` the values a run may read, `plan` the next moves
//! of a run, `live` a run in memory, `runs` how runs start, `calls` what is done next and what became of it, `cancelling`
//! how they are stopped, `elsewhere` what other nodes did to them, `queue` who is next when a place is free, `registry` who waits for a run or stops it.

pub mod cache;
mod calls;
mod cancelling;
pub mod definition;
mod elsewhere;
pub mod environment;
pub mod live;
pub mod outcome;
pub mod plan;
pub mod queue;
pub mod recovery;
pub mod registry;
pub mod runs;
pub mod target;
