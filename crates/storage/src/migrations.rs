//! The steps of a log's schema, whatever store it lives in, beside the steps that a store has.
//!
//! Invariant: a step that was applied is never changed; its checksum is kept and compared.

use sha2::{Digest, Sha256};

use crate::append::StorageError;

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, the file's, for example `0001_event_log`.
    pub name: &'static str,
    /// Applies it.
    pub up: &'static str,
    /// Takes it back, with all that is stored in it.
    pub down: &'static str,
}

impl Migration {
    /// SHA-256 of the up script (hex).
    #[must_use]
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.up.as_bytes()))
    }
}

/// A step and whether the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name, for example `0001_event_log`.
    pub name: String,
    /// SHA-256 of its up script (hex).
    pub checksum: String,
    /// When it was applied, fixed-width instant; `None` when it was not.
    pub applied_at: Option<String>,
}

/// A step as a store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its name.
    pub name: String,
    /// SHA-256 of the up script that was applied (hex).
    pub checksum: String,
    /// When: fixed-width instant.
    pub applied_at: String,
}

/// The steps of this program beside those of a store.
///
/// # Errors
/// When the store has a step that this program does not know, or knows with another text.
pub fn states(known: &[Migration], applied: &[AppliedMigration]) -> Result<Vec<MigrationState>, StorageError> {
    if let Some(unknown) = applied
        .iter()
        .find(|applied| known.iter().all(|migration| migration.name != applied.name))
    {
        return Err(StorageError::Other(format!(
            "the log has the migration {}, which this version does not know; use a newer one",
            unknown.name
        )));
    }
    known
        .iter()
        .map(|migration| {
            let checksum = migration.checksum();
            let row = applied.iter().find(|applied| applied.name == migration.name);
            match row {
                Some(row) if row.checksum != checksum => Err(StorageError::Corrupt(format!(
                    "the migration {} was applied with another text (checksum {}, not {checksum})",
                    row.name, row.checksum
                ))),
                _ => Ok(MigrationState {
                    name: migration.name.to_owned(),
                    checksum,
                    applied_at: row.map(|row| row.applied_at.clone()),
                }),
            }
        })
        .collect()
}
