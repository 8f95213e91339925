//! Which tick of a schedule is to be dealt with next, and which ones were missed before it.

use super::{CatchUpPolicy, Cause, Due, Schedule, Timing};
use crate::instant::Instant;

/// How late a run may start and still be on time: longer than the others take over from a node that is gone.
pub const ON_TIME_SECONDS: i64 = 60;

/// Ticks that are looked at together; more that were missed are dealt with in further turns.
const MOST_AT_ONCE: u64 = 10_000;

/// Ticks in a row that were missed and are not made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The first.
    pub first: Instant,
    /// The last.
    pub last: Instant,
    /// How many.
    pub ticks: u64,
}

/// What is due of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Missed ticks before it.
    pub missed: Option<Missed>,
    /// The tick, and why it would start a run.
    pub tick: Option<(Instant, Cause)>,
    /// The next tick after these.
    pub next: Option<Due>,
}

impl Schedule {
    /// When something is due: the next tick, or at once when a tick waits and no run is `open`.
    #[must_use]
    pub fn wakes_at(&self, now: Instant, open: bool) -> Option<Instant> {
        if self.present.is_none() || !self.progress.is_active {
            return None;
        }
        if self.progress.buffered.is_some() && !open {
            return Some(now);
        }
        self.progress.next.map(|due| due.run_at)
    }

    /// What is due at `now`; `open` says whether a run that it started is open. `None` when nothing is.
    #[must_use]
    pub fn plan(&self, now: Instant, open: bool) -> Option<Plan> {
        let present = self.present.as_ref().filter(|_| self.progress.is_active)?;
        if let Some(tick) = self.progress.buffered.filter(|_| !open) {
            return Some(Plan {
                missed: None,
                tick: Some((tick, Cause::Buffered)),
                next: self.progress.next,
            });
        }
        let first = self.progress.next.filter(|due| due.run_at <= now)?;
        let catch_up = present.settings.catch_up;
        let window = match catch_up.policy {
            CatchUpPolicy::None => ON_TIME_SECONDS,
            CatchUpPolicy::Last | CatchUpPolicy::All => i64::from(catch_up.window_seconds).max(ON_TIME_SECONDS),
        };
        let takes_first = catch_up.policy == CatchUpPolicy::All;
        Some(choose(&present.timing()?, first, now, window, takes_first))
    }
}

/// Walks from the first pending tick to the one that starts a run: the first within the window, or the last that is due.
fn choose(timing: &Timing, first: Due, now: Instant, window_seconds: i64, takes_first: bool) -> Plan {
    let since = |earlier: Instant| now.microseconds_since(earlier);
    let is_within = |due: Due| since(due.run_at) <= window_seconds * 1_000_000;
    let mut missed: Option<Missed> = None;
    let mut due = first;
    loop {
        let next = timing.next_after(due.tick);
        let is_last = next.is_none_or(|next| next.run_at > now);
        if is_within(due) && (is_last || takes_first) {
            let on_time = since(due.run_at) <= ON_TIME_SECONDS * 1_000_000;
            let cause = if on_time && missed.is_none() {
                Cause::Tick
            } else {
                Cause::CatchUp
            };
            return Plan {
                missed,
                tick: Some((due.tick, cause)),
                next,
            };
        }
        let before = missed.get_or_insert(Missed {
            first: due.tick,
            last: due.tick,
            ticks: 0,
        });
        before.last = due.tick;
        before.ticks += 1;
        match next {
            Some(next) if !is_last && before.ticks < MOST_AT_ONCE => due = next,
            next => {
                return Plan {
                    missed,
                    tick: None,
                    next,
                };
            }
        }
    }
}
