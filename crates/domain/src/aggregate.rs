//! The shape that every aggregate shares: a pure decision, its fold, and the claims its events make on the rest of the
//! system.

use std::collections::BTreeSet;

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
        Self {
            scope: scope.into(),
            key: key.into(),
        }
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

impl ClaimChanges {
    /// The changes that lead from the claims held `before` an event to those held `after` it.
    #[must_use]
    pub fn between(before: &BTreeSet<Claim>, after: &BTreeSet<Claim>) -> Self {
        Self {
            release: before.difference(after).cloned().collect(),
            take: after.difference(before).cloned().collect(),
            ..Self::default()
        }
    }
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

/// Declares an aggregate's command enum from its command structs, each of which has a method
/// `decide(self, &Aggregate) -> Result<Vec<Event>, Refusal>` in its own file.
#[macro_export]
macro_rules! commands {
    ($(#[$doc:meta])* $enum:ident for $aggregate:ty => $event:ty { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[allow(clippy::large_enum_variant)]
        pub enum $enum {
            $($(#[$variant_doc])* $variant($variant),)*
        }

        impl $enum {
            pub(crate) fn decide(self, state: &$aggregate) -> Result<Vec<$event>, $crate::refusal::Refusal> {
                match self { $(Self::$variant(command) => command.decide(state),)* }
            }
        }

        $(impl From<$variant> for $enum {
            fn from(command: $variant) -> Self {
                Self::$variant(command)
            }
        })*
    };
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
