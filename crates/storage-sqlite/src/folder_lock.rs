//! The lock that keeps a folder to one writing process.
//!
//! Invariant: whoever holds a [`FolderLock`] is the only one that writes `es.db`, so that what it remembers of the log is
//! true. The operating system lets go of the lock when the process ends, however it ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use wfm_storage::append::StorageError;

use crate::error::io_error;

/// Name of the locked file.
const FILE: &str = "lock";

/// An exclusive lock on a folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// Demands that no process writes the folder, before it is removed, for one.
///
/// # Errors
/// [`StorageError::Held`] when one does.
pub fn demand_free(folder: &Path) -> Result<(), StorageError> {
    FolderLock::take(folder).map(drop)
}

impl FolderLock {
    /// Creates the folder if need be and locks it.
    pub(crate) fn take(folder: &Path) -> Result<Self, StorageError> {
        let failed = |error: std::io::Error| io_error(&error, &format!("{} cannot be locked", folder.display()));
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(FILE))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Where a locked file cannot be read, the message does without the process id.
                let _unreadable = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() {
                    String::new()
                } else {
                    format!(" (process {})", holder.trim())
                };
                return Err(StorageError::Held(format!(
                    "{} is in use by another server{holder}",
                    folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}
