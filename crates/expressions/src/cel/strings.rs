//! CEL functions on texts.
//!
//! Invariant: positions and lengths count characters (Unicode code points), as CEL has it; nothing cuts inside one.

use regex::{Regex, RegexBuilder};

use super::value::{Cel, ELEMENT_BYTES, Failure, Meter, Outcome, wrong};
use crate::number::Numeric;

/// The largest compiled pattern, in bytes.
const MAXIMUM_PATTERN_BYTES: usize = 256 * 1024;

/// Compiles a pattern (RE2-like syntax; matching takes linear time).
pub(super) fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAXIMUM_PATTERN_BYTES)
        .dfa_size_limit(MAXIMUM_PATTERN_BYTES)
        .nest_limit(50)
        .build()
        .map_err(|_| "a pattern for matches() is not valid, or too large".to_owned())
}

pub(super) fn text<'t>(value: &'t Cel<'_>) -> Outcome<&'t str> {
    match value {
        Cel::Text(text) => Ok(text),
        other => wrong(format!("a string is expected, not {}", other.type_name())),
    }
}

/// A whole number argument that is not negative.
pub(super) fn count(value: &Cel<'_>) -> Outcome<usize> {
    value
        .numeric()
        .and_then(Numeric::as_integer)
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| Failure::Wrong("a whole number, zero or more, is expected".to_owned()))
}

pub(super) fn matches(value: &Cel<'_>, pattern: &Cel<'_>, meter: &mut Meter) -> Outcome<bool> {
    let (text, pattern) = (text(value)?, text(pattern)?);
    // Compiling costs far more than matching; a loop over computed patterns must run out of steps soon.
    meter.steps(2_000)?;
    meter.read(text.len().saturating_mul(4) + pattern.len().saturating_mul(64))?;
    Ok(compile_pattern(pattern).map_err(Failure::Wrong)?.is_match(text))
}

pub(super) fn replace(arguments: &[Cel<'_>], meter: &mut Meter) -> Outcome<String> {
    let (subject, from, to) = (text(&arguments[0])?, text(&arguments[1])?, text(&arguments[2])?);
    let limit = arguments.get(3).map(count).transpose()?.unwrap_or(usize::MAX);
    meter.read(subject.len())?;
    let found = if from.is_empty() {
        subject.chars().count() + 1
    } else {
        subject.matches(from).count()
    };
    meter.make(subject.len().saturating_add(found.min(limit).saturating_mul(to.len())))?;
    Ok(subject.replacen(from, to, limit))
}

pub(super) fn split<'a>(arguments: &[Cel<'_>], meter: &mut Meter) -> Outcome<Cel<'a>> {
    let (subject, separator) = (text(&arguments[0])?, text(&arguments[1])?);
    let limit = arguments.get(2).map(count).transpose()?.unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Cel::list(Vec::new()));
    }
    meter.make(subject.len())?;
    let mut parts = Vec::new();
    let mut push = |part: &str| {
        meter.make(ELEMENT_BYTES)?;
        parts.push(Cel::text(part.to_owned()));
        Ok(())
    };
    if separator.is_empty() {
        let mut rest = subject;
        while let Some(character) = rest.chars().next() {
            let end = character.len_utf8();
            push(&rest[..end])?;
            rest = &rest[end..];
        }
    } else {
        subject.splitn(limit, separator).try_for_each(push)?;
    }
    Ok(Cel::list(parts))
}

pub(super) fn join(arguments: &[Cel<'_>], meter: &mut Meter) -> Outcome<String> {
    let separator = arguments.get(1).map_or(Ok(""), text)?;
    let mut joined = String::new();
    for (index, item) in arguments[0].elements(meter)?.iter().enumerate() {
        let item = text(item)?;
        meter.make(item.len() + separator.len())?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    Ok(joined)
}

/// The characters from a position up to (not including) another; positions past the end mean the end.
pub(super) fn substring(arguments: &[Cel<'_>], meter: &mut Meter) -> Outcome<String> {
    let subject = text(&arguments[0])?;
    let start = count(&arguments[1])?;
    let end = arguments.get(2).map(count).transpose()?.unwrap_or(usize::MAX);
    if end < start {
        return wrong("substring() ends before it starts");
    }
    meter.make(subject.len())?;
    Ok(subject.chars().skip(start).take(end - start).collect())
}

/// The position of the first occurrence, or -1.
pub(super) fn index_of(arguments: &[Cel<'_>], meter: &mut Meter) -> Outcome<i64> {
    let (subject, wanted) = (text(&arguments[0])?, text(&arguments[1])?);
    meter.read(subject.len())?;
    Ok(subject.find(wanted).map_or(-1, |at| {
        i64::try_from(subject[..at].chars().count()).unwrap_or(i64::MAX)
    }))
}
