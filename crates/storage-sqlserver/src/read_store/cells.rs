//! The driver's values as the port's cells, and the port's parameters as the driver's.
//!
//! Invariant: an instant is a text of fixed width with microseconds, `2026-11-22T16:29:03.123456Z`, whatever the column's
//! precision; so texts and instants order alike, as on the other database.

use std::{borrow::Cow, fmt::Write as _};

use tiberius::{
    ColumnData, Row,
    time::{Date, DateTime2, Time},
};
use wfm_storage::read_store::{Cell, Query};

use crate::{error::SqlError, parameter::Parameter};

/// Days from March 1st of year 0 to January 1st of year 1: leap days stand last when years begin in March.
const DAYS_BEFORE_YEAR_ONE: u32 = 306;

/// Days of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: u32 = 146_097;

/// The cells of a row, by the types of the select list.
pub fn row(row: Row) -> Result<Vec<Cell>, SqlError> {
    row.into_iter().map(cell).collect()
}

fn cell(value: ColumnData<'static>) -> Result<Cell, SqlError> {
    let cell = match value {
        ColumnData::Bit(value) => value.into(),
        ColumnData::U8(value) => value.map(i64::from).into(),
        ColumnData::I16(value) => value.map(i64::from).into(),
        ColumnData::I32(value) => value.map(i64::from).into(),
        ColumnData::I64(value) => value.into(),
        ColumnData::F32(value) => value.map(f64::from).into(),
        ColumnData::F64(value) => value.into(),
        ColumnData::String(value) => value.as_deref().into(),
        ColumnData::DateTime2(value) => value.map(instant).into(),
        other => return Err(SqlError::Answer(format!("a read model has no value such as {other:?}"))),
    };
    Ok(cell)
}

/// The text of an instant. Digits beyond microseconds are cut.
fn instant(value: DateTime2) -> String {
    let (year, month, day) = date(value.date().days());
    let (increments, scale) = (value.time().increments(), u32::from(value.time().scale()));
    let microseconds = if scale > 6 {
        increments / 10_u64.pow(scale - 6)
    } else {
        increments * 10_u64.pow(6 - scale)
    };
    let (seconds, microsecond) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(27);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}Z"
    );
    text
}

/// Year, month and day that are so many days after January 1st of year 1.
fn date(days: u32) -> (u32, u32, u32) {
    let days = days + DAYS_BEFORE_YEAR_ONE;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / (DAYS_OF_ERA - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on repeat their lengths every five: 153 days.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

/// The instant of a text such as [`instant`] makes; `None` when it is none.
pub fn date_time(text: &str) -> Option<DateTime2> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let shape = "0000-00-00T00:00:00.000000Z";
    let alike = |(byte, model): (u8, u8)| byte == model || (byte.is_ascii_digit() && model == b'0');
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(alike) {
        return None;
    }
    let days = days(number(0..4)?, number(5..7)?, number(8..10)?)?;
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = u64::from((hour * 60 + minute) * 60 + second);
    let increments = (seconds * 1_000_000 + u64::from(number(20..26)?)) * 10;
    Some(DateTime2::new(Date::new(days), Time::new(increments, 7)))
}

/// Days from January 1st of year 1 to a date; `None` when there is no such date. The inverse of [`date`].
fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    let (year_of_march, month_of_march) = if month > 2 {
        (year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let (era, year_of_era) = (year_of_march / 400, year_of_march % 400);
    let day_of_year = (153 * month_of_march + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = (era * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_BEFORE_YEAR_ONE)?;
    (date(days) == (year, month, day)).then_some(days)
}

/// The text of a query for this database, and its parameters. A NULL has no type on its way to the server: it stands in the
/// text instead.
pub fn text_and_parameters(query: &Query) -> (Cow<'_, str>, Vec<Parameter<'_>>) {
    let text = query.sqlserver.as_deref().unwrap_or(&query.sqlite);
    let parameters = query.parameters.iter().map(parameter).collect();
    if query.parameters.contains(&Cell::Null) {
        (Cow::Owned(with_nulls(text, &query.parameters)), parameters)
    } else {
        (Cow::Borrowed(text), parameters)
    }
}

fn parameter(cell: &Cell) -> Parameter<'_> {
    match cell {
        // Holds the place of a parameter that the text does not name.
        Cell::Null => Parameter::Integer(0),
        Cell::Integer(value) => Parameter::Integer(*value),
        Cell::Real(value) => Parameter::Real(*value),
        Cell::Text(value) => Parameter::Text(Cow::Borrowed(value)),
    }
}

/// The text with `NULL` in the place of each parameter that is NULL.
fn with_nulls(text: &str, parameters: &[Cell]) -> String {
    let mut pieces = text.split("@P");
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if place.and_then(|place| parameters.get(place)) == Some(&Cell::Null) {
            result.push_str("NULL");
        } else {
            result.push_str("@P");
            result.push_str(number);
        }
        result.push_str(rest);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_microseconds_in_fixed_width() {
        let text = |days, increments, scale| instant(DateTime2::new(Date::new(days), Time::new(increments, scale)));
        assert_eq!(text(0, 0, 7), "0001-01-01T00:00:00.000000Z");
        assert_eq!(text(693_595, 0, 7), "1900-01-01T00:00:00.000000Z");
        assert_eq!(text(739_941, 593_431_234_567, 7), "2026-11-22T16:29:03.123456Z");
        assert_eq!(text(739_941, 59_343_123_456, 6), "2026-11-22T16:29:03.123456Z");
        assert_eq!(text(739_941, 59_343_123, 3), "2026-11-22T16:29:03.123000Z");
        assert_eq!(text(3_652_058, 863_999_999_999, 7), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn days_are_dates_of_the_gregorian_calendar() {
        for (days, expected) in [
            (58, (1, 2, 28)),
            (59, (1, 3, 1)),
            (1154, (4, 2, 29)),
            (730_119, (2000, 1, 1)),
            (730_178, (2000, 2, 29)),
            (730_179, (2000, 3, 1)),
            (693_653, (1900, 2, 28)),
            (693_654, (1900, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
        // Every day of eight centuries follows the one before.
        let mut before = date(0);
        for days in 1..292_194 {
            let (year, month, day) = date(days);
            let next_day = (before.0, before.1, before.2 + 1);
            let next_month = (before.0 + before.1 / 12, before.1 % 12 + 1, 1);
            assert!(
                (year, month, day) == next_day || (year, month, day) == next_month,
                "{days}"
            );
            assert!((1..=12).contains(&month) && (1..=31).contains(&day));
            before = (year, month, day);
        }
        assert_eq!(before, (800, 12, 31));
    }

    #[test]
    fn texts_of_instants_are_read_back() {
        for text in [
            "0001-01-01T00:00:00.000000Z",
            "1900-03-01T23:59:59.000001Z",
            "2000-02-29T00:00:00.100000Z",
            "2026-11-22T16:29:03.123456Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(date_time(text).map(instant).as_deref(), Some(text));
        }
        for text in [
            "",
            "2026-11-22T16:29:03.123456",
            "2026-11-22 16:29:03.123456Z",
            "2026-02-29T00:00:00.000000Z",
            "2026-00-10T00:00:00.000000Z",
            "2026-13-10T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "0000-03-01T00:00:00.000000Z",
            "2026-11-22T24:00:00.000000Z",
            "2026-11-22T16:60:00.000000Z",
            "+026-11-22T16:29:03.123456Z",
        ] {
            assert_eq!(date_time(text), None, "{text}");
        }
    }

    #[test]
    fn missing_values_stand_in_the_text() {
        let parameters = [Cell::Null, Cell::from("a"), Cell::Null]
            .into_iter()
            .chain((4..=10).map(Cell::Integer))
            .collect();
        let query = Query::new(
            "SELECT 1 WHERE a = @P1 AND b = @P2 AND c = @P3 AND d = @P10 AND e = @P1",
            parameters,
        );
        let (text, parameters) = text_and_parameters(&query);
        assert_eq!(
            text,
            "SELECT 1 WHERE a = NULL AND b = @P2 AND c = NULL AND d = @P10 AND e = NULL"
        );
        assert_eq!(parameters.len(), 10);
        assert_eq!(parameters[1], Parameter::Text("a".into()));
    }
}
