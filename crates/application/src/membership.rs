//! This node among those that share the database: alive by a lease, without which it must not act.
//!
//! Invariant: two processes never act under one name at the same time. A node whose lease has run out stops sending by its
//! own clock, before any other node may take over its runs.

use std::{collections::HashSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use thiserror::Error;
use tokio::time::Instant;
use wfm_storage::{
    append::StorageError,
    lease::{Leases, Unshared},
};

/// How long a node counts as alive after it said so.
pub const LEASE: Duration = Duration::from_secs(5);

/// How often it says so.
pub const RENEWAL: Duration = Duration::from_secs(1);

/// Leases of nodes are named so, followed by the node's name.
const PREFIX: &str = "node/";

/// Why a node could not join.
#[derive(Debug, Error)]
pub enum JoinError {
    /// Another process has the name.
    #[error("another running server calls itself {0:?}; give each server a name of its own (setting `node`, WFM_NODE)")]
    NameTaken(String),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// See the module.
pub struct Membership {
    leases: Arc<dyn Leases>,
    node: Arc<str>,
    /// Tells this process from an earlier one of the same name.
    holder: String,
    valid_until: Mutex<Instant>,
}

impl Membership {
    /// Joins under a name. Waits for the lease of a process of the same name that was killed to run out.
    ///
    /// # Errors
    /// [`JoinError::NameTaken`] when a process of this name is alive.
    pub async fn join(leases: Arc<dyn Leases>, node: &str, incarnation: &str) -> Result<Self, JoinError> {
        let membership = Self {
            leases,
            node: node.into(),
            holder: incarnation.to_owned(),
            valid_until: Mutex::new(Instant::now()),
        };
        let patience = Instant::now() + 2 * LEASE;
        while !membership.renew().await? {
            if Instant::now() > patience {
                return Err(JoinError::NameTaken(node.to_owned()));
            }
            tokio::time::sleep(RENEWAL / 4).await;
        }
        Ok(membership)
    }

    /// The one node of a database that is not shared.
    #[must_use]
    pub fn alone(node: &str) -> Self {
        Self {
            leases: Arc::new(Unshared),
            node: node.into(),
            holder: node.to_owned(),
            valid_until: Mutex::new(Instant::now()),
        }
    }

    /// The node's name.
    #[must_use]
    pub fn node(&self) -> &Arc<str> {
        &self.node
    }

    /// Who this process is in other leases.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// The leases themselves.
    #[must_use]
    pub fn leases(&self) -> &Arc<dyn Leases> {
        &self.leases
    }

    /// Whether this node may act: a lease that it did not renew in time may be another's by now.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.leases.shared() || Instant::now() < *self.valid_until.lock()
    }

    /// Says that this node is alive; `false` when another process has its name.
    ///
    /// # Errors
    /// When the database fails; the lease then runs on for what is left of it.
    pub async fn renew(&self) -> Result<bool, StorageError> {
        // Counted from before the question: the database may have judged at once and answered late.
        let begun = Instant::now();
        let name = format!("{PREFIX}{}", self.node);
        let held = self.leases.hold(&name, &self.holder, LEASE).await?.is_some();
        *self.valid_until.lock() = if held { begun + LEASE } else { begun };
        Ok(held)
    }

    /// The nodes that are alive, this one among them.
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
        alive.insert(self.node.to_string());
        Ok(alive)
    }

    /// Leaves, so that others need not wait until the lease has run out.
    pub async fn leave(&self) {
        *self.valid_until.lock() = Instant::now();
        if let Err(error) = self
            .leases
            .release(&format!("{PREFIX}{}", self.node), &self.holder)
            .await
        {
            tracing::warn!(%error, "the node's lease could not be given up; it runs out by itself");
        }
    }
}
