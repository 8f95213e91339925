//! Reading request bodies: what JSON merge patches need beyond plain `serde`.

use serde::{Deserialize, Deserializer};

/// Tells an absent member (`None`) from one that is null (`Some(None)`), as RFC 7396 asks.
///
/// # Errors
/// When the member is of another type.
pub fn double_option<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Reads a member that may be absent (with `default`) but not null: what a merge patch cannot remove.
///
/// # Errors
/// When the member is null or of another type.
pub fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
