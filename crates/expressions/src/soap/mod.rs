//! SOAP 1.1 and 1.2: how an endpoint's calls are wrapped, and the convention by which JSON becomes XML and back.
//!
//! Invariant: XML that is written is well formed whatever the values are; XML that is read brings no entity, no document
//! type, and nothing nested deeper or larger than the bounds. The convention is described in `docs/soap.md`.

mod answer;
mod names;
mod read;
mod settings;
mod write;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use answer::{SoapAnswer, SoapFault, read_soap};
pub(crate) use names::{check_keys, check_wire_name};
pub use settings::SoapSettings;
pub(crate) use write::write;

use crate::rendered::Rendered;

/// Namespace of `xsi:nil`.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Namespace of the types that `xsi:type` names.
const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// The version of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SoapVersion {
    /// SOAP 1.1 (W3C note of May 2000): `text/xml`, the action in a header.
    #[default]
    #[serde(rename = "1.1")]
    V1_1,
    /// SOAP 1.2 (W3C recommendation): `application/soap+xml`, the action a parameter of it.
    #[serde(rename = "1.2")]
    V1_2,
}

impl SoapVersion {
    /// The namespace of the envelope.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::V1_1 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V1_2 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    fn of_namespace(namespace: &str) -> Option<Self> {
        [Self::V1_1, Self::V1_2]
            .into_iter()
            .find(|version| version.namespace() == namespace)
    }
}

/// What goes around a rendered body, in its durable form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version.
    #[serde(rename = "v")]
    pub version: SoapVersion,
    /// Prefixes and namespaces that the envelope declares; the empty prefix is the default namespace.
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<(String, String)>,
    /// The element around the input; without one the input's only member is that element.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The blocks of the SOAP header.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Rendered>,
}
