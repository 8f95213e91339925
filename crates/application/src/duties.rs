//! Which of the processes that share a database usually deals with a workflow (its schedule, its callbacks) or a job.
//!
//! Invariant: nothing depends on it but who does the work: two that disagree for a moment meet at the log, which lets one win.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use crate::membership::{Membership, RENEWAL};

/// The processes among which duties are spread, as this one sees them.
pub(crate) struct Duties {
    membership: Arc<Membership>,
    /// In order.
    alive: Vec<String>,
    looks: tokio::time::Interval,
}

impl Duties {
    /// All duties are this process's until it has looked.
    pub(crate) fn new(membership: Arc<Membership>) -> Self {
        let mut looks = tokio::time::interval(RENEWAL);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            alive: vec![membership.holder().to_string()],
            membership,
            looks,
        }
    }

    /// Completes when it is time to look.
    pub(crate) async fn due(&mut self) {
        self.looks.tick().await;
    }

    /// Looks which processes are alive; whether others are than before.
    pub(crate) async fn look(&mut self) -> bool {
        match self.membership.alive().await {
            Ok(alive) => {
                let mut alive: Vec<String> = alive.into_iter().collect();
                alive.sort_unstable();
                let have_changed = alive != self.alive;
                self.alive = alive;
                have_changed
            }
            Err(error) => {
                tracing::warn!(%error, "which nodes are alive could not be read");
                false
            }
        }
    }

    /// Whether this process may act at all.
    pub(crate) fn may_act(&self) -> bool {
        self.membership.is_valid()
    }

    /// Whether this one deals with a workflow, or a job: the one with the highest hash does, so that only the duties of a process that
    /// comes or goes change hands.
    pub(crate) fn are_mine(&self, duty: impl Hash + Copy) -> bool {
        let weight = |process: &str| {
            let mut hasher = DefaultHasher::new();
            (duty, process).hash(&mut hasher);
            hasher.finish()
        };
        let mine = weight(self.membership.holder());
        self.alive.iter().all(|process| weight(process) <= mine)
    }
}
