//! Finds a secret in a text that echoes it in another form: percent-encoded, as a form field, escaped as in JSON or HTML.
//!
//! Invariant: whatever mixture of plain and encoded characters stands for the secret is found, whichever characters the
//! encoder left alone and in whichever case it wrote its digits.

use std::ops::Range;

/// Characters without which no encoded form exists.
const MARKS: [char; 4] = ['%', '+', '\\', '&'];

/// Names of HTML's character references for what JSON and HTML writers escape.
const REFERENCES: [(char, &str); 5] = [('&', "amp"), ('<', "lt"), ('>', "gt"), ('"', "quot"), ('\'', "apos")];

/// Whether a text may hold an encoded form at all.
pub fn may_encode(text: &str) -> bool {
    text.contains(MARKS)
}

/// Where the secret first stands in the text from a byte on, in whatever form.
pub fn find(text: &str, from: usize, secret: &str) -> Option<Range<usize>> {
    // The first byte of a character is found at the beginning of one only.
    let first = *secret.as_bytes().first()?;
    let begins = |byte: u8| byte == first || matches!(byte, b'%' | b'+' | b'\\' | b'&');
    let mut starts = (from..text.len()).filter(|at| begins(text.as_bytes()[*at]));
    starts.find_map(|start| Some(start..end(text, start, secret)?))
}

/// Where the secret that begins at `start` ends.
fn end(text: &str, start: usize, secret: &str) -> Option<usize> {
    secret.chars().try_fold(start, |at, character| {
        let rest = &text[at..];
        let length = encoded(rest, character).or_else(|| rest.starts_with(character).then(|| character.len_utf8()))?;
        Some(at + length)
    })
}

/// The length of the character's encoded form at the beginning of a text.
fn encoded(text: &str, character: char) -> Option<usize> {
    match text.as_bytes().first()? {
        b'%' => percent(text, character),
        b'+' => (character == ' ').then_some(1),
        b'\\' => escape(text, character),
        b'&' => reference(text, character),
        _ => None,
    }
}

fn percent(text: &str, character: char) -> Option<usize> {
    let mut units = [0; 4];
    let bytes = character.encode_utf8(&mut units).as_bytes();
    let all = bytes.iter().enumerate().all(|(index, byte)| {
        let digits = text
            .get(index * 3..index * 3 + 3)
            .and_then(|unit| unit.strip_prefix('%'));
        digits.is_some_and(|digits| hexadecimal(digits) == Some(u32::from(*byte)))
    });
    all.then_some(bytes.len() * 3)
}

fn escape(text: &str, character: char) -> Option<usize> {
    let short = match character {
        '"' | '\\' | '/' => Some(character),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        _ => None,
    };
    if short.is_some_and(|short| text[1..].starts_with(short)) {
        return Some(2);
    }
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    let all = units.iter().enumerate().all(|(index, unit)| {
        let digits = text
            .get(index * 6..index * 6 + 6)
            .and_then(|text| text.strip_prefix("\\u"));
        digits.is_some_and(|digits| hexadecimal(digits) == Some(u32::from(*unit)))
    });
    all.then_some(units.len() * 6)
}

fn reference(text: &str, character: char) -> Option<usize> {
    // The longest one is &#x10FFFF; and leading zeros are nobody's habit.
    let length = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = &text[1..length];
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => hexadecimal(digits),
            None => number.parse().ok(),
        },
        None => {
            let known = REFERENCES.iter().find(|(_, known)| *known == name);
            known.map(|(character, _)| u32::from(*character))
        }
    };
    (number == Some(u32::from(character))).then_some(length + 1)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found() {
        let secret = "zq /7&+%y\"<\u{e4}\u{1f600}";
        for form in [
            secret,
            "zq%20%2F7%26%2B%25y%22%3C%C3%A4%F0%9F%98%80",
            "zq+%2f7%26%2b%25y%22%3c%c3%a4%f0%9f%98%80",
            "zq%20/7&%2B%25y\"<\u{e4}\u{1f600}",
            "zq \\/7&+%y\\\"\\u003c\\u00e4\\ud83d\\uDE00",
            "zq /7&amp;+%y&quot;&lt;&#228;&#x1F600;",
        ] {
            let text = format!("a%2Fb {form}{form}+c");
            let first = find(&text, 0, secret).unwrap_or_else(|| panic!("{form}"));
            assert_eq!(&text[first.clone()], form);
            assert_eq!(&text[find(&text, first.end, secret).unwrap()], form);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for text in [
            "",
            "%",
            "%7",
            "%7a",
            "zq+",
            "zq%",
            "zq%2",
            "zq\\",
            "zq\\u00",
            "zq&#",
            "zq&;",
            "\u{e4}%\u{e4}",
        ] {
            assert_eq!(find(text, 0, "zq /7"), None, "{text}");
        }
        assert_eq!(find("%25", 0, "%25"), None, "which is found as it is");
    }
}
