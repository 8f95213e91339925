//! In which characters the bytes of an answer are written.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// The text of an answer: by its byte order mark, else the charset of its content type, else the one that it declares
/// itself, else UTF-8.
pub(crate) struct Decoded<'a> {
    /// The text; what is not of the charset is U+FFFD.
    pub(crate) text: Cow<'a, str>,
    /// The name of the charset.
    pub(crate) charset: &'static str,
    /// Whether every byte was of the charset.
    pub(crate) is_valid: bool,
}

/// Reads bytes as text. A charset that nobody knows (WHATWG's list) is an error, which names it.
pub(crate) fn decode<'a>(
    content_type: Option<&str>,
    declared: Option<&str>,
    bytes: &'a [u8],
) -> Result<Decoded<'a>, String> {
    let label = content_type.and_then(|text| parameter(text, "charset"));
    let encoding = match label.as_deref().or(declared) {
        None => UTF_8,
        Some(label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| format!("the charset '{label}' is not known"))?
        }
    };
    let (text, encoding, has_errors) = encoding.decode(bytes);
    Ok(Decoded {
        text,
        charset: encoding.name(),
        is_valid: !has_errors,
    })
}

/// A parameter of a content type, in lower case.
fn parameter(content_type: &str, name: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let is_it = key.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}
