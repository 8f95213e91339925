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
