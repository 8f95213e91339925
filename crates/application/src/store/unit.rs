//! A unit of work: events of several streams, with the claims, guards and open work that go with them, in one append.
//!
//! Invariant: what a decision relied on is guarded in the append that records it; protected values are sealed before they
//! are written anywhere.

use std::{any::Any, sync::Arc};

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde_json::Value;
use uuid::Uuid;
use wfm_domain::{
    aggregate::{Claim as DomainClaim, Decide},
    event::Event,
    instant::Instant,
    protected::{DataKey, ProtectedFields},
    refusal::Refusal,
};
use wfm_storage::{
    append::{Append, AppendError, AppendRefusal, Claim, ClaimKey, CommandId, Committed, StoredCommand, StreamAppend},
    event::{NewEvent, Position, StreamId, StreamVersion},
    work::WorkChange,
};

use super::{Loaded, Recorded, Store, answer_of, seal_error};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
};

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
    cause: Option<Arc<str>>,
}

impl<'a> Unit<'a> {
    /// A unit in which nothing is recorded yet.
    pub(super) fn new(store: &'a Store, context: &'a Context, now: Instant) -> Self {
        Self {
            store,
            context,
            now,
            append: Append::default(),
            keys: Vec::new(),
            recorded: Vec::new(),
            cause: None,
        }
    }

    /// What the system records about an entity by itself follows from the entity's last event. What somebody asks for follows
    /// from their request, which the correlation names.
    pub fn follow<A>(&mut self, loaded: &Loaded<A>) {
        if matches!(self.context.actor, Actor::System(_)) && self.context.causation_id.is_none() {
            self.cause = loaded.last_event.map(|event| event.to_string().into());
        }
    }

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
            last_event: None,
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
            Ok((committed, last_event)) => {
                recorded.position = committed.last;
                recorded.last_event = last_event;
                Ok(recorded)
            }
            Err(ApplicationOrRepeat::Repeat(stored)) => answer_of(&stored),
            Err(ApplicationOrRepeat::Error(error)) => Err(error),
        }
    }

    /// Appends; also tells the id of the last event. The first event follows from what led to the command, the others from
    /// the first.
    async fn append(mut self, answer: Option<String>) -> Result<(Committed, Option<Uuid>), ApplicationOrRepeat> {
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
        let mut cause = self.cause.or_else(|| self.context.causation_id.clone());
        let mut last_event = None;
        let mut metadata: Option<(Option<i64>, Arc<str>)> = None;
        for Pending { stream, mut event } in self.recorded {
            let target = &mut self.append.streams[stream];
            let id = self.store.entropy.uuid();
            keyring
                .seal_event(target.stream.as_str(), id, &mut event)
                .map_err(seal_error)?;
            let is_first = last_event.is_none();
            let text = match &metadata {
                Some((workspace, text)) if *workspace == target.workspace => Arc::clone(text),
                _ => self
                    .context
                    .metadata(target.workspace, address.as_ref(), cause.as_deref()),
            };
            if is_first {
                cause = Some(id.to_string().into());
            } else {
                metadata = Some((target.workspace, Arc::clone(&text)));
            }
            last_event = Some(id);
            target.events.push(NewEvent {
                id,
                event_type: event.name().into(),
                schema_version: event.schema_version(),
                occurred_at: Arc::clone(&occurred_at),
                payload: event.payload().map_err(ApplicationError::internal)?.into(),
                metadata: text,
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
            Ok(committed) => Ok((committed, last_event)),
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
