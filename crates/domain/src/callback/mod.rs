//! The callback aggregate: one party is told of one end of a run, again and again until it has heard, or for a day.
//!
//! Invariants: a notice is settled once; it is tried at growing intervals, no later than a day after the end that it tells of.
//! Nothing of what it tells stands in its events.

mod attempt;
mod event;
mod notice;
mod state;
#[cfg(test)]
mod tests;

pub use attempt::{GiveUpCallback, LONGEST_DELAY_SECONDS, RecordAttempt, TRIED_FOR_SECONDS};
pub use event::*;
pub use notice::Notice;
pub use state::{Callback, CallbackStatus};

crate::commands! {
    /// What may be asked of a callback.
    CallbackCommand for Callback => CallbackEvent {
        /// Note what became of an attempt.
        RecordAttempt,
        /// Try no more.
        GiveUpCallback,
    }
}
