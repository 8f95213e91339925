//! The names of XML elements and attributes in the keys of JSON objects.
//!
//! Invariant: a key that passes can be written as a name without escaping.

use serde_json::Value;

use crate::allowed::Problem;
use crate::path::push_pointer_segment;

/// The key of text beside attributes or elements.
pub(super) const TEXT: &str = "#text";
/// The key of text that is written as a CDATA section.
pub(super) const CDATA: &str = "#cdata";

/// Prefixes that every envelope declares, and `xml`, which is always declared.
pub(super) const OWN_PREFIXES: [&str; 4] = ["soap", "xsi", "xsd", "xml"];

/// `NameStartChar` of XML 1.0 (fifth edition) without the colon.
fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// `NameChar` without the colon.
fn goes_on_name(character: char) -> bool {
    starts_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// A name without a prefix (`NCName`).
pub(super) fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_name) && characters.all(goes_on_name)
}

/// The prefix of a name, or why it is none.
pub(super) fn prefix_of(name: &str) -> Result<Option<&str>, String> {
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    };
    if is_plain_name(local) && prefix.is_none_or(is_plain_name) {
        Ok(prefix)
    } else {
        Err(format!("'{name}' is not a name of XML"))
    }
}

/// Checks a name and that its prefix is one of `declared` or of the envelope's own.
fn check_name(name: &str, declared: &[(String, String)]) -> Result<(), String> {
    let Some(prefix) = prefix_of(name)? else { return Ok(()) };
    if OWN_PREFIXES.contains(&prefix) || prefix == "xmlns" || declared.iter().any(|(known, _)| known == prefix) {
        Ok(())
    } else {
        Err(format!(
            "the prefix '{prefix}' stands in no 'namespaces' of the endpoint"
        ))
    }
}

/// Checks the name under which a parameter is sent.
pub(crate) fn check_wire_name(name: &str, declared: &[(String, String)]) -> Result<(), String> {
    match name {
        TEXT | CDATA => Ok(()),
        name => check_name(name.strip_prefix('@').unwrap_or(name), declared),
    }
}

/// Checks every key inside a mapping as far as it is written out; `$literal` is looked into, placeholders are not.
pub(crate) fn check_keys(value: &Value, declared: &[(String, String)], problems: &mut Vec<Problem>) {
    let mut pointer = String::new();
    walk(value, declared, &mut pointer, problems);
}

fn walk(value: &Value, declared: &[(String, String)], pointer: &mut String, problems: &mut Vec<Problem>) {
    let length = pointer.len();
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_pointer_segment(pointer, &index.to_string());
                if item.is_array() {
                    problems.push(Problem::new(
                        pointer.as_str(),
                        "a list directly inside a list has no place in XML",
                    ));
                }
                walk(item, declared, pointer, problems);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            // A declaration inside is in force for everything below it.
            let declares = |key: &String| key.starts_with("@xmlns:");
            let mut inner;
            let declared = if members.keys().any(declares) {
                inner = declared.to_vec();
                let names = members.keys().filter_map(|key| key.strip_prefix("@xmlns:"));
                inner.extend(names.map(|name| (name.to_owned(), String::new())));
                &inner[..]
            } else {
                declared
            };
            for (key, member) in members {
                push_pointer_segment(pointer, key);
                // The prefix of an element may be declared by the element itself.
                let declares_itself = || {
                    let own = key.split_once(':').map(|(prefix, _)| format!("@xmlns:{prefix}"));
                    own.is_some_and(|own| member.get(&own).is_some()) && prefix_of(key).is_ok()
                };
                if key != "$literal"
                    && let Err(detail) = check_wire_name(key, declared)
                    && !declares_itself()
                {
                    problems.push(Problem::new(pointer.as_str(), detail));
                }
                walk(member, declared, pointer, problems);
                pointer.truncate(length);
            }
        }
    }
}
