//! Schemas of rows and entities, from the resources' tables of columns.
//!
//! Invariant: a schema lists what [`crate::rows`] writes; whether a column may be null is asked of the struct of the rows.

use utoipa::openapi::{
    ObjectBuilder, RefOr,
    schema::{ArrayBuilder, KnownFormat, Ref, Schema, SchemaFormat, SchemaType, Type},
};
use wfm_projections::queries::{Listed, Resource, ResourceColumn, Sorting};
use wfm_storage::read_store::{Cell, ColumnKind};

use crate::rows::{Shown, holds_json, shown_name};

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
        binary: false,
        names: &[],
    };
    let columns = resource.columns.iter().filter(|column| column.filter);
    let columns = columns.filter_map(|column| Some((shown_name(resource, column.name)?, column_schema(column, false))));
    // Ranges over keys serve routes, not callers.
    let ranges = resource.ranges.iter().filter(|range| range.kind == ColumnKind::Instant);
    let ranges = ranges.map(|range| (range.name, column_schema(&plain(range.kind, range.name), false)));
    columns.chain(ranges).collect()
}
