//! Applies events to a read store in order, and finds the culprits when the rows refuse a batch.
//!
//! Invariant: after a culprit was parked, no later event of its stream, nor of a stream whose rows depend on it, takes
//! effect before the culprit is unparked.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use thiserror::Error;
use wfm_storage::{
    append::StorageError,
    event::{Position, StoredEvent, StreamId},
    log::{EventLog, Head},
    read_store::{ApplyError, Change, Checkpoint, ParkedEvent, ProjectedBatch, ReadStore},
};

use super::decode::{Opener, Undecodable, decode, depends_on};

/// Tells the present instant in fixed width.
pub type Now = Arc<dyn Fn() -> Arc<str> + Send + Sync>;

/// Why projecting stopped.
#[derive(Debug, Clone, Error)]
pub enum ProjectionError {
    /// Log or read store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Another writer moved the checkpoint.
    #[error("another writer moved the checkpoint to {0:?}")]
    Moved(Option<Checkpoint>),
    /// A rebuild is under way already.
    #[error("a rebuild is under way already")]
    Busy,
    /// Rows that are loaded unchecked do not take an event.
    #[error("the rows do not take an event: {0}")]
    Refused(String),
}

impl From<ApplyError> for ProjectionError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Moved(checkpoint) => Self::Moved(checkpoint),
            ApplyError::Storage(error) => Self::Storage(error),
            // Refusals of single events are dealt with where they arise.
            ApplyError::Rejected(reason) => Self::Storage(StorageError::Corrupt(reason)),
        }
    }
}

/// The changes of several events, with those among them that cannot be projected.
#[derive(Default)]
pub struct Decoded {
    /// Row changes in order.
    pub changes: Vec<Change>,
    /// Events to be parked, with the reason.
    pub poison: Vec<(usize, String)>,
}

/// Where one read store stands, and what it takes to move it on.
pub struct Applier {
    store: Arc<dyn ReadStore>,
    opener: Arc<dyn Opener>,
    now: Now,
    log_id: Arc<str>,
    /// How far the rows are.
    pub checkpoint: Option<Checkpoint>,
    /// Streams with parked events.
    parked: FxHashSet<StreamId>,
    /// Number of parked events.
    pub parked_events: u64,
    /// Whether the store is a shadow that is being loaded: what it refuses is not looked for, see [`ReadStore::loaded`].
    pub loading: bool,
}

impl Applier {
    /// Takes up where `store` stands.
    pub async fn open(
        store: Arc<dyn ReadStore>,
        opener: Arc<dyn Opener>,
        now: Now,
        head: &Head,
    ) -> Result<Self, StorageError> {
        let mut applier = Self {
            store,
            opener,
            now,
            log_id: Arc::clone(&head.log_id),
            checkpoint: None,
            parked: FxHashSet::default(),
            parked_events: 0,
            loading: false,
        };
        applier.reload().await?;
        Ok(applier)
    }

    /// Reads checkpoint and parked events anew.
    pub async fn reload(&mut self) -> Result<(), StorageError> {
        let (checkpoint, parked) = self.store.standing().await?;
        self.checkpoint = checkpoint;
        self.parked_events = parked.len() as u64;
        self.parked = parked.into_iter().map(|event| event.stream).collect();
        Ok(())
    }

    /// How many events the store likes to take at once.
    pub fn page_events(&self) -> u32 {
        self.store.page_events()
    }

    /// Ends the loading of the shadow that this applier fills.
    ///
    /// # Errors
    /// [`ProjectionError::Refused`] when its rows break a foreign key.
    pub async fn end_loading(&mut self) -> Result<(), ProjectionError> {
        self.loading = false;
        match self.store.loaded().await {
            Err(ApplyError::Rejected(reason)) => Err(ProjectionError::Refused(reason)),
            outcome => Ok(outcome?),
        }
    }

    /// Moves the checkpoint into a new epoch; whoever writes in the old one is refused from now on.
    pub async fn begin_epoch(&mut self) -> Result<(), ProjectionError> {
        let Some(checkpoint) = self.checkpoint.clone() else {
            return Ok(());
        };
        let next = Checkpoint {
            epoch: checkpoint.epoch + 1,
            ..checkpoint
        };
        self.move_to(next).await
    }

    /// Notes that the rows are those of this log, of which none has taken effect.
    pub async fn begin_log(&mut self) -> Result<(), ProjectionError> {
        let next = Checkpoint {
            log_id: Arc::clone(&self.log_id),
            position: Position(0),
            leaf_hash: Arc::from(""),
            epoch: 0,
        };
        self.move_to(next).await
    }

    async fn move_to(&mut self, next: Checkpoint) -> Result<(), ProjectionError> {
        let batch = ProjectedBatch {
            expected: self.checkpoint.clone(),
            next: next.clone(),
            changes: Vec::new(),
            park: Vec::new(),
            unpark: Vec::new(),
        };
        self.store.apply(batch).await?;
        self.checkpoint = Some(next);
        Ok(())
    }

    /// Position up to which the rows are.
    pub fn position(&self) -> Position {
        self.checkpoint
            .as_ref()
            .map_or(Position(0), |checkpoint| checkpoint.position)
    }

    /// Whether an event waits behind a parked one.
    fn blocked(parked: &FxHashSet<StreamId>, event: &StoredEvent) -> Option<String> {
        if parked.is_empty() {
            return None;
        }
        if parked.contains(&event.stream) {
            return Some("an earlier event of its stream is parked".to_owned());
        }
        let needed = depends_on(event)
            .into_iter()
            .find(|stream| parked.contains(&StreamId::new(stream.as_str())))?;
        Some(format!("an event of {needed}, which it depends on, is parked"))
    }

    /// The changes of events, as long as nothing is parked.
    pub async fn decode_ahead(opener: &dyn Opener, events: &[StoredEvent]) -> Result<Decoded, StorageError> {
        let mut decoded = Decoded {
            changes: Vec::with_capacity(events.len() * 3),
            poison: Vec::new(),
        };
        for (place, event) in events.iter().enumerate() {
            match decode(opener, event, &mut decoded.changes).await {
                Ok(()) => {}
                Err(Undecodable::Poison(reason)) => decoded.poison.push((place, reason)),
                Err(Undecodable::Storage(error)) => return Err(error),
            }
        }
        Ok(decoded)
    }

    /// Applies events that follow the checkpoint. `decoded` may hold their changes, made by [`Self::decode_ahead`].
    pub async fn apply(&mut self, events: &[StoredEvent], decoded: Option<Decoded>) -> Result<(), ProjectionError> {
        let usable = decoded.filter(|decoded| decoded.poison.is_empty() && self.parked.is_empty());
        // Halves that still have to go, the next one last: a refused batch is bisected until its culprit stands alone.
        let mut pending = Vec::new();
        match self.apply_at_once(events, usable).await {
            Err(ApplyError::Rejected(reason)) if self.loading => return Err(ProjectionError::Refused(reason)),
            Err(ApplyError::Rejected(reason)) => self.halve(events, reason, &mut pending).await?,
            outcome => outcome?,
        }
        while let Some(events) = pending.pop() {
            match self.apply_at_once(events, None).await {
                Err(ApplyError::Rejected(reason)) => self.halve(events, reason, &mut pending).await?,
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// Splits a refused batch, or parks the one event it consists of.
    async fn halve<'a>(
        &mut self,
        events: &'a [StoredEvent],
        reason: String,
        pending: &mut Vec<&'a [StoredEvent]>,
    ) -> Result<(), ProjectionError> {
        if let [event] = events {
            tracing::error!(position = %event.position, event_type = %event.event_type, %reason, "event parked: the rows refuse it");
            let park = vec![self.park(event, reason)];
            Ok(self.commit(event, Vec::new(), park).await?)
        } else {
            let (first, second) = events.split_at(events.len() / 2);
            pending.push(second);
            pending.push(first);
            Ok(())
        }
    }

    async fn apply_at_once(&mut self, events: &[StoredEvent], decoded: Option<Decoded>) -> Result<(), ApplyError> {
        let Some(last) = events.last() else { return Ok(()) };
        if let Some(decoded) = decoded {
            return self.commit(last, decoded.changes, Vec::new()).await;
        }
        let mut changes = Vec::with_capacity(events.len() * 3);
        let mut park = Vec::new();
        let mut parked = self.parked.clone();
        for event in events {
            let reason = match Self::blocked(&parked, event) {
                Some(reason) => reason,
                None => match decode(self.opener.as_ref(), event, &mut changes).await {
                    Ok(()) => continue,
                    Err(Undecodable::Storage(error)) => return Err(error.into()),
                    Err(Undecodable::Poison(reason)) => reason,
                },
            };
            tracing::error!(position = %event.position, event_type = %event.event_type, %reason, "event parked");
            parked.insert(event.stream.clone());
            park.push(self.park(event, reason));
        }
        self.commit(last, changes, park).await
    }

    fn park(&self, event: &StoredEvent, reason: String) -> ParkedEvent {
        ParkedEvent {
            position: event.position,
            stream: event.stream.clone(),
            event_type: Arc::clone(&event.event_type),
            reason,
            parked_at: (self.now)(),
        }
    }

    /// Moves the checkpoint to `last` with these changes.
    async fn commit(
        &mut self,
        last: &StoredEvent,
        changes: Vec<Change>,
        park: Vec<ParkedEvent>,
    ) -> Result<(), ApplyError> {
        let next = Checkpoint {
            log_id: Arc::clone(&self.log_id),
            position: last.position,
            leaf_hash: hex::encode(last.leaf_hash).into(),
            epoch: self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.epoch),
        };
        let newly_parked: Vec<StreamId> = park.iter().map(|event| event.stream.clone()).collect();
        let batch = ProjectedBatch {
            expected: self.checkpoint.clone(),
            next: next.clone(),
            changes,
            park,
            unpark: Vec::new(),
        };
        self.store.apply(batch).await?;
        self.checkpoint = Some(next);
        self.parked_events += newly_parked.len() as u64;
        self.parked.extend(newly_parked);
        Ok(())
    }

    /// Tries parked events again in order; returns how many took effect. Those of a stream stop at the first that still
    /// fails.
    pub async fn retry_parked(&mut self, log: &dyn EventLog) -> Result<u64, ProjectionError> {
        let Some(checkpoint) = self.checkpoint.clone() else {
            return Ok(0);
        };
        let mut still = FxHashSet::default();
        let mut released = 0;
        for parked in self.store.parked().await? {
            let before = Position(parked.position.0.saturating_sub(1));
            let Some(event) = log.read_log(before, 1).await?.pop() else {
                continue;
            };
            let mut changes = Vec::new();
            let decoded = match Self::blocked(&still, &event) {
                Some(_) => Err(Undecodable::Poison(String::new())),
                None => decode(self.opener.as_ref(), &event, &mut changes).await,
            };
            match decoded {
                Ok(()) => {}
                Err(Undecodable::Storage(error)) => return Err(error.into()),
                Err(Undecodable::Poison(_)) => {
                    still.insert(event.stream);
                    continue;
                }
            }
            let batch = ProjectedBatch {
                expected: Some(checkpoint.clone()),
                next: checkpoint.clone(),
                changes,
                park: Vec::new(),
                unpark: vec![event.position],
            };
            match self.store.apply(batch).await {
                Ok(()) => released += 1,
                Err(ApplyError::Rejected(_)) => {
                    still.insert(event.stream);
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.reload().await?;
        Ok(released)
    }
}
