//! How the gates before endpoints stand: circuit breakers, calls that wait, calls under way. For health and metrics.

use std::fmt::Debug;

use super::target::ApiEndpointId;

/// Whether calls of an endpoint are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Circuit {
    /// They are.
    Closed,
    /// One is, to see whether it succeeds.
    HalfOpen,
    /// None is.
    Open,
}

impl Circuit {
    /// `closed`, `halfOpen` or `open`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "halfOpen",
            Self::Open => "open",
        }
    }
}

/// The gate of one endpoint; what it says of several targets under one endpoint is the worst, or the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// The endpoint.
    pub endpoint: ApiEndpointId,
    /// Its circuit breaker.
    pub circuit: Circuit,
    /// Calls that failed in a row.
    pub failures: u32,
    /// Calls that wait for their turn.
    pub waiting: u32,
    /// Calls under way.
    pub under_way: u32,
}

/// What the gates of a node turned away since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TurnedAway {
    /// Because a circuit was open.
    pub by_circuit: u64,
    /// Because no turn came within the call's timeout.
    pub by_limit: u64,
}

/// The gates of a node.
pub trait Gates: Debug + Send + Sync {
    /// The gates in use, by endpoint.
    fn gates(&self) -> Vec<Gate>;

    /// What was turned away.
    fn turned_away(&self) -> TurnedAway;
}

/// No gates at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGates;

impl Gates for NoGates {
    fn gates(&self) -> Vec<Gate> {
        Vec::new()
    }

    fn turned_away(&self) -> TurnedAway {
        TurnedAway::default()
    }
}
