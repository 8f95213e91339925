//! Instants in UTC with microseconds and one fixed-width text, so that text order is time order in every database.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A UTC instant, truncated to microseconds; text form `2026-11-22T16:29:03.123456Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(DateTime<Utc>);

impl Instant {
    /// The instant without what lies below a microsecond.
    #[must_use]
    pub fn new(instant: DateTime<Utc>) -> Self {
        Self(instant.trunc_subsecs(6))
    }

    /// The instant as a `chrono` value.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Parses RFC 3339 with any offset; `None` when the text is no instant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self::new(at.to_utc()))
    }

    /// Whole microseconds from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub fn microseconds_since(self, earlier: Self) -> i64 {
        self.0.timestamp_micros() - earlier.0.timestamp_micros()
    }

    /// Milliseconds, with decimals, from `earlier` to this instant.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn milliseconds_since(self, earlier: Self) -> f64 {
        self.microseconds_since(earlier) as f64 / 1000.0
    }

    /// This instant plus `milliseconds`.
    #[must_use]
    pub fn plus_milliseconds(self, milliseconds: i64) -> Self {
        Self(self.0 + chrono::Duration::milliseconds(milliseconds))
    }

    /// The instant from which machines count.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// This instant plus milliseconds with decimals, to the microsecond.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "durations of runs are far below 2^53 microseconds"
    )]
    pub fn plus_duration_ms(self, milliseconds: f64) -> Self {
        Self(self.0 + chrono::Duration::microseconds((milliseconds * 1000.0).round() as i64))
    }

    /// The month in UTC as `2026-11`: the unit of retention and of run-data keys.
    #[must_use]
    pub fn month(self) -> String {
        format!("{:04}-{:02}", self.0.year(), self.0.month())
    }

    /// First instant of the next month.
    #[must_use]
    pub fn next_month(self) -> Self {
        let (year, month) = match (self.0.year(), self.0.month()) {
            (year, 12) => (year + 1, 1),
            (year, month) => (year, month + 1),
        };
        let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MAX);
        Self(first.and_time(NaiveTime::MIN).and_utc())
    }

    /// The day in UTC as `2026-11-22`.
    #[must_use]
    pub fn day(self) -> String {
        format!("{}-{:02}", self.month(), self.0.day())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0;
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.timestamp_subsec_micros()
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an RFC 3339 instant is expected"))
    }
}
