//! Reads the `soap` settings of an endpoint together with the headers that say the same.
//!
//! Invariant: version and action are settled here, once; what contradicts is reported.

use serde_json::Value;

use super::names::{OWN_PREFIXES, is_plain_name, prefix_of};
use super::{SoapVersion, XSD, XSI};
use crate::allowed::Problem;

/// How the calls of an endpoint are wrapped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SoapSettings {
    /// The version.
    pub version: SoapVersion,
    /// The action, a URI; written in quotes where the version wants it.
    pub action: Option<String>,
    /// Prefixes and namespaces to declare; the empty prefix is the default namespace.
    pub namespaces: Vec<(String, String)>,
    /// The element around the input.
    pub operation: Option<String>,
    /// A template of the SOAP header's blocks, an object.
    pub header: Option<Value>,
}

impl SoapSettings {
    /// Reads the settings. Pointers are relative to the endpoint: `/soap/…` and `/headers/…`.
    ///
    /// A `SOAPAction` header counts as the action, the media type of a `Content-Type` header as the version.
    pub fn parse(settings: Option<&Value>, headers: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        let empty = serde_json::Map::new();
        let members = match settings {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(members)) => members,
            Some(_) => return Err(vec![Problem::new("/soap", "the settings of SOAP are an object")]),
        };
        let mut written_version = None;
        let mut parsed = Self::default();
        for (key, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match key.as_str() {
                "version" => match value.as_str() {
                    Some("1.1") => written_version = Some(SoapVersion::V1_1),
                    Some("1.2") => written_version = Some(SoapVersion::V1_2),
                    _ => reader.problem("/soap/version", "the version is \"1.1\" or \"1.2\""),
                },
                "action" => parsed.action = reader.action("/soap/action", value.as_str()),
                "operation" => match value.as_str().map(prefix_of) {
                    Some(Ok(_)) => parsed.operation = value.as_str().map(str::to_owned),
                    Some(Err(detail)) => reader.problem("/soap/operation", detail),
                    None => reader.problem("/soap/operation", "the operation is the name of an element"),
                },
                "namespaces" => parsed.namespaces = reader.namespaces(value),
                "header" => match value {
                    Value::Object(_) => parsed.header = Some(value.clone()),
                    _ => reader.problem("/soap/header", "the header is an object: one key for each block"),
                },
                _ => reader.problem(
                    format!("/soap/{key}"),
                    format!("unknown setting '{key}': known are version, action, namespaces, operation and header"),
                ),
            }
        }
        let content_type = reader.content_type(headers, &mut parsed.action);
        if let (Some(written), Some((name, content_type))) = (written_version, &content_type)
            && written != *content_type
        {
            reader.problem(
                format!("/headers/{name}"),
                "this is the media type of the other version of SOAP",
            );
        }
        parsed.version = written_version
            .or(content_type.map(|(_, version)| version))
            .unwrap_or_default();
        reader.action_header(headers, &mut parsed.action);
        for (prefix, namespace) in &parsed.namespaces {
            let own = match prefix.as_str() {
                "soap" => parsed.version.namespace(),
                "xsi" => XSI,
                "xsd" => XSD,
                _ => continue,
            };
            if namespace != own {
                reader.problem(
                    format!("/soap/namespaces/{prefix}"),
                    format!("the prefix {prefix} always stands for {own}"),
                );
            }
        }
        parsed
            .namespaces
            .retain(|(prefix, _)| !OWN_PREFIXES.contains(&prefix.as_str()));
        if let Some(operation) = &parsed.operation
            && let Err(detail) = super::check_wire_name(operation, &parsed.namespaces)
        {
            reader.problem("/soap/operation", detail);
        }
        if reader.problems.is_empty() {
            Ok(parsed)
        } else {
            Err(reader.problems)
        }
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.problems.push(Problem::new(pointer, detail));
    }

    /// An action names what the receiver is to do, so nothing that a run brings may reach it.
    fn action(&mut self, pointer: &str, text: Option<&str>) -> Option<String> {
        let Some(text) = text else {
            self.problem(pointer, "the action is a text");
            return None;
        };
        let text = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        if text.contains(|character: char| {
            character.is_control() || !character.is_ascii() || matches!(character, '"' | '\\' | '{' | '}' | ' ')
        }) {
            self.problem(pointer, "the action is a URI without blanks, quotes and placeholders");
            return None;
        }
        Some(text.to_owned())
    }

    fn namespaces(&mut self, value: &Value) -> Vec<(String, String)> {
        let Value::Object(members) = value else {
            self.problem(
                "/soap/namespaces",
                "the namespaces are an object: a URI for each prefix",
            );
            return Vec::new();
        };
        let mut namespaces = Vec::with_capacity(members.len());
        for (prefix, namespace) in members {
            let at = format!("/soap/namespaces/{prefix}");
            if !prefix.is_empty() && !is_plain_name(prefix)
                || matches!(prefix.to_ascii_lowercase().as_str(), "xml" | "xmlns")
            {
                self.problem(at, "this is not a prefix that can be declared");
                continue;
            }
            match namespace.as_str() {
                Some(text) if !text.is_empty() && !text.contains(char::is_control) => {
                    namespaces.push((prefix.clone(), text.to_owned()));
                }
                _ => self.problem(at, "a namespace is a URI"),
            }
        }
        namespaces
    }

    /// The `Content-Type` header's name and the version that it stands for; an `action` in it counts as the action.
    fn content_type(
        &mut self,
        headers: &[(String, String)],
        action: &mut Option<String>,
    ) -> Option<(String, SoapVersion)> {
        let (name, value) = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
        let at = format!("/headers/{name}");
        let mut parts = value.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let version = match essence.as_str() {
            "text/xml" => SoapVersion::V1_1,
            "application/soap+xml" => SoapVersion::V1_2,
            _ => {
                self.problem(
                    at,
                    "the media type of SOAP is text/xml (1.1) or application/soap+xml (1.2)",
                );
                return None;
            }
        };
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "charset" if value.trim_matches('"').eq_ignore_ascii_case("utf-8") => {}
                "charset" => self.problem(at.clone(), "requests are sent in UTF-8"),
                "action" => {
                    let found = self.action(&at, Some(value));
                    self.same_action(&at, found, action);
                }
                "" => {}
                other => self.problem(at.clone(), format!("the parameter '{other}' is not supported")),
            }
        }
        Some((name.clone(), version))
    }

    fn action_header(&mut self, headers: &[(String, String)], action: &mut Option<String>) {
        if let Some((name, value)) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("soapaction")) {
            let at = format!("/headers/{name}");
            let found = self.action(&at, Some(value));
            self.same_action(&at, found, action);
        }
    }

    fn same_action(&mut self, at: &str, found: Option<String>, action: &mut Option<String>) {
        match (&*action, &found) {
            (Some(known), Some(found)) if known != found => {
                self.problem(at, format!("the action is '{known}' in another place"));
            }
            (None, Some(_)) => *action = found,
            _ => {}
        }
    }
}
