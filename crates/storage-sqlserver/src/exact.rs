//! Names as they are stored, so that two of them are equal for the server only when they are equal.
//!
//! SQL Server pads texts with spaces before it compares them, whatever their collation: `a` equals `a `. A name that ends
//! with a space is therefore stored with U+0001 behind it; so is one that ends with U+0001, which makes this reversible.

use std::{borrow::Cow, sync::Arc};

/// Protects a trailing space.
const GUARD: char = '\u{1}';

/// A name as it is stored and compared.
pub(crate) fn stored(name: &str) -> Cow<'_, str> {
    if name.ends_with([' ', GUARD]) {
        Cow::Owned(format!("{name}{GUARD}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The name that is stored as `stored`.
pub(crate) fn name(stored: &str) -> Arc<str> {
    stored.strip_suffix(GUARD).unwrap_or(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_none_ends_with_a_space() {
        let names = [
            "",
            " ",
            "a",
            "a ",
            "a  ",
            "a\u{1}",
            "a \u{1}",
            "\u{1}\u{1}",
            "ä\u{3000}",
        ];
        for written in names {
            assert_eq!(&*name(&stored(written)), written);
            assert!(!stored(written).ends_with(' '));
        }
        let distinct: std::collections::BTreeSet<_> = names.iter().map(|name| stored(name)).collect();
        assert_eq!(distinct.len(), names.len());
    }
}
