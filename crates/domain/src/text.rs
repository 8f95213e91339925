//! Text as the documented columns take it: length in UTF-16 units, no U+0000, names trimmed and in NFC.
//!
//! Invariant: what these checks return fits its `NVARCHAR(n)` column on every database. They note what is wrong in the
//! [`FieldErrors`] and return an empty value then, which never reaches an event.

use caseless::Caseless as _;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use crate::field_errors::FieldErrors;

/// Length in UTF-16 units: what `NVARCHAR(n)` counts.
#[must_use]
pub fn utf16_units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A name as it is kept: trimmed and in NFC.
pub(crate) fn normal(name: &str) -> String {
    name.trim().nfc().collect()
}

/// A required name: trimmed, NFC, not empty, one line without control characters, at most `maximum` UTF-16 units.
pub fn name(errors: &mut FieldErrors, pointer: &str, text: &str, maximum: usize) -> String {
    let normal = normal(text);
    if normal.is_empty() {
        errors.add(pointer, "must not be empty");
    }
    one_line(errors, pointer, normal, maximum)
}

/// An optional one-line text, normalised like a name; what is empty afterwards counts as absent.
pub fn line(errors: &mut FieldErrors, pointer: &str, text: Option<&str>, maximum: usize) -> Option<String> {
    let normal = normal(text?);
    Some(one_line(errors, pointer, normal, maximum)).filter(|text| !text.is_empty())
}

/// An optional text of any number of lines, kept as it was written; an empty one counts as absent.
pub fn block(errors: &mut FieldErrors, pointer: &str, text: Option<&str>, maximum: Option<usize>) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    no_null(errors, pointer, text);
    if let Some(maximum) = maximum {
        within(errors, pointer, text, maximum);
    }
    Some(text.to_owned())
}

/// Notes an error when `text` is longer than `maximum` UTF-16 units.
pub fn within(errors: &mut FieldErrors, pointer: &str, text: &str, maximum: usize) {
    let units = utf16_units(text);
    if units > maximum {
        errors.add(
            pointer,
            format!("must have at most {maximum} characters (UTF-16 units), has {units}"),
        );
    }
}

/// Notes an error when `text` contains U+0000, which the databases' text types do not hold alike.
pub fn no_null(errors: &mut FieldErrors, pointer: &str, text: &str) {
    if text.contains('\0') {
        errors.add(pointer, "must not contain the character U+0000");
    }
}

fn one_line(errors: &mut FieldErrors, pointer: &str, text: String, maximum: usize) -> String {
    if text.chars().any(char::is_control) {
        errors.add(pointer, "must not contain control characters");
    }
    within(errors, pointer, &text, maximum);
    text
}

/// The key under which a name is unique: NFKC and the default case fold, so that `Straße` equals `STRASSE`. A key that
/// compatibility forms blow up beyond an index entry's size is replaced by its digest.
#[must_use]
pub fn unique_key(name: &str) -> String {
    let folded: String = name.nfkc().default_case_fold().nfkc().collect();
    if utf16_units(&folded) <= 400 {
        folded
    } else {
        format!("sha256:{}", hex::encode(Sha256::digest(folded)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_errors(text: &str, maximum: usize) -> Vec<String> {
        let mut errors = FieldErrors::new();
        name(&mut errors, "/name", text, maximum);
        errors.into_errors().into_iter().map(|error| error.detail).collect()
    }

    #[test]
    fn names_are_trimmed_and_composed() {
        let mut errors = FieldErrors::new();
        assert_eq!(name(&mut errors, "/name", "  Cafe\u{301} ", 10), "Café");
        assert!(errors.is_empty());
    }

    #[test]
    fn names_count_utf16_units() {
        assert!(name_errors("😀😀", 4).is_empty());
        assert_eq!(
            name_errors("😀😀", 3),
            ["must have at most 3 characters (UTF-16 units), has 4"]
        );
    }

    #[test]
    fn empty_and_control_characters_are_refused() {
        assert_eq!(name_errors(" \t ", 10), ["must not be empty"]);
        assert_eq!(name_errors("a\0b", 10), ["must not contain control characters"]);
        assert_eq!(name_errors("a\nb", 10), ["must not contain control characters"]);
    }

    #[test]
    fn blocks_keep_lines_but_no_null() {
        let mut errors = FieldErrors::new();
        assert_eq!(
            block(&mut errors, "/d", Some("a\nb "), Some(4)).as_deref(),
            Some("a\nb ")
        );
        assert_eq!(block(&mut errors, "/d", Some(""), Some(4)), None);
        assert!(errors.is_empty());
        block(&mut errors, "/d", Some("\0"), None);
        assert_eq!(errors.into_errors().len(), 1);
    }

    #[test]
    fn uniqueness_ignores_case_and_compatibility_forms() {
        assert_eq!(unique_key("Straße"), unique_key("STRASSE"));
        assert_eq!(unique_key("ﬁle"), unique_key("FILE"));
        assert_ne!(unique_key("a"), unique_key("b"));
        assert!(utf16_units(&unique_key(&"\u{fdfa}".repeat(200))) <= 71);
    }
}
