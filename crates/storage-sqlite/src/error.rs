//! SQLite's result codes as the port's few kinds of failure.

use sqlx::Error;
use wfm_storage::append::StorageError;

/// Primary result code, if the error comes from SQLite.
fn primary_code(error: &Error) -> Option<i32> {
    // The code is the extended one; its lowest byte is the primary one.
    error
        .as_database_error()?
        .code()?
        .parse::<i32>()
        .ok()
        .map(|code| code & 0xff)
}

/// Whether a constraint (or a trigger's RAISE) refused the statement.
pub(crate) fn is_constraint(error: &Error) -> bool {
    primary_code(error) == Some(19)
}

/// Whether the connection cannot be used any more.
pub(crate) fn is_broken(error: &Error) -> bool {
    matches!(error, Error::WorkerCrashed | Error::Io(_))
}

/// The port's kind of an error that the file of the read models gives.
pub(crate) fn rows_error(error: Error) -> StorageError {
    match storage_error(error) {
        StorageError::Corrupt(text) => StorageError::DamagedRows(format!(
            "{text}; remove dbo.db and what stands beside it (dbo.db-wal, dbo.db-shm), and the next start builds them from the log"
        )),
        other => other,
    }
}

const OUT_OF_FILES: &str = "the process may not open more files (`ulimit -n`, LimitNOFILE)";

/// `SQLite` does not tell why it cannot open a file.
fn out_of_files() -> bool {
    const EMFILE: i32 = 24;
    std::fs::File::open("/dev/null").is_err_and(|error| error.raw_os_error() == Some(EMFILE))
}

/// The port's kind of an error.
#[allow(clippy::needless_pass_by_value, reason = "so that it can be given to map_err")]
pub(crate) fn storage_error(error: Error) -> StorageError {
    let text = error.to_string();
    match primary_code(&error) {
        Some(14) if out_of_files() => StorageError::Unavailable(format!("{OUT_OF_FILES}: {text}")),
        Some(13) => StorageError::Full(text),
        // PERM, READONLY, CANTOPEN, AUTH
        Some(3 | 8 | 14 | 23) => StorageError::ReadOnly(text),
        // BUSY, LOCKED
        Some(5 | 6) => StorageError::Unavailable(text),
        // CORRUPT, NOTADB
        Some(11 | 26) => StorageError::Corrupt(text),
        Some(_) => StorageError::Other(text),
        None => match error {
            Error::PoolClosed | Error::PoolTimedOut | Error::WorkerCrashed => StorageError::Unavailable(text),
            Error::Io(error) => io_error(&error, &text),
            Error::ColumnDecode { .. } | Error::Decode(_) => StorageError::Corrupt(text),
            _ => StorageError::Other(text),
        },
    }
}

/// The port's kind of a file system's error.
pub(crate) fn io_error(error: &std::io::Error, text: &str) -> StorageError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StorageError::ReadOnly(format!("{text}: {error}"))
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::Full(format!("{text}: {error}")),
        _ => StorageError::Other(format!("{text}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_system_errors_have_the_kind_a_caller_can_act_on() {
        let kind = |kind: std::io::ErrorKind| io_error(&kind.into(), "the folder");
        assert!(matches!(
            kind(std::io::ErrorKind::PermissionDenied),
            StorageError::ReadOnly(_)
        ));
        assert!(matches!(kind(std::io::ErrorKind::StorageFull), StorageError::Full(_)));
        assert!(matches!(kind(std::io::ErrorKind::NotFound), StorageError::Other(_)));
        assert!(matches!(storage_error(Error::PoolClosed), StorageError::Unavailable(_)));
        assert!(matches!(storage_error(Error::RowNotFound), StorageError::Other(_)));
    }
}
