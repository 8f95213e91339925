//! Loads aggregates from the log and records what they decide: the one way from a command to the log.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use wfm_domain::{
    aggregate::Decide, event::Event, ids::WorkspaceId, instant::Instant, protected::DataKey, refusal::Refusal, upcast,
};
use wfm_storage::{
    append::{Claim, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    log::EventLog,
};

use crate::{
    clock::{Clock, Entropy},
    context::Context,
    error::ApplicationError,
    security::keyring::{Keyring, SealError},
};

mod unit;

pub use unit::Unit;

const PAGE: u32 = 500;

/// How often a decision is made anew because another command came between.
const ATTEMPTS: usize = 16;

/// The typed form of an event of the log: as its writer handed it along, or read from its payload (protected values still
/// closed). `None` when this build cannot read it.
#[must_use]
pub fn typed(stored: &StoredEvent) -> Option<Cow<'_, Event>> {
    if let Some(event) = stored.typed.as_ref().and_then(|typed| typed.downcast_ref::<Event>()) {
        return Some(Cow::Borrowed(event));
    }
    match upcast::load(&stored.event_type, stored.schema_version, &stored.payload) {
        Ok(mut events) if events.len() == 1 => events.pop().map(Cow::Owned),
        Ok(_) => None,
        Err(error) => {
            tracing::error!(position = %stored.position, %error, "an event of the log cannot be read");
            None
        }
    }
}

/// An aggregate as of a version of its stream.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// The stream.
    pub stream: StreamId,
    /// Workspace of the stream.
    pub workspace: Option<i64>,
    /// Version up to which the events are folded; 0 when the stream does not exist.
    pub version: StreamVersion,
    /// The state.
    pub aggregate: A,
    /// Metadata of its first event (JSON); `None` when that was not read.
    pub origin: Option<Arc<str>>,
    /// Id of its last event; `None` when that was not read.
    pub last_event: Option<Uuid>,
}

impl<A: Default> Loaded<A> {
    /// An aggregate that does not exist yet, in a workspace or in none.
    #[must_use]
    pub fn fresh(stream: String, workspace: Option<WorkspaceId>) -> Self {
        Self {
            stream: StreamId::new(stream),
            workspace: workspace.map(|workspace| workspace.0),
            version: StreamVersion(0),
            aggregate: A::default(),
            origin: None,
            last_event: None,
        }
    }
}

/// What a command recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Id of the entity.
    pub id: Value,
    /// Version of its stream afterwards.
    pub version: u64,
    /// Position of the last event; what a reader must have seen to see the change.
    pub position: Position,
    /// Whether an earlier request with the same idempotency key did it.
    #[serde(skip)]
    pub repeated: bool,
    /// Id of the last event; `None` when nothing was recorded now.
    #[serde(skip)]
    pub last_event: Option<Uuid>,
}

/// Access to the log for use cases.
#[derive(Clone)]
pub struct Store {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Seals and opens.
    pub keyring: Arc<Keyring>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and chance.
    pub entropy: Arc<dyn Entropy>,
}

impl Store {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The aggregate of a stream; in its initial state and at version 0 when the stream does not exist.
    ///
    /// # Errors
    /// When the log cannot be read or an event not be understood.
    pub async fn load<A>(&self, stream: String) -> Result<Loaded<A>, ApplicationError>
    where
        A: Decide,
        A::Event: TryFrom<Event>,
    {
        let stream = StreamId::new(stream);
        let mut loaded = Loaded {
            stream,
            workspace: None,
            version: StreamVersion(0),
            aggregate: A::default(),
            origin: None,
            last_event: None,
        };
        self.catch_up(&mut loaded).await?;
        Ok(loaded)
    }

    /// Folds what the stream gained since the aggregate was loaded.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub async fn catch_up<A>(&self, loaded: &mut Loaded<A>) -> Result<(), ApplicationError>
    where
        A: Decide,
        A::Event: TryFrom<Event>,
    {
        loop {
            let page = self.log.read_stream(&loaded.stream, loaded.version, PAGE).await?;
            if let Some(first) = page.first().filter(|_| loaded.version == StreamVersion(0)) {
                loaded.origin = Some(Arc::clone(&first.metadata));
            }
            for stored in &page {
                for event in self.open(stored).await? {
                    let event = A::Event::try_from(event).map_err(|_| {
                        ApplicationError::Internal(format!(
                            "{} holds a foreign event at {}",
                            loaded.stream, stored.position
                        ))
                    })?;
                    loaded.aggregate.evolve(&event);
                }
                loaded.version = stored.version;
                loaded.workspace = stored.workspace;
                loaded.last_event = Some(stored.id);
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// An event of the log in its newest form, its protected values opened where their keys still exist.
    ///
    /// # Errors
    /// When the event cannot be understood or opened.
    pub async fn open(&self, stored: &StoredEvent) -> Result<Vec<Event>, ApplicationError> {
        let mut events = upcast::load(&stored.event_type, stored.schema_version, &stored.payload)
            .map_err(|error| ApplicationError::Internal(format!("event {}: {error}", stored.position)))?;
        for event in &mut events {
            self.keyring
                .open_event(stored.stream.as_str(), stored.id, event)
                .await
                .map_err(seal_error)?;
        }
        Ok(events)
    }

    /// The next id of a sequence.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn allot(&self, sequence: &str) -> Result<i64, ApplicationError> {
        Ok(self.log.allot(sequence, 1).await?)
    }

    /// The next `count` ids of a sequence.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn allot_many(&self, sequence: &str, count: usize) -> Result<Vec<i64>, ApplicationError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let count = u32::try_from(count).map_err(ApplicationError::internal)?;
        let first = self.log.allot(sequence, count).await?;
        Ok((first..first + i64::from(count)).collect())
    }

    /// Every claim of a scope.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn all_claims(&self, scope: &str) -> Result<Vec<Claim>, ApplicationError> {
        let mut all: Vec<Claim> = Vec::new();
        loop {
            let after = all.last().map(|claim| claim.key.key.clone());
            let page = self.log.claims(scope, after.as_deref(), PAGE).await?;
            let complete = page.len() < PAGE as usize;
            all.extend(page);
            if complete {
                return Ok(all);
            }
        }
    }

    /// Runs `attempt` again while other commands come between its reads and its append.
    ///
    /// # Errors
    /// Those of `attempt`; [`ApplicationError::Contended`] when others came between every time.
    pub async fn retrying<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, ApplicationError>
    where
        F: Future<Output = Result<T, ApplicationError>>,
    {
        for _ in 1..ATTEMPTS {
            match attempt().await {
                Err(ApplicationError::Contended) => tokio::task::yield_now().await,
                outcome => return outcome,
            }
        }
        attempt().await
    }

    /// What an earlier request with the same idempotency key recorded.
    ///
    /// # Errors
    /// [`ApplicationError::IdempotencyMismatch`] when that request was another one.
    pub async fn repeated(&self, context: &Context) -> Result<Option<Recorded>, ApplicationError> {
        let Some(idempotency) = &context.idempotency else {
            return Ok(None);
        };
        match self.log.command(&context.actor_name(), &idempotency.key).await? {
            None => Ok(None),
            Some(stored) if *stored.request_hash == *idempotency.request_hash => answer_of(&stored).map(Some),
            Some(_) => Err(ApplicationError::IdempotencyMismatch),
        }
    }

    /// Begins to collect what one command records.
    #[must_use]
    pub fn unit<'a>(&'a self, context: &'a Context) -> Unit<'a> {
        self.unit_at(context, self.now())
    }

    /// The same, for a decision that was made at `now`.
    #[must_use]
    pub fn unit_at<'a>(&'a self, context: &'a Context, now: Instant) -> Unit<'a> {
        Unit::new(self, context, now)
    }
}

pub(crate) fn seal_error(error: SealError) -> ApplicationError {
    match error {
        SealError::Storage(error) => ApplicationError::Storage(error),
        SealError::Destroyed(key) => Refusal::conflict("erased", erased(&key)).into(),
        SealError::NotPrepared(_) | SealError::Forged(_) => ApplicationError::internal(error),
    }
}

/// What a destroyed key means to whoever would write under it.
fn erased(key: &str) -> String {
    match DataKey::parse(key) {
        Some(DataKey::Runs(workspace, month)) => {
            format!("the runs of workspace {workspace} in {month} were purged and what they carried was erased")
        }
        Some(DataKey::Person(_) | DataKey::Environment(_)) | None => {
            "the personal data of this user was erased".to_owned()
        }
    }
}

fn answer_of(stored: &StoredCommand) -> Result<Recorded, ApplicationError> {
    let mut recorded: Recorded = serde_json::from_str(&stored.answer).map_err(ApplicationError::internal)?;
    recorded.position = stored.last;
    recorded.repeated = true;
    Ok(recorded)
}

/// Demands that the entity has the version the caller believes it to have.
///
/// # Errors
/// [`ApplicationError::PreconditionFailed`].
pub fn check_version<A>(context: &Context, loaded: &Loaded<A>) -> Result<(), ApplicationError> {
    match &context.expected_versions {
        Some(expected) if !expected.contains(&loaded.version.0) => Err(ApplicationError::PreconditionFailed {
            current: loaded.version.0,
        }),
        Some(_) | None => Ok(()),
    }
}
