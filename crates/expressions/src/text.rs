//! Values as text, and the encodings that text takes on its way into a URL or an XML document.
//!
//! Invariant: encoded text cannot leave the place it stands in.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the text of a placeholder is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TextEncoding {
    /// As it is.
    #[default]
    Raw,
    /// A value in the path of a URL: percent-encoded; empty values are refused, as they would name another resource.
    Path,
    /// A value elsewhere in a URL: percent-encoded.
    Url,
    /// The content of an XML element or attribute.
    Xml,
}

impl TextEncoding {
    /// Appends the encoded text.
    pub(crate) fn append(self, text: &str, output: &mut String) {
        match self {
            Self::Raw => output.push_str(text),
            Self::Path | Self::Url => output.extend(utf8_percent_encode(text, RESERVED)),
            Self::Xml => {
                for character in text.chars() {
                    match character {
                        '&' => output.push_str("&amp;"),
                        '<' => output.push_str("&lt;"),
                        '>' => output.push_str("&gt;"),
                        '"' => output.push_str("&quot;"),
                        '\'' => output.push_str("&apos;"),
                        other => output.push(other),
                    }
                }
            }
        }
    }

    /// Appends a value: strings raw, scalars as JSON, objects and lists compact; null is an error.
    pub(crate) fn append_value(self, value: &Value, output: &mut String) -> Result<(), &'static str> {
        match value {
            Value::Null => return Err("null cannot stand in a text"),
            Value::String(text) => {
                if self == Self::Path && text.is_empty() {
                    return Err("an empty text cannot stand in the path of a URL");
                }
                self.append(text, output);
            }
            Value::Bool(truth) => output.push_str(if *truth { "true" } else { "false" }),
            Value::Number(number) => self.append(number.as_str(), output),
            Value::Array(_) | Value::Object(_) => self.append(&value.to_string(), output),
        }
        Ok(())
    }
}
