//! A callback's state: how often it was tried, and whether it is settled.

use serde::{Deserialize, Serialize};

use super::{CallbackCommand, CallbackEvent};
use crate::{
    aggregate::{ClaimChanges, Decide},
    cqrs_aggregate,
    instant::Instant,
    refusal::Refusal,
};

/// How a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CallbackStatus {
    /// To be told.
    #[default]
    Pending,
    /// Told.
    Delivered,
    /// Not told, and not to be.
    GivenUp,
}

impl CallbackStatus {
    /// The name that answers give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Delivered => "Delivered",
            Self::GivenUp => "GivenUp",
        }
    }
}

/// A callback.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    /// How it stands.
    pub status: CallbackStatus,
    /// Attempts that were made.
    pub attempts: u32,
    /// When the next one is due; `None` before the first, which is due at once.
    pub next_attempt_at: Option<Instant>,
}

cqrs_aggregate!(Callback, "callback");

impl Decide for Callback {
    type Command = CallbackCommand;
    type Event = CallbackEvent;

    fn decide(&self, command: CallbackCommand) -> Result<Vec<CallbackEvent>, Refusal> {
        command.decide(self)
    }

    fn evolve(&mut self, event: &CallbackEvent) {
        match event {
            CallbackEvent::CallbackAttemptFailed(failed) => {
                self.attempts = failed.attempt;
                self.next_attempt_at = Some(failed.next_attempt_at);
            }
            CallbackEvent::CallbackDelivered(delivered) => {
                self.attempts = delivered.attempt;
                self.status = CallbackStatus::Delivered;
            }
            CallbackEvent::CallbackGivenUp(given_up) => {
                self.attempts = given_up.attempts;
                self.status = CallbackStatus::GivenUp;
            }
        }
    }

    /// None of its own: the run's end takes the claim that says that it is to be told, and whoever records an attempt moves it.
    fn claims(&self, _: &CallbackEvent) -> ClaimChanges {
        ClaimChanges::default()
    }
}
