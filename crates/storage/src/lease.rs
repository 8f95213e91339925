//! Leases: which nodes are alive, and which of them does what only one may do. Judged in the database's time.
//!
//! Invariant: at every instant a lease has at most one holder. Who was frozen longer than its lease lasts has lost it, though
//! it does not know: so whatever a holder writes is refused by other means as well (stream versions, the checkpoint's epoch).

use std::time::Duration;

use async_trait::async_trait;

use crate::append::StorageError;

/// How a lease came to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The holder had it already.
    Kept,
    /// Nobody had it, or it had run out.
    Taken,
}

/// The leases of a database.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Whether other processes may stand beside this one; otherwise every lease is held for good.
    fn shared(&self) -> bool;

    /// Takes or renews the lease of this name for `duration` from now; `None` when another holder has it. Name and holder:
    /// at most 200 characters.
    async fn hold(&self, name: &str, holder: &str, duration: Duration) -> Result<Option<Hold>, StorageError>;

    /// Gives the lease up, if `holder` has it.
    async fn release(&self, name: &str, holder: &str) -> Result<(), StorageError>;

    /// Names of the leases that are held now and begin with `prefix`.
    async fn held(&self, prefix: &str) -> Result<Vec<String>, StorageError>;
}

/// Leases of a database that one process alone has open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unshared;

#[async_trait]
impl Leases for Unshared {
    fn shared(&self) -> bool {
        false
    }

    async fn hold(&self, _name: &str, _holder: &str, _duration: Duration) -> Result<Option<Hold>, StorageError> {
        Ok(Some(Hold::Kept))
    }

    async fn release(&self, _name: &str, _holder: &str) -> Result<(), StorageError> {
        Ok(())
    }

    async fn held(&self, _prefix: &str) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }
}
