//! CEL timestamps and durations.
//!
//! Invariant: the instant of evaluation is never read; time comes in through the scope (`system.utcNow`).

use std::fmt::Write as _;

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use super::functions::Function;
use super::strings::text;
use super::value::{Cel, Failure, Meter, Outcome, wrong};
use crate::number::Arithmetic;

/// Reads RFC 3339, the same without an offset (taken as UTC), or a date alone (midnight UTC).
pub(crate) fn parse_timestamp(text: &str) -> Option<DateTime<FixedOffset>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant);
    }
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(naive.and_utc().fixed_offset())
}

pub(super) fn timestamp<'a>(value: &Cel<'a>) -> Outcome<Cel<'a>> {
    let instant = match value {
        Cel::Timestamp(instant) => Some(*instant),
        Cel::Text(text) => parse_timestamp(text),
        other => match other.numeric().and_then(crate::number::Numeric::as_integer) {
            Some(seconds) => DateTime::from_timestamp(seconds, 0).map(|instant| instant.fixed_offset()),
            None => None,
        },
    };
    instant.map_or_else(
        || wrong("a timestamp such as 2026-01-31T12:00:00Z is expected"),
        |instant| Ok(Cel::Timestamp(instant)),
    )
}

/// Reads `1h30m`, `90s`, `1.5h`, `250ms`, `-2d`.
pub(super) fn duration<'a>(value: &Cel<'a>) -> Outcome<Cel<'a>> {
    match value {
        Cel::Duration(duration) => Ok(Cel::Duration(*duration)),
        Cel::Text(text) => parse_duration(text).map_or_else(
            || wrong("a duration such as 1h30m or 90s is expected"),
            |duration| Ok(Cel::Duration(duration)),
        ),
        other => wrong(format!("a duration is expected, not {}", other.type_name())),
    }
}

fn parse_duration(text: &str) -> Option<TimeDelta> {
    let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
        let (digits, after) = rest.split_at(end);
        let (unit_length, unit): (usize, i128) = if after.starts_with("ms") {
            (2, 1_000_000)
        } else if after.starts_with("us") {
            (2, 1_000)
        } else if after.starts_with("ns") {
            (2, 1)
        } else {
            let seconds = match after.chars().next()? {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                _ => return None,
            };
            (1, seconds * 1_000_000_000)
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        nanoseconds = nanoseconds.checked_add(whole.parse::<i64>().map(i128::from).ok()?.checked_mul(unit)?)?;
        if !fraction.is_empty() {
            let digits = fraction.get(..fraction.len().min(9))?;
            let scale = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
            nanoseconds =
                nanoseconds.checked_add(i128::from(digits.parse::<i64>().ok()?).checked_mul(unit)? / scale)?;
        }
        rest = &after[unit_length..];
    }
    if negative {
        nanoseconds = -nanoseconds;
    }
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
    TimeDelta::new(seconds, u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?)
}

/// Instant ± duration, instant − instant, duration ± duration; anything else is an error that names the types.
pub(super) fn arithmetic<'a>(operator: Arithmetic, left: &Cel<'a>, right: &Cel<'a>) -> Outcome<Cel<'a>> {
    let result = match (operator, left, right) {
        (Arithmetic::Add, Cel::Timestamp(instant), Cel::Duration(duration))
        | (Arithmetic::Add, Cel::Duration(duration), Cel::Timestamp(instant)) => {
            instant.checked_add_signed(*duration).map(Cel::Timestamp)
        }
        (Arithmetic::Subtract, Cel::Timestamp(instant), Cel::Duration(duration)) => {
            instant.checked_sub_signed(*duration).map(Cel::Timestamp)
        }
        (Arithmetic::Subtract, Cel::Timestamp(left), Cel::Timestamp(right)) => {
            Some(Cel::Duration(left.signed_duration_since(*right)))
        }
        (Arithmetic::Add, Cel::Duration(left), Cel::Duration(right)) => left.checked_add(right).map(Cel::Duration),
        (Arithmetic::Subtract, Cel::Duration(left), Cel::Duration(right)) => left.checked_sub(right).map(Cel::Duration),
        _ => {
            return wrong(format!(
                "'{operator}' does not work between {} and {}",
                left.type_name(),
                right.type_name()
            ));
        }
    };
    result.ok_or_else(|| Failure::Wrong("the date is out of range".to_owned()))
}

/// The parts of an instant (in UTC, or in the zone given), or the whole units of a duration.
pub(super) fn part<'a>(function: Function, arguments: &[Cel<'a>]) -> Outcome<Cel<'a>> {
    if let Cel::Duration(duration) = &arguments[0] {
        let number = match function {
            Function::GetHours => duration.num_hours(),
            Function::GetMinutes => duration.num_minutes(),
            Function::GetSeconds => duration.num_seconds(),
            Function::GetMilliseconds => i64::from(duration.subsec_nanos() / 1_000_000),
            _ => return wrong("a duration has hours, minutes, seconds and milliseconds only"),
        };
        return Ok(Cel::int(number));
    }
    let instant = local(&arguments[0], arguments.get(1))?;
    let number = match function {
        Function::GetFullYear => i64::from(instant.year()),
        Function::GetMonth => i64::from(instant.month0()),
        Function::GetDate => i64::from(instant.day()),
        Function::GetDayOfMonth => i64::from(instant.day0()),
        Function::GetDayOfWeek => i64::from(instant.weekday().num_days_from_sunday()),
        Function::GetDayOfYear => i64::from(instant.ordinal0()),
        Function::GetHours => i64::from(instant.hour()),
        Function::GetMinutes => i64::from(instant.minute()),
        Function::GetSeconds => i64::from(instant.second()),
        _ => i64::from(instant.nanosecond() % 1_000_000_000 / 1_000_000),
    };
    Ok(Cel::int(number))
}

/// `formatDate(timestamp, "%Y-%m-%d", zone?)`, with strftime fields.
pub(super) fn format<'a>(arguments: &[Cel<'a>], meter: &mut Meter) -> Outcome<Cel<'a>> {
    let instant = local(&timestamp(&arguments[0])?, arguments.get(2))?;
    let pattern = text(&arguments[1])?;
    meter.make(pattern.len().saturating_mul(8))?;
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    let mut formatted = String::new();
    // chrono reports a bad pattern by failing to write, which `to_string` would turn into a panic.
    if items.contains(&Item::Error) || write!(formatted, "{}", instant.format_with_items(items.iter())).is_err() {
        return wrong("a date pattern such as %Y-%m-%d is expected");
    }
    Ok(Cel::text(formatted))
}

fn local(value: &Cel<'_>, zone: Option<&Cel<'_>>) -> Outcome<DateTime<FixedOffset>> {
    let Cel::Timestamp(instant) = timestamp(value)? else {
        return wrong("a timestamp is expected");
    };
    let utc = instant.with_timezone(&Utc);
    let Some(zone) = zone else {
        return Ok(utc.fixed_offset());
    };
    let zone = text(zone)?;
    let offset = match zone.parse::<Tz>() {
        Ok(zone) => utc.with_timezone(&zone).offset().fix(),
        Err(_) => match zone.parse::<FixedOffset>() {
            Ok(offset) => offset,
            Err(_) => return wrong("a time zone such as Europe/Paris or +01:00 is expected"),
        },
    };
    // An instant at the edge of the calendar has no local time in some zones.
    let shift = TimeDelta::seconds(i64::from(offset.local_minus_utc()));
    match utc.naive_utc().checked_add_signed(shift) {
        Some(_) => Ok(utc.with_timezone(&offset)),
        None => wrong("the date is out of range"),
    }
}
