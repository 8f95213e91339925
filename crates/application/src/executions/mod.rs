//! Runs: the use cases and the planning behind the Execution saga.
//!
//! `definition` holds what a published version compiles to, `environment` the values a run may read, `scope` what its
//! expressions read, `plan` and `undo` the next moves, `live` a run in memory. `runs` is what this node drives, `starting` starts runs, `waiting` records those that do not begin at once, `promotion` starts those that
//! waited for a place; `calls` says what is done next, `reports` records what became of it, `advance` writes both down.
//! `control` is what people ask, `elsewhere` what other nodes did, `recovery` what a stop left behind, `timers` what waits for
//! an instant; `execution_key` keeps one piece of work from running twice; `queue` knows who is next when a place is free, `registry` who drives a run and who waits for it.
//! `owing` notes who hears of a run that ends at once. `rehearsal` plays a run through with given answers, without a store.

mod advance;
pub mod cache;
mod calls;
pub mod control;
pub mod definition;
pub(crate) mod elsewhere;
pub mod environment;
pub mod execution_key;
pub mod gates;
pub mod live;
pub mod outcome;
mod owing;
pub mod plan;
mod promotion;
pub mod queue;
pub mod recovery;
pub mod registry;
pub mod rehearsal;
mod reports;
pub mod runs;
pub mod scope;
pub mod starting;
pub mod target;
pub mod timers;
pub mod undo;
mod waiting;
