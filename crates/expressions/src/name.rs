//! Names of steps and parameters: kept trimmed and in NFC, and found however they are written.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// A name as it is kept: without blanks around it, composed (NFC).
#[must_use]
pub fn normal_name(name: &str) -> Cow<'_, str> {
    let trimmed = name.trim();
    if is_nfc(trimmed) {
        Cow::Borrowed(trimmed)
    } else {
        Cow::Owned(trimmed.nfc().collect())
    }
}

/// Whether a letter or digit, or an accent that is written after its letter.
pub(crate) fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        assert_eq!(normal_name(" Pru\u{308}fen "), "Pr\u{fc}fen");
        assert_eq!(normal_name("Pr\u{fc}fen"), "Pr\u{fc}fen");
        assert!("Pru\u{308}fen1".chars().all(is_of_word));
        assert!(!is_of_word('-') && !is_of_word(' '));
    }
}
