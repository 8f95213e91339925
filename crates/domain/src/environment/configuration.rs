//! Reads `Environments.Configuration`: the documented keys with their types and ranges, nothing else.

use serde_json::Value;

use super::EnvironmentConfiguration;
use crate::field_errors::{FieldErrors, pointer_segment};

/// Reads a configuration object given in the field at `pointer`; absent keys take the documented example's values.
pub fn check_configuration(errors: &mut FieldErrors, pointer: &str, value: Option<&Value>) -> EnvironmentConfiguration {
    let mut configuration = EnvironmentConfiguration::default();
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return configuration;
    };
    let Some(members) = value.as_object() else {
        errors.add(pointer, "must be a JSON object");
        return configuration;
    };
    for (key, member) in members {
        if member.is_null() {
            continue;
        }
        let at = format!("{pointer}{}", pointer_segment(key));
        match key.as_str() {
            "timeout" => whole(errors, &at, member, 1, 31_536_000, &mut configuration.timeout),
            "retries" => whole(errors, &at, member, 0, 100, &mut configuration.retries),
            "enableLogging" => flag(errors, &at, member, &mut configuration.enable_logging),
            "enableMetrics" => flag(errors, &at, member, &mut configuration.enable_metrics),
            "maxConcurrentExecutions" => {
                whole(
                    errors,
                    &at,
                    member,
                    1,
                    100_000,
                    &mut configuration.max_concurrent_executions,
                );
            }
            _ => errors.add(
                at,
                "is unknown; known are timeout, retries, enableLogging, enableMetrics, maxConcurrentExecutions",
            ),
        }
    }
    configuration
}

fn whole(errors: &mut FieldErrors, pointer: &str, value: &Value, minimum: u32, maximum: u32, target: &mut u32) {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    match number.filter(|number| (minimum..=maximum).contains(number)) {
        Some(number) => *target = number,
        None => errors.add(pointer, format!("must be an integer from {minimum} to {maximum}")),
    }
}

fn flag(errors: &mut FieldErrors, pointer: &str, value: &Value, target: &mut bool) {
    match value.as_bool() {
        Some(flag) => *target = flag,
        None => errors.add(pointer, "must be true or false"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_keys_take_the_documented_values() {
        let mut errors = FieldErrors::new();
        let configuration = check_configuration(&mut errors, "/configuration", Some(&json!({"retries": 0})));
        assert_eq!(
            configuration,
            EnvironmentConfiguration {
                retries: 0,
                ..EnvironmentConfiguration::default()
            }
        );
        assert_eq!(
            check_configuration(&mut errors, "/c", None),
            EnvironmentConfiguration::default()
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn wrong_types_ranges_and_unknown_keys_are_named() {
        let mut errors = FieldErrors::new();
        let value =
            json!({"timeout": 0, "retries": "3", "enableLogging": 1, "maxConcurrentExecutions": 1.5, "colour": 1});
        check_configuration(&mut errors, "/configuration", Some(&value));
        let pointers: Vec<_> = errors.into_errors().into_iter().map(|error| error.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/configuration/timeout",
                "/configuration/retries",
                "/configuration/enableLogging",
                "/configuration/maxConcurrentExecutions",
                "/configuration/colour"
            ]
        );
    }
}
