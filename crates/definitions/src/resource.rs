//! A resource: its names and, in one form, everything else that a definition says of it.

use std::fmt;

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    kinds::{API_VERSION, Kind, Place, STEP},
    secrets,
    shape::{Shape, Text, check, record},
    yaml::{Fault, Node, Tree},
};

/// What a resource is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Its kind.
    pub kind: Kind,
    /// Name of its workspace; `None` for workspaces themselves and for shared endpoints.
    pub workspace: Option<String>,
    /// Name of its project, if it stands in one.
    pub project: Option<String>,
    /// Its own name; for a schedule its workflow's.
    pub name: String,
}

impl Identity {
    /// A workspace.
    #[must_use]
    pub fn workspace(name: &str) -> Self {
        Self::new(Kind::Workspace, None, None, name)
    }

    /// A project.
    #[must_use]
    pub fn project(workspace: &str, name: &str) -> Self {
        Self::new(Kind::Project, Some(workspace), None, name)
    }

    /// Any resource; names as the server keeps them: trimmed and composed.
    #[must_use]
    pub fn new(kind: Kind, workspace: Option<&str>, project: Option<&str>, name: &str) -> Self {
        let normal = |name: &str| name.trim().nfc().collect::<String>();
        Self {
            kind,
            workspace: workspace.map(normal),
            project: project.map(normal),
            name: normal(name),
        }
    }

    /// A neighbour: another resource of the same project.
    #[must_use]
    pub fn beside(&self, kind: Kind, name: &str) -> Self {
        Self::new(kind, self.workspace.as_deref(), self.project.as_deref(), name)
    }

    /// The project it stands in.
    #[must_use]
    pub fn its_project(&self) -> Option<Self> {
        Some(Self::project(self.workspace.as_deref()?, self.project.as_deref()?))
    }

    /// The workspace it stands in, itself included.
    #[must_use]
    pub fn its_workspace(&self) -> Option<&str> {
        match self.kind {
            Kind::Workspace => Some(&self.name),
            Kind::Project | Kind::ApiEndpoint | Kind::Environment | Kind::Workflow | Kind::Schedule => {
                self.workspace.as_deref()
            }
        }
    }

    /// The names alone: `Acme / Orders / Fulfil`.
    #[must_use]
    pub fn names(&self) -> String {
        let names = [self.workspace.as_deref(), self.project.as_deref(), Some(&self.name)];
        let shared = self.kind == Kind::ApiEndpoint && self.workspace.is_none();
        let names: Vec<String> = names.into_iter().flatten().map(printable).collect();
        format!("{}{}", if shared { "shared / " } else { "" }, names.join(" / "))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.name(), self.names())
    }
}

/// A text for a terminal: what would steer one is replaced.
#[must_use]
pub fn printable(text: &str) -> String {
    let hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if hidden(character) { '\u{fffd}' } else { character })
        .collect()
}

/// A resource in its one form: equal to another exactly when both mean the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// What it is known by.
    pub identity: Identity,
    /// Everything else.
    pub body: Map<String, Value>,
}

impl Resource {
    /// A resource with these members; others than its kind has are left out.
    #[must_use]
    pub fn new(identity: Identity, members: &Map<String, Value>) -> Self {
        let mut body = record(identity.kind.fields(), members);
        if let Some(Value::Array(steps)) = body.get_mut("steps") {
            in_order(steps);
        }
        if let Some(Value::Array(parameters)) = body.get_mut("parameters") {
            parameters.sort_by(|one, other| name_of(one).cmp(name_of(other)));
        }
        Self { identity, body }
    }

    /// The document that describes it, without credentials and values of variables.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, text: &str| document.insert(key.to_owned(), json!(text));
        put("apiVersion", API_VERSION);
        put("kind", self.identity.kind.name());
        if let Some(workspace) = &self.identity.workspace {
            put("workspace", workspace);
        }
        if let Some(project) = &self.identity.project {
            put("project", project);
        }
        put(self.identity.kind.name_key(), &self.identity.name);
        let body = secrets::shown("", &Value::Object(self.body.clone()));
        for (key, value) in body.as_object().into_iter().flatten() {
            let value = match (key.as_str(), value) {
                ("tags", Value::String(text)) => as_tags(text),
                _ => value.clone(),
            };
            document.insert(key.clone(), value);
        }
        Value::Object(document)
    }
}

fn name_of(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Fills in orders that are left out, as the server does, and sorts by order and name.
fn in_order(steps: &mut [Value]) {
    let mut last = 0;
    for step in steps.iter_mut() {
        let order = step.get("order").and_then(Value::as_i64).unwrap_or(last + 1);
        last = last.max(order);
        if let Some(members) = step.as_object_mut() {
            members.insert("order".to_owned(), json!(order));
            // The order takes its place among the members.
            *members = record(STEP, members);
        }
    }
    steps.sort_by(|one, other| {
        let order = |step: &Value| step.get("order").and_then(Value::as_i64);
        (order(one), name_of(one)).cmp(&(order(other), name_of(other)))
    });
}

/// A list where that is the same as the text.
fn as_tags(text: &str) -> Value {
    let tags: Vec<&str> = text.split(',').map(str::trim).collect();
    let same = tags.join(",") == text && tags.iter().all(|tag| !tag.is_empty());
    if same { json!(tags) } else { json!(text) }
}

/// A resource as a file describes it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The resource.
    pub resource: Resource,
    /// The file.
    pub file: String,
    /// The document.
    pub node: Node,
}

impl Declared {
    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is not as it must be, with its line.
    pub fn read(file: &str, node: Node) -> Result<Self, Vec<Fault>> {
        let Tree::Map(members) = &node.tree else {
            let detail = format!("a document must be a mapping, not {}", node.what());
            return Err(vec![Fault::new(node.line, detail)]);
        };
        let mut faults = Vec::new();
        match node.get("apiVersion") {
            Some(version) if version.text() == Some(API_VERSION) => {}
            Some(version) => faults.push(Fault::new(
                version.line,
                format!("/apiVersion: {API_VERSION} is expected"),
            )),
            None => faults.push(Fault::new(
                node.line,
                format!("/apiVersion: is required; {API_VERSION} is known"),
            )),
        }
        let kind = node.get("kind").and_then(|kind| Kind::parse(kind.text()?));
        let Some(kind) = kind else {
            let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
            let detail = format!("/kind: one of {} is expected", known.join(", "));
            faults.push(Fault::new(node.line_of("/kind"), detail));
            return Err(faults);
        };
        let mut name = |key: &str| name_at(&node, key, &mut faults);
        let workspace = match kind.place() {
            Place::Top => None,
            Place::WorkspaceOrShared => node.get("workspace").and_then(|_| name("workspace")),
            Place::Workspace | Place::Project => name("workspace"),
        };
        let project = (kind.place() == Place::Project).then(|| name("project")).flatten();
        let own = name(kind.name_key()).unwrap_or_default();
        let identity = Identity::new(kind, workspace.as_deref(), project.as_deref(), &own);
        let head = |key: &str| {
            key == "apiVersion"
                || key == "kind"
                || key == kind.name_key()
                || (key == "workspace" && kind.place() != Place::Top)
                || (key == "project" && kind.place() == Place::Project)
        };
        let body = Node {
            line: node.line,
            tree: Tree::Map(members.iter().filter(|(key, _)| !head(&key.text)).cloned().collect()),
        };
        check(Shape::Record(kind.fields()), &body, "", &mut faults);
        check_endpoints(&body, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let json = body.to_json();
        let resource = Resource::new(identity, json.as_object().unwrap_or(&Map::new()));
        Ok(Self {
            resource,
            file: file.to_owned(),
            node,
        })
    }

    /// The line of what a pointer into the resource's body names, or the API's name for it. The body has steps and
    /// parameters in another order than the file may have.
    #[must_use]
    pub fn line_of(&self, pointer: &str) -> usize {
        let mut segments: Vec<String> = pointer.split('/').map(str::to_owned).collect();
        if let [_, list, index, ..] = &mut segments[..] {
            let item = self
                .resource
                .body
                .get(list.as_str())
                .and_then(|items| items.get(index.parse::<usize>().ok()?));
            let place = match (item, self.node.get(list).map(|node| &node.tree)) {
                (Some(item), Some(Tree::List(nodes))) => nodes
                    .iter()
                    .position(|node| node.get("name").and_then(Node::text).map(str::trim) == Some(name_of(item))),
                _ => None,
            };
            if let Some(place) = place {
                *index = place.to_string();
            }
        }
        let mut path = segments.join("/");
        if let Some(above) = path.strip_suffix("apiEndpointId") {
            let parent = self.node.line_of(above.trim_end_matches('/'));
            return ["endpoint", "sharedEndpoint"]
                .into_iter()
                .map(|key| self.node.line_of(&format!("{above}{key}")))
                .find(|line| *line != parent)
                .unwrap_or(parent);
        }
        if path == "/environmentId" {
            path = "/environment".to_owned();
        }
        self.node.line_of(&path)
    }
}

/// A name of the document's head.
fn name_at(node: &Node, key: &str, faults: &mut Vec<Fault>) -> Option<String> {
    let Some(value) = node.get(key) else {
        faults.push(Fault::new(node.line, format!("/{key}: is required")));
        return None;
    };
    let before = faults.len();
    check(Shape::Text(Text::Name(200)), value, &format!("/{key}"), faults);
    (faults.len() == before).then(|| value.text().unwrap_or_default().to_owned())
}

/// Each step, and each compensation, names one endpoint.
fn check_endpoints(body: &Node, faults: &mut Vec<Fault>) {
    let steps = body.get("steps").map(|steps| &steps.tree);
    let Some(Tree::List(steps)) = steps else { return };
    for (index, step) in steps.iter().enumerate() {
        let compensation = step
            .get("errorHandling")
            .and_then(|handling| handling.get("compensation"))
            .filter(|compensation| compensation.tree != Tree::Null);
        let places = [(Some(step), ""), (compensation, "/errorHandling/compensation")];
        for (node, place) in places.into_iter().filter_map(|(node, place)| Some((node?, place))) {
            let named = ["endpoint", "sharedEndpoint"]
                .into_iter()
                .filter(|key| node.get(key).is_some_and(|value| value.tree != Tree::Null))
                .count();
            if named != 1 && matches!(node.tree, Tree::Map(_)) {
                let detail = format!("/steps/{index}{place}: either endpoint or sharedEndpoint is expected");
                faults.push(Fault::new(node.line, detail));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn read(text: &str) -> Result<Declared, Vec<String>> {
        let node = yaml::read(text).unwrap().remove(0);
        Declared::read("x.yaml", node).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    const WORKFLOW: &str = "apiVersion: wfm/v1\nkind: Workflow\nworkspace: Acme\nproject: Orders\nname: Fulfil\n\
                            environment: Production\nsteps:\n  - name: b\n    order: 2\n    endpoint: Ship\n  - name: a\n    \
                            order: 1\n    sharedEndpoint: Reserve\n    timeoutSeconds: 30\n";

    #[test]
    fn a_definition_has_one_form() {
        let declared = read(WORKFLOW).unwrap();
        assert_eq!(
            declared.resource.identity.to_string(),
            "Workflow Acme / Orders / Fulfil"
        );
        assert_eq!(
            Value::Object(declared.resource.body),
            json!({"environment": "Production", "steps": [
                {"name": "a", "order": 1, "sharedEndpoint": "Reserve"}, {"name": "b", "order": 2, "endpoint": "Ship"},
            ]})
        );
    }

    #[test]
    fn its_document_is_read_back() {
        let declared = read(WORKFLOW).unwrap();
        let text = yaml::write(&declared.resource.document());
        assert_eq!(read(&text).unwrap().resource, declared.resource);
    }

    #[test]
    fn faults_have_their_lines() {
        let faults = read(
            "apiVersion: wfm/v2\nkind: Workflow\nworkspace: Acme\nname: Fulfil\nenvironmnt: x\nsteps:\n  - name: a\n    \
             retryCount: 101\n    errorHandling: {compensation: {inputMapping: {}}}\n",
        );
        let faults = faults.unwrap_err().join("\n");
        for expected in [
            "line 1: /apiVersion",
            "line 1: /project: is required",
            "line 5: /environmnt: unknown key; known are",
            "line 1: /environment: is required",
            "line 8: /steps/0/retryCount: an integer from 0 to 100",
            "line 7: /steps/0: either endpoint",
            "line 9: /steps/0/errorHandling/compensation: either endpoint",
        ] {
            assert!(faults.contains(expected), "{expected}\n{faults}");
        }
    }

    #[test]
    fn tags_are_a_list_where_that_is_the_same() {
        assert_eq!(as_tags("a,b"), json!(["a", "b"]));
        assert_eq!(as_tags("a, b"), json!("a, b"));
    }
}
