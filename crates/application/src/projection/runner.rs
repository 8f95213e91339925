//! The one task that moves the read models on, and the handle through which others see it.
//!
//! Invariant: whoever changes rows holds [`Shared::applier`]; the task holds it for one batch at a time, so that a rebuild can
//! take its place between two. Of several nodes on one database the one whose turn it is projects; the others look how far
//! it is, for those who wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use parking_lot::Mutex as SyncMutex;
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use wfm_storage::{
    append::StorageError,
    event::{Position, StoredEvent},
    feed::{CommittedBatch, Subscription},
    lease::Hold,
    log::EventLog,
    read_store::{ParkedEvent, ReadStore, TableDifference},
};

use super::{
    apply::{Applier, Now, ProjectionError},
    decode::Opener,
    rebuild::{self, RebuildProgress},
    status::{ProjectionState, ProjectionStatus},
    turn::{self, Turn},
    waiters::Waiters,
};

/// Events of one transaction at most.
const BATCH_EVENTS: usize = 4096;

/// How often a node whose turn it is not looks at the checkpoint: while somebody waits, and while nobody does.
const LOOK_WHILE_AWAITED: Duration = Duration::from_millis(5);
const LOOK_UNSEEN: Duration = Duration::from_millis(250);

/// How long the runner rests after a failure.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// What task, rebuild and handle share.
pub(super) struct Shared {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) store: Arc<dyn ReadStore>,
    pub(super) opener: Arc<dyn Opener>,
    pub(super) now: Now,
    pub(super) applier: Mutex<Applier>,
    pub(super) waiters: Waiters,
    pub(super) rebuilding: AtomicBool,
    /// The log's end when the projection began.
    beginning: Position,
    seen: SyncMutex<Seen>,
}

/// What was last seen of the applier, for those who must not wait for it.
#[derive(Debug, Clone)]
struct Seen {
    state: ProjectionState,
    parked: u64,
    epoch: i64,
    error: Option<String>,
}

impl Shared {
    /// Publishes where `applier` stands.
    pub(super) fn publish(&self, applier: &Applier) {
        {
            let mut seen = self.seen.lock();
            seen.parked = applier.parked_events;
            seen.epoch = applier.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.epoch);
        }
        self.waiters.reach(applier.position());
    }

    /// See [`Projection::catch_up`].
    async fn catch_up(&self) -> Result<(), ProjectionError> {
        let head = self.log.head().await?;
        let mut applier = self.applier.lock().await;
        let reach = |progress: RebuildProgress| self.waiters.reach(Position(progress.position));
        let caught_up = rebuild::fill(self, &mut applier, head.position, &reach).await;
        self.publish(&applier);
        caught_up
    }

    fn set_state(&self, state: ProjectionState, error: Option<String>) {
        let mut seen = self.seen.lock();
        seen.state = state;
        seen.error = error;
    }
}

/// A handle on the running projection; clones are cheap.
#[derive(Clone)]
pub struct Projection {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Projection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Projection")
            .field("position", &self.shared.waiters.reached())
            .finish_non_exhaustive()
    }
}

/// The task behind a [`Projection`].
#[derive(Debug)]
pub struct ProjectionRunner {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl ProjectionRunner {
    /// Ends the task after the batch it is at.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the projection ended in disorder");
        }
    }
}

impl Projection {
    /// Starts projecting `log` into `store` whenever it is this node's `turn`. Rows of another log, or of one that differs at
    /// the checkpoint, are replaced by a rebuild first. `now` tells the present instant in fixed width.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn start(
        log: Arc<dyn EventLog>,
        store: Arc<dyn ReadStore>,
        opener: Arc<dyn Opener>,
        now: Now,
        turn: Turn,
    ) -> Result<(Self, ProjectionRunner), ProjectionError> {
        let projection = Self::open(log, store, opener, now).await?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(&projection.shared), turn, stopped));
        Ok((projection, ProjectionRunner { stop, task }))
    }

    /// The same without the task: for tools that catch up, verify or rebuild and then end.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn open(
        log: Arc<dyn EventLog>,
        store: Arc<dyn ReadStore>,
        opener: Arc<dyn Opener>,
        now: Now,
    ) -> Result<Self, ProjectionError> {
        let head = log.head().await?;
        let applier = Applier::open(Arc::clone(&store), Arc::clone(&opener), Arc::clone(&now), &head).await?;
        let seen = Seen {
            state: ProjectionState::Running,
            parked: 0,
            epoch: 0,
            error: None,
        };
        let shared = Arc::new(Shared {
            log,
            store,
            opener,
            now,
            applier: Mutex::new(applier),
            waiters: Waiters::default(),
            rebuilding: AtomicBool::new(false),
            beginning: head.position,
            seen: SyncMutex::new(seen),
        });
        let projection = Self { shared };
        if rebuild::is_of_another_log(&projection.shared).await? {
            tracing::warn!("the read models do not match the log; they are built anew");
            projection.rebuild(|_| {}).await?;
        } else {
            let applier = projection.shared.applier.lock().await;
            projection.shared.publish(&applier);
        }
        Ok(projection)
    }

    /// Brings the rows up to the log's present end, as fast as it goes.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn catch_up(&self) -> Result<(), ProjectionError> {
        loop {
            match self.shared.catch_up().await {
                // Another node moved the rows on meanwhile; what it left is taken up from there.
                Err(ProjectionError::Moved(Some(_))) => self.shared.applier.lock().await.reload().await?,
                outcome => return outcome,
            }
        }
    }

    /// Waits until the rows are up to `position`; `false` when `timeout` passes before.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        self.shared.waiters.wait(position, timeout).await
    }

    /// Position up to which the rows are.
    #[must_use]
    pub fn position(&self) -> Position {
        self.shared.waiters.reached()
    }

    /// Whether the rows lack events that were recorded before the projection began: whoever asks for what is long there
    /// would not find it.
    #[must_use]
    pub fn is_behind_its_start(&self) -> bool {
        self.position() < self.shared.beginning
    }

    /// Whether events are parked.
    #[must_use]
    pub fn has_parked_events(&self) -> bool {
        self.shared.seen.lock().parked > 0
    }

    /// How far the read models are.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn status(&self) -> Result<ProjectionStatus, StorageError> {
        let position = self.position().0;
        let head = self.shared.log.head().await?.position.0;
        let Seen {
            state,
            parked,
            epoch,
            error,
        } = self.shared.seen.lock().clone();
        let state = if self.shared.rebuilding.load(Ordering::Relaxed) {
            ProjectionState::Rebuilding
        } else {
            state
        };
        let lag = head.saturating_sub(position);
        Ok(ProjectionStatus {
            name: "read-models",
            state,
            position,
            head,
            lag,
            parked,
            epoch,
            error,
        })
    }

    /// Parked events in order.
    ///
    /// # Errors
    /// When the read store cannot be read.
    pub async fn parked(&self) -> Result<Vec<ParkedEvent>, StorageError> {
        self.shared.store.parked().await
    }

    /// Tries parked events again; returns how many took effect.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn retry_parked(&self) -> Result<u64, ProjectionError> {
        let mut applier = self.shared.applier.lock().await;
        let released = applier.retry_parked(self.shared.log.as_ref()).await;
        self.shared.publish(&applier);
        released
    }

    /// Builds the rows anew from the first event in a shadow while the old ones serve, then replaces what differs; returns
    /// what did. `progress` is told now and then how far it is.
    ///
    /// # Errors
    /// [`ProjectionError::Busy`] when a rebuild or verification is under way, or when a store fails.
    pub async fn rebuild(
        &self,
        progress: impl Fn(RebuildProgress) + Send + Sync,
    ) -> Result<Vec<TableDifference>, ProjectionError> {
        rebuild::rebuild(&self.shared, &progress).await
    }

    /// Builds the rows anew in a shadow and compares; changes nothing. Returns what differs.
    ///
    /// # Errors
    /// See [`Self::rebuild`].
    pub async fn verify(
        &self,
        progress: impl Fn(RebuildProgress) + Send + Sync,
    ) -> Result<Vec<TableDifference>, ProjectionError> {
        rebuild::verify(&self.shared, &progress).await
    }
}

/// The task: projects while it is this node's turn, looks on while it is not.
async fn run(shared: Arc<Shared>, mut turn: Turn, mut stopped: watch::Receiver<bool>) {
    while let Some(hold) = look_on(&shared, &mut turn, &mut stopped).await {
        if hold == Hold::Taken
            && let Err(error) = take_over(&shared).await
        {
            tracing::error!(%error, "the read models could not be taken over; it is tried again");
            turn.give_up().await;
            continue;
        }
        if project(&shared, &mut turn, &mut stopped).await == Ended::Stopped {
            break;
        }
        tracing::warn!("another node projects from now on");
    }
    turn.give_up().await;
    shared.set_state(ProjectionState::Stopped, None);
}

/// Follows the checkpoint until it is this node's turn; `None` when the task was stopped.
async fn look_on(shared: &Shared, turn: &mut Turn, stopped: &mut watch::Receiver<bool>) -> Option<Hold> {
    loop {
        match turn.take().await {
            Ok(Some(hold)) => return Some(hold),
            Ok(None) => shared.set_state(ProjectionState::Following, None),
            Err(error) => {
                tracing::warn!(%error, "whose turn it is to project cannot be found out; it is tried again");
                shared.set_state(ProjectionState::Retrying, Some(error.to_string()));
            }
        }
        let next_try = tokio::time::Instant::now() + turn::RENEWAL;
        while tokio::time::Instant::now() < next_try {
            let pause = if shared.waiters.any() {
                LOOK_WHILE_AWAITED
            } else {
                LOOK_UNSEEN
            };
            tokio::select! {
                biased;
                _ = stopped.changed() => return None,
                () = tokio::time::sleep(pause) => {}
                () = shared.waiters.arrival() => {}
            }
            let mut applier = shared.applier.lock().await;
            match applier.reload().await {
                Ok(()) => shared.publish(&applier),
                Err(error) => tracing::warn!(%error, "the checkpoint cannot be read; it is tried again"),
            }
        }
    }
}

/// Begins a new epoch, in which whoever projected before writes no more.
async fn take_over(shared: &Shared) -> Result<(), ProjectionError> {
    let mut applier = shared.applier.lock().await;
    applier.reload().await?;
    applier.begin_epoch().await?;
    shared.publish(&applier);
    Ok(())
}

/// How projecting ended.
#[derive(PartialEq, Eq)]
enum Ended {
    Stopped,
    TurnLost,
}

/// Receives, applies, wakes; after a failure, begins again from the checkpoint.
async fn project(shared: &Shared, turn: &mut Turn, stopped: &mut watch::Receiver<bool>) -> Ended {
    match shared.catch_up().await {
        Ok(()) => shared.set_state(ProjectionState::Running, None),
        Err(error) => tracing::error!(%error, "catching up failed; it is tried again"),
    }
    let mut subscription = resume(shared).await;
    loop {
        if turn.is_due() && !renewed(turn).await {
            return Ended::TurnLost;
        }
        let next = tokio::select! {
            biased;
            _ = stopped.changed() => return Ended::Stopped,
            next = subscription.next() => next,
            () = turn.due() => continue,
        };
        let outcome = match next {
            Ok(Some(mut batches)) => {
                gather(shared, &mut subscription, &mut batches).await;
                if !turn.lasts() && !renewed(turn).await {
                    return Ended::TurnLost;
                }
                apply(shared, &batches).await
            }
            Ok(None) => return Ended::Stopped,
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(()) => shared.set_state(ProjectionState::Running, None),
            Err(error) => {
                tracing::error!(%error, "projecting failed; it is tried again");
                let state = match &error {
                    ProjectionError::Storage(StorageError::Full(_)) => ProjectionState::Full,
                    ProjectionError::Storage(_)
                    | ProjectionError::Busy
                    | ProjectionError::Moved(_)
                    | ProjectionError::Refused(_) => ProjectionState::Retrying,
                };
                shared.set_state(state, Some(error.to_string()));
                tokio::select! {
                    _ = stopped.changed() => return Ended::Stopped,
                    () = tokio::time::sleep(REST_AFTER_FAILURE) => {}
                }
                if !renewed(turn).await {
                    return Ended::TurnLost;
                }
                subscription = resume(shared).await;
            }
        }
    }
}

/// Renews the turn; `false` when it was lost, or ran out because the database fails.
async fn renewed(turn: &mut Turn) -> bool {
    match turn.take().await {
        Ok(Some(Hold::Kept)) => true,
        // It had run out: others may have written meanwhile.
        Ok(Some(Hold::Taken) | None) => false,
        Err(error) => {
            tracing::warn!(%error, "the projection's lease cannot be renewed");
            turn.lasts()
        }
    }
}

/// Lets more events join a batch for a moment.
async fn gather(shared: &Shared, subscription: &mut Subscription, batches: &mut Vec<CommittedBatch>) {
    let count = |batches: &[CommittedBatch]| batches.iter().map(|batch| batch.len()).sum::<usize>();
    let gathering = shared.store.gathering();
    if !shared.waiters.any() {
        tokio::select! {
            () = tokio::time::sleep(gathering.unseen) => {}
            () = shared.waiters.arrival() => {}
        }
    } else if count(batches) >= gathering.busy_events {
        tokio::time::sleep(gathering.awaited).await;
    }
    // A failure or the end of the log is met again by the next call.
    while count(batches) < BATCH_EVENTS
        && let Some(Ok(Some(more))) = subscription.next().now_or_never()
    {
        batches.extend(more);
    }
}

/// A subscription from where the rows are.
async fn resume(shared: &Shared) -> Subscription {
    let mut applier = shared.applier.lock().await;
    match applier.reload().await {
        // Another writer may have come as far as the log goes.
        Ok(()) => shared.publish(&applier),
        // The next batch finds out again.
        Err(error) => tracing::error!(%error, "the checkpoint cannot be read"),
    }
    shared.log.subscribe(applier.position())
}

/// Applies batches in as few transactions as their size allows.
async fn apply(shared: &Shared, batches: &[CommittedBatch]) -> Result<(), ProjectionError> {
    let mut applier = shared.applier.lock().await;
    let mut events: Vec<StoredEvent> = Vec::new();
    for batch in batches {
        // A rebuild may have been ahead.
        let new = batch.iter().filter(|event| event.position > applier.position());
        events.extend(new.cloned());
        while events.len() >= BATCH_EVENTS {
            let rest = events.split_off(BATCH_EVENTS);
            applier.apply(&events, None).await?;
            shared.publish(&applier);
            events = rest;
        }
    }
    if !events.is_empty() {
        applier.apply(&events, None).await?;
        shared.publish(&applier);
    }
    Ok(())
}
