//! Where the server is and how to reach it: an ADO.NET connection string as typed settings.
//!
//! Invariant: whatever is not understood is refused with its place, and no error or `Debug` text ever holds a value that may
//! be a password.

mod keys;
mod parser;
mod server;

use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use server::{DEFAULT_PORT, Server};

/// Why a connection string cannot be used. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidConnectionString {
    /// A part is not `key=value`.
    #[error("part {part} of the connection string is not key=value; a value that contains ; must be quoted")]
    NotKeyAndValue {
        /// Place among the parts, from 1.
        part: usize,
    },
    /// A quoted value does not end, or something follows it.
    #[error("the quoted value of part {part} of the connection string does not end before the next ;")]
    Quotes {
        /// Place among the parts, from 1.
        part: usize,
    },
    /// A key that is not known.
    #[error("the connection string has the unknown key {0:?}")]
    UnknownKey(String),
    /// A key that is not known, right after a password: it may be a piece of it.
    #[error(
        "the connection string has an unknown key right after the password; a password that contains ; must be quoted"
    )]
    UnknownKeyAfterPassword,
    /// A key of SQL Server's own drivers that has no effect here.
    #[error("the connection string's key {key} cannot be used: {reason}")]
    Unsupported {
        /// The key.
        key: &'static str,
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// A value that its key does not take.
    #[error("the connection string's key {key} takes {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A key that must be there is not.
    #[error("the connection string lacks {0}")]
    Missing(&'static str),
    /// Two keys contradict each other.
    #[error("the connection string has both {0} and {1}")]
    Contradiction(&'static str, &'static str),
}

/// Why a file with a connection string cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnusableFile {
    /// It cannot be read.
    #[error("the connection string in {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// What stands in it is none.
    #[error("{path}: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// Why.
        reason: InvalidConnectionString,
    },
}

/// How traffic is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Only the login, unless the server insists.
    Optional,
    /// Everything.
    Mandatory,
    /// Everything, from the first byte on (TDS 8).
    Strict,
}

/// Which servers are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those with a certificate that the system's authorities vouch for.
    System,
    /// The same, and those that the authorities in this file vouch for.
    File(PathBuf),
    /// Any.
    Any,
}

/// A password that no text shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Where the password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// The connection string.
    Given(Password),
    /// A file, read again for every new connection: so a password can be changed without a restart.
    File(PathBuf),
}

/// A connection string, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the connection string stands, if it is to be read again for every new connection.
    pub(crate) file: Option<PathBuf>,
    pub(crate) server: Server,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: PasswordSource,
    pub(crate) encryption: Encryption,
    pub(crate) trust: Trust,
    pub(crate) host_name_in_certificate: Option<String>,
    pub(crate) read_only: bool,
    pub(crate) multi_subnet_failover: bool,
    pub(crate) application_name: String,
    pub(crate) workstation: Option<String>,
    pub(crate) packet_size_bytes: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) connect_retries: u32,
    pub(crate) connect_retry_interval: Duration,
    pub(crate) command_timeout: Duration,
    pub(crate) pool_wait: Duration,
    pub(crate) max_connections: usize,
    pub(crate) min_connections: usize,
    pub(crate) max_lifetime: Option<Duration>,
}

impl Settings {
    /// Understands a connection string.
    ///
    /// # Errors
    /// See [`InvalidConnectionString`].
    pub fn parse(text: &str) -> Result<Self, InvalidConnectionString> {
        keys::interpret(&parser::pairs(text)?)
    }

    /// The connection string in a file. It is read again for every new connection, so that server, login, password and
    /// encryption can change without a restart; the database and the pool's bounds stay those of the start.
    ///
    /// # Errors
    /// See [`UnusableFile`].
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, UnusableFile> {
        let path = path.into();
        let settings = read(&path)?;
        Ok(Self {
            file: Some(path),
            ..settings
        })
    }

    /// The settings for a connection that is made now.
    pub(crate) fn present(&self) -> Result<Cow<'_, Self>, UnusableFile> {
        let Some(path) = &self.file else {
            return Ok(Cow::Borrowed(self));
        };
        let Self {
            server,
            user,
            password,
            encryption,
            trust,
            host_name_in_certificate,
            multi_subnet_failover,
            ..
        } = read(path)?;
        Ok(Cow::Owned(Self {
            server,
            user,
            password,
            encryption,
            trust,
            host_name_in_certificate,
            multi_subnet_failover,
            ..self.clone()
        }))
    }

    /// Whether the text looks like a connection string for SQL Server rather than something else.
    #[must_use]
    pub fn is_connection_string(text: &str) -> bool {
        parser::pairs(text).is_ok_and(|pairs| pairs.iter().any(|pair| keys::is_server(&pair.key)))
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Host, instance and port, for messages.
    #[must_use]
    pub fn server(&self) -> String {
        self.server.to_string()
    }

    /// Host and port, the usual one where none is given.
    #[must_use]
    pub fn address(&self) -> (String, u16) {
        (self.server.host.clone(), self.server.port.unwrap_or(DEFAULT_PORT))
    }

    /// Whether queries may go to a readable secondary (`ApplicationIntent=ReadOnly`).
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The same, for another database of the server.
    #[must_use]
    pub fn with_database(&self, database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            ..self.clone()
        }
    }

    /// The same, with or without the intent to read only.
    #[must_use]
    pub fn with_read_only(&self, read_only: bool) -> Self {
        Self {
            read_only,
            ..self.clone()
        }
    }

    /// The same, through another host and port, for example a tunnel; the certificate is still the first host's.
    #[must_use]
    pub fn with_address(&self, host: impl Into<String>, port: u16) -> Self {
        Self {
            server: Server {
                host: host.into(),
                instance: None,
                port: Some(port),
            },
            // The address is the caller's from now on.
            file: None,
            host_name_in_certificate: self
                .host_name_in_certificate
                .clone()
                .or_else(|| Some(self.server.host.clone())),
            ..self.clone()
        }
    }

    /// The same, with this bound for each call.
    #[must_use]
    pub fn with_command_timeout(&self, command_timeout: Duration) -> Self {
        Self {
            command_timeout,
            ..self.clone()
        }
    }

    /// The same, with this many connections at most.
    #[must_use]
    pub fn with_max_connections(&self, max_connections: usize) -> Self {
        Self {
            max_connections: max_connections.max(1),
            min_connections: self.min_connections.min(max_connections),
            ..self.clone()
        }
    }
}

fn read(path: &Path) -> Result<Settings, UnusableFile> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| UnusableFile::Unreadable {
            path: shown(),
            reason: error.to_string(),
        })?;
    Settings::parse(text.trim()).map_err(|reason| UnusableFile::Invalid { path: shown(), reason })
}

#[cfg(test)]
mod tests;
