//! Writes JSON as a SOAP envelope.
//!
//! Invariant: the document is well formed and its namespaces are declared, whatever the values are; what has no place in
//! XML is an error that quotes no value.

use serde_json::{Map, Value};

use super::names::{CDATA, OWN_PREFIXES, TEXT, prefix_of};
use super::{Envelope, XSD, XSI};
use crate::error::{RenderError, RenderErrorKind};

type Writing<T> = Result<T, Box<RenderError>>;

/// The whole document in UTF-8. `header` and `content` have their secrets filled in.
pub(crate) fn write(envelope: &Envelope, header: Option<&Value>, content: &Value) -> Writing<Vec<u8>> {
    let mut writer = Writer {
        text: String::with_capacity(1024),
        prefixes: envelope
            .namespaces
            .iter()
            .map(|(prefix, _)| prefix.clone())
            .chain(OWN_PREFIXES.map(str::to_owned))
            .collect(),
    };
    writer
        .text
        .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope");
    writer.attribute("xmlns:soap", envelope.version.namespace())?;
    writer.attribute("xmlns:xsi", XSI)?;
    writer.attribute("xmlns:xsd", XSD)?;
    for (prefix, namespace) in &envelope.namespaces {
        if prefix.is_empty() {
            writer.attribute("xmlns", namespace)?;
        } else {
            writer.attribute(&format!("xmlns:{prefix}"), namespace)?;
        }
    }
    writer.text.push('>');
    if let Some(Value::Object(blocks)) = header {
        writer.text.push_str("<soap:Header>");
        writer.children(blocks).map_err(|error| error.inside("header"))?;
        writer.text.push_str("</soap:Header>");
    }
    writer.text.push_str("<soap:Body>");
    match &envelope.operation {
        Some(operation) => writer.element(operation, content)?,
        None => match content {
            Value::Object(members) if members.len() == 1 => writer.children(members)?,
            _ => {
                return Err(refused(
                    "without an operation the input is an object with one member, the element inside the Body",
                ));
            }
        },
    }
    writer.text.push_str("</soap:Body></soap:Envelope>");
    Ok(writer.text.into_bytes())
}

fn refused(detail: impl Into<String>) -> Box<RenderError> {
    RenderError::new(RenderErrorKind::Invalid, "", detail)
}

struct Writer {
    text: String,
    /// The prefixes in force, inner ones last.
    prefixes: Vec<String>,
}

impl Writer {
    fn children(&mut self, members: &Map<String, Value>) -> Writing<()> {
        for (key, value) in members {
            if key.starts_with('@') {
                continue;
            }
            match key.as_str() {
                TEXT => {
                    let text = scalar(value).map_err(|error| error.inside(key))?;
                    self.escaped(&text, false).map_err(|error| error.inside(key))?;
                }
                CDATA => {
                    let text = scalar(value).map_err(|error| error.inside(key))?;
                    self.cdata(&text).map_err(|error| error.inside(key))?;
                }
                name => match value {
                    Value::Array(items) => {
                        for (index, item) in items.iter().enumerate() {
                            if item.is_array() {
                                return Err(refused("a list directly inside a list has no place in XML")
                                    .inside(&index.to_string())
                                    .inside(key));
                            }
                            self.element(name, item)
                                .map_err(|error| error.inside(&index.to_string()).inside(key))?;
                        }
                    }
                    value => self.element(name, value).map_err(|error| error.inside(key))?,
                },
            }
        }
        Ok(())
    }

    fn element(&mut self, name: &str, value: &Value) -> Writing<()> {
        let outer = self.prefixes.len();
        let empty = Map::new();
        let members = match value {
            Value::Object(members) => members,
            Value::Array(_) => return Err(refused("a list cannot be the content of this element")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => &empty,
        };
        for prefix in members.keys().filter_map(|key| key.strip_prefix("@xmlns:")) {
            self.prefixes.push(prefix.to_owned());
        }
        self.check_name(name)?;
        self.text.push('<');
        self.text.push_str(name);
        let is_nil = value.is_null() || members.get(TEXT).is_some_and(Value::is_null);
        for (key, value) in members {
            if let Some(attribute) = key.strip_prefix('@')
                && !value.is_null()
                && !(is_nil && attribute == "xsi:nil")
            {
                let text = scalar(value).map_err(|error| error.inside(key))?;
                self.check_name(attribute).map_err(|error| error.inside(key))?;
                self.attribute(attribute, &text).map_err(|error| error.inside(key))?;
            }
        }
        if is_nil {
            if members.keys().any(|key| !key.starts_with('@') && key != TEXT) {
                return Err(refused("an element whose text is null has no other content").inside(TEXT));
            }
            self.text.push_str(" xsi:nil=\"true\"/>");
            self.prefixes.truncate(outer);
            return Ok(());
        }
        self.text.push('>');
        let start = self.text.len();
        if value.is_object() {
            self.children(members)?;
        } else {
            self.escaped(&scalar(value)?, false)?;
        }
        if self.text.len() == start {
            self.text.pop();
            self.text.push_str("/>");
        } else {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        self.prefixes.truncate(outer);
        Ok(())
    }

    fn check_name(&self, name: &str) -> Writing<()> {
        match prefix_of(name).map_err(refused)? {
            Some(prefix) if prefix != "xmlns" && !self.prefixes.iter().any(|known| known == prefix) => Err(refused(
                format!("the prefix '{prefix}' stands in no 'namespaces' of the endpoint"),
            )),
            _ => Ok(()),
        }
    }

    fn attribute(&mut self, name: &str, value: &str) -> Writing<()> {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escaped(value, true)?;
        self.text.push('"');
        Ok(())
    }

    /// White space that a reader would change is written as references.
    fn escaped(&mut self, text: &str, in_attribute: bool) -> Writing<()> {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#13;"),
                '"' if in_attribute => self.text.push_str("&quot;"),
                '\n' if in_attribute => self.text.push_str("&#10;"),
                '\t' if in_attribute => self.text.push_str("&#9;"),
                character if is_character(character) => self.text.push(character),
                _ => return Err(no_character()),
            }
        }
        Ok(())
    }

    /// `]]>` is divided between two sections.
    fn cdata(&mut self, text: &str) -> Writing<()> {
        if !text.chars().all(is_character) {
            return Err(no_character());
        }
        self.text.push_str("<![CDATA[");
        self.text.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
        self.text.push_str("]]>");
        Ok(())
    }
}

fn no_character() -> Box<RenderError> {
    refused("a control character that XML cannot hold")
}

/// `Char` of XML 1.0.
pub(super) fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The text of a scalar; numbers byte for byte.
fn scalar(value: &Value) -> Writing<std::borrow::Cow<'_, str>> {
    Ok(match value {
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => number.as_str().to_owned().into(),
        Value::Bool(truth) => if *truth { "true" } else { "false" }.into(),
        Value::Null => "".into(),
        Value::Array(_) | Value::Object(_) => return Err(refused("an attribute or a text is a scalar")),
    })
}
