//! Reads a SOAP envelope as JSON.
//!
//! Invariant: a document type is refused, so that no entity but the five of XML is ever expanded; depth, attributes and
//! the number of elements are bounded.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::{NsReader, XmlVersion};
use serde_json::{Map, Value};

use super::names::TEXT;
use super::write::is_character;
use super::{SoapVersion, XSI};
use crate::rendered::MAXIMUM_DEPTH;

/// Elements of one document.
const MAXIMUM_ELEMENTS: usize = 500_000;
/// Attributes of one element.
const MAXIMUM_ATTRIBUTES: usize = 256;

/// What an envelope holds.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    /// Its version.
    pub version: SoapVersion,
    /// The Body's children by name; null when there are none.
    pub body: Value,
    /// The content of the Body's Fault.
    pub fault: Option<Value>,
}

/// An element whose end has not been read.
struct Frame {
    name: String,
    /// Attributes, then elements and `#text` in their order.
    content: Map<String, Value>,
    text: String,
    has_elements: bool,
    is_nil: bool,
    is_soap: bool,
}

impl Frame {
    fn add(&mut self, name: String, value: Value) {
        self.has_elements = true;
        match self.content.get_mut(&name) {
            None => {
                self.content.insert(name, value);
            }
            // The value of an element is never a list, so this one is of elements that were repeated.
            Some(Value::Array(items)) => items.push(value),
            Some(first) => {
                let first_value = first.take();
                *first = Value::Array(vec![first_value, value]);
            }
        }
    }

    fn push_text(&mut self, piece: &str) {
        if !self.content.contains_key(TEXT) && !is_blank(piece) {
            // Holds the place among the elements.
            self.content.insert(TEXT.to_owned(), Value::Null);
        }
        self.text.push_str(piece);
    }

    fn close(mut self) -> (String, Value) {
        let text = if self.is_nil {
            Some(Value::Null)
        } else if self.text.is_empty() || (self.has_elements && is_blank(&self.text)) {
            None
        } else {
            Some(Value::String(self.text))
        };
        if self.has_elements || self.content.keys().any(|key| key != TEXT) {
            match text {
                Some(text) => {
                    self.content.insert(TEXT.to_owned(), text);
                }
                None => {
                    self.content.shift_remove(TEXT);
                }
            }
            (self.name, Value::Object(self.content))
        } else {
            (self.name, text.unwrap_or_else(|| Value::String(String::new())))
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut building = Building::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("the answer is not well-formed XML: {error}"))?;
        match event {
            Event::Start(start) => building.open(&start, reader.resolver())?,
            Event::End(_) => building.end()?,
            Event::Text(text) => building.text(&text.xml10_content())?,
            Event::CData(data) => building.text(&data.xml10_content())?,
            Event::GeneralRef(reference) => {
                if let Some(character) = reference
                    .resolve_char_ref()
                    .map_err(|_| "the answer holds a malformed character reference".to_owned())?
                {
                    building.text(character.encode_utf8(&mut [0; 4]))?;
                } else {
                    let name = reference.xml10_content();
                    let text = resolve_predefined_entity(&name)
                        .ok_or_else(|| "the answer names an entity; only the five of XML are known".to_owned())?;
                    building.text(text)?;
                }
            }
            Event::DocType(_) => return Err("the answer has a document type, which SOAP does not allow".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            // Every element is expanded.
            Event::Empty(_) => {}
            Event::Eof => return building.finish(),
        }
    }
}

#[derive(Default)]
struct Building {
    stack: Vec<Frame>,
    elements: usize,
    version: Option<SoapVersion>,
    body: Option<Value>,
    fault: Option<Value>,
}

impl Building {
    fn open(&mut self, start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<(), String> {
        self.elements += 1;
        if self.elements > MAXIMUM_ELEMENTS {
            return Err(format!("the answer has more than {MAXIMUM_ELEMENTS} elements"));
        }
        // The envelope and its Body stand around the value.
        if self.stack.len() > MAXIMUM_DEPTH {
            return Err(format!("the answer is nested deeper than {MAXIMUM_DEPTH}"));
        }
        let (namespace, local) = resolver.resolve_element(start.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => Some(namespace.into_inner()),
            ResolveResult::Unbound => None,
            ResolveResult::Unknown(_) => {
                return Err("the answer has an element whose prefix is not declared".to_owned());
            }
        };
        if self.stack.is_empty() {
            let version = namespace.and_then(SoapVersion::of_namespace);
            if local.into_inner() != "Envelope" || version.is_none() || self.version.is_some() {
                return Err("the answer is not a SOAP envelope".to_owned());
            }
            self.version = version;
        }
        let is_soap = namespace.and_then(SoapVersion::of_namespace) == self.version;
        let mut frame = Frame {
            name: local.into_inner().to_owned(),
            content: Map::new(),
            text: String::new(),
            has_elements: false,
            is_nil: false,
            is_soap,
        };
        if self.stack.len() >= 2 {
            attributes(&mut frame, start, resolver)?;
        }
        self.stack.push(frame);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(frame) = self.stack.pop() else {
            return Err("the answer is not well-formed XML".to_owned());
        };
        let (level, is_soap) = (self.stack.len(), frame.is_soap);
        if level == 1 && is_soap && frame.name == "Body" {
            let content = if frame.has_elements {
                let mut content = frame.content;
                content.shift_remove(TEXT);
                Value::Object(content)
            } else {
                Value::Null
            };
            self.body = Some(content);
            return Ok(());
        }
        let (name, value) = frame.close();
        if let Some(parent) = self.stack.last_mut() {
            if level == 2 && is_soap && name == "Fault" && parent.is_soap && parent.name == "Body" {
                self.fault = Some(value.clone());
            }
            if level >= 2 {
                parent.add(name, value);
            }
        }
        Ok(())
    }

    fn text(&mut self, piece: &str) -> Result<(), String> {
        if !piece.chars().all(is_character) {
            return Err("the answer holds a character that XML does not allow".to_owned());
        }
        match self.stack.last_mut() {
            Some(frame) => frame.push_text(piece),
            None if is_blank(piece) => {}
            None => return Err("the answer has text outside of its root".to_owned()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Document, String> {
        match (self.version, self.body) {
            (Some(version), Some(body)) if self.stack.is_empty() => Ok(Document {
                version,
                body,
                fault: self.fault,
            }),
            (Some(_), None) if self.stack.is_empty() => Err("the answer's envelope has no Body".to_owned()),
            (None, _) => Err("the answer is not a SOAP envelope".to_owned()),
            _ => Err("the answer ends in the middle of its XML".to_owned()),
        }
    }
}

fn attributes(frame: &mut Frame, start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<(), String> {
    let mut attributes = start.attributes();
    attributes.with_checks(false);
    for (index, attribute) in attributes.enumerate() {
        if index >= MAXIMUM_ATTRIBUTES {
            return Err(format!(
                "an element of the answer has more than {MAXIMUM_ATTRIBUTES} attributes"
            ));
        }
        let attribute = attribute.map_err(|error| format!("the answer is not well-formed XML: {error}"))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = resolver.resolve_attribute(attribute.key);
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| "an attribute of the answer names an entity; only the five of XML are known".to_owned())?;
        if !value.chars().all(is_character) {
            return Err("the answer holds a character that XML does not allow".to_owned());
        }
        let is_xsi = matches!(&namespace, ResolveResult::Bound(namespace) if namespace.into_inner() == XSI);
        if is_xsi && local.into_inner() == "nil" {
            frame.is_nil = matches!(value.trim(), "true" | "1");
            continue;
        }
        let mut key = format!("@{}", local.into_inner());
        if frame.content.contains_key(&key) {
            // The same name in two namespaces: the later one keeps its prefix.
            key = format!("@{}", attribute.key.into_inner());
        }
        if frame.content.insert(key, Value::String(value.into_owned())).is_some() {
            return Err("an element of the answer has an attribute twice".to_owned());
        }
    }
    Ok(())
}
