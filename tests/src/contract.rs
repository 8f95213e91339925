//! The OpenAPI document as a contract: what a server under test answers must be in it.
//!
//! Invariant: every answer that a [`crate::Client`] gets passes through here, so that no story can see one that the
//! document does not tell of.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use http::Method;
use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// A request and its answer, as far as the document speaks of them.
pub struct Exchange<'a> {
    /// Method of the request.
    pub method: &'a Method,
    /// Path of the request, without its query.
    pub path: &'a str,
    /// Its body, where it is JSON.
    pub sent: Option<&'a Value>,
    /// Status of the answer.
    pub status: u16,
    /// Media type of the answer, without parameters.
    pub media_type: &'a str,
    /// Body of the answer.
    pub text: &'a str,
}

/// Checks an answer, and the body of a request that was accepted. Paths that the document does not know are nobody's.
///
/// # Panics
/// When the document tells otherwise.
pub fn check(exchange: &Exchange<'_>) {
    let Exchange {
        method,
        path,
        status,
        media_type,
        ..
    } = exchange;
    let method_name = method.as_str().to_ascii_lowercase();
    let Some(template) = template(path, &method_name) else {
        return;
    };
    let operation = place(&["paths", template, &method_name]);
    let declared = &DOCUMENT.pointer(&operation).unwrap()["responses"][status.to_string()];
    assert!(
        !declared.is_null(),
        "{method} {template} does not declare {status}: {}",
        exchange.text
    );
    let same =
        |known: &&String| matches!(known.split(';').next(), Some(known) if known == *media_type || known == "*/*");
    let content = declared["content"]
        .as_object()
        .and_then(|content| content.keys().find(same));
    if let Some(content) = content {
        if declared["content"][content].get("schema").is_some() {
            let text = serde_json::from_str(exchange.text).unwrap();
            let status = status.to_string();
            let at = place(&["responses", &status, "content", content, "schema"]);
            hold(
                &format!("{operation}{at}"),
                &text,
                &format!("{method} {template} answers {status}"),
            );
        }
    } else {
        assert!(
            exchange.text.is_empty(),
            "{method} {template} does not declare {media_type} for {status}: {}",
            exchange.text
        );
    }
    if let Some(sent) = exchange.sent.filter(|_| (200..300).contains(status)) {
        let at = place(&["requestBody", "content", "application/json", "schema"]);
        hold(&format!("{operation}{at}"), sent, &format!("{method} {template} takes"));
    }
}

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(wfm_api::openapi::document()).expect("the document is JSON"));

/// A JSON pointer that leads over these keys.
fn place(keys: &[&str]) -> String {
    keys.iter()
        .map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// The template of a path: of several that fit, the one with the fewest variable parts.
fn template(path: &str, method: &str) -> Option<&'static str> {
    let asked: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part == asked || (part.starts_with('{') && !asked.is_empty()))
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths
        .filter(|(template, item)| item.get(method).is_some() && fits(template))
        .map(|(template, _)| template.as_str())
        .min_by_key(|template| template.matches('{').count())
}

/// Checks a value against the schema at a place of the document.
fn hold(place: &str, value: &Value, says: &str) {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let known = VALIDATORS.lock().get(place).map(Arc::clone);
    let validator = known.unwrap_or_else(|| {
        let mut schema = DOCUMENT
            .pointer(place)
            .cloned()
            .unwrap_or_else(|| panic!("{says}: no schema"));
        schema["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
        let validator = Arc::new(jsonschema::validator_for(&schema).unwrap());
        VALIDATORS.lock().insert(place.to_owned(), Arc::clone(&validator));
        validator
    });
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{says} what the document forbids: {errors:?} in {value}"
    );
}
