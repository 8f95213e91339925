//! Rows of the read models as JSON: names and types come from the resource's table of columns.
//!
//! Invariant: JSON columns are real JSON in answers, enums are named, and nothing is answered that the resource's table
//! does not list.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use utoipa::openapi::{
    ObjectBuilder, RefOr,
    schema::{ArrayBuilder, KnownFormat, Ref, Schema, SchemaFormat, SchemaType, Type},
};
use wfm_application::context::Context;
use wfm_projections::queries::{
    ListError, ListRequest, Listed, Resource, ResourceColumn, Sorting, Visibility, get, list,
    resources::{
        ApiEndpointRow, ApiKeyRow, ApiParameterRow, EnvironmentRow, ExecutionRow, ProjectRow, UserRow, WorkflowRow,
        WorkflowStepRow, WorkspaceRow,
    },
};
use wfm_storage::read_store::{Cell, ColumnKind, Query};

use crate::{context::Api, error::Problem};

/// API names of the columns that hold JSON.
const JSON_COLUMNS: &[&str] = &[
    "authentication",
    "configuration",
    "definition",
    "details",
    "errorHandling",
    "headers",
    "inputMapping",
    "inputParameters",
    "metadata",
    "output",
    "outputMapping",
    "outputParameters",
    "validationRules",
    "variables",
];

/// A column's name in answers; `None` when it is not shown. A workflow shows `Workflows.Version` under its documented name;
/// the version of its stream is its entity tag alone.
fn shown_name(resource: &Resource, column: &'static str) -> Option<&'static str> {
    match (resource.name, column) {
        ("workflows", "version") => None,
        ("workflows", "workflowVersion") => Some("version"),
        _ => Some(column),
    }
}

/// The name in the table of columns behind a name in the API; the same for what the table does not know.
#[must_use]
pub fn column_name<'a>(resource: &Resource, name: &'a str) -> &'a str {
    match (resource.name, name) {
        ("workflows", "version") => "workflowVersion",
        ("workflows", "workflowVersion") => "",
        _ => name,
    }
}

/// A row of a resource. Serialises as a JSON object.
pub struct Row {
    resource: &'static Resource,
    cells: Vec<Cell>,
}

impl Row {
    /// A row with the cells of the resource's columns; more cells are left out.
    #[must_use]
    pub fn new(resource: &'static Resource, cells: Vec<Cell>) -> Self {
        Self { resource, cells }
    }

    /// Whether answers show a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.resource
            .columns
            .iter()
            .any(|column| shown_name(self.resource, column.name) == Some(name))
    }

    /// The cell of a column by its name in the table of columns.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<&Cell> {
        let place = self.resource.columns.iter().position(|column| column.name == name)?;
        self.cells.get(place)
    }

    /// An integer column.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.cell(name)? {
            Cell::Integer(value) => Some(*value),
            Cell::Null | Cell::Real(_) | Cell::Text(_) => None,
        }
    }

    /// A text column.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.cell(name)? {
            Cell::Text(value) => Some(value),
            Cell::Null | Cell::Integer(_) | Cell::Real(_) => None,
        }
    }

    /// Version of the row's stream, where it has one.
    #[must_use]
    pub fn stream_version(&self) -> Option<u64> {
        // A filter by `version` tells a number of its own from the stream's.
        let keeps_version = self
            .resource
            .columns
            .iter()
            .any(|column| column.name == "version" && !column.filter);
        self.integer("version").filter(|_| keeps_version)?.try_into().ok()
    }

    /// Writes the row's members into an object under construction.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (column, cell) in self.resource.columns.iter().zip(&self.cells) {
            let Some(name) = shown_name(self.resource, column.name) else {
                continue;
            };
            map.serialize_key(name)?;
            match cell {
                Cell::Null => map.serialize_value(&())?,
                Cell::Integer(value) if column.kind == ColumnKind::Bit => map.serialize_value(&(*value != 0))?,
                Cell::Integer(value) => match usize::try_from(*value).ok().and_then(|value| column.names.get(value)) {
                    Some(name) => map.serialize_value(name)?,
                    None => map.serialize_value(value)?,
                },
                Cell::Real(value) => map.serialize_value(value)?,
                Cell::Text(value) if holds_json(column) => match serde_json::from_str::<&RawValue>(value) {
                    Ok(json) => map.serialize_value(json)?,
                    // What was erased is no JSON.
                    Err(_) => map.serialize_value(&**value)?,
                },
                Cell::Text(value) => map.serialize_value(&**value)?,
            }
        }
        Ok(())
    }
}

fn holds_json(column: &ResourceColumn) -> bool {
    column.kind == ColumnKind::Text && JSON_COLUMNS.contains(&column.name)
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.members(&mut map)?;
        map.end()
    }
}

/// Rows that are shown as a part of another.
pub struct Part {
    /// Name of the member that holds them.
    pub name: &'static str,
    /// Name of their schema.
    pub schema: &'static str,
    resource: &'static Resource,
    query: fn(i64) -> Result<Query, ListError>,
    object: fn() -> RefOr<Schema>,
}

/// Rows of a part at most.
const PART_ROWS: u32 = 10_000;

impl Part {
    fn of<R: Listed>(name: &'static str, query: fn(i64) -> Result<Query, ListError>) -> Self {
        Self {
            name,
            schema: schema_name::<R>(),
            resource: R::RESOURCE,
            query,
            object: schema::<R>,
        }
    }
}

fn children<R: Listed>(parent_column: &str, parent: i64) -> Result<Query, ListError> {
    list::<R>(&ListRequest::new(Visibility::All, PART_ROWS).filter(parent_column, parent))
}

/// An entity that GET shows: a row, with its parts.
pub trait Shown: Listed {
    /// What is shown within it.
    #[must_use]
    fn parts() -> Vec<Part> {
        Vec::new()
    }
}

impl Shown for UserRow {}
impl Shown for ApiKeyRow {}
impl Shown for WorkspaceRow {}
impl Shown for ProjectRow {}
impl Shown for EnvironmentRow {}
impl Shown for ApiParameterRow {}
impl Shown for WorkflowStepRow {}
impl Shown for ExecutionRow {}

impl Shown for ApiEndpointRow {
    fn parts() -> Vec<Part> {
        vec![Part::of::<ApiParameterRow>("parameters", |id| {
            children::<ApiParameterRow>("apiEndpointId", id)
        })]
    }
}

impl Shown for WorkflowRow {
    fn parts() -> Vec<Part> {
        vec![Part::of::<WorkflowStepRow>("steps", |id| {
            children::<WorkflowStepRow>("workflowId", id)
        })]
    }
}

/// A row with its parts. Serialises as a JSON object.
pub struct Entity {
    /// The row.
    pub row: Row,
    parts: Vec<(&'static str, Vec<Row>)>,
}

impl Entity {
    /// Writes the members into an object under construction.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.row.members(map)?;
        self.parts
            .iter()
            .try_for_each(|(name, rows)| map.serialize_entry(name, rows))
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.members(&mut map)?;
        map.end()
    }
}

impl Api {
    /// The rows of a query.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, Problem> {
        Ok(self.app.reads.query(query).await?)
    }

    /// The row with this key, if `visibility` shows it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn row<R: Listed>(&self, key: impl Into<Cell>, visibility: &Visibility) -> Result<Option<Row>, Problem> {
        let rows = self.query(get::<R>(key, visibility)).await?;
        Ok(rows.into_iter().next().map(|cells| Row::new(R::RESOURCE, cells)))
    }

    /// The row with this key as the caller may see it.
    ///
    /// # Errors
    /// 404 naming `what`, or when the store fails.
    pub async fn seen<R: Listed>(
        &self,
        context: &Context,
        key: impl Into<Cell>,
        what: impl FnOnce() -> String,
    ) -> Result<Row, Problem> {
        let row = self.row::<R>(key, &self.visibility(context)?).await?;
        row.ok_or_else(|| Problem::not_found(what()))
    }

    /// A row with its parts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn entity<R: Shown>(&self, row: Row) -> Result<Entity, Problem> {
        let mut entity = Entity { row, parts: Vec::new() };
        for part in R::parts() {
            let Some(id) = entity.row.integer("id") else { continue };
            let rows = self.query((part.query)(id)?).await?;
            let limit = PART_ROWS as usize;
            let rows = rows
                .into_iter()
                .take(limit)
                .map(|cells| Row::new(part.resource, cells))
                .collect();
            entity.parts.push((part.name, rows));
        }
        Ok(entity)
    }
}

/// Name of a resource's schema: that of its struct without `Row`.
#[must_use]
pub fn schema_name<R>() -> &'static str {
    let name = std::any::type_name::<R>();
    let name = name.rsplit("::").next().unwrap_or(name);
    name.strip_suffix("Row").unwrap_or(name)
}

/// Name of an entity's schema.
#[must_use]
pub fn entity_schema_name<R: Shown>() -> String {
    let suffix = if R::parts().is_empty() { "" } else { "Details" };
    format!("{}{suffix}", schema_name::<R>())
}

/// The schema of an entity: its row and its parts.
#[must_use]
pub fn entity_schema<R: Shown>() -> RefOr<Schema> {
    let mut object = row_schema::<R>();
    for part in R::parts() {
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(part.schema)).build();
        object = object.property(part.name, rows).required(part.name);
    }
    RefOr::T(Schema::Object(object.build()))
}

/// The schemas of an entity's parts, by name.
pub fn part_schemas<R: Shown>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.extend(
        R::parts()
            .into_iter()
            .map(|part| (part.schema.to_owned(), (part.object)())),
    );
}

/// The schema of a resource's rows.
#[must_use]
pub fn schema<R: Listed>() -> RefOr<Schema> {
    RefOr::T(Schema::Object(row_schema::<R>().build()))
}

fn row_schema<R: Listed>() -> ObjectBuilder {
    let mut object = ObjectBuilder::new();
    for (place, column) in R::RESOURCE.columns.iter().enumerate() {
        if let Some(name) = shown_name(R::RESOURCE, column.name) {
            object = object
                .property(name, column_schema(column, is_nullable::<R>(place)))
                .required(name);
        }
    }
    object
}

/// Whether the struct of the rows takes NULL in this column.
fn is_nullable<R: Listed>(place: usize) -> bool {
    let sample = |column: &ResourceColumn| match column.kind {
        ColumnKind::Integer | ColumnKind::Bit => Cell::Integer(0),
        ColumnKind::Real => Cell::Real(0.0),
        ColumnKind::Text | ColumnKind::Instant => Cell::from(""),
    };
    let columns = R::RESOURCE.columns.iter().enumerate();
    let mut cells = columns.map(|(other, column)| if other == place { Cell::Null } else { sample(column) });
    R::decode(&mut cells).is_ok()
}

fn column_schema(column: &ResourceColumn, nullable: bool) -> Schema {
    if holds_json(column) {
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        return Schema::Object(any.description(Some("JSON")).build());
    }
    let (kind, format) = match column.kind {
        _ if !column.names.is_empty() => (Type::String, None),
        ColumnKind::Integer => (Type::Integer, Some(KnownFormat::Int64)),
        ColumnKind::Bit => (Type::Boolean, None),
        ColumnKind::Real => (Type::Number, Some(KnownFormat::Double)),
        ColumnKind::Text => (Type::String, None),
        ColumnKind::Instant => (Type::String, Some(KnownFormat::DateTime)),
    };
    let kind = if nullable {
        SchemaType::from_iter([kind, Type::Null])
    } else {
        SchemaType::Type(kind)
    };
    let mut object = ObjectBuilder::new()
        .schema_type(kind)
        .format(format.map(SchemaFormat::KnownFormat));
    if !column.names.is_empty() {
        let null = nullable.then_some(serde_json::Value::Null);
        object = object.enum_values(Some(
            column
                .names
                .iter()
                .map(|name| serde_json::Value::from(*name))
                .chain(null),
        ));
    }
    Schema::Object(object.build())
}

/// Names and schemas of the filters that a list takes.
#[must_use]
pub fn filters(resource: &'static Resource) -> Vec<(&'static str, Schema)> {
    let plain = |kind, name| ResourceColumn {
        name,
        sql: "",
        kind,
        filter: true,
        sorting: Sorting::None,
        names: &[],
    };
    let columns = resource.columns.iter().filter(|column| column.filter);
    let columns = columns.filter_map(|column| Some((shown_name(resource, column.name)?, column_schema(column, false))));
    // Ranges over keys serve routes, not callers.
    let ranges = resource.ranges.iter().filter(|range| range.kind == ColumnKind::Instant);
    let ranges = ranges.map(|range| (range.name, column_schema(&plain(range.kind, range.name), false)));
    columns.chain(ranges).collect()
}
