//! Lists: query parameters in, one page out.
//!
//! Invariant: every list has the same form, the same limits and the same strictness; a parameter that the resource does
//! not know is refused.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use wfm_application::{context::Context, history::EventPage, history::EventView};
use wfm_projections::queries::{ListError, ListRequest, Listed, Sorting, list, page};
use wfm_storage::read_store::Cell;

use crate::{
    answer::json,
    context::Api,
    error::Problem,
    row_schemas::filters,
    rows::{Row, column_name, shown_name},
};

/// Rows of a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// Rows of a page at most.
pub const MAXIMUM_LIMIT: u32 = 200;

/// A page as it is answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageAnswer<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// Everything there is, as the only page.
///
/// # Errors
/// When it cannot be written.
pub fn whole_page<T: Serialize>(items: Vec<T>) -> Result<Response, Problem> {
    let next_cursor = None;
    json(StatusCode::OK, &PageAnswer { items, next_cursor })
}

/// The limit of a page.
///
/// # Errors
/// When it is no number from 1 to [`MAXIMUM_LIMIT`].
pub fn limit(text: &str) -> Result<u32, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=MAXIMUM_LIMIT).contains(limit));
    limit
        .ok_or_else(|| Problem::bad_parameter("limit", format!("a whole number from 1 to {MAXIMUM_LIMIT} is expected")))
}

/// The query parameters of a list.
pub struct Wanted {
    pairs: Vec<(String, String)>,
    fixed: Vec<(String, Cell)>,
}

impl Wanted {
    /// What these query parameters ask for.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self {
            pairs,
            fixed: Vec::new(),
        }
    }

    /// A filter that the route itself sets, by the name in the resource's table.
    #[must_use]
    pub fn only(mut self, name: &str, value: impl Into<Cell>) -> Self {
        self.fixed.push((name.to_owned(), value.into()));
        self
    }

    /// Takes another name for a filter.
    #[must_use]
    pub fn alias(mut self, alias: &str, name: &str) -> Self {
        for (written, _) in &mut self.pairs {
            if written == alias {
                name.clone_into(written);
            }
        }
        self
    }

    fn request<R: Listed>(self, api: &Api, context: &Context) -> Result<ListRequest, Problem> {
        let mut request = ListRequest::new(api.visibility(context)?, DEFAULT_LIMIT);
        request.filters = self.fixed;
        for (place, (name, text)) in self.pairs.iter().enumerate() {
            if self.pairs[..place].iter().any(|(before, _)| before == name) {
                return Err(Problem::bad_parameter(name, "is given more than once"));
            }
            match name.as_str() {
                "limit" => request.limit = limit(text)?,
                "cursor" => request.cursor = Some(text.clone()),
                "sort" => {
                    let (sign, name) = text.strip_prefix('-').map_or(("", text.as_str()), |name| ("-", name));
                    request.sort = Some(format!("{sign}{}", column_name(R::RESOURCE, name)));
                }
                _ => {
                    let filtered = request.filter_text::<R>(column_name(R::RESOURCE, name), text);
                    request = filtered.map_err(refused::<R>)?;
                }
            }
        }
        Ok(request)
    }
}

/// The problem, with what the resource does have in place of what it has not.
fn refused<R: Listed>(error: ListError) -> Problem {
    let resource = R::RESOURCE;
    let names = |names: Vec<&'static str>| names.join(", ");
    match &error {
        ListError::UnknownFilter { name, .. } => {
            let filters = filters(resource).into_iter().map(|(name, _)| name).collect();
            Problem::bad_parameter(name, format!("{error}; filters are {}", names(filters)))
        }
        ListError::UnknownSort { .. } => {
            let columns = resource.columns.iter().filter(|column| column.sorting != Sorting::None);
            let columns = columns.filter_map(|column| shown_name(resource, column.name)).collect();
            Problem::bad_parameter("sort", format!("{error}; they can be by {}", names(columns)))
        }
        ListError::BadValue { .. } | ListError::BadCursor => error.into(),
    }
}

impl Api {
    /// A page of what the caller may see.
    ///
    /// # Errors
    /// When the caller asks for what the resource does not have, or the store fails.
    pub async fn list<R: Listed>(&self, context: &Context, wanted: Wanted) -> Result<Response, Problem> {
        let request = wanted.request::<R>(self, context)?;
        let rows = self.query(list::<R>(&request).map_err(refused::<R>)?).await?;
        let shown = rows.iter().take(request.limit as usize).cloned();
        let items = shown.map(|cells| Row::new(R::RESOURCE, cells)).collect();
        let next_cursor = page::<R>(&request, rows)?.next_cursor;
        json(StatusCode::OK, &PageAnswer { items, next_cursor })
    }
}

/// A page of events; the cursor is the position, or the stream's version, to go on after.
///
/// # Errors
/// When it does not serialise.
pub fn events(page: EventPage) -> Result<Response, Problem> {
    let next_cursor = page.next.map(|next| next.to_string());
    json(
        StatusCode::OK,
        &PageAnswer::<EventView> {
            items: page.items,
            next_cursor,
        },
    )
}

/// A page of anything else.
///
/// # Errors
/// When it does not serialise.
pub fn items<T: Serialize>(items: Vec<T>, next_cursor: Option<String>) -> Result<Response, Problem> {
    json(StatusCode::OK, &PageAnswer { items, next_cursor })
}
