//! What a plain scalar means: YAML's core schema, without the spellings of numbers that JSON does not have.
//!
//! Invariant: `no`, `off` and `1.2.3` are texts; `0x1F`, `+1`, `.5` and `.inf` are refused instead of being guessed at.

use serde_json::Number;

use super::node::Tree;

/// Reads a plain scalar.
///
/// # Errors
/// When it looks like a number that JSON does not have.
pub(super) fn plain(text: &str) -> Result<Tree, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Tree::Null),
        "true" | "True" | "TRUE" => return Ok(Tree::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Tree::Bool(false)),
        _ => {}
    }
    if let Ok(number) = text.parse::<Number>() {
        return Ok(Tree::Number(number));
    }
    if looks_like_a_number(text) {
        return Err(format!(
            "{text} is no number as JSON writes them; write it in decimal, or in quotes if it is a text"
        ));
    }
    Ok(Tree::Text(text.to_owned()))
}

/// What YAML 1.2 takes for a number, and leading zeros, which readers take for different ones.
fn looks_like_a_number(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(rest, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = rest.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = rest.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let signed = |text: &str| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        !text.is_empty() && digits(text)
    };
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent.is_none_or(signed)
}

/// Whether the text, written plainly, would mean something else than itself.
pub(super) fn means_something_else(text: &str) -> bool {
    !matches!(plain(text), Ok(Tree::Text(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_other_versions_of_yaml_take_for_booleans_are_texts() {
        for text in ["no", "yes", "on", "Off", "y", "1.2.3", "12:30", "0x", "1e", "e3", "."] {
            assert_eq!(plain(text), Ok(Tree::Text(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        for text in ["0", "-1", "1.50", "12345678901234567890.10", "1e+5"] {
            let Ok(Tree::Number(number)) = plain(text) else {
                panic!("{text}")
            };
            assert_eq!(number.as_str(), text);
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_refused() {
        for text in ["0x1F", "0o17", "+1", ".5", "1.", "007", "-.inf", ".nan"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
