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

/// Which process writes the folder, in words; `None` when none does. Makes nothing.
///
/// # Errors
/// When the lock cannot be read.
pub fn holder(folder: &Path) -> Result<Option<String>, StorageError> {
    let failed = |error: std::io::Error| io_error(&error, &format!("the lock of {} cannot be read", folder.display()));
    let mut file = match File::open(folder.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(format!("a server has it{}", process_of(&mut file)))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The process that is written in a locked file; nothing where it cannot be read.
fn process_of(file: &mut File) -> String {
    let mut process = String::new();
    let _unreadable = file.read_to_string(&mut process);
    match process.trim() {
        "" => String::new(),
        process => format!(" (process {process})"),
    }
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
                let process = process_of(&mut file);
                let held = format!("{} is in use by another server{process}", folder.display());
                return Err(StorageError::Held(held));
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
