//! Values of the parameters `@P1`, `@P2`, … of a statement.
//!
//! Invariant: only values whose type every server can tell from the message travel by themselves. A missing text has no type on
//! the wire, so it travels inside a JSON parameter instead.

use std::borrow::Cow;

use tiberius::{ColumnData, IntoSql, ToSql};
use uuid::Uuid;

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter<'value> {
    /// INT.
    Small(i32),
    /// BIGINT.
    Integer(i64),
    /// FLOAT(53).
    Real(f64),
    /// BIT.
    Bit(bool),
    /// NVARCHAR.
    Text(Cow<'value, str>),
    /// VARBINARY.
    Bytes(Cow<'value, [u8]>),
    /// UNIQUEIDENTIFIER.
    Uuid(Uuid),
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> ColumnData<'_> {
        match self {
            Self::Small(value) => ColumnData::I32(Some(*value)),
            Self::Integer(value) => ColumnData::I64(Some(*value)),
            Self::Real(value) => ColumnData::F64(Some(*value)),
            Self::Bit(value) => ColumnData::Bit(Some(*value)),
            Self::Text(value) => ColumnData::String(Some(Cow::Borrowed(value))),
            Self::Bytes(value) => ColumnData::Binary(Some(Cow::Borrowed(value))),
            Self::Uuid(value) => ColumnData::Guid(Some(*value)),
        }
    }
}

impl<'value> IntoSql<'value> for Parameter<'value> {
    fn into_sql(self) -> ColumnData<'value> {
        match self {
            Self::Small(value) => ColumnData::I32(Some(value)),
            Self::Integer(value) => ColumnData::I64(Some(value)),
            Self::Real(value) => ColumnData::F64(Some(value)),
            Self::Bit(value) => ColumnData::Bit(Some(value)),
            Self::Text(value) => ColumnData::String(Some(value)),
            Self::Bytes(value) => ColumnData::Binary(Some(value)),
            Self::Uuid(value) => ColumnData::Guid(Some(value)),
        }
    }
}

impl From<i64> for Parameter<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Parameter<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl<'value> From<&'value str> for Parameter<'value> {
    fn from(value: &'value str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Parameter<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'value> From<&'value [u8]> for Parameter<'value> {
    fn from(value: &'value [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(value))
    }
}

impl From<bool> for Parameter<'_> {
    fn from(value: bool) -> Self {
        Self::Bit(value)
    }
}

impl From<Uuid> for Parameter<'_> {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}
