//! The OpenAPI document tells of every route and of nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use wfm_api::{Access, openapi::document, routes};

fn json() -> Value {
    serde_json::from_str(&document().to_json().unwrap()).unwrap()
}

#[test]
fn every_route_is_in_it_and_vice_versa() {
    let document = json();
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{method} {path}"))
        })
        .collect();
    let table: BTreeSet<String> = routes()
        .iter()
        .map(|route| {
            format!(
                "{} {}",
                route.method.as_str().to_ascii_lowercase(),
                route.path.replace("{*", "{")
            )
        })
        .collect();
    assert_eq!(documented, table);
    assert_eq!(table.len(), routes().len(), "a route is declared once");
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_is_described() {
    let document = json();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let mut ids = BTreeSet::new();
    for route in routes() {
        let path = route.path.replace("{*", "{");
        let operation = &document["paths"][&path][route.method.as_str().to_ascii_lowercase()];
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{path}"
        );
        assert_eq!(
            operation.get("security").is_some(),
            route.access != Access::Public,
            "{path}"
        );
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{path}");
    }
}

#[test]
fn it_changes_only_on_purpose() {
    insta::assert_snapshot!(document().to_pretty_json().unwrap());
}
