//! What the calls of an endpoint may take together: rate, concurrency and the circuit breaker.
//!
//! Invariant: what is written is checked whole; what is not written has a default that does no harm: no rate, no bound on
//! concurrency, a breaker that opens after many failures in a row.

use serde_json::{Map, Value};

use crate::{
    field_errors::{FieldErrors, pointer_segment},
    refusal::FieldError,
};

/// The limits of one endpoint, with every default filled in. They hold for all runs of a node together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallLimits {
    /// `requestsPerSecond`: calls that begin in a second, in the long run; `None` for any number.
    pub requests_per_second: Option<f64>,
    /// `burst`: calls that may begin at once after a pause; without one as many as a second has, at least 1.
    pub burst: u32,
    /// `maxConcurrent`: calls under way at once; `None` for any number.
    pub maximum_concurrent: Option<u32>,
    /// `circuitBreaker`; `None` when `failures` is 0.
    pub circuit_breaker: Option<CircuitBreaker>,
}

/// When calls are given up before they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// `failures`: failed calls in a row after which it opens.
    pub failures: u32,
    /// `openSeconds`: how long it stays open before one call may try.
    pub open_seconds: u32,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            failures: 20,
            open_seconds: 30,
        }
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            requests_per_second: None,
            burst: 1,
            maximum_concurrent: None,
            circuit_breaker: Some(CircuitBreaker::default()),
        }
    }
}

impl CallLimits {
    /// Reads the limits object.
    ///
    /// # Errors
    /// Everything wrong with it, with pointers relative to the object.
    pub fn parse(limits: &Value) -> Result<Self, Vec<FieldError>> {
        let mut errors = FieldErrors::new();
        let Some(members) = limits.as_object() else {
            errors.add("", "must be a JSON object");
            return Err(errors.into_errors());
        };
        only(
            &mut errors,
            "",
            members,
            &["requestsPerSecond", "burst", "maxConcurrent", "circuitBreaker"],
        );
        let requests_per_second = given(members, "requestsPerSecond").map(|value| {
            let rate = value.as_f64().filter(|rate| (0.001..=100_000.0).contains(rate));
            rate.unwrap_or_else(|| {
                errors.add("/requestsPerSecond", "must be a number from 0.001 to 100000");
                1.0
            })
        });
        let burst = integer(&mut errors, members, "", "burst", 1..=100_000);
        if burst.is_some() && requests_per_second.is_none() {
            errors.add("/burst", "needs requestsPerSecond");
        }
        let maximum_concurrent = integer(&mut errors, members, "", "maxConcurrent", 1..=100_000);
        let circuit_breaker = match given(members, "circuitBreaker") {
            None => Some(CircuitBreaker::default()),
            Some(written) => breaker(&mut errors, written),
        };
        if !errors.is_empty() {
            return Err(errors.into_errors());
        }
        Ok(Self {
            requests_per_second,
            burst: burst.unwrap_or_else(|| a_second_of(requests_per_second)),
            maximum_concurrent,
            circuit_breaker,
        })
    }

    /// Checks the `limits` of an endpoint.
    pub(super) fn check(errors: &mut FieldErrors, written: Option<Value>) -> Option<Value> {
        let written = written.filter(|value| !value.is_null())?;
        if let Err(found) = Self::parse(&written) {
            errors.extend_below("/limits", found);
        }
        Some(written)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn a_second_of(rate: Option<f64>) -> u32 {
    // At most 100,000, as the rate is.
    rate.map_or(1, |rate| rate.max(1.0) as u32)
}

fn breaker(errors: &mut FieldErrors, written: &Value) -> Option<CircuitBreaker> {
    let default = CircuitBreaker::default();
    let Some(members) = written.as_object() else {
        errors.add("/circuitBreaker", "must be a JSON object");
        return None;
    };
    only(errors, "/circuitBreaker", members, &["failures", "openSeconds"]);
    let failures = integer(errors, members, "/circuitBreaker", "failures", 0..=10_000).unwrap_or(default.failures);
    let open_seconds =
        integer(errors, members, "/circuitBreaker", "openSeconds", 1..=3_600).unwrap_or(default.open_seconds);
    (failures > 0).then_some(CircuitBreaker { failures, open_seconds })
}

fn given<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    members.get(key).filter(|value| !value.is_null())
}

fn only(errors: &mut FieldErrors, at: &str, members: &Map<String, Value>, known: &[&str]) {
    for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
        errors.add(
            format!("{at}{}", pointer_segment(key)),
            format!("is unknown; known are {}", known.join(", ")),
        );
    }
}

fn integer(
    errors: &mut FieldErrors,
    members: &Map<String, Value>,
    at: &str,
    key: &str,
    accepted: std::ops::RangeInclusive<u32>,
) -> Option<u32> {
    let value = given(members, key)?;
    let number = value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| accepted.contains(number));
    if number.is_none() {
        errors.add(
            format!("{at}/{key}"),
            format!("must be an integer from {} to {}", accepted.start(), accepted.end()),
        );
    }
    number
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_written_does_no_harm() {
        let limits = CallLimits::parse(&json!({})).unwrap();
        assert_eq!(limits, CallLimits::default());
        assert_eq!(
            limits.circuit_breaker,
            Some(CircuitBreaker {
                failures: 20,
                open_seconds: 30
            })
        );
        let limits = CallLimits::parse(&json!({"requestsPerSecond": 7.5, "circuitBreaker": {"failures": 3}})).unwrap();
        assert_eq!((limits.requests_per_second, limits.burst), (Some(7.5), 7));
        assert_eq!(
            limits.circuit_breaker,
            Some(CircuitBreaker {
                failures: 3,
                open_seconds: 30
            })
        );
        let slow = CallLimits::parse(&json!({"requestsPerSecond": 0.5, "maxConcurrent": 2})).unwrap();
        assert_eq!((slow.burst, slow.maximum_concurrent), (1, Some(2)));
    }

    #[test]
    fn no_failures_switch_the_breaker_off() {
        let limits = CallLimits::parse(&json!({"circuitBreaker": {"failures": 0}})).unwrap();
        assert_eq!(limits.circuit_breaker, None);
    }

    #[test]
    fn every_wrong_member_is_named() {
        let errors = CallLimits::parse(&json!({
            "requestsPerSecond": 0, "burst": 0, "maxConcurrent": "2", "circuitBreaker": {"failures": -1, "openSeconds": 0, "x": 1}, "rate": 1
        }))
        .unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/rate",
                "/requestsPerSecond",
                "/burst",
                "/maxConcurrent",
                "/circuitBreaker/x",
                "/circuitBreaker/failures",
                "/circuitBreaker/openSeconds",
            ]
        );
        assert_eq!(
            CallLimits::parse(&json!({"burst": 2})).unwrap_err()[0].pointer,
            "/burst"
        );
        assert_eq!(CallLimits::parse(&json!([])).unwrap_err()[0].pointer, "");
    }
}
