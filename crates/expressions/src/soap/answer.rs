//! What an answer of a SOAP endpoint says: the content of its Body, or a fault.

use serde_json::Value;

use super::SoapVersion;
use super::read::read;
use crate::charset::decode;
use crate::rendered::{MAXIMUM_DEPTH, is_too_deep};

/// An answer, read.
#[derive(Debug, PartialEq, Default)]
pub struct SoapAnswer {
    /// The Body's children by name; null for an empty Body or an empty answer.
    pub body: Value,
    /// The fault in it.
    pub fault: Option<SoapFault>,
}

/// A fault (SOAP 1.1, section 4.4; SOAP 1.2 part 1, section 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    /// The code without its prefix; a subcode of 1.2 follows after a slash.
    pub code: String,
    /// The reason as the server wrote it.
    pub reason: String,
    /// Whether the same call would fail again: the code says that the sender is at fault, or that the receiver cannot
    /// understand it.
    pub is_final: bool,
}

/// Reads an answer.
///
/// # Errors
/// When it is not a SOAP envelope in UTF-8, UTF-16, US-ASCII or ISO-8859-1, in words.
pub fn read_soap(content_type: Option<&str>, bytes: &[u8]) -> Result<SoapAnswer, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(SoapAnswer::default());
    }
    if content_type.is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("multipart/")) {
        return Err("answers with attachments (multipart) are not supported".to_owned());
    }
    let document = read(&text(content_type, bytes)?)?;
    if is_too_deep(&document.body) {
        return Err(format!("the answer is nested deeper than {MAXIMUM_DEPTH}"));
    }
    Ok(SoapAnswer {
        fault: document
            .fault
            .as_ref()
            .map(|fault| self::fault(document.version, fault)),
        body: document.body,
    })
}

fn fault(version: SoapVersion, fault: &Value) -> SoapFault {
    let text = |path: &[&str]| {
        let found = path.iter().try_fold(fault, |value, key| first(value).get(*key));
        found.map(|value| text_of(first(value))).unwrap_or_default()
    };
    let local = |code: &str| code.rsplit(':').next().unwrap_or_default().trim().to_owned();
    let (code, subcode, reason) = match version {
        SoapVersion::V1_1 => (local(&text(&["faultcode"])), String::new(), text(&["faultstring"])),
        SoapVersion::V1_2 => (
            local(&text(&["Code", "Value"])),
            local(&text(&["Code", "Subcode", "Value"])),
            text(&["Reason", "Text"]),
        ),
    };
    // 1.1 allows refinements such as Client.Authentication.
    let is_final = matches!(
        code.split('.').next().unwrap_or_default(),
        "Client" | "Sender" | "MustUnderstand" | "VersionMismatch" | "DataEncodingUnknown"
    );
    let code = match (code.as_str(), subcode.as_str()) {
        ("", _) => "unknown".to_owned(),
        (_, "") => code,
        (_, subcode) => format!("{code}/{subcode}"),
    };
    SoapFault {
        code,
        reason: reason.trim().to_owned(),
        is_final,
    }
}

fn first(value: &Value) -> &Value {
    match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => members.get("#text").map(text_of).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    }
}

/// The text of the document.
fn text(content_type: Option<&str>, bytes: &[u8]) -> Result<String, String> {
    let decoded = decode(content_type, declared(bytes).as_deref(), bytes)?;
    if decoded.is_valid {
        Ok(decoded.text.into_owned())
    } else {
        Err(format!("the answer is not valid {}", decoded.charset))
    }
}

/// The `encoding` of the XML declaration.
fn declared(bytes: &[u8]) -> Option<String> {
    let start = &bytes[..bytes.len().min(200)];
    let text = String::from_utf8_lossy(start);
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split(quote).next().map(str::to_ascii_lowercase)
}
