//! The JSON Schema of definitions, made from the same tables that check them.

use serde_json::{Map, Value, json};

use crate::{
    kinds::{API_VERSION, Kind, Place},
    secrets::withheld,
    shape::{Field, Shape, Text},
};

/// The schema (draft 2020-12) of one document.
#[must_use]
pub fn json_schema() -> Value {
    let mut kinds = Map::new();
    let mut choices = Vec::new();
    for kind in Kind::ALL {
        kinds.insert(kind.name().to_owned(), document(kind));
        choices.push(json!({
            "if": {"properties": {"kind": {"const": kind.name()}}},
            "then": {"$ref": format!("#/$defs/{}", kind.name())},
        }));
    }
    kinds.insert(
        "Withheld".to_owned(),
        json!({
            "description": "Stands for a credential that an export does not show; an apply keeps what the server has",
            "const": withheld(),
        }),
    );
    let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WorkflowManagement definitions",
        "description": "One document of the files that wfm export writes and wfm apply reads",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"apiVersion": {"const": API_VERSION}, "kind": {"enum": names}},
        "allOf": choices,
        "$defs": kinds,
    })
}

fn document(kind: Kind) -> Value {
    let head = |name, about| Field::must(name, Shape::Text(Text::Name(200)), about);
    let workspace = head("workspace", "Name of its workspace");
    let project = head("project", "Name of its project");
    let mut fields = match kind.place() {
        Place::Top => Vec::new(),
        Place::WorkspaceOrShared => vec![Field::may(
            "workspace",
            workspace.shape,
            "Name of its workspace; shared by all without one",
        )],
        Place::Workspace => vec![workspace],
        Place::Project => vec![workspace, project],
    };
    fields.push(head(kind.name_key(), "Its name, by which it is known"));
    fields.extend_from_slice(kind.fields());
    let mut schema = record(&fields);
    let head = json!({"apiVersion": {"const": API_VERSION}, "kind": {"const": kind.name()}});
    if let (Some(properties), Value::Object(head)) = (schema["properties"].as_object_mut(), head) {
        properties.extend(head);
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.splice(0..0, [json!("apiVersion"), json!("kind")]);
    }
    schema
}

fn record(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = shape(field.shape);
        if !field.required
            && let Some(kind) = schema.get_mut("type").filter(|kind| kind.is_string())
        {
            // Null is the same as leaving it out.
            *kind = json!([kind.take(), "null"]);
        } else if !field.required
            && let Some(Value::Array(choices)) = schema.get_mut("anyOf")
        {
            choices.push(json!({"type": "null"}));
        } else if !field.required
            && let Some(Value::Array(words)) = schema.get_mut("enum")
        {
            words.push(Value::Null);
        }
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), json!(field.about));
            if field.default.is_some() {
                members.insert("default".to_owned(), field.default_value());
            }
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({
        "type": "object", "additionalProperties": false, "required": required, "properties": properties,
    });
    let names_endpoint = fields.iter().any(|field| field.name == "sharedEndpoint");
    if names_endpoint && let Some(members) = schema.as_object_mut() {
        let either = json!([{"required": ["endpoint"]}, {"required": ["sharedEndpoint"]}]);
        members.insert("oneOf".to_owned(), either);
    }
    schema
}

fn shape(shape_of: Shape) -> Value {
    match shape_of {
        Shape::Text(Text::Name(longest)) => json!({"type": "string", "minLength": 1, "maxLength": longest}),
        Shape::Text(Text::Block | Text::Trimmed) => {
            json!({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Withheld"}]})
        }
        Shape::Text(Text::Capitals | Text::Cron) => json!({"type": "string"}),
        Shape::Text(Text::Instant) => json!({"type": "string", "format": "date-time"}),
        Shape::Integer(least, i64::MAX) => json!({"type": "integer", "minimum": least}),
        Shape::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Any => json!({}),
        Shape::Object => json!({"type": "object"}),
        Shape::Tags => json!({"anyOf": [
            {"type": "string"}, {"type": "array", "items": {"type": "string", "pattern": "^[^,]+$"}},
        ]}),
        Shape::Record(fields) => record(fields),
        Shape::Named(shape_of) => json!({"type": "object", "additionalProperties": shape(*shape_of)}),
        Shape::List(shape_of) => json!({"type": "array", "items": shape(*shape_of)}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{resource::Declared, yaml};

    const EXAMPLES: [(&str, bool); 8] = [
        ("kind: Workspace\nname: Acme\n", true),
        ("kind: Workspace\nname: Acme\nowner: Ann\n", false),
        (
            "kind: ApiEndpoint\nname: Ping\nmethod: GET\nurl: '{env.URL}'\nheaders: {A: {withheld: true}}\n",
            true,
        ),
        ("kind: ApiEndpoint\nname: Ping\nmethod: GET\nurl: x\ntype: FTP\n", false),
        (
            "kind: Environment\nworkspace: A\nproject: P\nname: E\nvariables: {K: {secret: true}}\n",
            true,
        ),
        (
            "kind: Environment\nworkspace: A\nproject: P\nname: E\nvariables: {K: {value: x}}\n",
            false,
        ),
        (
            "kind: Workflow\nworkspace: A\nproject: P\nname: W\nenvironment: E\nsteps: [{name: a, endpoint: Ping}]\n",
            true,
        ),
        (
            "kind: Workflow\nworkspace: A\nproject: P\nname: W\nenvironment: E\nsteps: [{name: a}]\n",
            false,
        ),
    ];

    #[test]
    fn the_schema_and_the_reader_agree() {
        let schema = jsonschema::validator_for(&json_schema()).unwrap();
        for (text, expected) in EXAMPLES {
            let node = yaml::read(&format!("apiVersion: {API_VERSION}\n{text}"))
                .unwrap()
                .remove(0);
            assert_eq!(schema.is_valid(&node.to_json()), expected, "{text}");
            assert_eq!(Declared::read("x.yaml", node).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn the_committed_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/definitions.schema.json");
        let made = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
        if std::env::var_os("WFM_WRITE_TEXTS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == made,
            "docs/schema/definitions.schema.json differs from `wfm export --schema`; WFM_WRITE_TEXTS=1 writes it"
        );
    }
}
