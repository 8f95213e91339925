//! Cuts a text into literal pieces and placeholders: `{path}`, `{path ?? literal}`, `{path ?? omit}`, `{= CEL}`, `{{`.
//!
//! Invariant: `{` opens a placeholder only before a letter or `=`; `{{` is one literal brace; every other brace is literal.

use serde_json::Value;

use crate::path::{Path, quoted_prefix};

/// What stands in for a missing (or null) value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fallback {
    /// Nothing: a missing value is an error.
    None,
    Literal(Value),
    /// The whole key is dropped.
    Omit,
}

/// One piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Placeholder {
        path: Path,
        fallback: Fallback,
        source: String,
    },
    /// Always the only piece.
    Cel(String),
}

/// Cuts a text into pieces. Neighbouring literal texts are one piece; an empty text has none.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    if let Some(source) = text.trim().strip_prefix("{=") {
        return match source.strip_suffix('}') {
            Some(source) => Ok(vec![Piece::Cel(source.trim().to_owned())]),
            None => Err("'{= …}' must be the whole value: '}' is missing at its end".to_owned()),
        };
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        literal.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        match after.chars().next() {
            Some('{') => {
                literal.push('{');
                rest = &after[1..];
            }
            Some('=') => {
                return Err(
                    "'{= …}' must be the whole value, not a part of a text; '{{' is a literal brace".to_owned(),
                );
            }
            Some(first) if first.is_alphabetic() => {
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                let (placeholder, after) = placeholder(after).map_err(|detail| {
                    let shown: String = rest[at..].chars().take(40).collect();
                    format!("placeholder '{shown}': {detail}; '{{{{' is a literal brace")
                })?;
                pieces.push(placeholder);
                rest = after;
            }
            _ => {
                literal.push('{');
                rest = after;
            }
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}

/// Reads a placeholder after its `{`, up to and including its `}`.
fn placeholder(text: &str) -> Result<(Piece, &str), String> {
    let (path, rest) = Path::parse_prefix(text)?;
    let source = text[..text.len() - rest.len()].to_owned();
    let rest = rest.trim_start();
    let (fallback, rest) = match rest.strip_prefix("??") {
        Some(rest) => fallback(rest.trim_start())?,
        None => (Fallback::None, rest),
    };
    let rest = rest.trim_start().strip_prefix('}').ok_or("'}' is missing")?;
    Ok((Piece::Placeholder { path, fallback, source }, rest))
}

fn fallback(text: &str) -> Result<(Fallback, &str), String> {
    if let Some(rest) = text.strip_prefix("omit")
        && rest.trim_start().starts_with('}')
    {
        return Ok((Fallback::Omit, rest));
    }
    if text.starts_with('\'') {
        let (content, rest) = quoted_prefix(text)?;
        return Ok((Fallback::Literal(Value::String(content)), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok((Fallback::Literal(value), &text[values.byte_offset()..])),
        // A bare number or word directly before the closing brace is not read as the end of a JSON text.
        _ => {
            let end = text.find('}').ok_or("'}' is missing")?;
            let value = serde_json::from_str(text[..end].trim())
                .map_err(|_| "after '??' stands omit or a JSON value: 0, \"text\", true, null, [] …")?;
            Ok((Fallback::Literal(value), &text[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn braces_follow_the_rule() {
        let text = |text: &str| vec![Piece::Text(text.to_owned())];
        assert_eq!(pieces("").unwrap(), vec![]);
        assert_eq!(pieces("{{name}}").unwrap(), text("{name}}"));
        assert_eq!(pieces("{\"a\":{1}} {} { x} {").unwrap(), text("{\"a\":{1}} {} { x} {"));
        assert_eq!(pieces("{{{{").unwrap(), text("{{"));
        for broken in [
            "{a", "{a.}", "{a b}", "x {= 1}", "{= 1", "{a ?? }", "{a ?? b}", "{a ?? 1", "{a['x}",
        ] {
            assert!(pieces(broken).is_err(), "{broken}");
        }
        assert_eq!(
            pieces("{= {\"a\": 1} }").unwrap(),
            vec![Piece::Cel("{\"a\": 1}".to_owned())]
        );
    }

    #[test]
    fn fallbacks_are_json_values_quoted_texts_or_omit() {
        let fallback_of = |text: &str| match pieces(text).unwrap().remove(0) {
            Piece::Placeholder { fallback, .. } => fallback,
            other => panic!("{other:?}"),
        };
        assert_eq!(fallback_of("{input.a ?? omit}"), Fallback::Omit);
        assert_eq!(
            fallback_of("{input.a??1.50}"),
            Fallback::Literal(serde_json::from_str("1.50").unwrap())
        );
        assert_eq!(fallback_of("{input.a ?? \"}\"}"), Fallback::Literal(json!("}")));
        assert_eq!(fallback_of("{input.a ?? 'it'}"), Fallback::Literal(json!("it")));
        assert_eq!(
            fallback_of("{input.a ?? {\"b\": [1]} }"),
            Fallback::Literal(json!({"b": [1]}))
        );
        assert_eq!(fallback_of("{input.a ?? null}"), Fallback::Literal(Value::Null));
        assert_eq!(fallback_of("{input.a}"), Fallback::None);
    }
}
