//! Between ids and names: what the API calls `environmentId` and `apiEndpointId`, definitions call by name.

use serde_json::{Map, Value, json};

use crate::{
    kinds::Kind,
    resource::{Identity, Resource},
};

/// What the server tells of an endpoint's id: whether it is shared, and its name.
pub type EndpointName = (bool, String);

/// The members of a workflow's draft with names for ids.
///
/// # Errors
/// The place of an endpoint that `endpoint` does not know.
pub fn workflow_by_names(
    draft: &Map<String, Value>,
    environment: &str,
    endpoint: impl Fn(i64) -> Option<EndpointName>,
) -> Result<Map<String, Value>, String> {
    let mut members = draft.clone();
    members.insert("environment".to_owned(), json!(environment));
    for step in members
        .get_mut("steps")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let name = step.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let known = |place: &Value| {
            let id = place.get("apiEndpointId").and_then(Value::as_i64).unwrap_or_default();
            endpoint(id)
                .ok_or_else(|| format!("step {name:?} names API endpoint {id}, which is deleted or not to be seen"))
        };
        name_endpoint(step, known)?;
        if let Some(compensation) = step.pointer_mut("/errorHandling/compensation") {
            name_endpoint(compensation, known)?;
        }
    }
    Ok(members)
}

fn name_endpoint(place: &mut Value, known: impl Fn(&Value) -> Result<EndpointName, String>) -> Result<(), String> {
    if !place.is_object() {
        return Ok(());
    }
    let (shared, name) = known(place)?;
    if let Some(members) = place.as_object_mut() {
        members.shift_remove("apiEndpointId");
        members.insert(
            if shared { "sharedEndpoint" } else { "endpoint" }.to_owned(),
            json!(name),
        );
    }
    Ok(())
}

/// What a resource names: each with the pointer to where, in the order of its body.
#[must_use]
pub fn references(resource: &Resource) -> Vec<(String, Identity)> {
    let identity = &resource.identity;
    let mut found = Vec::new();
    match identity.kind {
        Kind::Workspace => {}
        Kind::Project | Kind::ApiEndpoint => {
            found.extend(
                identity
                    .workspace
                    .as_deref()
                    .map(|name| ("/workspace".to_owned(), Identity::workspace(name))),
            );
        }
        Kind::Environment | Kind::Workflow | Kind::Schedule => {
            found.extend(identity.its_project().map(|project| ("/project".to_owned(), project)));
        }
    }
    if identity.kind == Kind::Schedule {
        found.push(("/workflow".to_owned(), identity.beside(Kind::Workflow, &identity.name)));
    }
    if let Some(environment) = resource.body.get("environment").and_then(Value::as_str) {
        found.push((
            "/environment".to_owned(),
            identity.beside(Kind::Environment, environment),
        ));
    }
    for (index, step) in resource
        .body
        .get("steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        for place in ["", "/errorHandling/compensation"] {
            let Some((key, endpoint)) = step.pointer(place).and_then(|place| endpoint_of(place, identity)) else {
                continue;
            };
            found.push((format!("/steps/{index}{place}/{key}"), endpoint));
        }
    }
    found
}

fn endpoint_of(place: &Value, identity: &Identity) -> Option<(&'static str, Identity)> {
    let named = |key: &str| place.get(key).and_then(Value::as_str);
    if let Some(name) = named("endpoint") {
        let endpoint = Identity::new(Kind::ApiEndpoint, identity.workspace.as_deref(), None, name);
        return Some(("endpoint", endpoint));
    }
    let name = named("sharedEndpoint")?;
    Some(("sharedEndpoint", Identity::new(Kind::ApiEndpoint, None, None, name)))
}

/// A member of a resource as the API takes it; `id` knows what the resource names.
///
/// # Errors
/// What `id` does not know.
pub fn member_by_ids(
    identity: &Identity,
    member: &str,
    value: Value,
    id: impl Fn(&Identity) -> Option<i64>,
) -> Result<(String, Value), String> {
    let known = |named: Identity| id(&named).ok_or_else(|| format!("{named} has no id yet"));
    match (member, value) {
        ("environment", Value::String(name)) => {
            let id = known(identity.beside(Kind::Environment, &name))?;
            Ok(("environmentId".to_owned(), json!(id)))
        }
        ("steps", Value::Array(mut steps)) => {
            for step in &mut steps {
                for place in ["", "/errorHandling/compensation"] {
                    let Some(place) = step.pointer_mut(place) else { continue };
                    let Some((key, endpoint)) = endpoint_of(place, identity) else {
                        continue;
                    };
                    let id = known(endpoint)?;
                    if let Some(members) = place.as_object_mut() {
                        members.shift_remove(key);
                        members.insert("apiEndpointId".to_owned(), json!(id));
                    }
                }
            }
            Ok(("steps".to_owned(), Value::Array(steps)))
        }
        (_, value) => Ok((member.to_owned(), value)),
    }
}
