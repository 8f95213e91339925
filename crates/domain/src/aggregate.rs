//! The shape that every aggregate shares: a pure decision, its fold, and the claims its events make on the rest of the
//! system.

use crate::refusal::Refusal;

/// A fact that at most one owner holds: `key` within `scope`, for example an e-mail address or a concurrency slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// What the key is unique in, for example `workspace/3/project-name`.
    pub scope: String,
    /// The claimed key.
    pub key: String,
}

impl Claim {
    /// A claim on `key` in `scope`.
    pub fn new(scope: impl Into<String>, key: impl Into<String>) -> Self {
        Self { scope: scope.into(), key: key.into() }
    }
}

/// What an event does to claims. Within one append all releases come before the checks, and the checks before the takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimChanges {
    /// Claims given up.
    pub release: Vec<Claim>,
    /// Claims taken, owned by the event's stream.
    pub take: Vec<Claim>,
    /// Scopes that must hold nothing.
    pub require_empty: Vec<String>,
    /// Scopes that must hold fewer than so many claims.
    pub require_fewer: Vec<(String, u64)>,
    /// Scopes that must still hold at least so many claims after the releases.
    pub require_at_least: Vec<(String, u64)>,
}

/// A consistency boundary of the domain.
pub trait Decide: Default {
    /// What may be asked of it.
    type Command;
    /// What may happen to it.
    type Event;

    /// The events that the command leads to; none when it changes nothing.
    ///
    /// # Errors
    /// The refusal that says which rule the command breaks.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Refusal>;

    /// Folds an event into the state.
    fn evolve(&mut self, event: &Self::Event);

    /// The claims that `event` changes, given the state before it.
    fn claims(&self, event: &Self::Event) -> ClaimChanges;
}

/// Gives an aggregate the `cqrs-es` trait on top of [`Decide`], for its `TestFramework` and its `EventSink`.
#[macro_export]
macro_rules! cqrs_aggregate {
    ($aggregate:ty, $name:literal) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $name;
            type Command = <Self as $crate::aggregate::Decide>::Command;
            type Event = <Self as $crate::aggregate::Decide>::Event;
            type Error = $crate::refusal::Refusal;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in $crate::aggregate::Decide::decide(self, command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                $crate::aggregate::Decide::evolve(self, &event);
            }
        }
    };
}
