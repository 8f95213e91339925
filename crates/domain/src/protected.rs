//! Values that the log holds only sealed: personal data, variables and run data.
//!
//! A decision works with the open value and names the data key that must seal it; the application seals every value of
//! an event before it serialises the event. Invariant: serialising a value that has not been sealed is an error, so
//! that plain text cannot reach the log by mistake. `Debug` never prints the value.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

use crate::ids::{EnvironmentId, UserId, WorkspaceId};

/// The data key that seals a value. Destroying the key erases every value under it for good.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataKey {
    /// Personal data of one user: destroyed when the person is erased.
    Person(UserId),
    /// Variables of one environment.
    Environment(EnvironmentId),
    /// Inputs, outputs and messages of the runs that a workspace started in a month (`2026-11`).
    Runs(WorkspaceId, String),
}

impl fmt::Display for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => write!(formatter, "person/{user}"),
            Self::Environment(environment) => write!(formatter, "environment/{environment}"),
            Self::Runs(workspace, month) => write!(formatter, "runs/{workspace}/{month}"),
        }
    }
}

impl DataKey {
    /// Parses the text form; `None` when it names no data key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('/')?;
        match kind {
            "person" => rest.parse().ok().map(|id| Self::Person(UserId(id))),
            "environment" => rest.parse().ok().map(|id| Self::Environment(EnvironmentId(id))),
            "runs" => {
                let (workspace, month) = rest.split_once('/')?;
                Some(Self::Runs(WorkspaceId(workspace.parse().ok()?), month.to_owned()))
            }
            _ => None,
        }
    }
}

/// A value that is sealed in the log. JSON form: `{"key":"person/3","sealed":"<base64 of nonce and ciphertext>"}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Protected {
    key: DataKey,
    open: Option<Arc<str>>,
    sealed: Option<Arc<str>>,
}

impl Protected {
    /// An open value to be sealed under `key`.
    pub fn new(key: DataKey, value: impl Into<Arc<str>>) -> Self {
        Self {
            key,
            open: Some(value.into()),
            sealed: None,
        }
    }

    /// The data key that seals the value.
    #[must_use]
    pub fn key(&self) -> &DataKey {
        &self.key
    }

    /// The open value; `None` when it has not been opened or its key was destroyed.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.open.as_deref()
    }

    /// The open value, shared; see [`Self::text`].
    #[must_use]
    pub fn shared(&self) -> Option<&Arc<str>> {
        self.open.as_ref()
    }

    /// The sealed form (base64), present once sealed or read from the log.
    #[must_use]
    pub fn sealed(&self) -> Option<&str> {
        self.sealed.as_deref()
    }

    /// Records the sealed form beside the open one.
    pub fn set_sealed(&mut self, sealed: impl Into<Arc<str>>) {
        self.sealed = Some(sealed.into());
    }

    /// Records the opened value beside the sealed one.
    pub fn set_open(&mut self, value: impl Into<Arc<str>>) {
        self.open = Some(value.into());
    }
}

impl fmt::Debug for Protected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Protected({})", self.key)
    }
}

#[derive(Serialize, Deserialize)]
struct SealedForm<'a> {
    key: std::borrow::Cow<'a, str>,
    sealed: std::borrow::Cow<'a, str>,
}

impl Serialize for Protected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sealed = self
            .sealed
            .as_deref()
            .ok_or_else(|| S::Error::custom("a protected value must be sealed first"))?;
        SealedForm {
            key: self.key.to_string().into(),
            sealed: sealed.into(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Protected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = SealedForm::deserialize(deserializer)?;
        let key = DataKey::parse(&form.key).ok_or_else(|| D::Error::custom("unknown data key"))?;
        Ok(Self {
            key,
            open: None,
            sealed: Some(form.sealed.into_owned().into()),
        })
    }
}

/// Visits each protected value of an event with the name of its field, so that the application can seal or open it.
/// The field's name is part of what the seal authenticates.
pub trait ProtectedFields {
    /// Calls `visit` once per protected value, in a fixed order.
    fn visit_protected(&mut self, visit: &mut dyn FnMut(&str, &mut Protected));
}
