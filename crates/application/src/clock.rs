//! Time and chance, handed in: the only sources of both for everything above the storage port.

use rand::Rng;
use uuid::Uuid;
use wfm_domain::instant::Instant;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Instant {
        Instant::new(chrono::Utc::now())
    }
}

/// Draws identifiers and random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`, fit for keys and tokens.
    fn fill(&self, bytes: &mut [u8]);

    /// A UUIDv7: ordered by the time at which it is drawn.
    fn uuid(&self) -> Uuid;

    /// A number in `0.0..1.0`, for jitter.
    fn fraction(&self) -> f64;
}

/// The operating system's randomness behind a generator of the thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

#[allow(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn fraction(&self) -> f64 {
        f64::from(rand::rng().next_u32()) / (f64::from(u32::MAX) + 1.0)
    }
}
