//! The hash over all that a published version does.

use sha2::{Digest as _, Sha256};

use super::Definition;
use crate::json;

/// SHA-256 (hex) over the definition's canonical JSON: sorted keys, no spaces, numbers as written.
#[must_use]
pub fn content_hash(definition: &Definition) -> String {
    let value = serde_json::to_value(definition).expect("a definition has text keys only and holds no sealed values");
    hex::encode(Sha256::digest(json::canonical(&value)))
}
