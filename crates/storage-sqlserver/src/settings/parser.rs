//! The grammar of a connection string: `key=value` parts between semicolons.
//!
//! As ADO.NET has it: spaces around keys and values do not count; a value may stand in single or double quotes, in which
//! the same quote is written twice; `==` in a key is one `=`; of two equal keys the last one counts.

use crate::settings::InvalidConnectionString;

/// A part of a connection string.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key as written, without spaces around it.
    pub(super) key: String,
    /// The value without quotes.
    pub(super) value: String,
}

/// The parts of a connection string in order.
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, InvalidConnectionString> {
    let mut pairs = Vec::new();
    let mut rest = text;
    let mut part = 0;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ';');
        if rest.is_empty() {
            return Ok(pairs);
        }
        part += 1;
        let (key, after) = key(rest).ok_or(InvalidConnectionString::NotKeyAndValue { part })?;
        let (value, after) = value(after).ok_or(InvalidConnectionString::Quotes { part })?;
        pairs.push(Pair { key, value });
        rest = after;
    }
}

/// The key, and what follows its `=`.
fn key(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        match letter {
            ';' => return None,
            '=' if letters.next_if(|(_, next)| *next == '=').is_some() => key.push('='),
            '=' => {
                let key = key.trim().to_owned();
                return (!key.is_empty()).then(|| (key, &text[index + 1..]));
            }
            letter => key.push(letter),
        }
    }
    None
}

/// The value, and what follows it from its `;` on.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim_end().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((index, letter)) = letters.next() {
        if letter != quote || letters.next_if(|(_, next)| *next == quote).is_some() {
            value.push(letter);
            continue;
        }
        let rest = text[index + quote.len_utf8()..].trim_start();
        return (rest.is_empty() || rest.starts_with(';')).then_some((value, rest));
    }
    None
}
