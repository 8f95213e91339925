//! Cells and changes in the forms that projectors need.

use serde::Serialize;
use wfm_domain::protected::Protected;
use wfm_storage::read_store::{Cell, Change, ColumnIndex, Table};

/// What stands for a personal value or message whose key was destroyed.
pub const ERASED: &str = "erased";

/// A new row.
pub fn insert(table: &'static Table, row: Vec<Cell>) -> Change {
    Change::Insert { table, row }
}

/// New values of some columns of the row with this key.
pub fn update<C: Into<ColumnIndex>, const N: usize>(
    table: &'static Table,
    key: impl Into<Cell>,
    set: [(C, Cell); N],
) -> Change {
    Change::Update {
        table,
        key: key.into(),
        set: set.map(|(column, value)| (column.into(), value)).into(),
    }
}

/// An optional text.
pub fn text(value: &Option<String>) -> Cell {
    value.as_deref().into()
}

/// A value as JSON text; NULL when it is absent.
pub fn json<T: Serialize>(value: Option<&T>) -> Cell {
    // Payload types consist of strings, numbers and maps with string keys, which always serialise.
    value.and_then(|value| serde_json::to_string(value).ok()).into()
}

/// An opened value, or `erased`.
pub fn opened_or_erased(value: &Protected) -> Cell {
    value
        .shared()
        .map_or_else(|| ERASED.into(), |text| Cell::Text(text.clone()))
}

/// An opened value, or NULL.
pub fn opened(value: &Protected) -> Cell {
    value.shared().cloned().into()
}
