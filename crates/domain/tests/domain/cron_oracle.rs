//! Ticks are compared with an oracle that shares nothing with the search: it reads expressions by sets of numbers and looks
//! at every single second of the real time line.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;
use proptest::prelude::*;
use wfm_domain::{
    instant::Instant,
    schedule::{CronExpression, ZonedCron},
};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Zones with changes of an hour, half an hour, at midnight, on the southern half, without any, and off the hour.
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Tehran",
];

const HOURS_BEFORE: i64 = 4;

/// One field as the oracle reads it.
struct Field {
    values: [bool; 60],
    star: bool,
}

fn field(text: &str, minimum: u32, maximum: u32, names: &[&str]) -> Field {
    let number = |text: &str| match names.iter().position(|name| *name == text) {
        Some(place) => u32::try_from(place).unwrap() + minimum,
        None => text.parse().unwrap(),
    };
    let mut values = [false; 60];
    for item in text.split(',') {
        let mut parts = item.split('/');
        let range = parts.next().unwrap();
        let step: u32 = parts.next().map_or(1, |step| step.parse().unwrap());
        let ends: Vec<&str> = range.split('-').collect();
        let (from, to) = match ends.as_slice() {
            ["*"] => (minimum, maximum),
            [one] if item.contains('/') => (number(one), maximum),
            [one] => (number(one), number(one)),
            [from, to] => (number(from), number(to)),
            other => panic!("{other:?}"),
        };
        for value in (from..=to).filter(|value| (value - from) % step == 0) {
            values[value as usize] = true;
        }
    }
    Field {
        values,
        star: text.starts_with('*'),
    }
}

/// Whether the expression names this day.
fn names_day(fields: &[Field; 6], day: NaiveDate) -> bool {
    let [_, _, _, days, months, weekdays] = fields;
    let of_week = day.weekday().num_days_from_sunday();
    let by_day = days.values[day.day() as usize];
    let by_weekday = weekdays.values[of_week as usize] || of_week == 0 && weekdays.values[7];
    let on_day = if days.star || weekdays.star {
        by_day && by_weekday
    } else {
        by_day || by_weekday
    };
    months.values[day.month() as usize] && on_day
}

/// The ticks in `(from, from + seconds]`, looked for second by second.
fn oracle(expression: &str, zone: Tz, from: Instant, seconds: i64) -> Vec<Instant> {
    let texts: Vec<&str> = expression.split(' ').collect();
    let (second, rest) = if texts.len() == 6 {
        (texts[0], &texts[1..])
    } else {
        ("0", &texts[..])
    };
    let fields = [
        field(second, 0, 59, &[]),
        field(rest[0], 0, 59, &[]),
        field(rest[1], 0, 23, &[]),
        field(rest[2], 1, 31, &[]),
        field(rest[3], 1, 12, &MONTHS),
        field(rest[4], 0, 7, &WEEKDAYS),
    ];
    // Clocks change at whole quarters of an hour.
    let mut known = (i64::MIN, 0);
    let mut offset = |at: i64| {
        let quarter = at.div_euclid(900);
        if known.0 != quarter {
            let naive = DateTime::from_timestamp(at, 0).unwrap().naive_utc();
            known = (
                quarter,
                i64::from(zone.offset_from_utc_datetime(&naive).fix().local_minus_utc()),
            );
        }
        known.1
    };
    let mut day = (i64::MIN, false);
    let mut names = |local: i64| {
        let number = local.div_euclid(86_400);
        if day.0 != number {
            let date = DateTime::from_timestamp(local, 0).unwrap().date_naive();
            day = (number, names_day(&fields, date));
        }
        let second = usize::try_from(local.rem_euclid(86_400)).unwrap();
        day.1 && fields[0].values[second % 60] && fields[1].values[second / 60 % 60] && fields[2].values[second / 3600]
    };
    let mut found = Vec::new();
    // The latest local time that the clocks have shown up to now. Nothing is repeated for longer than the hours before.
    let from = from.utc().timestamp();
    let begin = from - HOURS_BEFORE * 3600;
    let mut latest = begin + offset(begin);
    for at in begin + 1..=from + seconds {
        let local = at + offset(at);
        // Everything after the latest time shown and up to this one is new: one second, or a gap. Nothing is, when the clocks
        // repeat themselves.
        let mut fires = false;
        for shown in latest + 1..=local {
            fires |= names(shown);
        }
        latest = latest.max(local);
        if fires && at > from {
            found.push(Instant::new(DateTime::from_timestamp(at, 0).unwrap()));
        }
    }
    found
}

fn item(minimum: u32, maximum: u32, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let written = move |value: u32, named: bool| match names.get((value - minimum) as usize) {
        Some(name) if named => (*name).to_owned(),
        _ => value.to_string(),
    };
    (
        0..5_u8,
        minimum..=maximum,
        minimum..=maximum,
        1..=maximum,
        any::<bool>(),
    )
        .prop_map(move |(kind, one, other, step, named)| {
            let (low, high) = (one.min(other), one.max(other));
            match kind {
                0 => written(one, named),
                1 => format!("{}-{}", written(low, false), written(high, false)),
                2 => format!("{low}-{high}/{step}"),
                3 => format!("*/{step}"),
                _ => format!("{one}/{step}"),
            }
        })
}

fn any_field(minimum: u32, maximum: u32, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("*".to_owned()),
        3 => prop::collection::vec(item(minimum, maximum, names), 1..4).prop_map(|items| items.join(",")),
    ]
}

fn expressions() -> impl Strategy<Value = String> {
    let second = prop_oneof![Just(None), any_field(0, 59, &[]).prop_map(Some)];
    (
        second,
        any_field(0, 59, &[]),
        any_field(0, 23, &[]),
        any_field(1, 31, &[]),
        any_field(1, 12, &MONTHS),
        any_field(0, 7, &WEEKDAYS),
    )
        .prop_map(|(second, minute, hour, day, month, weekday)| {
            let six = second.map(|second| second + " ").unwrap_or_default();
            format!("{six}{minute} {hour} {day} {month} {weekday}")
        })
}

/// Instants around the changes of clocks, and anywhere.
fn instants() -> impl Strategy<Value = Instant> {
    let changes = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2018-11-04T03:00:00Z",
        "2019-02-17T02:00:00Z",
        "2026-10-03T15:30:00Z",
        "2026-04-04T15:00:00Z",
        "2026-04-23T22:00:00Z",
        "2026-10-29T21:00:00Z",
        "2011-12-30T10:00:00Z",
        "2021-03-21T20:30:00Z",
        "2028-02-29T00:00:00Z",
    ];
    let near = (prop::sample::select(changes.to_vec()), -40_000_000..5_000_000_i64)
        .prop_map(|(text, shift)| Instant::parse(text).unwrap().plus_milliseconds(shift));
    let anywhere = (0..40 * 365 * 86_400_i64).prop_map(|seconds| {
        Instant::parse("2000-01-01T00:00:00Z")
            .unwrap()
            .plus_milliseconds(seconds * 1000)
    });
    prop_oneof![near, anywhere]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    /// Each case compares every tick of twelve hours.
    #[test]
    fn ticks_are_those_that_an_oracle_finds(
        expression in expressions(),
        zone in prop::sample::select(ZONES.to_vec()),
        from in instants(),
    ) {
        let Ok(parsed) = CronExpression::parse(&expression) else {
            // It names no day that there is.
            return Ok(());
        };
        let zone: Tz = zone.parse().unwrap();
        let seconds = 12 * 3600;
        let wanted = oracle(&expression, zone, from, seconds);
        let end = from.plus_milliseconds(seconds * 1000);
        let cron = ZonedCron { expression: parsed, zone };
        let mut last = from;
        for tick in &wanted {
            let next = cron.next_after(last);
            prop_assert_eq!(next, Some(*tick), "{} in {} after {}", expression, zone, last);
            last = *tick;
        }
        let beyond = cron.next_after(last);
        prop_assert!(beyond.is_none_or(|tick| tick > end), "{} in {} after {}: {:?}", expression, zone, last, beyond);
    }
}
