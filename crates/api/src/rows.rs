//! Rows of the read models as JSON: names and types come from the resource's table of columns.
//!
//! Invariant: JSON columns are real JSON in answers, enums are named, and nothing is answered that the resource's table
//! does not list.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use utoipa::openapi::{RefOr, schema::Schema};
use wfm_application::context::Context;
use wfm_projections::queries::{
    ListError, ListRequest, Listed, Resource, ResourceColumn, Visibility, get, list,
    resources::{
        ApiEndpointRow, ApiKeyRow, ApiParameterRow, ApprovalRow, EnvironmentRow, ExecutionRow, ProjectRow, ScheduleRow,
        UserRow, WorkflowRow, WorkflowStepRow, WorkspaceRow,
    },
};
use wfm_storage::read_store::{Cell, ColumnKind, Query};

use crate::{
    context::Api,
    error::Problem,
    row_schemas::{schema, schema_name},
};

/// API names of the columns that hold JSON.
const JSON_COLUMNS: &[&str] = &[
    "authentication",
    "catchUp",
    "configuration",
    "definition",
    "details",
    "errorHandling",
    "headers",
    "inputMapping",
    "inputParameters",
    "limits",
    "metadata",
    "output",
    "outputMapping",
    "outputParameters",
    "soap",
    "validationRules",
    "variables",
];

/// A column's name in answers; `None` when it is not shown. A workflow shows `Workflows.Version` under its documented name;
/// the version of its stream is its entity tag alone.
pub(crate) fn shown_name(resource: &Resource, column: &'static str) -> Option<&'static str> {
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

/// Whether rows know the version of their stream.
pub(crate) fn keeps_version(resource: &Resource) -> bool {
    // A filter by `version` tells a number of its own from the stream's.
    let mut columns = resource.columns.iter();
    columns.any(|column| column.name == "version" && !column.filter)
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
        let version = self.integer("version").filter(|_| keeps_version(self.resource));
        version?.try_into().ok()
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

/// Whether the column holds JSON text.
pub(crate) fn holds_json(column: &ResourceColumn) -> bool {
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
    /// That schema.
    pub object: fn() -> RefOr<Schema>,
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
impl Shown for ScheduleRow {}
impl Shown for ApprovalRow {}

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
