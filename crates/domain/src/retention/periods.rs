//! How long ended executions are kept, and the instants before which they are old enough to go.

use crate::{execution::Outcome, field_errors::FieldErrors, instant::Instant, refusal::Refusal};

/// The longest period that can be asked for: a hundred years, in effect for ever.
pub const LONGEST_PERIOD_DAYS: u32 = 36_500;

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// How long executions are kept, counted from when they began (`ExecutedAt`). One that has not ended is kept whatever its
/// age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriods {
    completed_days: u32,
    failed_days: u32,
}

impl Default for RetentionPeriods {
    /// The documented policy: 2 years for completed executions, 5 years for failed ones.
    fn default() -> Self {
        Self {
            completed_days: 730,
            failed_days: 1826,
        }
    }
}

impl RetentionPeriods {
    /// Periods in days: of Completed and Cancelled executions, and of Failed ones.
    ///
    /// # Errors
    /// Field errors at `/retentionDays` and `/retentionFailedDays` when one is not from 1 to [`LONGEST_PERIOD_DAYS`].
    pub fn new(completed_days: u32, failed_days: u32) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::new();
        for (pointer, days) in [
            ("/retentionDays", completed_days),
            ("/retentionFailedDays", failed_days),
        ] {
            if !(1..=LONGEST_PERIOD_DAYS).contains(&days) {
                errors.add(pointer, format!("{days}: 1 to {LONGEST_PERIOD_DAYS} days are expected"));
            }
        }
        errors.finish()?;
        Ok(Self {
            completed_days,
            failed_days,
        })
    }

    /// Days for which Completed and Cancelled executions are kept.
    #[must_use]
    pub fn completed_days(self) -> u32 {
        self.completed_days
    }

    /// Days for which Failed executions are kept.
    #[must_use]
    pub fn failed_days(self) -> u32 {
        self.failed_days
    }

    /// The cutoffs as of `now`.
    #[must_use]
    pub fn cutoffs(self, now: Instant) -> Cutoffs {
        let before = |days: u32| now.plus_milliseconds(-i64::from(days) * DAY_MILLISECONDS);
        Cutoffs {
            completed_before: before(self.completed_days),
            failed_before: before(self.failed_days),
        }
    }
}

/// The instants before which an ended execution must have begun to be old enough to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// For Completed and Cancelled executions.
    pub completed_before: Instant,
    /// For Failed ones.
    pub failed_before: Instant,
}

impl Cutoffs {
    /// Whether an execution that ended so and began then is old enough. One that began at the very cutoff is kept:
    /// the documented `sp_CleanupOldExecutions` compares `ExecutedAt < @CutoffDate`.
    #[must_use]
    pub fn cover(&self, outcome: Outcome, began: Instant) -> bool {
        match outcome {
            Outcome::Completed | Outcome::Cancelled => began < self.completed_before,
            Outcome::Failed => began < self.failed_before,
        }
    }

    /// The later of the two: what began at it or after it is kept however it ended.
    #[must_use]
    pub fn latest(&self) -> Instant {
        self.completed_before.max(self.failed_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::{now, pointers};

    #[test]
    fn the_documented_periods_hold_unless_told_otherwise() {
        let cutoffs = RetentionPeriods::default().cutoffs(now());
        assert_eq!(
            cutoffs.completed_before,
            Instant::parse("2024-11-22T16:29:03.123456Z").unwrap()
        );
        assert_eq!(
            cutoffs.failed_before,
            Instant::parse("2021-11-22T16:29:03.123456Z").unwrap()
        );
        assert_eq!(cutoffs.latest(), cutoffs.completed_before);
    }

    #[test]
    fn what_began_at_the_very_cutoff_is_kept() {
        let cutoffs = RetentionPeriods::new(1, 2).unwrap().cutoffs(now());
        let just_before = |cutoff: Instant| cutoff.plus_milliseconds(-1);
        for outcome in [Outcome::Completed, Outcome::Cancelled] {
            assert!(!cutoffs.cover(outcome, cutoffs.completed_before));
            assert!(cutoffs.cover(outcome, just_before(cutoffs.completed_before)));
        }
        assert!(!cutoffs.cover(Outcome::Failed, just_before(cutoffs.completed_before)));
        assert!(!cutoffs.cover(Outcome::Failed, cutoffs.failed_before));
        assert!(cutoffs.cover(Outcome::Failed, just_before(cutoffs.failed_before)));
    }

    #[test]
    fn nothing_is_purged_on_the_day_it_ran_and_no_period_overflows() {
        assert_eq!(
            pointers(RetentionPeriods::new(0, LONGEST_PERIOD_DAYS + 1)),
            ["/retentionDays", "/retentionFailedDays"]
        );
        let longest = RetentionPeriods::new(LONGEST_PERIOD_DAYS, LONGEST_PERIOD_DAYS).unwrap();
        assert_eq!(longest.cutoffs(now()).latest().month(), "1926-12");
    }
}
