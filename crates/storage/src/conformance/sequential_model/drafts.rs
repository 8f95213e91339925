//! Random histories: what is appended together, and when the store is reopened.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
};

/// Where an append expects a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// Where the model has it when the append's turn comes.
    Right,
    /// Somewhere.
    Fixed(u64),
}

/// An append without its events' ids, so that a failing case can be made smaller.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) streams: Vec<(u8, Expected, usize)>,
    pub(super) guard: Option<(u8, Expected)>,
    pub(super) command: Option<(u8, u8)>,
    pub(super) release: Vec<(u8, u8, u8)>,
    pub(super) take: Vec<(u8, u8, u8)>,
    pub(super) empty: Option<u8>,
    pub(super) fewer: Option<(u8, u64)>,
    pub(super) at_least: Option<(u8, u64)>,
    pub(super) work: Vec<(u8, Option<u8>)>,
}

/// An append with a stream and keys of its own, as most of a busy node's are: it shares nothing with others but scopes.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    /// Scopes in which it takes a key of its own.
    pub(super) take: Vec<u8>,
    /// Scopes in which it gives up a key that an earlier step left, if there is one.
    pub(super) release: Vec<u8>,
    pub(super) empty: Option<u8>,
    pub(super) fewer: Vec<(u8, u64)>,
    pub(super) at_least: Option<(u8, u64)>,
    /// Whether it expects a version that its stream does not have.
    pub(super) stale: bool,
}

/// A step of a case.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Appends handed in at once.
    Together(Vec<Draft>),
    /// Appends handed in at once that share nothing but scopes.
    Strangers(Vec<Stranger>),
    /// The store is closed and opened again.
    Reopen,
}

pub(super) fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![6 => Just(Expected::Right), 1 => (0_u64..4).prop_map(Expected::Fixed)]
}

pub(super) fn draft() -> impl Strategy<Value = Draft> {
    let claims = || vec((0_u8..2, 0_u8..4, 0_u8..3), 0..3);
    (
        vec((0_u8..5, expected(), 1_usize..4), 1..3),
        option::weighted(0.2, (0_u8..5, expected())),
        option::weighted(0.3, (0_u8..6, 0_u8..2)),
        claims(),
        claims(),
        option::weighted(0.1, 0_u8..2),
        option::weighted(0.2, (0_u8..2, 1_u64..5)),
        option::weighted(0.1, (0_u8..2, 0_u64..3)),
        vec((0_u8..4, option::of(any::<u8>())), 0..3),
    )
        .prop_map(
            |(streams, guard, command, release, take, empty, fewer, at_least, work)| Draft {
                streams,
                guard,
                command,
                release,
                take,
                empty,
                fewer,
                at_least,
                work,
            },
        )
}

pub(super) fn stranger() -> impl Strategy<Value = Stranger> {
    (
        vec(0_u8..2, 0..3),
        vec(0_u8..2, 0..3),
        option::weighted(0.1, 0_u8..2),
        vec((0_u8..2, 1_u64..8), 0..3),
        option::weighted(0.2, (0_u8..2, 0_u64..4)),
        any::<u8>(),
    )
        .prop_map(|(take, release, empty, fewer, at_least, luck)| Stranger {
            take,
            release,
            empty,
            fewer,
            at_least,
            stale: luck < 20,
        })
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(
        prop_oneof![
            2 => vec(draft(), 1..24).prop_map(Step::Together),
            2 => vec(stranger(), 1..24).prop_map(Step::Strangers),
            1 => vec(draft(), 1..3).prop_map(Step::Together),
            2 => Just(Step::Reopen),
        ],
        1..10,
    )
}
