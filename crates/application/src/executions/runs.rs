//! The runs that this node drives: what they need and where they stand.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc;
use wfm_domain::instant::Instant;

use super::{cache::Definitions, live::LiveRun, queue::Queue, registry::Registry, timers::Timers};
use crate::{membership::Membership, store::Store};

/// Everything that runs need.
pub struct Runs {
    pub(crate) store: Store,
    pub(super) definitions: Arc<Definitions>,
    pub(super) registry: Arc<Registry>,
    pub(super) queue: Arc<Queue>,
    pub(super) timers: Arc<Timers>,
    pub(super) membership: Arc<Membership>,
    pub(super) ready: mpsc::Sender<LiveRun>,
    pub(super) draining: AtomicBool,
}

impl Runs {
    /// Runs that are driven by this node; what is ready to be driven goes to `ready`, what finds no place to `queue`.
    #[must_use]
    pub fn new(
        store: Store,
        definitions: Arc<Definitions>,
        membership: Arc<Membership>,
        ready: mpsc::Sender<LiveRun>,
        queue: Queue,
    ) -> Self {
        Self {
            store,
            definitions,
            registry: Arc::default(),
            queue: Arc::new(queue),
            timers: Arc::default(),
            membership,
            ready,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on no step begins: calls that are under way end and are recorded, what follows is left to whoever takes the
    /// runs over.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.store.now()
    }

    /// Whether this node may act: send a call, for one.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.membership.is_valid()
    }

    /// The runs this node drives.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The runs that wait for a place.
    #[must_use]
    pub fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// The runs that wait for an instant and are not in memory.
    #[must_use]
    pub fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }
}
