//! One keyset list for every resource: filters, order, cursor and visibility from a whitelist of columns.
//!
//! Invariant: only texts of the whitelist reach SQL; everything that a caller says is a parameter. A page continues after
//! the last row's sort value and key, so that rows which come or go meanwhile neither repeat nor hide others.

use thiserror::Error;
use wfm_domain::instant::Instant;
use wfm_storage::read_store::{Cell, ColumnKind, Query};

use super::{
    cells::DecodeError,
    cursor::Cursor,
    dialect::Dialect,
    scope::{Scope, Visibility},
};

/// How a column may be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorting {
    /// Not at all.
    None,
    /// By its value, which is never NULL.
    Value,
    /// By its text, NULL as the empty text.
    NullFirst,
}

/// A column of a resource.
#[derive(Debug, Clone, Copy)]
pub struct ResourceColumn {
    /// Its name in the API.
    pub name: &'static str,
    /// SQL expression.
    pub sql: &'static str,
    /// Its type.
    pub kind: ColumnKind,
    /// Whether rows may be filtered by its value.
    pub filter: bool,
    /// Whether rows may be sorted by it.
    pub sorting: Sorting,
    /// Whether SQL Server's column has a binary collation of its own, so that its indexes serve exact comparisons.
    pub binary: bool,
    /// Documented names: of the values 0, 1, 2, … of an integer, or the only values of a text; empty when it is no enum.
    pub names: &'static [&'static str],
}

/// A filter that is no equality, for example `executedFrom`.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Its name in the API.
    pub name: &'static str,
    /// SQL expression and operator, for example `e.ExecutedAt >=`.
    pub sql: &'static str,
    /// Type of its value.
    pub kind: ColumnKind,
}

/// What can be listed. Its first column is its key.
#[derive(Debug)]
pub struct Resource {
    /// Its name, for messages.
    pub name: &'static str,
    /// FROM clause.
    pub from: &'static str,
    /// Condition that always holds.
    pub condition: &'static str,
    /// Where its workspace stands.
    pub scope: Scope,
    /// Its columns, in the order of the struct's fields; the key first.
    pub columns: &'static [ResourceColumn],
    /// Filters beyond equality.
    pub ranges: &'static [Range],
    /// Sort when the caller names none.
    pub default_sort: &'static str,
}

/// A struct of a resource's rows.
pub trait Listed: Sized {
    /// The resource.
    const RESOURCE: &'static Resource;

    /// The struct of a row with the resource's columns.
    ///
    /// # Errors
    /// When the row is shaped otherwise.
    fn decode(cells: &mut dyn Iterator<Item = Cell>) -> Result<Self, DecodeError>;
}

/// What a caller wants to see of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// What the caller may see.
    pub visibility: Visibility,
    /// Filters by API name; all must hold.
    pub filters: Vec<(String, Cell)>,
    /// API name of the column to sort by, `-` before it for descending; the resource's default when `None`.
    pub sort: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Rows at most.
    pub limit: u32,
}

impl ListRequest {
    /// The first `limit` rows in the default order.
    #[must_use]
    pub fn new(visibility: Visibility, limit: u32) -> Self {
        Self {
            visibility,
            filters: Vec::new(),
            sort: None,
            cursor: None,
            limit,
        }
    }

    /// One more filter.
    #[must_use]
    pub fn filter(mut self, name: &str, value: impl Into<Cell>) -> Self {
        self.filters.push((name.to_owned(), value.into()));
        self
    }

    /// One more filter, as the text of a URL: a number, `true`, an instant, a documented enum name.
    ///
    /// # Errors
    /// When the resource has no such filter or the text is no value of its type.
    pub fn filter_text<R: Listed>(self, name: &str, text: &str) -> Result<Self, ListError> {
        let value = R::RESOURCE.parse(name, text)?;
        Ok(self.filter(name, value))
    }
}

/// Why a request cannot be answered: the caller's mistake.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListError {
    /// No such filter.
    #[error("{resource} cannot be filtered by {name}")]
    UnknownFilter {
        /// The resource.
        resource: &'static str,
        /// The filter.
        name: String,
    },
    /// The value is not of the filter's type.
    #[error("{value} is not what is expected: {expected}")]
    BadValue {
        /// The filter.
        name: String,
        /// The value.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// No such sort.
    #[error("{resource} cannot be sorted by {name}")]
    UnknownSort {
        /// The resource.
        resource: &'static str,
        /// The column.
        name: String,
    },
    /// The cursor is not one of this list in this order.
    #[error("the cursor does not belong to this list")]
    BadCursor,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// The rows.
    pub items: Vec<R>,
    /// Where the next page begins; `None` when there is none.
    pub next_cursor: Option<String>,
}

impl Resource {
    fn column(&self, name: &str) -> Option<&'static ResourceColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn unknown_filter(&self, name: &str) -> ListError {
        ListError::UnknownFilter {
            resource: self.name,
            name: name.to_owned(),
        }
    }

    /// The value of a filter's text.
    fn parse(&self, name: &str, text: &str) -> Result<Cell, ListError> {
        let range = self
            .ranges
            .iter()
            .find(|range| range.name == name)
            .map(|range| (range.kind, &[] as &[&str]));
        let column = self
            .column(name)
            .filter(|column| column.filter)
            .map(|column| (column.kind, column.names));
        let (kind, names) = range.or(column).ok_or_else(|| self.unknown_filter(name))?;
        let cell = match kind {
            ColumnKind::Integer if !names.is_empty() => enum_number(names, text).map(Cell::Integer),
            ColumnKind::Text if !names.is_empty() => enum_name(names, text).map(Cell::from),
            ColumnKind::Integer => text.parse().ok().map(Cell::Integer),
            ColumnKind::Real => text.parse().ok().map(Cell::Real),
            ColumnKind::Bit => match text {
                "true" | "1" => Some(true.into()),
                "false" | "0" => Some(false.into()),
                _ => None,
            },
            // No column holds U+0000, and not every database takes it as a value.
            ColumnKind::Text => (!text.contains('\0')).then(|| text.into()),
            ColumnKind::Instant => {
                let at = Instant::parse(text).or_else(|| Instant::parse(&format!("{text}T00:00:00Z")));
                at.map(|at| at.to_string().into())
            }
        };
        cell.ok_or_else(|| ListError::BadValue {
            name: name.to_owned(),
            value: text.to_owned(),
            expected: expected(kind, names),
        })
    }

    /// What may be filtered by under this name.
    fn filter(&self, name: &str) -> Result<Filter, ListError> {
        if let Some(range) = self.ranges.iter().find(|range| range.name == name) {
            return Ok(Filter::Range(range));
        }
        let column = self.column(name).filter(|column| column.filter);
        column.map(Filter::Equals).ok_or_else(|| self.unknown_filter(name))
    }

    /// The sort as it is called in cursors, its column, and whether it is descending.
    fn sort<'a>(&self, sort: Option<&'a str>) -> Result<(&'a str, &'static ResourceColumn, bool), ListError> {
        let sort = sort.unwrap_or(self.default_sort);
        let name = sort.strip_prefix('-').unwrap_or(sort);
        let column = self.column(name).filter(|column| column.sorting != Sorting::None);
        let column = column.ok_or_else(|| ListError::UnknownSort {
            resource: self.name,
            name: name.to_owned(),
        })?;
        Ok((sort, column, sort.starts_with('-')))
    }
}

/// The name as it is documented, however it is capitalised.
fn enum_name(names: &[&'static str], text: &str) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(text)).copied()
}

/// The number of a documented name, or a documented number.
fn enum_number(names: &[&str], text: &str) -> Option<i64> {
    let known = |number: &i64| usize::try_from(*number).is_ok_and(|number| number < names.len());
    let named = names
        .iter()
        .zip(0..)
        .find(|(known, _)| known.eq_ignore_ascii_case(text));
    named
        .map(|(_, number)| number)
        .or_else(|| text.parse().ok().filter(known))
}

/// What a filter of this kind takes.
fn expected(kind: ColumnKind, names: &[&str]) -> String {
    match kind {
        _ if !names.is_empty() => format!("one of {}", names.join(", ")),
        ColumnKind::Integer => "a whole number".to_owned(),
        ColumnKind::Real => "a number".to_owned(),
        ColumnKind::Bit => "true or false".to_owned(),
        ColumnKind::Text => "a text without U+0000".to_owned(),
        ColumnKind::Instant => {
            "an RFC 3339 instant (its + written as %2B), or a day, which means its beginning in UTC".to_owned()
        }
    }
}

/// A condition that a caller may name.
#[derive(Clone, Copy)]
enum Filter {
    Equals(&'static ResourceColumn),
    Range(&'static Range),
}

impl Filter {
    fn text(self, dialect: Dialect, parameter: &str) -> String {
        match self {
            Self::Equals(column) => dialect.equals(column, parameter),
            Self::Range(range) => format!("{} {parameter}", range.sql),
        }
    }
}

/// A query under construction: its conditions, in both dialects, and parameters.
struct Conditions {
    sqlite: String,
    sqlserver: String,
    parameters: Vec<Cell>,
}

impl Conditions {
    fn new(resource: &Resource) -> Self {
        let condition = if resource.condition.is_empty() {
            "1 = 1"
        } else {
            resource.condition
        };
        let text = format!(" FROM {} WHERE {condition}", resource.from);
        Self {
            sqlite: text.clone(),
            sqlserver: text,
            parameters: Vec::new(),
        }
    }

    /// Takes one more parameter; returns its placeholder.
    fn parameter(&mut self, value: Cell) -> String {
        self.parameters.push(value);
        format!("@P{}", self.parameters.len())
    }

    fn and(&mut self, condition: impl Fn(Dialect) -> String) {
        for (text, dialect) in [
            (&mut self.sqlite, Dialect::Sqlite),
            (&mut self.sqlserver, Dialect::SqlServer),
        ] {
            text.push_str(" AND ");
            text.push_str(&condition(dialect));
        }
    }

    /// Leaves what `visibility` shows.
    fn scope(&mut self, scope: Scope, visibility: &Visibility) {
        let Some(workspaces) = visibility.json() else { return };
        match scope {
            Scope::Unscoped => {}
            Scope::Workspace(column) => {
                let place = self.parameter(workspaces);
                self.and(|dialect| format!("{column} IN ({})", dialect.integers(&place)));
            }
            Scope::WorkspaceOrShared(column) => {
                let place = self.parameter(workspaces);
                self.and(|dialect| format!("({column} IS NULL OR {column} IN ({}))", dialect.integers(&place)));
            }
        }
    }

    /// The query of the first rows, given its select list and its order.
    fn query(self, limit: u32, frame: impl Fn(Dialect) -> (String, String)) -> Query {
        let text = |dialect: Dialect, conditions: &str| {
            let (select, order) = frame(dialect);
            format!("SELECT {select}{conditions}{order}{}", dialect.first(limit))
        };
        Query {
            sqlite: text(Dialect::Sqlite, &self.sqlite).into(),
            sqlserver: Some(text(Dialect::SqlServer, &self.sqlserver).into()),
            parameters: self.parameters,
        }
    }
}

fn select(resource: &Resource) -> String {
    let columns: Vec<&str> = resource.columns.iter().map(|column| column.sql).collect();
    columns.join(", ")
}

/// The query of a page: the resource's columns, then the sort value and the key; one row more than the limit.
///
/// # Errors
/// When the request names what the resource does not have.
pub fn list<R: Listed>(request: &ListRequest) -> Result<Query, ListError> {
    page_of(R::RESOURCE, request)
}

/// See [`list`].
pub(super) fn page_of(resource: &Resource, request: &ListRequest) -> Result<Query, ListError> {
    let (sort, column, descending) = resource.sort(request.sort.as_deref())?;
    let mut conditions = Conditions::new(resource);
    conditions.scope(resource.scope, &request.visibility);
    for (name, value) in &request.filters {
        let filter = resource.filter(name)?;
        let place = conditions.parameter(value.clone());
        conditions.and(|dialect| filter.text(dialect, &place));
    }
    let key = &resource.columns[0];
    if let Some(cursor) = &request.cursor {
        let cursor = Cursor::decode(cursor)
            .filter(|cursor| cursor.sort == sort)
            .ok_or(ListError::BadCursor)?;
        let value = conditions.parameter(cursor.value);
        let after = conditions.parameter(cursor.key);
        let than = if descending { '<' } else { '>' };
        conditions.and(|dialect| {
            let (order, key) = (dialect.order(column), dialect.order(key));
            format!("{order} {than}= {value} AND ({order} {than} {value} OR {key} {than} {after})")
        });
    }
    let direction = if descending { "DESC" } else { "ASC" };
    Ok(conditions.query(request.limit.saturating_add(1), |dialect| {
        let (order, by_key) = (dialect.order(column), dialect.order(key));
        let sorted = if order == by_key {
            format!(" ORDER BY {order} {direction}")
        } else {
            format!(" ORDER BY {order} {direction}, {by_key} {direction}")
        };
        (format!("{}, {order}, {}", select(resource), key.sql), sorted)
    }))
}

/// The page that the rows of [`list`] make.
///
/// # Errors
/// When a row is shaped otherwise.
pub fn page<R: Listed>(request: &ListRequest, mut rows: Vec<Vec<Cell>>) -> Result<Page<R>, DecodeError> {
    let limit = request.limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let sort = request
        .sort
        .clone()
        .unwrap_or_else(|| R::RESOURCE.default_sort.to_owned());
    let last = rows.last().filter(|_| more).and_then(|row| match row.as_slice() {
        [.., value, key] => Some(Cursor {
            sort,
            value: value.clone(),
            key: key.clone(),
        }),
        _ => None,
    });
    let items = rows
        .into_iter()
        .map(|row| R::decode(&mut row.into_iter()))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next_cursor: last.map(|cursor| cursor.encode()),
    })
}

/// The query of the row with this key, if the caller may see it.
#[must_use]
pub fn get<R: Listed>(key: impl Into<Cell>, visibility: &Visibility) -> Query {
    row_of(R::RESOURCE, key.into(), visibility)
}

/// See [`get`].
pub(super) fn row_of(resource: &Resource, key: Cell, visibility: &Visibility) -> Query {
    let mut conditions = Conditions::new(resource);
    let place = conditions.parameter(key);
    let column = &resource.columns[0];
    conditions.and(|dialect| dialect.equals(column, &place));
    conditions.scope(resource.scope, visibility);
    conditions.query(1, |_| (select(resource), format!(" ORDER BY {}", column.sql)))
}

/// The row that [`get`] finds.
///
/// # Errors
/// When the row is shaped otherwise.
pub fn single<R: Listed>(rows: Vec<Vec<Cell>>) -> Result<Option<R>, DecodeError> {
    rows.into_iter()
        .next()
        .map(|row| R::decode(&mut row.into_iter()))
        .transpose()
}
