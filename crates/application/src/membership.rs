//! This node among those that share the database: alive by a lease, without which it must not act.
//!
//! Invariant: each process is a node of its own, also a restarted one, so that no two ever act as the same. A node whose lease
//! has run out stops sending by its own clock, before any other node may take over its runs.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;
use wfm_storage::{
    append::StorageError,
    lease::{Leases, Unshared},
};

/// How long a node counts as alive after it said so.
pub const LEASE: Duration = Duration::from_secs(5);

/// How often it says so.
pub const RENEWAL: Duration = Duration::from_secs(1);

/// Leases of nodes are named so, followed by who holds them.
const PREFIX: &str = "node/";

/// See the module.
pub struct Membership {
    leases: Arc<dyn Leases>,
    node: Arc<str>,
    /// Tells this process from others of the same name.
    holder: Arc<str>,
    valid_until: Mutex<Instant>,
    lapses: AtomicU64,
}

impl Membership {
    /// Joins as a process of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn join(leases: Arc<dyn Leases>, node: &str, process: Uuid) -> Result<Self, StorageError> {
        let membership = Self {
            leases,
            node: node.into(),
            holder: format!("{node}/{}", process.simple()).into(),
            valid_until: Mutex::new(Instant::now()),
            lapses: AtomicU64::new(0),
        };
        membership.renew().await?;
        Ok(membership)
    }

    /// The one node of a database that is not shared.
    #[must_use]
    pub fn alone(node: &str) -> Self {
        Self {
            leases: Arc::new(Unshared),
            node: node.into(),
            holder: node.into(),
            valid_until: Mutex::new(Instant::now()),
            lapses: AtomicU64::new(0),
        }
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &Arc<str> {
        &self.node
    }

    /// Who this process is in leases, and as the owner of runs.
    #[must_use]
    pub fn holder(&self) -> &Arc<str> {
        &self.holder
    }

    /// Whether this node may act: a lease that it did not renew in time may be another's by now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.leases.shared() || Instant::now() < *self.valid_until.lock()
    }

    /// Says that this node is alive.
    ///
    /// # Errors
    /// When the database fails; the lease then runs on for what is left of it.
    pub async fn renew(&self) -> Result<(), StorageError> {
        // Counted from before the question: the database may have judged at once and answered late.
        let begun = Instant::now();
        self.leases.hold(&self.lease(), &self.holder, LEASE).await?;
        if !self.is_valid() {
            self.lapses.fetch_add(1, Ordering::SeqCst);
        }
        *self.valid_until.lock() = begun + LEASE;
        Ok(())
    }

    /// How often the lease was taken anew because it had run out: what this node drove before, it has dropped. Joining counts.
    #[must_use]
    pub fn lapses(&self) -> u64 {
        self.lapses.load(Ordering::SeqCst)
    }

    fn lease(&self) -> String {
        format!("{PREFIX}{}", self.holder)
    }

    /// The processes that are alive, this one among them, as owners of runs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alive(&self) -> Result<HashSet<String>, StorageError> {
        let names = self.leases.held(PREFIX).await?;
        let mut alive: HashSet<String> = names
            .iter()
            .filter_map(|name| name.strip_prefix(PREFIX))
            .map(str::to_owned)
            .collect();
        alive.insert(self.holder.to_string());
        Ok(alive)
    }

    /// Leaves, so that others need not wait until the lease has run out.
    pub async fn leave(&self) {
        *self.valid_until.lock() = Instant::now();
        if let Err(error) = self.leases.release(&self.lease(), &self.holder).await {
            tracing::warn!(%error, "the node's lease could not be given up; it runs out by itself");
        }
    }
}

#[cfg(test)]
mod tests;
