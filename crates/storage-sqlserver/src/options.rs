//! How a log is opened.

use std::{fmt, sync::Arc};

/// Tells the present instant as `2026-11-22T16:29:03.123456Z`, fixed width.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// How a log is opened.
#[derive(Clone)]
pub struct LogOptions {
    /// When events are recorded; may jump, the log never runs backwards.
    pub clock: Clock,
    /// How long the writer asks for the outcome of a batch whose answer was lost before it reports it as unknown.
    pub settle_seconds: u64,
}

impl LogOptions {
    /// Usual options with this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            settle_seconds: 120,
        }
    }
}

impl fmt::Debug for LogOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LogOptions")
            .field("settle_seconds", &self.settle_seconds)
            .finish_non_exhaustive()
    }
}
