//! One field of a cron expression: which of its values are meant.
//!
//! Invariant: a set holds values of its field only; what POSIX and Vixie cron do not know is refused with the field's name.

/// A field by its place: what it is called and what it may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldKind {
    pub name: &'static str,
    pub minimum: u32,
    pub maximum: u32,
    /// Names of values, from the minimum on.
    pub names: &'static [&'static str],
}

pub(super) const SECOND: FieldKind = plain("second", 0, 59);
pub(super) const MINUTE: FieldKind = plain("minute", 0, 59);
pub(super) const HOUR: FieldKind = plain("hour", 0, 23);
pub(super) const DAY_OF_MONTH: FieldKind = plain("day of month", 1, 31);
pub(super) const MONTH: FieldKind = FieldKind {
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
    ..plain("month", 1, 12)
};
/// 0 and 7 are Sunday.
pub(super) const DAY_OF_WEEK: FieldKind = FieldKind {
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    ..plain("day of week", 0, 7)
};

const fn plain(name: &'static str, minimum: u32, maximum: u32) -> FieldKind {
    FieldKind {
        name,
        minimum,
        maximum,
        names: &[],
    }
}

/// The values that a field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldSet {
    /// A bit for each value.
    bits: u64,
    /// Whether the field begins with `*`: such a day field does not restrict the day by itself (Vixie cron).
    pub is_star: bool,
}

impl FieldSet {
    /// A set of one value.
    pub fn only(value: u32) -> Self {
        Self {
            bits: 1 << value,
            is_star: false,
        }
    }

    pub fn contains(self, value: u32) -> bool {
        self.bits >> value & 1 == 1
    }

    /// The first value from `value` on.
    pub fn from(self, value: u32) -> Option<u32> {
        let rest = self.bits & (u64::MAX << value);
        (rest != 0).then(|| rest.trailing_zeros())
    }

    /// The smallest value.
    pub fn first(self) -> u32 {
        self.bits.trailing_zeros()
    }
}

/// Reads a field: items between commas, each `*`, a value or a range, with a step after `/`.
pub(super) fn parse(kind: FieldKind, text: &str) -> Result<FieldSet, String> {
    let mut bits = 0;
    for item in text.split(',') {
        bits |= parse_item(kind, item).map_err(|problem| format!("{} field {text:?}: {problem}", kind.name))?;
    }
    if kind.maximum == 7 && bits >> 7 & 1 == 1 {
        bits = bits & !(1 << 7) | 1;
    }
    Ok(FieldSet {
        bits,
        is_star: text.starts_with('*'),
    })
}

fn parse_item(kind: FieldKind, item: &str) -> Result<u64, String> {
    if item.is_empty() {
        return Err("a value is missing".to_owned());
    }
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(parse_step(kind, step)?)),
        None => (item, None),
    };
    let (from, to) = if range == "*" {
        // 7 is Sunday once more.
        (
            kind.minimum,
            kind.maximum.min(if kind.maximum == 7 { 6 } else { u32::MAX }),
        )
    } else if let Some((from, to)) = range.split_once('-') {
        let (from, mut to) = (parse_value(kind, from)?, parse_value(kind, to)?);
        if kind.maximum == 7 && to == 0 && from > 0 {
            to = 7;
        }
        if from > to {
            return Err(format!("the range {range} runs backwards"));
        }
        (from, to)
    } else {
        let value = parse_value(kind, range)?;
        (value, if step.is_some() { kind.maximum } else { value })
    };
    let places = (from..=to).step_by(step.unwrap_or(1) as usize);
    Ok(places.fold(0, |bits, value| bits | 1 << value))
}

fn parse_step(kind: FieldKind, text: &str) -> Result<u32, String> {
    let step = digits(text).ok_or_else(|| unknown(kind, text))?;
    if (1..=kind.maximum).contains(&step) {
        Ok(step)
    } else {
        Err(format!("a step is a whole number from 1 to {}", kind.maximum))
    }
}

fn parse_value(kind: FieldKind, text: &str) -> Result<u32, String> {
    let named = kind.names.iter().zip(kind.minimum..);
    if let Some((_, value)) = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Ok(value);
    }
    let value = digits(text).ok_or_else(|| unknown(kind, text))?;
    if (kind.minimum..=kind.maximum).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{value} is not from {} to {}", kind.minimum, kind.maximum))
    }
}

fn digits(text: &str) -> Option<u32> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Says what is wrong with a text that is no value; extensions of other dialects are called by their names.
fn unknown(kind: FieldKind, text: &str) -> String {
    let extension = text
        .chars()
        .find(|letter| matches!(letter.to_ascii_uppercase(), '#' | '?' | 'L' | 'W'));
    match extension.map(|letter| letter.to_ascii_uppercase()) {
        Some('#') => "`#` (the n-th weekday of a month) is not supported".to_owned(),
        Some('?') => "`?` is not supported; write `*` for any value".to_owned(),
        Some(letter)
            if text.len() == 1
                || text.len() <= 3 && text.bytes().any(|byte| byte.is_ascii_digit())
                || text.eq_ignore_ascii_case("LW") =>
        {
            let meaning = if letter == 'L' {
                "the last day"
            } else {
                "the nearest working day"
            };
            format!("`{letter}` ({meaning}) is not supported")
        }
        Some(_) | None if kind.names.is_empty() => format!("{text:?} is no whole number"),
        Some(_) | None => format!(
            "{text:?} is neither a whole number nor one of {}",
            kind.names.join(", ")
        ),
    }
}
