//! From cells to the fields of plain structs.

use std::sync::Arc;

use thiserror::Error;
use wfm_storage::read_store::Cell;

/// A row is not of the shape that its query promises: the store has other tables than this program.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("a row does not have the expected shape: {0}")]
pub struct DecodeError(pub String);

/// A type that a cell can become.
pub trait FromCell: Sized {
    /// The value of the cell.
    ///
    /// # Errors
    /// When the cell holds another type.
    fn from_cell(cell: Cell) -> Result<Self, DecodeError>;
}

fn unexpected<T>(cell: &Cell) -> Result<T, DecodeError> {
    Err(DecodeError(format!(
        "{cell:?} where {} is expected",
        std::any::type_name::<T>()
    )))
}

impl FromCell for i64 {
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        match cell {
            Cell::Integer(value) => Ok(value),
            other => unexpected(&other),
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        match cell {
            Cell::Integer(value) => Ok(value != 0),
            other => unexpected(&other),
        }
    }
}

impl FromCell for f64 {
    #[allow(
        clippy::cast_precision_loss,
        reason = "SQLite keeps a whole FLOAT as an integer below 2^53"
    )]
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        match cell {
            Cell::Real(value) => Ok(value),
            Cell::Integer(value) => Ok(value as Self),
            other => unexpected(&other),
        }
    }
}

impl FromCell for Arc<str> {
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        match cell {
            Cell::Text(value) => Ok(value),
            other => unexpected(&other),
        }
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        Arc::<str>::from_cell(cell).map(|text| text.to_string())
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Result<Self, DecodeError> {
        match cell {
            Cell::Null => Ok(None),
            value => T::from_cell(value).map(Some),
        }
    }
}
