//! When a schedule's ticks happen: the expression in its zone, between its first and last instant, with its jitter.
//!
//! Invariants: a local time that a zone skips fires once, at the instant at which the gap ends; one that it repeats fires
//! once, at its first occurrence. The jitter of a tick is the same on every node and in every replay.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc, offset::LocalResult};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::CronExpression;
use crate::{ids::WorkflowId, instant::Instant};

/// Further from any local time than every offset of a zone.
const BEYOND_OFFSETS: TimeDelta = TimeDelta::hours(48);

/// A tick that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// When the expression fires.
    pub tick: Instant,
    /// The tick and its jitter: when the run starts.
    pub run_at: Instant,
}

/// An expression in a zone.
#[derive(Debug, Clone)]
pub struct ZonedCron {
    /// The expression.
    pub expression: CronExpression,
    /// The zone in which it is read.
    pub zone: Tz,
}

impl ZonedCron {
    /// The first instant after `after` at which it fires: a whole second.
    #[must_use]
    pub fn next_after(&self, after: Instant) -> Option<Instant> {
        let mut local = after.utc().with_timezone(&self.zone).naive_local();
        loop {
            local = self.expression.next_local(local)?;
            let at = Instant::new(instant_of(self.zone, local));
            // Within a repeated hour, what comes next by the local clock may have fired already.
            if at > after {
                return Some(at);
            }
        }
    }
}

/// The instant at which the zone's clocks first show `local`, or the end of the gap that skips it.
fn instant_of(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => at.to_utc(),
        LocalResult::Ambiguous(one, other) => one.to_utc().min(other.to_utc()),
        LocalResult::None => end_of_gap(zone, local),
    }
}

fn end_of_gap(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let (mut before, mut after) = (local.and_utc() - BEYOND_OFFSETS, local.and_utc() + BEYOND_OFFSETS);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if middle.with_timezone(&zone).naive_local() > local {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

/// When the ticks of a schedule happen.
#[derive(Debug, Clone)]
pub struct Timing {
    /// The expression in its zone.
    pub cron: ZonedCron,
    /// No tick before this instant.
    pub start: Option<Instant>,
    /// No tick after this instant.
    pub end: Option<Instant>,
    /// Longest jitter.
    pub jitter_seconds: u32,
    /// Whose schedule it is: each has its own jitter.
    pub workflow: WorkflowId,
}

impl Timing {
    /// The first tick after `after`.
    #[must_use]
    pub fn next_after(&self, after: Instant) -> Option<Due> {
        let before = |start: Instant| Instant::new(start.utc() - TimeDelta::microseconds(1));
        let from = self.start.map_or(after, |start| after.max(before(start)));
        let within = |tick: &Instant| self.end.is_none_or(|end| *tick <= end);
        let tick = self.cron.next_after(from).filter(within)?;
        Some(Due {
            tick,
            run_at: tick.plus_milliseconds(self.jitter_milliseconds(tick)),
        })
    }

    fn jitter_milliseconds(&self, tick: Instant) -> i64 {
        if self.jitter_seconds == 0 {
            return 0;
        }
        let digest = Sha256::digest(format!("{}/{tick}", self.workflow));
        let drawn = digest
            .iter()
            .take(7)
            .fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
        drawn % (i64::from(self.jitter_seconds) * 1000 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn zoned(expression: &str, zone: &str) -> ZonedCron {
        ZonedCron {
            expression: CronExpression::parse(expression).unwrap(),
            zone: zone.parse().unwrap(),
        }
    }

    fn ticks(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let cron = zoned(expression, zone);
        let first = cron.next_after(at(from));
        std::iter::successors(first, |tick| cron.next_after(*tick))
            .take(count)
            .map(|tick| tick.utc().format("%m-%dT%H:%M:%SZ").to_string())
            .collect()
    }

    #[test]
    fn a_skipped_local_time_fires_once_when_the_gap_ends() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00Z.
        assert_eq!(
            ticks("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
            ["03-28T01:30:00Z", "03-29T01:00:00Z", "03-30T00:30:00Z"]
        );
        assert_eq!(
            ticks("*/20 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29T01:00:00Z", "03-30T00:00:00Z"]
        );
        assert_eq!(
            ticks("0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29T01:00:00Z", "03-29T02:00:00Z"]
        );
    }

    #[test]
    fn a_repeated_local_time_fires_at_its_first_occurrence() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00Z.
        assert_eq!(
            ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["10-25T00:30:00Z", "10-26T01:30:00Z"]
        );
        assert_eq!(
            ticks("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 2),
            ["10-25T00:30:00Z", "10-25T02:30:00Z"]
        );
        assert_eq!(
            ticks("30 * * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
            ["10-25T02:30:00Z"]
        );
    }

    #[test]
    fn zones_skip_days_and_half_hours() {
        // Samoa had no 30 December 2011; Lord Howe Island moves by half an hour.
        assert_eq!(
            ticks("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 1),
            ["12-30T10:00:00Z"]
        );
        assert_eq!(
            ticks("15 2 * 10 *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 2),
            ["10-03T15:30:00Z", "10-04T15:15:00Z"]
        );
    }

    #[test]
    fn ticks_keep_within_start_and_end() {
        let mut timing = Timing {
            cron: zoned("0 0 * * *", "UTC"),
            start: Some(at("2026-11-24T00:00:00Z")),
            end: Some(at("2026-11-25T00:00:00Z")),
            jitter_seconds: 0,
            workflow: WorkflowId(17),
        };
        let first = timing.next_after(at("2026-11-22T16:29:03.123456Z")).unwrap();
        assert_eq!(first.tick, at("2026-11-24T00:00:00Z"));
        let second = timing.next_after(first.tick).unwrap();
        assert_eq!(second.tick, at("2026-11-25T00:00:00Z"));
        assert_eq!(timing.next_after(second.tick), None);
        timing.end = None;
        timing.start = Some(at("2026-11-24T00:00:00.000001Z"));
        assert_eq!(
            timing.next_after(at("2026-11-22T00:00:00Z")).unwrap().tick,
            at("2026-11-25T00:00:00Z")
        );
    }

    #[test]
    fn jitter_belongs_to_the_tick() {
        let timing = |workflow| Timing {
            cron: zoned("0 0 * * *", "UTC"),
            start: None,
            end: None,
            jitter_seconds: 60,
            workflow: WorkflowId(workflow),
        };
        let from = at("2026-11-22T16:29:03Z");
        let due = timing(17).next_after(from).unwrap();
        assert_eq!(timing(17).next_after(from), Some(due));
        assert_ne!(timing(18).next_after(from), Some(due));
        assert!((due.tick..=due.tick.plus_milliseconds(60_000)).contains(&due.run_at));
    }
}
