//! Numbers as a person expects: whole numbers and exact decimals, with a floating fallback outside their range.
//!
//! Invariant: text that fits 28 digits is held exactly; nothing is rounded silently on the way in.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde_json::Number;

/// A number ready for arithmetic.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numeric {
    Int(i64),
    Decimal(Decimal),
    Double(f64),
}

/// The arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        })
    }
}

impl Numeric {
    /// Reads the text of a JSON number (exponents included); `None` if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse::<i64>() {
            return Some(Self::Int(int));
        }
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()),
            None => (text, Some(0)),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        if let Some(exponent) = exponent
            && let Some(decimal) = exact(mantissa.starts_with('-'), whole, fraction, exponent)
        {
            return Some(Self::Decimal(decimal));
        }
        text.parse()
            .ok()
            .filter(|double: &f64| double.is_finite())
            .map(Self::Double)
    }

    pub(crate) fn from_json(number: &Number) -> Option<Self> {
        Self::parse(number.as_str())
    }

    pub(crate) fn to_double(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
            Self::Int(int) => int as f64,
            Self::Decimal(decimal) => decimal.to_f64().unwrap_or(f64::NAN),
            Self::Double(double) => double,
        }
    }

    /// Whether nothing of the number was rounded away when it was read.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Self::Int(_) | Self::Decimal(_))
    }

    fn to_decimal(self) -> Option<Decimal> {
        match self {
            Self::Int(int) => Some(Decimal::from(int)),
            Self::Decimal(decimal) => Some(decimal),
            Self::Double(_) => None,
        }
    }

    /// The whole number this is, if it is one: `3`, `3.0`.
    pub(crate) fn as_integer(self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(int),
            Self::Decimal(decimal) if decimal.fract().is_zero() => decimal.to_i64(),
            Self::Decimal(_) => None,
            Self::Double(double) if double.fract() == 0.0 => Decimal::from_f64(double)?.to_i64(),
            Self::Double(_) => None,
        }
    }

    /// Cuts the fraction off.
    pub(crate) fn truncate(self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(int),
            Self::Decimal(decimal) => decimal.trunc().to_i64(),
            Self::Double(double) => Decimal::from_f64(double.trunc())?.to_i64(),
        }
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(&right)),
            _ => match (self.to_decimal(), other.to_decimal()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => self.to_double().partial_cmp(&other.to_double()),
            },
        }
    }

    /// Integers stay integers, and `/` between two integers cuts the fraction off; a whole result too large for 64 bits
    /// goes on as a decimal. Anything with a decimal is computed in exact decimals (28 digits, rounded half to even beyond).
    pub(crate) fn compute(self, operator: Arithmetic, other: Self) -> Result<Self, String> {
        let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
        if divides && other.compare(Self::Int(0)) == Some(Ordering::Equal) {
            return Err("division by zero".to_owned());
        }
        if let (Self::Int(left), Self::Int(right)) = (self, other) {
            let result = match operator {
                Arithmetic::Add => left.checked_add(right),
                Arithmetic::Subtract => left.checked_sub(right),
                Arithmetic::Multiply => left.checked_mul(right),
                Arithmetic::Divide => left.checked_div(right),
                Arithmetic::Remainder => left.checked_rem(right),
            };
            if let Some(int) = result {
                return Ok(Self::Int(int));
            }
        }
        if let (Some(left), Some(right)) = (self.to_decimal(), other.to_decimal()) {
            let result = match operator {
                Arithmetic::Add => left.checked_add(right),
                Arithmetic::Subtract => left.checked_sub(right),
                Arithmetic::Multiply => left.checked_mul(right),
                Arithmetic::Divide => left.checked_div(right).map(|quotient| quotient.normalize()),
                Arithmetic::Remainder => left.checked_rem(right),
            };
            return result
                .map(Self::Decimal)
                .ok_or_else(|| "the result is too large for a decimal".to_owned());
        }
        let (left, right) = (self.to_double(), other.to_double());
        let result = match operator {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Remainder => left % right,
        };
        if result.is_finite() {
            Ok(Self::Double(result))
        } else {
            Err("the result is too large".to_owned())
        }
    }

    /// The text JSON writes for it.
    pub(crate) fn to_text(self) -> String {
        match self {
            Self::Int(int) => int.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
            Self::Double(double) => {
                Number::from_f64(double).map_or_else(|| "null".to_owned(), |number| number.to_string())
            }
        }
    }

    pub(crate) fn to_json(self) -> Option<Number> {
        match self {
            Self::Int(int) => Some(Number::from(int)),
            Self::Decimal(decimal) => decimal.to_string().parse().ok(),
            Self::Double(double) => Number::from_f64(double),
        }
    }
}

/// Compares the texts of two JSON numbers exactly, whatever their size.
pub(crate) fn compare_texts(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Digits::read(left)?, Digits::read(right)?);
    let by_sign = left.sign().cmp(&right.sign());
    let by_size = || {
        let by_magnitude = left.magnitude.cmp(&right.magnitude);
        by_magnitude.then_with(|| left.digits.cmp(&right.digits))
    };
    Some(by_sign.then_with(|| if left.negative { by_size().reverse() } else { by_size() }))
}

/// A number as `0.digits × 10^magnitude`, without zeros at either end.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    magnitude: i64,
}

impl Digits {
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = all.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = all[leading..].to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self {
            negative: mantissa.starts_with('-'),
            // Zero has no size.
            magnitude: if digits.is_empty() {
                0
            } else {
                point.checked_add(exponent)?
            },
            digits,
        })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

/// The decimal with these digits, if it takes at most 28 of them.
fn exact(negative: bool, whole: &str, fraction: &str, exponent: i32) -> Option<Decimal> {
    let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let mut mantissa: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    if mantissa == 0 {
        scale = scale.clamp(0, 28);
    }
    while scale > 28 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    while scale < 0 {
        mantissa = mantissa.checked_mul(10)?;
        scale += 1;
    }
    if negative {
        mantissa = -mantissa;
    }
    Decimal::try_from_i128_with_scale(mantissa, u32::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_held_exactly_or_as_double() {
        for (text, expected) in [
            ("1", "Int(1)"),
            ("-9223372036854775808", "Int(-9223372036854775808)"),
            ("9223372036854775808", "Decimal(9223372036854775808)"),
            ("0.10", "Decimal(0.10)"),
            ("1e3", "Decimal(1000)"),
            ("1.5E-3", "Decimal(0.0015)"),
            ("0e-400", "Decimal(0.0000000000000000000000000000)"),
            ("1e300", "Double(1e300)"),
            ("1e-40", "Double(1e-40)"),
        ] {
            assert_eq!(format!("{:?}", Numeric::parse(text).unwrap()), expected, "{text}");
        }
        for text in ["", "-", "1e999", "abc", ".5", "1e", "--1", "1e5e5", "NaN", "inf"] {
            assert!(Numeric::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn texts_compare_exactly() {
        for (left, right, expected) in [
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                Ordering::Less,
            ),
            (
                "0.12345678901234567890123456789",
                "0.12345678901234567890123456788",
                Ordering::Greater,
            ),
            (
                "-123456789012345678901234567890",
                "-123456789012345678901234567891",
                Ordering::Greater,
            ),
            ("1e400", "1", Ordering::Greater),
            ("1e+400", "10e399", Ordering::Equal),
            ("-1e400", "1e-400", Ordering::Less),
            ("0", "-0.0e7", Ordering::Equal),
            ("0.00", "1e-400", Ordering::Less),
            ("1.50", "15E-1", Ordering::Equal),
        ] {
            assert_eq!(compare_texts(left, right), Some(expected), "{left} {right}");
            assert_eq!(compare_texts(right, left), Some(expected.reverse()), "{right} {left}");
        }
        assert_eq!(compare_texts("1e99999999999999999999", "1"), None);
    }

    #[test]
    fn mixed_kinds_compare_and_compute() {
        let number = |text| Numeric::parse(text).unwrap();
        assert_eq!(number("1").compare(number("1.0")), Some(Ordering::Equal));
        assert_eq!(number("0.3").compare(number("1e-40")), Some(Ordering::Greater));
        let compute = |left, operator, right| number(left).compute(operator, number(right)).map(Numeric::to_text);
        assert_eq!(compute("0.1", Arithmetic::Add, "0.2").unwrap(), "0.3");
        assert_eq!(compute("2", Arithmetic::Multiply, "1.5").unwrap(), "3.0");
        assert_eq!(compute("7", Arithmetic::Divide, "2").unwrap(), "3");
        assert_eq!(compute("7", Arithmetic::Divide, "2.0").unwrap(), "3.5");
        assert_eq!(
            compute("9223372036854775807", Arithmetic::Add, "1").unwrap(),
            "9223372036854775808"
        );
        assert!(compute("1", Arithmetic::Divide, "0").is_err());
        assert!(compute("1", Arithmetic::Remainder, "0.0").is_err());
    }
}
