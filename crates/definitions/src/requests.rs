//! The requests that carry out one step of a plan.

use serde_json::{Map, Value, json};

use crate::{
    kinds::Kind,
    naming::member_by_ids,
    plan::{Action, Step},
    resource::{Identity, Resource},
};

/// A request to the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Path with the ids.
    pub path: String,
    /// JSON body, if it has one.
    pub body: Option<Value>,
}

/// The collection of a kind.
fn collection(kind: Kind) -> &'static str {
    match kind {
        Kind::Workspace => "/api/v1/workspaces",
        Kind::Project => "/api/v1/projects",
        Kind::ApiEndpoint => "/api/v1/api-endpoints",
        Kind::Environment => "/api/v1/environments",
        Kind::Workflow | Kind::Schedule => "/api/v1/workflows",
    }
}

/// The path of a resource; for a schedule by its workflow's id.
#[must_use]
pub fn path_of(kind: Kind, id: i64) -> String {
    let schedule = if kind == Kind::Schedule { "/schedule" } else { "" };
    format!("{}/{id}{schedule}", collection(kind))
}

/// The requests of a step, in order; `id` knows everything that exists or was made by earlier steps.
///
/// # Errors
/// What `id` does not know.
pub fn requests(step: &Step, id: impl Fn(&Identity) -> Option<i64>) -> Result<Vec<Request>, String> {
    let identity = &step.resource.identity;
    let own = || {
        let holder = match identity.kind {
            Kind::Schedule => identity.beside(Kind::Workflow, &identity.name),
            Kind::Workspace | Kind::Project | Kind::ApiEndpoint | Kind::Environment | Kind::Workflow => {
                identity.clone()
            }
        };
        let id = id(&holder).ok_or_else(|| format!("{holder} has no id yet"))?;
        Ok::<String, String>(path_of(identity.kind, id))
    };
    let post = |path: String| Request {
        method: "POST",
        path,
        body: None,
    };
    Ok(match (step.action, identity.kind) {
        (Action::Create | Action::Change, Kind::Schedule) => vec![Request {
            method: "PUT",
            path: own()?,
            body: Some(Value::Object(step.resource.body.clone())),
        }],
        (Action::Create, _) => vec![Request {
            method: "POST",
            path: collection(identity.kind).to_owned(),
            body: Some(creation(&step.resource, id)?),
        }],
        (Action::Change, kind) => {
            let mut requests = Vec::new();
            let mut body = Map::new();
            for member in step.differences.iter().map(crate::difference::Difference::member) {
                if member == "isActive" && kind != Kind::ApiEndpoint {
                    requests.push(post(format!("{}/activate", own()?)));
                } else {
                    put(&mut body, &step.resource, member, &id)?;
                }
            }
            // Method and settings of authentication are judged together.
            if body.contains_key("authenticationMethod") {
                put(&mut body, &step.resource, "authentication", &id)?;
            }
            if !body.is_empty() {
                requests.push(Request {
                    method: "PATCH",
                    path: own()?,
                    body: Some(Value::Object(body)),
                });
            }
            requests
        }
        (Action::Publish, _) => vec![post(format!("{}/publish", own()?))],
        (Action::Delete, _) => vec![Request {
            method: "DELETE",
            path: own()?,
            body: None,
        }],
        (Action::Deactivate, Kind::ApiEndpoint) => vec![Request {
            method: "PATCH",
            path: own()?,
            body: Some(json!({"isActive": false})),
        }],
        (Action::Deactivate, _) => vec![post(format!("{}/deactivate", own()?))],
    })
}

/// One member as the API takes it; what is absent is said, for absence would keep what is there.
fn put(
    body: &mut Map<String, Value>,
    resource: &Resource,
    member: &str,
    id: impl Fn(&Identity) -> Option<i64>,
) -> Result<(), String> {
    let kind = resource.identity.kind;
    let value = resource.body.get(member).cloned().or_else(|| {
        let field = kind.fields().iter().find(|field| field.name == member)?;
        Some(field.default_value())
    });
    let (name, value) = member_by_ids(&resource.identity, member, value.unwrap_or_default(), id)?;
    body.insert(name, value);
    Ok(())
}

/// The body that makes a resource; it is in use at first, and variables have no values.
fn creation(resource: &Resource, id: impl Fn(&Identity) -> Option<i64>) -> Result<Value, String> {
    let identity = &resource.identity;
    let known = |named: Identity| id(&named).ok_or_else(|| format!("{named} has no id yet"));
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(identity.name));
    match (identity.kind, identity.its_project(), &identity.workspace) {
        (Kind::Workspace, ..) => {}
        (_, Some(project), _) => {
            body.insert("projectId".to_owned(), json!(known(project)?));
        }
        (_, None, Some(workspace)) => {
            body.insert("workspaceId".to_owned(), json!(known(Identity::workspace(workspace))?));
        }
        (_, None, None) => {}
    }
    for (member, value) in &resource.body {
        if member == "isActive" || member == "variables" {
            continue;
        }
        let (name, value) = member_by_ids(identity, member, value.clone(), &id)?;
        body.insert(name, value);
    }
    Ok(Value::Object(body))
}
