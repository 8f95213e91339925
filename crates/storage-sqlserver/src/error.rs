//! What can go wrong on a connection, and the port's kind of it.
//!
//! Invariant: no text in here holds a password: the driver's errors are about the network and the server's answers, and a
//! connection string is told by its key names only.

use std::{io, time::Duration};

use thiserror::Error;
use wfm_storage::append::StorageError;

/// A failure of a call to the server.
#[derive(Debug, Clone, Error)]
pub enum SqlError {
    /// The server answered with an error; the connection remains usable.
    #[error("the server answered with error {number}: {message}")]
    Server {
        /// Number of the error, for example 2627 for a violated uniqueness.
        number: u32,
        /// Severity class.
        class: u8,
        /// The server's text.
        message: String,
    },
    /// The call took longer than it may; whether it took effect is unknown.
    #[error("the server did not answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke; whether the call took effect is unknown.
    #[error("the connection to the server broke: {0}")]
    Broken(String),
    /// No connection could be made; nothing took effect.
    #[error("no connection to {server}: {text}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why.
        text: String,
    },
    /// The server refuses the login; nothing took effect.
    #[error("{server} refuses the login: {text}")]
    LoginRefused {
        /// Host and port.
        server: String,
        /// Why.
        text: String,
    },
    /// Every connection was in use for longer than a caller waits; nothing took effect.
    #[error(
        "all {connections} connections were in use for {waited:?}; raise Max Pool Size or look for slow statements"
    )]
    PoolExhausted {
        /// Greatest number of connections.
        connections: usize,
        /// How long the caller waited.
        waited: Duration,
    },
    /// The pool was closed; nothing took effect.
    #[error("the connections were closed")]
    Closed,
    /// Texts contain so many different characters that they cannot be sent; nothing took effect.
    #[error("the texts contain nearly every character there is")]
    Texts,
    /// The answer has another shape than was asked for.
    #[error("unexpected answer: {0}")]
    Answer(String),
}

impl SqlError {
    /// Whether the same call may go through when it is made again; says nothing about whether it took effect.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Server { number, .. } => is_transient_number(*number),
            Self::Timeout(_) | Self::Broken(_) | Self::Unreachable { .. } | Self::PoolExhausted { .. } => true,
            Self::LoginRefused { .. } | Self::Closed | Self::Texts | Self::Answer(_) => false,
        }
    }

    /// Whether the server may or may not have carried the call out.
    #[must_use]
    pub fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Broken(_) | Self::Answer(_) => true,
            // From this class on the server ends the connection.
            Self::Server { class, .. } => *class >= 20,
            Self::Unreachable { .. }
            | Self::LoginRefused { .. }
            | Self::PoolExhausted { .. }
            | Self::Closed
            | Self::Texts => false,
        }
    }

    /// Whether the call may have reached the server.
    pub(crate) fn comes_after_sending(&self) -> bool {
        match self {
            Self::Server { .. } | Self::Timeout(_) | Self::Broken(_) | Self::Answer(_) => true,
            Self::Unreachable { .. }
            | Self::LoginRefused { .. }
            | Self::PoolExhausted { .. }
            | Self::Closed
            | Self::Texts => false,
        }
    }

    /// Whether a call whose repetition does no harm is worth repeating. After a timeout it is not: the caller has waited
    /// long enough.
    #[must_use]
    pub fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Broken(_)) || (self.number().is_some() && self.is_transient())
    }

    /// Whether a uniqueness constraint refused the statement.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self.number(), Some(2601 | 2627))
    }

    /// The server's error number.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self {
            Self::Server { number, .. } => Some(*number),
            _ => None,
        }
    }
}

/// Errors after which the same statement may succeed, as Microsoft's own drivers retry them: deadlock victim, lock or
/// resource limits, and databases that fail over or are resumed.
fn is_transient_number(number: u32) -> bool {
    matches!(
        number,
        1205 | 1222
            | 3960
            | 4060
            | 4221
            | 615
            | 926
            | 983
            | 10928
            | 10929
            | 10936
            | 40197
            | 40501
            | 40540
            | 40613
            | 41301
            | 41302
            | 41305
            | 41325
            | 41839
            | 42108
            | 42109
            | 49918
            | 49919
            | 49920
    )
}

impl From<tiberius::error::Error> for SqlError {
    fn from(error: tiberius::error::Error) -> Self {
        use tiberius::error::Error;
        match error {
            Error::Server(token) => Self::Server {
                number: token.code(),
                class: token.class(),
                message: token.message().to_owned(),
            },
            Error::Conversion(text) => Self::Answer(text.into_owned()),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl From<io::Error> for SqlError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<SqlError> for StorageError {
    fn from(error: SqlError) -> Self {
        let text = error.to_string();
        match error {
            SqlError::Server { number, .. } => match number {
                // Log or file group full, disk full.
                1101 | 1105 | 9002 => Self::Full(text),
                // Permission denied, read-only database, read-only secondary.
                229 | 230 | 262 | 297 | 300 | 3906 | 3908 => Self::ReadOnly(text),
                // Checksum, torn page, consistency.
                823..=825 => Self::Corrupt(text),
                number if is_transient_number(number) => Self::Unavailable(text),
                _ => Self::Other(text),
            },
            SqlError::Timeout(_)
            | SqlError::Broken(_)
            | SqlError::Unreachable { .. }
            | SqlError::LoginRefused { .. }
            | SqlError::PoolExhausted { .. }
            | SqlError::Closed => Self::Unavailable(text),
            SqlError::Texts => Self::Other(text),
            SqlError::Answer(_) => Self::Corrupt(text),
        }
    }
}
