//! Cron expressions with their POSIX meaning, and the local times at which they fire.
//!
//! Five fields (minute, hour, day of month, month, day of week) or six (second first). Names, lists, ranges and steps as in
//! Vixie cron. When both day fields are restricted, a day that matches either fires; a day field that begins with `*` is
//! unrestricted, so that then both must match. `L`, `W`, `#` and `?` of other dialects are refused.
//!
//! Invariant: no search steps through seconds, and each ends within [`SEARCHED_YEARS`].

mod field;

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use field::FieldSet;

/// Units of `WorkflowSchedules.CronExpression`.
pub const MAXIMUM_LENGTH: usize = 100;

/// How far ahead a day is looked for. The rarest there is, a 29th of February on a given weekday across a year such as 2100,
/// comes after 40 years.
const SEARCHED_YEARS: i32 = 100;

/// Macros and what they stand for: `WorkflowSchedules.CronExpression` has at least nine characters.
const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A cron expression. Its text has one space between fields and no macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpression {
    text: String,
    seconds: FieldSet,
    minutes: FieldSet,
    hours: FieldSet,
    days: FieldSet,
    months: FieldSet,
    weekdays: FieldSet,
}

impl CronExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, naming the field; also when it can never fire.
    pub fn parse(written: &str) -> Result<Self, String> {
        let trimmed = written.trim();
        let known = MACROS.iter().find(|(name, _)| name.eq_ignore_ascii_case(trimmed));
        if trimmed.starts_with('@') && known.is_none() {
            let names: Vec<_> = MACROS.iter().map(|(name, _)| *name).collect();
            return Err(format!("{trimmed:?} is none of {}", names.join(", ")));
        }
        let expanded = known.map_or(trimmed, |(_, expression)| *expression);
        let fields: Vec<&str> = expanded.split_ascii_whitespace().collect();
        let text = fields.join(" ");
        if text.len() > MAXIMUM_LENGTH {
            return Err(format!("must have at most {MAXIMUM_LENGTH} characters"));
        }
        let (seconds, rest) = match fields.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (field::parse(field::SECOND, second)?, rest),
            rest if rest.len() == 5 => (FieldSet::only(0), rest),
            other => {
                return Err(format!(
                    "five fields (minute, hour, day of month, month, day of week) or six (second first) are expected, \
                     not {}",
                    other.len()
                ));
            }
        };
        let expression = Self {
            seconds,
            minutes: field::parse(field::MINUTE, rest[0])?,
            hours: field::parse(field::HOUR, rest[1])?,
            days: field::parse(field::DAY_OF_MONTH, rest[2])?,
            months: field::parse(field::MONTH, rest[3])?,
            weekdays: field::parse(field::DAY_OF_WEEK, rest[4])?,
            text,
        };
        // A cycle of the calendar holds every kind of year; where it begins does not matter.
        let begin = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        if expression.first_day(begin).is_none() {
            return Err("never fires: no month that it names has such a day".to_owned());
        }
        Ok(expression)
    }

    /// The expression: one space between fields, no macro.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first local time after `after` at which it fires.
    #[must_use]
    pub fn next_local(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = after.with_nanosecond(0)?.checked_add_signed(TimeDelta::seconds(1))?;
        if self.fires_on(from.date())
            && let Some(time) = self.time_from(from.time())
        {
            return Some(from.date().and_time(time));
        }
        let day = self.first_day(from.date().succ_opt()?)?;
        Some(day.and_time(self.time_from(NaiveTime::MIN)?))
    }

    /// The first day from `day` on on which it fires.
    fn first_day(&self, mut day: NaiveDate) -> Option<NaiveDate> {
        let last = day.year() + SEARCHED_YEARS;
        while day.year() <= last {
            if !self.months.contains(day.month()) {
                day = match self.months.from(day.month()) {
                    Some(month) => NaiveDate::from_ymd_opt(day.year(), month, 1)?,
                    None => NaiveDate::from_ymd_opt(day.year() + 1, self.months.first(), 1)?,
                };
            } else if self.fires_on(day) {
                return Some(day);
            } else {
                day = day.succ_opt()?;
            }
        }
        None
    }

    fn fires_on(&self, day: NaiveDate) -> bool {
        let by_month = self.days.contains(day.day());
        let by_week = self.weekdays.contains(day.weekday().num_days_from_sunday());
        self.months.contains(day.month())
            && if self.days.is_star || self.weekdays.is_star {
                by_month && by_week
            } else {
                by_month || by_week
            }
    }

    /// The first time of a day from `from` on.
    fn time_from(&self, from: NaiveTime) -> Option<NaiveTime> {
        let (minute, second) = (self.minutes.first(), self.seconds.first());
        let hour = self.hours.from(from.hour())?;
        if hour > from.hour() {
            return NaiveTime::from_hms_opt(hour, minute, second);
        }
        let in_this_hour = self.minutes.from(from.minute()).and_then(|found| {
            if found > from.minute() {
                return Some((found, second));
            }
            match self.seconds.from(from.second()) {
                Some(later) => Some((found, later)),
                None => self.minutes.from(found + 1).map(|next| (next, second)),
            }
        });
        match in_this_hour {
            Some((minute, second)) => NaiveTime::from_hms_opt(hour, minute, second),
            None => NaiveTime::from_hms_opt(self.hours.from(hour + 1)?, minute, second),
        }
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn next(expression: &str, after: &str) -> String {
        let expression = CronExpression::parse(expression).unwrap();
        expression.next_local(local(after)).unwrap().to_string()
    }

    fn refusal(expression: &str) -> String {
        CronExpression::parse(expression).unwrap_err()
    }

    #[test]
    fn fields_have_names_lists_ranges_and_steps() {
        assert_eq!(next("0 9 * * MON-FRI", "2026-11-20 09:00:00"), "2026-11-23 09:00:00");
        assert_eq!(next("*/15 8-17/3 * * *", "2026-11-22 08:45:00"), "2026-11-22 11:00:00");
        assert_eq!(next("5,35 0 1 jan,Jul *", "2026-11-22 00:00:00"), "2027-01-01 00:05:00");
        assert_eq!(next("10/20 * * * *", "2026-11-22 00:31:00"), "2026-11-22 00:50:00");
        assert_eq!(next("30 59 23 31 12 *", "2026-12-31 23:59:30"), "2027-12-31 23:59:30");
        assert_eq!(next("*/20 * * * * *", "2026-11-22 00:00:41"), "2026-11-22 00:01:00");
    }

    #[test]
    fn sunday_is_0_and_7_also_at_the_end_of_a_range() {
        for expression in ["0 0 * * 0", "0 0 * * 7", "0 0 * * SUN", "0 0 * * 7-7"] {
            assert_eq!(
                next(expression, "2026-11-22 00:00:00"),
                "2026-11-29 00:00:00",
                "{expression}"
            );
        }
        for expression in ["0 0 * * SAT-SUN", "0 0 * * 6-7", "0 0 * * 6-0"] {
            assert_eq!(
                next(expression, "2026-11-21 00:00:00"),
                "2026-11-22 00:00:00",
                "{expression}"
            );
            assert_eq!(
                next(expression, "2026-11-22 00:00:00"),
                "2026-11-28 00:00:00",
                "{expression}"
            );
        }
    }

    #[test]
    fn restricted_day_fields_are_alternatives_and_a_star_restricts_nothing() {
        assert_eq!(next("0 0 13 * FRI", "2026-11-22 00:00:00"), "2026-11-27 00:00:00");
        assert_eq!(next("0 0 13 * FRI", "2026-12-11 00:00:00"), "2026-12-13 00:00:00");
        assert_eq!(next("0 0 13 * *", "2026-11-22 00:00:00"), "2026-12-13 00:00:00");
        // `*/2` begins with a star: both must match, as in Vixie cron.
        assert_eq!(next("0 0 */2 * MON", "2026-11-22 00:00:00"), "2026-11-23 00:00:00");
        assert_eq!(next("0 0 */2 * MON", "2026-11-23 00:00:00"), "2026-12-07 00:00:00");
    }

    #[test]
    fn rare_days_are_found_and_impossible_ones_refused() {
        assert_eq!(next("0 0 29 2 *", "2096-03-01 00:00:00"), "2104-02-29 00:00:00");
        for expression in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 FEB *"] {
            assert!(refusal(expression).contains("never fires"), "{expression}");
        }
    }

    #[test]
    fn extensions_of_other_dialects_are_refused_by_name() {
        for (expression, field, sign) in [
            ("0 0 L * *", "day of month", "`L`"),
            ("0 0 15W * *", "day of month", "`W`"),
            ("0 0 LW * *", "day of month", "`L`"),
            ("0 0 * * 5L", "day of week", "`L`"),
            ("0 0 * * MON#2", "day of week", "`#`"),
            ("0 0 ? * MON", "day of month", "`?`"),
            ("? 0 * * MON", "minute", "`?`"),
        ] {
            let detail = refusal(expression);
            assert!(
                detail.starts_with(field) && detail.contains(sign),
                "{expression}: {detail}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for expression in [
            "",
            "* * * *",
            "* * * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "*/60 * * * *",
            "5-1 * * * *",
            "1,,2 * * * *",
            "-1 * * * *",
            "1- * * * *",
            "1.5 * * * *",
            "+1 * * * *",
            "* * * MONDAY *",
            "@reboot",
            "@",
            "١ * * * *",
            "*-5 * * * *",
            "1/ * * * *",
        ] {
            assert!(CronExpression::parse(expression).is_err(), "{expression}");
        }
    }

    #[test]
    fn the_text_is_normal_and_as_long_as_documented() {
        let expression = CronExpression::parse("  0   9 * *\tMON ").unwrap();
        assert_eq!(expression.text(), "0 9 * * MON");
        assert_eq!(CronExpression::parse("@Hourly").unwrap().text(), "0 * * * *");
        assert!(CronExpression::parse(&format!("{} * * * *", "1,".repeat(60) + "1")).is_err());
    }
}
