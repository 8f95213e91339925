//! Parameters that no URL and no header can be made with, as far as the mapping and the defaults tell.
//!
//! Invariant: only what would fail in every run, or with every use of a fallback, is refused.

use serde_json::Value;

use super::render::check_header_text;
use super::{CompiledParameter, CompiledRequest, Target};
use crate::path::Reference;
use crate::placeholder::Fallback;
use crate::template::Node;
use crate::text_template::{Placeholder, TextTemplate, checked};
use crate::url_template;

impl CompiledRequest {
    /// The parameters that no call can be made with, and why.
    pub(super) fn impossible_parameters(&self) -> Vec<(String, String)> {
        let refused = |(index, parameter): (usize, &CompiledParameter)| {
            let detail = match parameter.certain() {
                Certain::Unknown => None,
                Certain::Nothing => self.refusal_of(index, None),
                Certain::Value(value) => self.refusal_of(index, Some(&value)),
            };
            Some((parameter.name.clone(), detail?))
        };
        self.parameters.iter().enumerate().filter_map(refused).collect()
    }

    /// Why no call can be made with this value of a parameter, or without one.
    fn refusal_of(&self, index: usize, value: Option<&Value>) -> Option<String> {
        let (name, wire_name) = (&self.parameters[index].name, &self.parameters[index].wire_name);
        let is_it = |placeholder: &Placeholder| placeholder.reference == Reference::Parameter(index);
        let explained = |place: &str, detail: String| match value {
            Some(_) => format!("parameter '{name}' in {place}: {detail}"),
            None => format!("{place} needs the parameter '{name}', which has neither a mapping nor a default value"),
        };
        if self.url.parameters().any(|used| used == index) {
            let made = self.url.with(is_it, value);
            if let Err(detail) = checked(made, url_template::check) {
                return Some(explained("the URL", detail));
            }
        }
        let used_in = |header: &TextTemplate| header.parameters().any(|used| used == index);
        let in_templates = self.headers.iter().filter(|(_, header)| used_in(header));
        let in_templates = in_templates.map(|(header, template)| (header, template.with(is_it, value)));
        let of_its_own = (self.parameters[index].target == Target::Header)
            .then(|| (wire_name, Ok(value.and_then(Value::as_str).map(str::to_owned))));
        in_templates.chain(of_its_own).find_map(|(header, text)| {
            let detail = checked(text, check_header_text).err()?;
            Some(explained(&format!("the header {header}"), detail))
        })
    }
}

/// What a parameter has in every run, or with every use of its fallback.
enum Certain {
    Value(Value),
    /// Neither a mapping nor a default value.
    Nothing,
    /// Only a run tells.
    Unknown,
}

impl CompiledParameter {
    fn certain(&self) -> Certain {
        let value = match (&self.mapping, &self.default) {
            (None, None) => return Certain::Nothing,
            (None, Some(default)) => return Certain::Value(default.clone()),
            (Some(Node::Constant(value)), _) => value,
            (
                Some(Node::Whole(Placeholder {
                    fallback: Fallback::Literal(value),
                    ..
                })),
                _,
            ) => value,
            (Some(Node::Object(_) | Node::Array(_) | Node::Whole(_) | Node::Cel(_) | Node::Text(_)), _) => {
                return Certain::Unknown;
            }
        };
        let converted = self.parameter_type.convert(value.clone());
        converted.map_or(Certain::Unknown, Certain::Value)
    }
}
