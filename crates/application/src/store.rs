//! Loads aggregates from the log and records what they decide: the one way from a command to the log.

use std::{any::Any, borrow::Cow, sync::Arc};

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wfm_domain::{
    aggregate::{Claim as DomainClaim, Decide},
    event::Event,
    ids::WorkspaceId,
    instant::Instant,
    protected::{DataKey, ProtectedFields},
    refusal::Refusal,
    upcast,
};
use wfm_storage::{
    append::{Append, AppendError, AppendRefusal, Claim, ClaimKey, CommandId, Committed, StoredCommand, StreamAppend},
    event::{NewEvent, Position, StoredEvent, StreamId, StreamVersion},
    log::EventLog,
    work::WorkChange,
};

use crate::{
    clock::{Clock, Entropy},
    context::Context,
    error::ApplicationError,
    security::keyring::{Keyring, SealError},
};

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
        Unit {
            store: self,
            context,
            now,
            append: Append::default(),
            keys: Vec::new(),
            recorded: Vec::new(),
        }
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

/// An event of one stream that waits to be recorded.
struct Pending {
    stream: usize,
    event: Event,
}

/// What one command records: decisions of one or more aggregates, claims, guards and open work, all or nothing.
pub struct Unit<'a> {
    store: &'a Store,
    context: &'a Context,
    now: Instant,
    append: Append,
    keys: Vec<DataKey>,
    recorded: Vec<Pending>,
}

impl Unit<'_> {
    /// The instant at which everything of this unit happens.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Demands that the aggregate is unchanged when the unit is recorded.
    pub fn guard<A>(&mut self, loaded: &Loaded<A>) {
        self.append.guards.push((loaded.stream.clone(), loaded.version));
    }

    /// Demands that a stream still has this version when the unit is recorded.
    pub fn guard_stream(&mut self, stream: &StreamId, version: StreamVersion) {
        self.append.guards.push((stream.clone(), version));
    }

    /// Demands that `scope` holds fewer than `limit` claims.
    pub fn require_fewer(&mut self, scope: impl Into<Arc<str>>, limit: u64) {
        self.append.require_fewer.push((scope.into(), limit));
    }

    /// Takes a claim for the aggregate's stream, beside those that its events take.
    pub fn take<A>(&mut self, loaded: &Loaded<A>, scope: &str, key: impl Into<Arc<str>>) {
        self.append.take.push(Claim {
            key: ClaimKey::new(scope, key),
            owner: loaded.stream.clone(),
        });
    }

    /// Takes a claim for a stream of this append.
    pub fn take_for(&mut self, stream: &StreamId, key: ClaimKey) {
        self.append.take.push(Claim {
            key,
            owner: stream.clone(),
        });
    }

    /// Takes no claim in this scope after all: within one append, what is given up would be given up before it is taken.
    pub fn take_none(&mut self, scope: &str) {
        self.append.take.retain(|claim| *claim.key.scope != *scope);
    }

    /// Gives up a claim that a stream holds.
    pub fn release(&mut self, claim: Claim) {
        self.append.release.push(claim);
    }

    /// Lets claims of these scopes be left over by a deletion, to be dealt with afterwards.
    pub fn leave_over(&mut self, scopes: &[String]) {
        self.append
            .require_empty
            .retain(|required| !scopes.iter().any(|scope| **scope == **required));
    }

    /// Changes open work together with the events.
    pub fn work(&mut self, change: WorkChange) {
        self.append.work.push(change);
    }

    /// Lets the aggregate decide and notes its events and claims.
    ///
    /// # Errors
    /// The refusal; [`ApplicationError::PreconditionFailed`] when the caller expected another version.
    pub async fn decide<A>(
        &mut self,
        loaded: &mut Loaded<A>,
        command: impl Into<<A as Aggregate>::Command>,
    ) -> Result<(), ApplicationError>
    where
        A: Clone + Aggregate<Services = (), Error = Refusal> + Decide<Event = <A as Aggregate>::Event>,
        <A as Aggregate>::Event: Into<Event>,
    {
        let mut before = loaded.aggregate.clone();
        let sink = EventSink::default();
        loaded.aggregate.handle(command.into(), &(), &sink).await?;
        let events = sink.collect().await;
        self.begin(loaded, A::TYPE);
        for event in events {
            self.claims(&loaded.stream, before.claims(&event));
            before.evolve(&event);
            self.push(event.into());
            loaded.version.0 += 1;
        }
        Ok(())
    }

    /// Notes events that were decided already; the caller folds them.
    pub fn record<A>(&mut self, loaded: &Loaded<A>, aggregate: &'static str, events: &[A::Event])
    where
        A: Decide + Clone,
        A::Event: Clone + Into<Event>,
    {
        self.begin(loaded, aggregate);
        for event in events {
            self.claims(&loaded.stream, loaded.aggregate.claims(event));
            self.push(event.clone().into());
        }
    }

    fn begin<A>(&mut self, loaded: &Loaded<A>, aggregate: &'static str) {
        // An aggregate may decide several commands in a row: they are one part of the append.
        if self
            .append
            .streams
            .last()
            .is_some_and(|last| last.stream == loaded.stream)
        {
            return;
        }
        self.append.streams.push(StreamAppend {
            stream: loaded.stream.clone(),
            aggregate: aggregate.into(),
            workspace: loaded.workspace,
            expected: loaded.version,
            events: Vec::new(),
        });
    }

    fn push(&mut self, mut event: Event) {
        let keys = &mut self.keys;
        event.visit_protected(&mut |_, value| {
            if value.text().is_some() && !keys.contains(value.key()) {
                keys.push(value.key().clone());
            }
        });
        self.recorded.push(Pending {
            stream: self.append.streams.len() - 1,
            event,
        });
    }

    fn claims(&mut self, owner: &StreamId, changes: wfm_domain::aggregate::ClaimChanges) {
        let claim = |claim: DomainClaim| Claim {
            key: ClaimKey::new(claim.scope, claim.key),
            owner: owner.clone(),
        };
        self.append.release.extend(changes.release.into_iter().map(claim));
        self.append.take.extend(changes.take.into_iter().map(claim));
        self.append
            .require_empty
            .extend(changes.require_empty.into_iter().map(Arc::from));
        let bounded = |(scope, bound): (String, u64)| (Arc::from(scope), bound);
        self.append
            .require_fewer
            .extend(changes.require_fewer.into_iter().map(bounded));
        self.append
            .require_at_least
            .extend(changes.require_at_least.into_iter().map(bounded));
    }

    /// Seals, serialises and appends. `id` and `version` are the answer that a repeat of the command will get.
    ///
    /// A unit without events records nothing and answers with the log's end.
    ///
    /// # Errors
    /// [`ApplicationError::Contended`] when something it was decided on has changed; the translation of a refused claim.
    pub async fn commit(self, id: impl Into<Value>, version: StreamVersion) -> Result<Recorded, ApplicationError> {
        let mut recorded = Recorded {
            id: id.into(),
            version: version.0,
            position: Position(0),
            repeated: false,
        };
        if self.recorded.is_empty() {
            recorded.position = self.store.log.head().await?.position;
            return Ok(recorded);
        }
        let answer = self
            .context
            .idempotency
            .as_ref()
            .map(|_| serde_json::to_string(&recorded));
        let answer = answer.transpose().map_err(ApplicationError::internal)?;
        match self.append(answer).await {
            Ok(committed) => {
                recorded.position = committed.last;
                Ok(recorded)
            }
            Err(ApplicationOrRepeat::Repeat(stored)) => answer_of(&stored),
            Err(ApplicationOrRepeat::Error(error)) => Err(error),
        }
    }

    async fn append(mut self, answer: Option<String>) -> Result<Committed, ApplicationOrRepeat> {
        let keyring = &self.store.keyring;
        for key in &self.keys {
            keyring.prepare(key).await.map_err(seal_error)?;
        }
        let mut address = self.context.sealed_address();
        if let Some(address) = &mut address {
            keyring.prepare(address.key()).await.map_err(seal_error)?;
            keyring
                .seal_address(&self.context.correlation_id, address)
                .map_err(seal_error)?;
        }
        let occurred_at: Arc<str> = self.now.to_string().into();
        let mut metadata: Option<(Option<i64>, Arc<str>)> = None;
        for Pending { stream, mut event } in self.recorded {
            let target = &mut self.append.streams[stream];
            let id = self.store.entropy.uuid();
            keyring
                .seal_event(target.stream.as_str(), id, &mut event)
                .map_err(seal_error)?;
            let metadata = match &metadata {
                Some((workspace, text)) if *workspace == target.workspace => Arc::clone(text),
                _ => {
                    let text = self.context.metadata(target.workspace, address.as_ref());
                    metadata = Some((target.workspace, Arc::clone(&text)));
                    text
                }
            };
            target.events.push(NewEvent {
                id,
                event_type: event.name().into(),
                schema_version: event.schema_version(),
                occurred_at: Arc::clone(&occurred_at),
                payload: event.payload().map_err(ApplicationError::internal)?.into(),
                metadata,
                typed: Some(Arc::new(event) as Arc<dyn Any + Send + Sync>),
            });
        }
        self.append.streams.retain(|stream| !stream.events.is_empty());
        if let (Some(idempotency), Some(answer)) = (&self.context.idempotency, answer) {
            self.append.command = Some(CommandId {
                actor: self.context.actor_name().into(),
                key: idempotency.key.as_str().into(),
                request_hash: idempotency.request_hash.as_str().into(),
                answer: answer.into(),
            });
        }
        match self.store.log.append(self.append).await {
            Ok(committed) => Ok(committed),
            Err(AppendError::Refused(AppendRefusal::Duplicate(stored))) => Err(ApplicationOrRepeat::Repeat(stored)),
            Err(error) => Err(ApplicationOrRepeat::Error(error.into())),
        }
    }
}

enum ApplicationOrRepeat {
    Error(ApplicationError),
    Repeat(StoredCommand),
}

impl From<ApplicationError> for ApplicationOrRepeat {
    fn from(error: ApplicationError) -> Self {
        Self::Error(error)
    }
}

/// Demands that the entity has the version the caller believes it to have.
///
/// # Errors
/// [`ApplicationError::PreconditionFailed`].
pub fn check_version<A>(context: &Context, loaded: &Loaded<A>) -> Result<(), ApplicationError> {
    match context.expected_version {
        Some(expected) if expected != loaded.version.0 => Err(ApplicationError::PreconditionFailed {
            current: loaded.version.0,
        }),
        Some(_) | None => Ok(()),
    }
}
