//! What a mapping tells about the value of a parameter before anything runs.
//!
//! Invariant: only what would fail in every run, or with every use of a fallback, is refused.

use serde_json::Value;

use super::CompiledParameter;
use crate::cel::Kinds;
use crate::parameter::ParameterType;
use crate::placeholder::Fallback;
use crate::template::Node;
use crate::text_template::{Placeholder, TextPart, TextTemplate};

impl CompiledParameter {
    /// Why the parameter can never have what the template gives.
    pub(super) fn refusal(&self, node: &Node) -> Option<String> {
        match node {
            Node::Constant(value) => self.refusal_of(value),
            Node::Text(text) => self.refusal_of_text(text),
            Node::Whole(placeholder) => self.refusal_of_placeholder(placeholder),
            Node::Object(_) | Node::Array(_) | Node::Cel(_) => self.refusal_of_kinds(node.kinds()),
        }
    }

    fn refusal_of(&self, value: &Value) -> Option<String> {
        if value.is_null() && self.is_required {
            return Some("it is required, so it cannot be null".to_owned());
        }
        let converted = self.parameter_type.convert(value.clone());
        converted.and_then(|value| self.rules.check(&value)).err()
    }

    fn refusal_of_kinds(&self, kinds: Kinds) -> Option<String> {
        let mut accepted = self.parameter_type.kinds();
        if !self.is_required {
            accepted = accepted.or(Kinds::NULL);
        }
        (!accepted.meets(kinds)).then(|| self.parameter_type.refusal())
    }

    fn refusal_of_text(&self, text: &TextTemplate) -> Option<String> {
        let fits = |part: &TextPart| match part {
            TextPart::Text(literal) => self.parameter_type.may_hold(literal),
            TextPart::Placeholder(_) | TextPart::Cel(_) => true,
        };
        self.refusal_of_kinds(Kinds::TEXT)
            .or_else(|| (!text.parts.iter().all(fits)).then(|| self.parameter_type.refusal()))
    }

    fn refusal_of_placeholder(&self, placeholder: &Placeholder) -> Option<String> {
        let reference = &placeholder.reference;
        let of_example = |example: Value| self.parameter_type.convert(example).err();
        self.refusal_of_kinds(Kinds::of_reference(reference))
            .or_else(|| reference.example().and_then(of_example))
            .or_else(|| match &placeholder.fallback {
                Fallback::Literal(value) => self.refusal_of(value).map(|detail| format!("after '??': {detail}")),
                Fallback::None | Fallback::Omit => None,
            })
    }
}

impl Node {
    /// The JSON types it can be rendered to.
    pub(super) fn kinds(&self) -> Kinds {
        match self {
            Self::Constant(value) => Kinds::of(value),
            Self::Object(_) => Kinds::OBJECT,
            Self::Array(_) => Kinds::LIST,
            Self::Text(_) => Kinds::TEXT,
            Self::Whole(placeholder) => {
                let found = Kinds::of_reference(&placeholder.reference);
                match &placeholder.fallback {
                    Fallback::Literal(value) => found.or(Kinds::of(value)),
                    Fallback::None | Fallback::Omit => found,
                }
            }
            Self::Cel(cel) => cel.kinds(),
        }
    }
}

impl ParameterType {
    /// The JSON types that convert to it.
    fn kinds(self) -> Kinds {
        match self {
            Self::String => Kinds::TEXT.or(Kinds::NUMBER).or(Kinds::BOOLEAN),
            Self::Integer | Self::Decimal => Kinds::NUMBER.or(Kinds::TEXT),
            Self::Boolean => Kinds::BOOLEAN.or(Kinds::TEXT),
            Self::DateTime => Kinds::TEXT,
            Self::Object => Kinds::OBJECT,
            Self::Array => Kinds::LIST,
        }
    }

    /// Whether this can be a piece of a text that converts to it.
    fn may_hold(self, piece: &str) -> bool {
        let consists_of = |others: &str| {
            let is_known = |character: char| character.is_ascii_digit() || others.contains(character);
            piece.chars().all(is_known)
        };
        match self {
            Self::String => true,
            Self::Integer | Self::Decimal => consists_of("+-.eE"),
            Self::Boolean => "true".contains(piece) || "false".contains(piece),
            Self::DateTime => consists_of("+-.:TtZz "),
            Self::Object | Self::Array => false,
        }
    }
}
