//! Cuts a CEL source into tokens.
//!
//! Invariant: every token remembers where it began, in characters from 1, for messages.

use crate::name::is_of_word;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(i64),
    /// A number with a fraction or an exponent, or too large for 64 bits.
    Number(String),
    Text(String),
    Bytes(Vec<u8>),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Positioned {
    pub(super) token: Token,
    pub(super) position: usize,
}

/// Longer symbols first.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "+", "-", "*", "/", "%", "!",
    "<", ">", "=",
];

pub(super) fn tokens(source: &str) -> Result<Vec<Positioned>, String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    loop {
        rest = skip_blank(rest);
        let position = source[..source.len() - rest.len()].chars().count() + 1;
        if rest.is_empty() {
            tokens.push(Positioned {
                token: Token::End,
                position,
            });
            return Ok(tokens);
        }
        let (token, after) = next(rest).map_err(|detail| format!("{detail} (at character {position})"))?;
        tokens.push(Positioned { token, position });
        rest = after;
    }
}

fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        match text.strip_prefix("//") {
            Some(comment) => text = comment.split_once('\n').map_or("", |(_, after)| after),
            None => return text,
        }
    }
}

fn next(text: &str) -> Result<(Token, &str), String> {
    let first = text.chars().next().ok_or("the expression ends too early")?;
    if let Some(token) = quoted(text)? {
        return Ok(token);
    }
    if first.is_ascii_digit() || (first == '.' && text[1..].starts_with(|next: char| next.is_ascii_digit())) {
        return number(text);
    }
    if first.is_alphabetic() || first == '_' {
        let end = text
            .find(|character: char| !(is_of_word(character) || character == '_'))
            .unwrap_or(text.len());
        return Ok((Token::Name(text[..end].to_owned()), &text[end..]));
    }
    for symbol in SYMBOLS {
        if let Some(after) = text.strip_prefix(symbol) {
            return Ok((Token::Symbol(symbol), after));
        }
    }
    Err(format!("'{first}' is not expected"))
}

fn number(text: &str) -> Result<(Token, &str), String> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let end = digits
            .find(|character: char| !character.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        let value = i64::from_str_radix(&digits[..end], 16).map_err(|_| "a hexadecimal number is not valid")?;
        return Ok((Token::Int(value), skip_unsigned(&digits[end..])));
    }
    let digits_end = |from: usize| {
        text[from..]
            .find(|next: char| !next.is_ascii_digit())
            .map_or(text.len(), |at| from + at)
    };
    let mut end = digits_end(0);
    let mut whole = true;
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|next: char| next.is_ascii_digit()) {
        end = digits_end(end + 1);
        whole = false;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let after = digits_end(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
            whole = false;
        }
    }
    let (digits, rest) = text.split_at(end);
    if rest.starts_with(|next: char| next.is_alphanumeric() && !matches!(next, 'u' | 'U')) {
        return Err("a number is not valid".to_owned());
    }
    match digits.parse() {
        Ok(int) if whole => Ok((Token::Int(int), skip_unsigned(rest))),
        _ => {
            let digits = if digits.starts_with('.') {
                format!("0{digits}")
            } else {
                digits.to_owned()
            };
            Ok((Token::Number(digits), skip_unsigned(rest)))
        }
    }
}

/// Unsigned integers are integers here: `5u` is `5`.
fn skip_unsigned(text: &str) -> &str {
    text.strip_prefix(['u', 'U']).unwrap_or(text)
}

/// A string or bytes literal: prefixes `r` and `b`, single or triple quotes of both kinds.
fn quoted(text: &str) -> Result<Option<(Token, &str)>, String> {
    let prefix_length = text
        .bytes()
        .take_while(|byte| matches!(byte, b'r' | b'R' | b'b' | b'B'))
        .count();
    let (prefix, body) = text.split_at(prefix_length);
    if prefix_length > 2 || !body.starts_with(['"', '\'']) {
        return Ok(None);
    }
    let raw = prefix.contains(['r', 'R']);
    let bytes = prefix.contains(['b', 'B']);
    let one = &body[..1];
    let quote = if body.starts_with(&one.repeat(3)) {
        one.repeat(3)
    } else {
        one.to_owned()
    };
    let mut rest = &body[quote.len()..];
    let mut content: Vec<u8> = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(quote.as_str()) {
            let token = if bytes {
                Token::Bytes(content)
            } else {
                Token::Text(String::from_utf8(content).map_err(|_| "a text is not valid UTF-8")?)
            };
            return Ok(Some((token, after)));
        }
        let Some(character) = rest.chars().next() else {
            return Err("a text is not closed".to_owned());
        };
        if character == '\\' && !raw {
            rest = escape(&rest[1..], bytes, &mut content)?;
            continue;
        }
        if character == '\n' && quote.len() == 1 {
            return Err("a text is not closed before the end of its line".to_owned());
        }
        content.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[character.len_utf8()..];
    }
}

fn escape<'t>(text: &'t str, bytes: bool, content: &mut Vec<u8>) -> Result<&'t str, String> {
    let bad = || "an escape in a text is not valid".to_owned();
    let kind = text.chars().next().ok_or_else(bad)?;
    let simple = match kind {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'v' => Some('\u{b}'),
        '\\' | '\'' | '"' | '`' | '?' => Some(kind),
        _ => None,
    };
    if let Some(character) = simple {
        content.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return Ok(&text[1..]);
    }
    let (start, length, radix) = match kind {
        'x' | 'X' => (1, 2, 16),
        'u' => (1, 4, 16),
        'U' => (1, 8, 16),
        '0'..='3' => (0, 3, 8),
        _ => return Err(bad()),
    };
    let digits = text.get(start..start + length).ok_or_else(bad)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad());
    }
    let code = u32::from_str_radix(digits, radix).map_err(|_| bad())?;
    if bytes && !matches!(kind, 'u' | 'U') {
        content.push(u8::try_from(code).map_err(|_| bad())?);
    } else {
        let character = char::from_u32(code).ok_or_else(bad)?;
        content.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(&text[start + length..])
}
