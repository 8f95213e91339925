//! Reads what a server has, as far as the caller may see it, and gives it names.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value};
use wfm_definitions::{
    inventory::{Inventory, Present, Standing},
    kinds::Kind,
    naming::workflow_by_names,
    resource::{Identity, Resource},
};

use super::{Client, Problem};

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// What was read.
pub struct Found {
    /// Everything by its names.
    pub inventory: Inventory,
    /// Workflows that name an endpoint without a name, and what is wrong with them.
    pub broken: BTreeMap<Identity, String>,
}

/// What is read.
pub struct Wanted {
    /// Names of the workspaces; `None` for all.
    pub workspaces: Option<BTreeSet<String>>,
    /// Endpoints whose parameters are read; `None` for all.
    pub endpoints: Option<BTreeSet<Identity>>,
    /// Whether it matters how workflows stand to their version in force.
    pub standing: bool,
}

/// A row's members.
fn members(row: &Value) -> Map<String, Value> {
    row.as_object().cloned().unwrap_or_default()
}

fn id(row: &Value, key: &str) -> Option<i64> {
    row.get(key).and_then(Value::as_i64)
}

fn name(row: &Value) -> &str {
    row.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// A resource as its row shows it.
fn present(identity: Identity, row: &Value) -> Present {
    Present {
        resource: Resource::new(identity, &members(row)),
        id: id(row, "id").unwrap_or_default(),
        version: row.get("version").and_then(Value::as_u64),
        standing: None,
    }
}

/// The names of workspaces and projects by id.
struct Names {
    workspaces: BTreeMap<i64, String>,
    projects: BTreeMap<i64, (String, String)>,
}

impl Names {
    /// The identity of something in a project; `None` when that is not to be seen.
    fn in_project(&self, kind: Kind, row: &Value, name: &str) -> Option<Identity> {
        let (workspace, project) = self.projects.get(&id(row, "projectId")?)?;
        Some(Identity::new(kind, Some(workspace), Some(project), name))
    }
}

/// Reads everything that is wanted.
///
/// # Errors
/// When the server does not answer as it should.
pub async fn read(client: &Client, wanted: &Wanted) -> Result<Found, Problem> {
    let mut found = Found {
        inventory: Inventory::default(),
        broken: BTreeMap::new(),
    };
    let mut names = Names {
        workspaces: BTreeMap::new(),
        projects: BTreeMap::new(),
    };
    for row in client.all("/api/v1/workspaces?sort=id").await? {
        if wanted
            .workspaces
            .as_ref()
            .is_none_or(|workspaces| workspaces.contains(name(&row)))
        {
            names
                .workspaces
                .insert(id(&row, "id").unwrap_or_default(), name(&row).to_owned());
            found.inventory.add(present(Identity::workspace(name(&row)), &row));
        }
    }
    for row in within(client, wanted, &names, "projects").await? {
        let Some(workspace) = id(&row, "workspaceId").and_then(|id| names.workspaces.get(&id)) else {
            continue;
        };
        let key = id(&row, "id").unwrap_or_default();
        names.projects.insert(key, (workspace.clone(), name(&row).to_owned()));
        found
            .inventory
            .add(present(Identity::project(workspace, name(&row)), &row));
    }
    let endpoints = read_endpoints(client, wanted, &names, &mut found).await?;
    let mut environments = BTreeMap::new();
    for row in within(client, wanted, &names, "environments").await? {
        if let Some(identity) = names.in_project(Kind::Environment, &row, name(&row)) {
            environments.insert(id(&row, "id").unwrap_or_default(), name(&row).to_owned());
            found.inventory.add(present(identity, &row));
        }
    }
    let workflows = read_workflows(client, wanted, &names, &environments, &endpoints, &mut found).await?;
    for row in within(client, wanted, &names, "schedules").await? {
        if let Some(workflow) = id(&row, "workflowId").and_then(|id| workflows.get(&id)) {
            let identity = workflow.beside(Kind::Schedule, &workflow.name);
            found.inventory.add(present(identity, &row));
        }
    }
    Ok(found)
}

/// The rows of a collection within the workspaces.
async fn within(client: &Client, wanted: &Wanted, names: &Names, collection: &str) -> Result<Vec<Value>, Problem> {
    if wanted.workspaces.is_none() {
        return client.all(&format!("/api/v1/{collection}?sort=id")).await;
    }
    let mut rows = Vec::new();
    for workspace in names.workspaces.keys() {
        let path = format!("/api/v1/{collection}?sort=id&workspaceId={workspace}");
        rows.extend(client.all(&path).await?);
    }
    Ok(rows)
}

/// Reads the endpoints of the workspaces and the shared ones; names of all by id, and whether they are shared.
async fn read_endpoints(
    client: &Client,
    wanted: &Wanted,
    names: &Names,
    found: &mut Found,
) -> Result<BTreeMap<i64, (bool, String)>, Problem> {
    let mut rows = Vec::new();
    let mut endpoints = BTreeMap::new();
    for row in client.all("/api/v1/api-endpoints?sort=id").await? {
        let workspace = match id(&row, "workspaceId") {
            None => None,
            Some(id) => match names.workspaces.get(&id) {
                Some(name) => Some(name.as_str()),
                None => continue,
            },
        };
        let identity = Identity::new(Kind::ApiEndpoint, workspace, None, name(&row));
        endpoints.insert(
            id(&row, "id").unwrap_or_default(),
            (workspace.is_none(), identity.name.clone()),
        );
        rows.push((identity, row));
    }
    let whole = stream::iter(rows).map(|(identity, row)| async move {
        let is_wanted = wanted
            .endpoints
            .as_ref()
            .is_none_or(|endpoints| endpoints.contains(&identity));
        if !is_wanted {
            return Ok(present(identity, &row));
        }
        let path = format!("/api/v1/api-endpoints/{}", id(&row, "id").unwrap_or_default());
        let answer = client.get(&path).await?;
        Ok::<_, Problem>(Present {
            version: answer.version,
            ..present(identity, &answer.body)
        })
    });
    let whole: Vec<Present> = whole.buffered(AT_ONCE).try_collect().await?;
    whole.into_iter().for_each(|endpoint| found.inventory.add(endpoint));
    Ok(endpoints)
}

/// Reads the drafts; the workflows' identities by id.
async fn read_workflows(
    client: &Client,
    wanted: &Wanted,
    names: &Names,
    environments: &BTreeMap<i64, String>,
    endpoints: &BTreeMap<i64, (bool, String)>,
    found: &mut Found,
) -> Result<BTreeMap<i64, Identity>, Problem> {
    let rows = within(client, wanted, names, "workflows").await?;
    let drafts = stream::iter(rows).map(|row| async move {
        let path = format!("/api/v1/workflows/{}", id(&row, "id").unwrap_or_default());
        let draft = client.get(&format!("{path}?version=draft")).await?;
        let flag = |body: &Value, key: &str| body.get(key).and_then(Value::as_bool).unwrap_or_default();
        let standing = match draft.body.get("status").and_then(Value::as_str) {
            Some("Inactive") => Standing::Deactivated,
            Some("Published") if !flag(&draft.body, "hasDraftChanges") => {
                let outdated = if wanted.standing {
                    client.get(&path).await?.body.get("outdatedEndpoints").cloned()
                } else {
                    None
                };
                match outdated.as_ref().and_then(Value::as_array) {
                    Some(outdated) if !outdated.is_empty() => Standing::Behind,
                    Some(_) | None => Standing::InForce,
                }
            }
            Some(_) | None => Standing::Behind,
        };
        Ok::<_, Problem>((draft, standing))
    });
    let drafts: Vec<_> = drafts.buffered(AT_ONCE).try_collect().await?;
    let mut workflows = BTreeMap::new();
    for (draft, standing) in drafts {
        let Some(identity) = names.in_project(Kind::Workflow, &draft.body, name(&draft.body)) else {
            continue;
        };
        let environment = id(&draft.body, "environmentId").and_then(|id| environments.get(&id));
        let environment = environment.map_or("", String::as_str);
        let row = members(&draft.body);
        let named = workflow_by_names(&row, environment, |id| endpoints.get(&id).cloned());
        let named = named.unwrap_or_else(|detail| {
            found.broken.insert(identity.clone(), detail);
            // A name that no endpoint has: whatever a file says is another one.
            let nameless = |id: i64| Some(endpoints.get(&id).cloned().unwrap_or((false, format!("\u{0}{id}"))));
            workflow_by_names(&row, environment, nameless).unwrap_or_default()
        });
        let id = id(&draft.body, "id").unwrap_or_default();
        workflows.insert(id, identity.clone());
        found.inventory.add(Present {
            resource: Resource::new(identity, &named),
            id,
            version: draft.version,
            standing: Some(standing),
        });
    }
    Ok(workflows)
}
