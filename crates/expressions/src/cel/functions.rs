//! The functions of CEL expressions: their names, argument counts and what they do.
//!
//! Invariant: a function gets as many arguments as its row in the table allows; messages never quote a value.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::DateTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rust_decimal::{Decimal, RoundingStrategy};
use sha2::{Digest as _, Sha256};

use super::kinds::Kinds;
use super::value::{Cel, ELEMENT_BYTES, Failure, Meter, Outcome, duration_text, timestamp_text, wrong};
use super::{dates, strings};
use crate::number::{Arithmetic, Numeric};
use crate::text::TextEncoding;

macro_rules! functions {
    ($($name:ident $minimum:literal..=$maximum:literal $takes:ident => $gives:ident $($text:literal)|+;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($name),* }

        /// Every name of a function.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($($text),+),*];

        impl Function {
            /// The function of that name with the fewest and most arguments it takes, its receiver included.
            pub(super) fn named(name: &str) -> Option<(Self, usize, usize)> {
                match name {
                    $($($text)|+ => Some((Self::$name, $minimum, $maximum)),)*
                    _ => None,
                }
            }

            /// The types of what it works on: its first argument.
            pub(super) fn takes(self) -> Kinds {
                match self {
                    $(Self::$name => Kinds::$takes,)*
                }
            }

            /// The types of what it gives.
            pub(super) fn gives(self) -> Kinds {
                match self {
                    $(Self::$name => Kinds::$gives,)*
                }
            }
        }
    };
}

functions! {
    Size 1..=1 SIZED => NUMBER "size";
    Contains 2..=2 TEXT_OR_LIST => BOOLEAN "contains";
    StartsWith 2..=2 TEXT => BOOLEAN "startsWith";
    EndsWith 2..=2 TEXT => BOOLEAN "endsWith";
    Matches 2..=2 TEXT => BOOLEAN "matches";
    Lower 1..=1 TEXT => TEXT "lower" | "lowerAscii";
    Upper 1..=1 TEXT => TEXT "upper" | "upperAscii";
    Trim 1..=1 TEXT => TEXT "trim";
    Replace 3..=4 TEXT => TEXT "replace";
    Split 2..=3 TEXT => LIST "split";
    Join 1..=2 ELEMENTS => TEXT "join";
    Substring 2..=3 TEXT => TEXT "substring";
    IndexOf 2..=2 TEXT => NUMBER "indexOf";
    Text 1..=1 WRITTEN => TEXT "string";
    Int 1..=1 WHOLE => NUMBER "int" | "uint";
    Double 1..=1 TEXT_OR_NUMBER => NUMBER "double" | "decimal";
    Bool 1..=1 TEXT_OR_BOOLEAN => BOOLEAN "bool";
    Bytes 1..=1 TEXT_OR_BYTES => BYTES "bytes";
    Type 1..=1 ANY => TEXT "type";
    Absolute 1..=1 NUMBER => NUMBER "abs";
    Floor 1..=1 NUMBER => NUMBER "floor";
    Ceiling 1..=1 NUMBER => NUMBER "ceil";
    Round 1..=2 NUMBER => NUMBER "round";
    Minimum 1..=16 ANY => ANY "min";
    Maximum 1..=16 ANY => ANY "max";
    Sum 1..=1 LIST => NUMBER "sum";
    First 1..=1 LIST => ANY "first";
    Last 1..=1 LIST => ANY "last";
    Reverse 1..=1 LIST => LIST "reverse";
    Distinct 1..=1 LIST => LIST "distinct";
    Sort 1..=1 LIST => LIST "sort";
    Keys 1..=1 OBJECT => LIST "keys";
    Values 1..=1 OBJECT => LIST "values";
    Timestamp 1..=1 INSTANT => TIMESTAMP "timestamp";
    Duration 1..=1 PERIOD => DURATION "duration";
    FormatDate 2..=3 INSTANT => TEXT "formatDate";
    GetFullYear 1..=2 INSTANT_OR_PERIOD => NUMBER "getFullYear";
    GetMonth 1..=2 INSTANT_OR_PERIOD => NUMBER "getMonth";
    GetDate 1..=2 INSTANT_OR_PERIOD => NUMBER "getDate";
    GetDayOfMonth 1..=2 INSTANT_OR_PERIOD => NUMBER "getDayOfMonth";
    GetDayOfWeek 1..=2 INSTANT_OR_PERIOD => NUMBER "getDayOfWeek";
    GetDayOfYear 1..=2 INSTANT_OR_PERIOD => NUMBER "getDayOfYear";
    GetHours 1..=2 INSTANT_OR_PERIOD => NUMBER "getHours";
    GetMinutes 1..=2 INSTANT_OR_PERIOD => NUMBER "getMinutes";
    GetSeconds 1..=2 INSTANT_OR_PERIOD => NUMBER "getSeconds";
    GetMilliseconds 1..=2 INSTANT_OR_PERIOD => NUMBER "getMilliseconds";
    ParseJson 1..=1 TEXT => JSON "parseJson" | "json.parse";
    ToJson 1..=1 ANY => TEXT "toJson" | "json.stringify";
    Base64Encode 1..=1 TEXT_OR_BYTES => TEXT "base64Encode" | "base64.encode";
    Base64Decode 1..=1 TEXT => TEXT_OR_BYTES "base64Decode" | "base64.decode";
    UrlEncode 1..=1 TEXT => TEXT "urlEncode";
    Sha256 1..=1 TEXT_OR_BYTES => TEXT "sha256";
    HmacSha256 2..=2 TEXT_OR_BYTES => TEXT "hmacSha256";
}

impl Function {
    /// Something that it works on whatever its other arguments are, where there is such a thing: with it, other
    /// arguments that are wrong show. A duration has parts, too, and no time zone.
    fn example(self) -> Option<Cel<'static>> {
        match self {
            Self::StartsWith
            | Self::EndsWith
            | Self::Replace
            | Self::Split
            | Self::Substring
            | Self::IndexOf
            | Self::HmacSha256 => Some(Cel::Text("".into())),
            Self::Join => Some(Cel::list(Vec::new())),
            Self::Round => Some(Cel::int(0)),
            Self::FormatDate
            | Self::GetFullYear
            | Self::GetMonth
            | Self::GetDate
            | Self::GetDayOfMonth
            | Self::GetDayOfWeek
            | Self::GetDayOfYear
            | Self::GetHours
            | Self::GetMinutes
            | Self::GetSeconds
            | Self::GetMilliseconds => Some(Cel::Timestamp(DateTime::UNIX_EPOCH.fixed_offset())),
            _ => None,
        }
    }

    /// Fails if these arguments after the first are wrong, whatever the first is.
    pub(super) fn check_others<'a>(self, others: impl IntoIterator<Item = Cel<'a>>, meter: &mut Meter) -> Outcome<()> {
        let Some(example) = self.example() else { return Ok(()) };
        call(self, std::iter::once(example).chain(others).collect(), meter).map(drop)
    }
}

pub(super) fn call<'a>(function: Function, arguments: Vec<Cel<'a>>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    meter.step()?;
    let first = &arguments[0];
    match function {
        Function::Size => size(first, meter),
        Function::Contains => match first {
            Cel::Text(text) => {
                meter.read(text.len())?;
                Ok(Cel::Bool(text.contains(strings::text(&arguments[1])?)))
            }
            _ => contains_element(first, &arguments[1], meter).map(Cel::Bool),
        },
        Function::StartsWith => Ok(Cel::Bool(
            strings::text(first)?.starts_with(strings::text(&arguments[1])?),
        )),
        Function::EndsWith => Ok(Cel::Bool(
            strings::text(first)?.ends_with(strings::text(&arguments[1])?),
        )),
        Function::Matches => strings::matches(first, &arguments[1], meter).map(Cel::Bool),
        Function::Lower => made(strings::text(first)?.len().saturating_mul(2), meter, || {
            Ok(strings::text(first)?.to_lowercase())
        }),
        Function::Upper => made(strings::text(first)?.len().saturating_mul(2), meter, || {
            Ok(strings::text(first)?.to_uppercase())
        }),
        Function::Trim => made(strings::text(first)?.len(), meter, || {
            Ok(strings::text(first)?.trim().to_owned())
        }),
        Function::Replace => strings::replace(&arguments, meter).map(Cel::text),
        Function::Split => strings::split(&arguments, meter),
        Function::Join => strings::join(&arguments, meter).map(Cel::text),
        Function::Substring => strings::substring(&arguments, meter).map(Cel::text),
        Function::IndexOf => strings::index_of(&arguments, meter).map(Cel::int),
        Function::Text => to_text(first, meter),
        Function::Int => to_int(first),
        Function::Double => to_number(first),
        Function::Bool => to_bool(first),
        Function::Bytes => Ok(Cel::Bytes(bytes(first, meter)?.into())),
        Function::Type => Ok(Cel::Text(first.type_name().into())),
        Function::Absolute | Function::Floor | Function::Ceiling | Function::Round => round(function, &arguments),
        Function::Minimum | Function::Maximum => extreme(function, &arguments, meter),
        Function::Sum => sum(first, meter),
        Function::First => nth(first, Some(0)),
        Function::Last => nth(first, first.length().unwrap_or(0).checked_sub(1)),
        Function::Reverse => {
            let items = elements(first, meter)?;
            copied(items.iter().rev(), meter).map(Cel::list)
        }
        Function::Distinct => distinct(first, meter),
        Function::Sort => sort(first, meter),
        Function::Keys => match first {
            Cel::Object(_) | Cel::Map(_) => first.elements(meter).map(Cel::List),
            other => wrong(format!("a map is expected, not {}", other.type_name())),
        },
        Function::Values => values(first, meter),
        Function::Timestamp => dates::timestamp(first),
        Function::Duration => dates::duration(first),
        Function::FormatDate => dates::format(&arguments, meter),
        Function::GetFullYear
        | Function::GetMonth
        | Function::GetDate
        | Function::GetDayOfMonth
        | Function::GetDayOfWeek
        | Function::GetDayOfYear
        | Function::GetHours
        | Function::GetMinutes
        | Function::GetSeconds
        | Function::GetMilliseconds => dates::part(function, &arguments),
        Function::ParseJson => parse_json(first, meter),
        Function::ToJson => {
            let json = first.clone().into_json(meter)?.to_string();
            meter.make(json.len())?;
            Ok(Cel::text(json))
        }
        Function::Base64Encode => {
            let bytes = bytes(first, meter)?;
            made(bytes.len().saturating_mul(2), meter, || Ok(STANDARD.encode(&bytes)))
        }
        Function::Base64Decode => base64_decode(first, meter),
        Function::UrlEncode => made(strings::text(first)?.len().saturating_mul(3), meter, || {
            let mut encoded = String::new();
            TextEncoding::Url.append(strings::text(first)?, &mut encoded);
            Ok(encoded)
        }),
        Function::Sha256 => Ok(Cel::text(hex::encode(Sha256::digest(bytes(first, meter)?)))),
        Function::HmacSha256 => {
            let key = bytes(first, meter)?;
            let mut mac = Hmac::<Sha256>::new_from_slice(&key)
                .map_err(|_| Failure::Wrong("the key of hmacSha256() is not valid".to_owned()))?;
            mac.update(&bytes(&arguments[1], meter)?);
            Ok(Cel::text(hex::encode(mac.finalize().into_bytes())))
        }
    }
}

fn made<'a>(length: usize, meter: &mut Meter, make: impl FnOnce() -> Outcome<String>) -> Outcome<Cel<'a>> {
    meter.make(length)?;
    make().map(Cel::text)
}

/// Copies of values; owned texts are paid for.
pub(super) fn copied<'a: 'i, 'i>(items: impl Iterator<Item = &'i Cel<'a>>, meter: &mut Meter) -> Outcome<Vec<Cel<'a>>> {
    items
        .map(|item| {
            if let Cel::Text(text) = item {
                meter.make(text.len())?;
            }
            meter.make(ELEMENT_BYTES)?;
            Ok(item.clone())
        })
        .collect()
}

/// The elements of a list (a map is refused).
fn elements<'a>(value: &Cel<'a>, meter: &mut Meter) -> Outcome<Rc<Vec<Cel<'a>>>> {
    match value {
        Cel::Array(_) | Cel::List(_) => value.elements(meter),
        other => wrong(format!("a list is expected, not {}", other.type_name())),
    }
}

pub(super) fn contains_element(list: &Cel<'_>, wanted: &Cel<'_>, meter: &mut Meter) -> Outcome<bool> {
    for item in elements(list, meter)?.iter() {
        if item.equals(wanted, meter)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn size<'a>(value: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let size = match value {
        Cel::Text(text) => {
            meter.read(text.len())?;
            text.chars().count()
        }
        Cel::Bytes(bytes) => bytes.len(),
        other => match other.length() {
            Some(length) => length,
            None => return wrong(format!("{} has no size", other.type_name())),
        },
    };
    Ok(Cel::int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn to_text<'a>(value: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    Ok(match value {
        Cel::Text(text) => {
            meter.make(text.len())?;
            Cel::Text(text.clone())
        }
        Cel::Bool(truth) => Cel::Text(if *truth { "true" } else { "false" }.into()),
        Cel::Number(number) => Cel::text(number.to_string()),
        Cel::Numeric(numeric) => Cel::text(numeric.to_text()),
        Cel::Timestamp(instant) => Cel::text(timestamp_text(instant)),
        Cel::Duration(duration) => Cel::text(duration_text(*duration)),
        Cel::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => {
                meter.make(text.len())?;
                Cel::text(text.to_owned())
            }
            Err(_) => return wrong("the bytes are not UTF-8 text"),
        },
        other => {
            return wrong(format!("string() does not take {}; use toJson()", other.type_name()));
        }
    })
}

fn to_int<'a>(value: &Cel<'a>) -> Outcome<Cel<'a>> {
    let int = match value {
        Cel::Text(text) => text.trim().parse().ok(),
        Cel::Timestamp(instant) => Some(instant.timestamp()),
        Cel::Bool(truth) => Some(i64::from(*truth)),
        other => match other.numeric() {
            Some(numeric) => numeric.truncate(),
            None => return wrong(format!("int() does not take {}", other.type_name())),
        },
    };
    int.map_or_else(
        || wrong("int() needs a whole number of at most 64 bits"),
        |int| Ok(Cel::int(int)),
    )
}

fn to_number<'a>(value: &Cel<'a>) -> Outcome<Cel<'a>> {
    let number = match value {
        Cel::Text(text) => Numeric::parse(text.trim()),
        other => match other.numeric() {
            Some(numeric) => Some(numeric),
            None => return wrong(format!("double() does not take {}", other.type_name())),
        },
    };
    // A decimal, so that a division by it keeps its fraction.
    let decimal = |numeric| {
        if let Numeric::Int(int) = numeric {
            Numeric::Decimal(Decimal::from(int))
        } else {
            numeric
        }
    };
    number.map_or_else(
        || wrong("double() needs the text of a number"),
        |number| Ok(Cel::Numeric(decimal(number))),
    )
}

fn to_bool<'a>(value: &Cel<'a>) -> Outcome<Cel<'a>> {
    match value {
        Cel::Bool(truth) => Ok(Cel::Bool(*truth)),
        Cel::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Cel::Bool(true)),
            "false" | "0" => Ok(Cel::Bool(false)),
            _ => wrong("bool() needs true, false, 1 or 0"),
        },
        other => wrong(format!("bool() does not take {}", other.type_name())),
    }
}

fn bytes(value: &Cel<'_>, meter: &mut Meter) -> Outcome<Vec<u8>> {
    let bytes = match value {
        Cel::Text(text) => text.as_bytes(),
        Cel::Bytes(bytes) => bytes,
        other => {
            return wrong(format!("a string or bytes are expected, not {}", other.type_name()));
        }
    };
    meter.make(bytes.len())?;
    Ok(bytes.to_vec())
}

/// Text if the decoded bytes are UTF-8, bytes otherwise. Both alphabets, padded or not.
fn base64_decode<'a>(value: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let text = strings::text(value)?;
    meter.make(text.len())?;
    let decoded = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(text).ok());
    match decoded.map(String::from_utf8) {
        Some(Ok(text)) => Ok(Cel::text(text)),
        Some(Err(error)) => Ok(Cel::Bytes(error.into_bytes().into())),
        None => wrong("the text is not base64"),
    }
}

fn parse_json<'a>(value: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let text = strings::text(value)?;
    meter.make(text.len().saturating_mul(2))?;
    match serde_json::from_str(text) {
        Ok(json) => Cel::from_owned(json, meter),
        Err(_) => wrong("the text is not valid JSON"),
    }
}

fn number(value: &Cel<'_>) -> Outcome<Numeric> {
    value
        .numeric()
        .ok_or_else(|| Failure::Wrong(format!("a number is expected, not {}", value.type_name())))
}

/// `round(2.345, 2)` is `2.35`: halves go away from zero, as on an invoice.
fn round<'a>(function: Function, arguments: &[Cel<'a>]) -> Outcome<Cel<'a>> {
    let places = arguments.get(1).map_or(Ok(0), strings::count)?;
    let places = u32::try_from(places).unwrap_or(28).min(28);
    let rounded = match number(&arguments[0])? {
        Numeric::Int(int) if function == Function::Absolute => int
            .checked_abs()
            .map_or_else(|| Numeric::Decimal(Decimal::from(int).abs()), Numeric::Int),
        whole @ Numeric::Int(_) => whole,
        Numeric::Decimal(decimal) => {
            let decimal = match function {
                Function::Absolute => return Ok(Cel::Numeric(Numeric::Decimal(decimal.abs()))),
                Function::Floor => decimal.floor(),
                Function::Ceiling => decimal.ceil(),
                _ => decimal.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero),
            };
            let numeric = Numeric::Decimal(decimal);
            let whole = (places == 0).then(|| numeric.as_integer()).flatten();
            whole.map_or(numeric, Numeric::Int)
        }
        Numeric::Double(double) => Numeric::Double(match function {
            Function::Absolute => double.abs(),
            Function::Floor => double.floor(),
            Function::Ceiling => double.ceil(),
            _ if double.abs() < 1.0 => 0.0,
            _ => double,
        }),
    };
    Ok(Cel::Numeric(rounded))
}

fn extreme<'a>(function: Function, arguments: &[Cel<'a>], meter: &mut Meter) -> Outcome<Cel<'a>> {
    let list = match arguments {
        [only @ (Cel::Array(_) | Cel::List(_))] => only.elements(meter)?,
        several => Rc::new(several.to_vec()),
    };
    let mut found: Option<&Cel<'a>> = None;
    for item in list.iter() {
        let better = match found {
            None => true,
            Some(best) if function == Function::Minimum => item.order(best, meter)?.is_lt(),
            Some(best) => item.order(best, meter)?.is_gt(),
        };
        if better {
            found = Some(item);
        }
    }
    found
        .cloned()
        .ok_or_else(|| Failure::Missing("the list is empty".to_owned()))
}

fn sum<'a>(list: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    elements(list, meter)?
        .iter()
        .try_fold(Numeric::Int(0), |total, item| {
            total.compute(Arithmetic::Add, number(item)?).map_err(Failure::Wrong)
        })
        .map(Cel::Numeric)
}

fn nth<'a>(list: &Cel<'a>, index: Option<usize>) -> Outcome<Cel<'a>> {
    match list {
        Cel::Array(_) | Cel::List(_) => index
            .and_then(|index| list.element(index))
            .ok_or_else(|| Failure::Missing("the list is empty".to_owned())),
        other => wrong(format!("a list is expected, not {}", other.type_name())),
    }
}

fn distinct<'a>(list: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let items = elements(list, meter)?;
    let mut kept: Vec<&Cel<'a>> = Vec::new();
    'items: for item in items.iter() {
        for earlier in &kept {
            if item.equals(earlier, meter)? {
                continue 'items;
            }
        }
        kept.push(item);
    }
    copied(kept.into_iter(), meter).map(Cel::list)
}

fn sort<'a>(list: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let items = elements(list, meter)?;
    let mut sorted = copied(items.iter(), meter)?;
    // The order is total only within one type; the first comparison that fails is the answer.
    let kind = sorted.first().map_or("null", Cel::type_name);
    if let Some(other) = sorted.iter().find(|item| item.type_name() != kind) {
        return wrong(format!(
            "sort() needs elements of one type, not {kind} and {}",
            other.type_name()
        ));
    }
    let mut failure = None;
    sorted.sort_by(|left, right| {
        left.order(right, meter).unwrap_or_else(|error| {
            failure = Some(error);
            std::cmp::Ordering::Equal
        })
    });
    failure.map_or(Ok(Cel::list(sorted)), Err)
}

fn values<'a>(map: &Cel<'a>, meter: &mut Meter) -> Outcome<Cel<'a>> {
    let values: Vec<Cel<'a>> = match map {
        Cel::Object(object) => object.values().map(Cel::from).collect(),
        Cel::Map(entries) => entries.values().cloned().collect(),
        other => return wrong(format!("a map is expected, not {}", other.type_name())),
    };
    meter.make(values.len() * ELEMENT_BYTES)?;
    Ok(Cel::list(values))
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn every_function_is_documented() {
        let documented = include_str!("../../../../docs/expressions.md");
        for name in NAMES {
            let written = [format!("`{name}`"), format!("`{name}(")];
            assert!(written.iter().any(|written| documented.contains(written)), "{name}");
        }
    }
}
