//! Compiles a step's mapping: which key is a parameter, which goes into the query or the body, and what is the whole body.
//!
//! Invariant: every key of the mapping goes somewhere or is reported.

use serde_json::{Map, Value};

use super::compile::Compiler;
use super::outgoing::FORM_IS_AN_OBJECT;
use super::{BodyKind, CompiledRequest, Target};
use crate::cel::Kinds;
use crate::name::normal_name;
use crate::template::Node;
use crate::text::TextEncoding;

impl Compiler<'_> {
    pub(super) fn node(&mut self, segments: &[&str], value: &Value, encoding: TextEncoding) -> Node {
        let mut problems = Vec::new();
        let node = Node::compile(value, &self.allowed.without_parameters(), encoding, &mut problems);
        self.inside(segments, problems);
        node
    }

    pub(super) fn mapping(&mut self, mapping: &Value, sends_query: bool, compiled: &mut CompiledRequest) {
        let whole_encoding = if self.is_xml() {
            TextEncoding::Xml
        } else {
            TextEncoding::Raw
        };
        let object = match mapping {
            Value::Object(object) if !object.contains_key("$literal") => object,
            _ if compiled.parameters.is_empty() && !sends_query => {
                self.whole_body(&["inputMapping"], mapping, whole_encoding, compiled);
                return;
            }
            _ => {
                self.problem(
                    &["inputMapping"],
                    "the mapping is an object: one key for each parameter",
                );
                return;
            }
        };
        if let Some(body) = object.get("$body") {
            if compiled.has_body_fields {
                self.problem(
                    &["inputMapping", "$body"],
                    "'$body' is the whole body, but parameters belong into it too",
                );
            }
            self.whole_body(&["inputMapping", "$body"], body, whole_encoding, compiled);
        } else if compiled.parameters.is_empty() && !sends_query {
            self.whole_body(&["inputMapping"], mapping, TextEncoding::Raw, compiled);
            return;
        }
        self.fields(object, sends_query, compiled);
    }

    fn whole_body(&mut self, segments: &[&str], value: &Value, encoding: TextEncoding, compiled: &mut CompiledRequest) {
        let before = self.problems.len();
        let node = self.node(segments, value, encoding);
        let is_whole = self.problems.len() == before;
        if is_whole && compiled.body_kind == BodyKind::Form && !node.kinds().meets(Kinds::OBJECT) {
            self.problem(segments, FORM_IS_AN_OBJECT);
        }
        compiled.whole_body = Some(node);
    }

    fn fields(&mut self, object: &Map<String, Value>, sends_query: bool, compiled: &mut CompiledRequest) {
        for (key, value) in object.iter().filter(|(key, _)| *key != "$body") {
            let segments = ["inputMapping", key.as_str()];
            let before = self.problems.len();
            let node = self.node(&segments, value, TextEncoding::Raw);
            let is_whole = self.problems.len() == before;
            let name = normal_name(key);
            if let Some(parameter) = compiled.parameters.iter_mut().find(|parameter| parameter.name == name) {
                if parameter.mapping.is_some() {
                    self.problem(&segments, format!("the parameter '{name}' is mapped twice"));
                }
                if let Some(detail) = parameter.refusal(&node).filter(|_| is_whole) {
                    self.problem(&segments, format!("parameter '{key}': {detail}"));
                }
                parameter.mapping = Some(node);
                continue;
            }
            let target = if sends_query { Target::Query } else { Target::Body };
            if compiled
                .parameters
                .iter()
                .any(|parameter| parameter.target == target && parameter.wire_name == *key)
            {
                self.problem(&segments, "a parameter is sent under this name");
            }
            if sends_query && compiled.authentication.is_query(key) {
                self.problem(&segments, "the authentication of the endpoint sends this");
            }
            if sends_query {
                compiled.extra_query.push((key.clone(), node));
            } else if compiled.whole_body.is_some() {
                self.problem(&segments, "no parameter has this name, and '$body' is the whole body");
            } else {
                compiled.has_body_fields = true;
                compiled.extra_body.push((key.clone(), node));
            }
        }
    }

    fn is_xml(&self) -> bool {
        // A SOAP body is JSON until it is written.
        self.endpoint.soap.is_none()
            && self.endpoint.headers.iter().any(|(name, value)| {
                let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                name.eq_ignore_ascii_case("content-type") && (essence.ends_with("/xml") || essence.ends_with("+xml"))
            })
    }
}
