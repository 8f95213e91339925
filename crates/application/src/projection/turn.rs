//! Whose turn it is to project: of several nodes on one database, one at a time.
//!
//! Invariant: a node projects only while its lease lasts by its own clock. Should it write all the same (it was frozen between
//! look and write), the epoch that its successor began refuses it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wfm_storage::{
    append::StorageError,
    lease::{Hold, Leases, Unshared},
};

/// The lease's name.
const NAME: &str = "projection";

/// How long the turn lasts after it was renewed, and how often it is.
const LEASE: Duration = Duration::from_secs(4);
pub(super) const RENEWAL: Duration = Duration::from_secs(1);

/// One node's claim to the turn.
pub struct Turn {
    leases: Arc<dyn Leases>,
    holder: String,
    renewed: Option<Instant>,
}

impl Turn {
    /// Of a process that has the database to itself: it is always its turn.
    #[must_use]
    pub fn always() -> Self {
        Self::new(Arc::new(Unshared), "alone")
    }

    /// Of the process `holder` among others.
    #[must_use]
    pub fn new(leases: Arc<dyn Leases>, holder: &str) -> Self {
        Self {
            leases,
            holder: holder.to_owned(),
            renewed: None,
        }
    }

    /// Takes or renews the turn; `None` when another has it.
    pub(super) async fn take(&mut self) -> Result<Option<Hold>, StorageError> {
        let begun = Instant::now();
        let hold = self.leases.hold(NAME, &self.holder, LEASE).await?;
        self.renewed = hold.map(|_| begun);
        Ok(hold)
    }

    /// Whether it is still this node's turn.
    pub(super) fn lasts(&self) -> bool {
        !self.leases.shared() || self.renewed.is_some_and(|renewed| renewed.elapsed() < LEASE)
    }

    /// Whether the turn should be renewed.
    pub(super) fn is_due(&self) -> bool {
        self.leases.shared() && self.renewed.is_none_or(|renewed| renewed.elapsed() >= RENEWAL)
    }

    /// Completes when the turn should be renewed; never when it lasts for good.
    pub(super) async fn due(&self) {
        match self.renewed {
            Some(renewed) if self.leases.shared() => tokio::time::sleep_until(renewed + RENEWAL).await,
            None if self.leases.shared() => {}
            Some(_) | None => std::future::pending().await,
        }
    }

    /// Gives the turn to others.
    pub(super) async fn give_up(&mut self) {
        if self.renewed.take().is_some()
            && let Err(error) = self.leases.release(NAME, &self.holder).await
        {
            tracing::warn!(%error, "the projection's lease could not be given up; it runs out by itself");
        }
    }
}
