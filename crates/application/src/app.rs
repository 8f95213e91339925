//! The application: everything a use case needs, in one place that the composition root fills.

use std::{sync::Arc, time::Duration};

use cqrs_es::Aggregate;
use serde_json::Value;
use tokio::sync::Notify;
use wfm_domain::{
    aggregate::Decide,
    event::Event,
    facts::{Granter, UserFact},
    ids::WorkspaceId,
    instant::Instant,
    refusal::Refusal,
    user::User,
};
use wfm_storage::{event::StreamId, read_store::ReadStore, vault::Vault};

use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    executions::{cache::Definitions, runs::Runs},
    hooks::throttle::Throttle,
    projection::Projection,
    retention::RetentionRule,
    security::{
        access::{AccessView, Caller},
        password::PasswordHasher,
        permission::Permission,
        token::AccessTokens,
    },
    store::{Loaded, Recorded, Store, check_version},
};

/// How long an answer waits for the access view, which follows the log in memory.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The application. Cheap to clone through its `Arc`.
pub struct App {
    /// The log.
    pub store: Store,
    /// Keys and sessions.
    pub vault: Arc<dyn Vault>,
    /// The read models.
    pub reads: Arc<dyn ReadStore>,
    /// Keeps the read models up with the log.
    pub projection: Projection,
    /// Who may act.
    pub access: Arc<AccessView>,
    /// Password hashes.
    pub passwords: PasswordHasher,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// Versions in force and environments.
    pub definitions: Arc<Definitions>,
    /// Runs.
    pub runs: Arc<Runs>,
    /// Slows down whoever asks for webhooks.
    pub webhooks: Throttle,
    /// Rings when a job begins.
    pub job_bell: Notify,
    /// How long executions are kept.
    pub retention_rule: RetentionRule,
}

impl App {
    /// The caller behind a context.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`] when the system itself acts: use cases of users need one.
    pub fn caller<'a>(&self, context: &'a Context) -> Result<&'a Caller, ApplicationError> {
        match &context.actor {
            Actor::User(caller) => Ok(caller),
            Actor::System(_) | Actor::Webhook(_) => {
                Err(ApplicationError::Unauthenticated("a user is needed".to_owned()))
            }
        }
    }

    /// Demands a global right; the system itself has every right.
    ///
    /// # Errors
    /// [`ApplicationError::Forbidden`].
    pub fn demand(&self, context: &Context, permission: Permission) -> Result<(), ApplicationError> {
        match &context.actor {
            Actor::User(caller) => caller.demand(permission),
            Actor::System(_) => Ok(()),
            Actor::Webhook(_) => Err(no_right()),
        }
    }

    /// Demands a right in a workspace; `what` names the addressed thing for a caller who may not see the workspace.
    ///
    /// # Errors
    /// [`ApplicationError::NotFound`] or [`ApplicationError::Forbidden`].
    pub fn demand_in(
        &self,
        context: &Context,
        permission: Permission,
        workspace: WorkspaceId,
        what: impl FnOnce() -> String,
    ) -> Result<(), ApplicationError> {
        match &context.actor {
            Actor::User(caller) => caller.demand_in(permission, workspace, what),
            Actor::System(_) => Ok(()),
            Actor::Webhook(_) => Err(no_right()),
        }
    }

    /// The usual course of a command on one aggregate: load, check `If-Match`, decide, record; `id` goes into the answer.
    pub(crate) async fn command<A, C>(
        &self,
        context: &Context,
        stream: String,
        id: Value,
        command: impl Fn() -> C,
    ) -> Result<Recorded, ApplicationError>
    where
        A: Clone + Aggregate<Services = (), Error = Refusal> + Decide<Event = <A as Aggregate>::Event>,
        C: Into<<A as Aggregate>::Command>,
        <A as Aggregate>::Event: Into<Event> + TryFrom<Event>,
    {
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let attempt = || async {
            let mut loaded = self.store.load::<A>(stream.clone()).await?;
            check_version(context, &loaded)?;
            let mut unit = self.store.unit(context);
            unit.decide(&mut loaded, command()).await?;
            unit.commit(id.clone(), loaded.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        self.definitions.forget(&stream);
        Ok(recorded)
    }

    /// The same for an aggregate that lives in a workspace: its workspace decides who may.
    pub(crate) async fn command_in<A, C>(
        &self,
        context: &Context,
        permission: Permission,
        stream: String,
        id: Value,
        command: impl Fn(&A, Instant) -> Result<C, ApplicationError>,
    ) -> Result<Recorded, ApplicationError>
    where
        A: Placed + Clone + Aggregate<Services = (), Error = Refusal> + Decide<Event = <A as Aggregate>::Event>,
        C: Into<<A as Aggregate>::Command>,
        <A as Aggregate>::Event: Into<Event> + TryFrom<Event>,
    {
        let attempt = || async {
            let mut loaded = self.store.load::<A>(stream.clone()).await?;
            self.demand_on(context, permission, &loaded)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            check_version(context, &loaded)?;
            let mut unit = self.store.unit(context);
            let command = command(&loaded.aggregate, unit.now())?;
            unit.decide(&mut loaded, command).await?;
            unit.commit(id.clone(), loaded.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        self.definitions.forget(&stream);
        Ok(recorded)
    }

    /// Demands a right on an aggregate that lives in a workspace; returns the workspace.
    ///
    /// # Errors
    /// [`ApplicationError::NotFound`] when it does not exist or its workspace is not the caller's to see, else
    /// [`ApplicationError::Forbidden`].
    pub(crate) fn demand_on<A: Placed>(
        &self,
        context: &Context,
        permission: Permission,
        loaded: &Loaded<A>,
    ) -> Result<WorkspaceId, ApplicationError> {
        let what = || addressed(&loaded.stream);
        let workspace = loaded
            .aggregate
            .workspace()
            .ok_or_else(|| ApplicationError::NotFound(what()))?;
        self.demand_in(context, permission, workspace, what)?;
        Ok(workspace)
    }

    /// Waits until the access view has seen what was recorded, so that it governs the caller's next request.
    pub(crate) async fn seen(&self, recorded: Recorded) -> Recorded {
        let seen = tokio::time::timeout(LONGEST_WAIT, self.access.seen(recorded.position)).await;
        if seen.is_err() {
            tracing::error!(position = %recorded.position, "the access view does not follow the log");
        }
        recorded
    }

    /// The acting user, loaded: a fact for decisions and a stream to guard.
    pub(crate) async fn acting_user(&self, context: &Context) -> Result<Loaded<User>, ApplicationError> {
        let id = self.caller(context)?.user;
        self.store.load::<User>(id.stream()).await
    }

    /// The acting user as a fact; a user must act.
    pub(crate) fn creator_fact(&self, context: &Context, creator: &Loaded<User>) -> Result<UserFact, ApplicationError> {
        Ok(creator.aggregate.fact(self.caller(context)?.user))
    }

    /// Who grants global roles.
    pub(crate) fn granter(&self, context: &Context) -> Granter {
        match &context.actor {
            Actor::User(caller) => Granter::user(caller.user, caller.role),
            Actor::System(_) | Actor::Webhook(_) => Granter::system(),
        }
    }

    /// Who grants roles in a workspace.
    pub(crate) fn granter_in(&self, context: &Context, workspace: WorkspaceId) -> Granter {
        match &context.actor {
            Actor::User(caller) => Granter::user(caller.user, caller.role_in(workspace).unwrap_or_default()),
            Actor::System(_) | Actor::Webhook(_) => Granter::system(),
        }
    }
}

/// A webhook starts runs of its workflow; every other use case is closed to it.
fn no_right() -> ApplicationError {
    ApplicationError::Forbidden("a webhook starts runs of its workflow and does nothing else".to_owned())
}

/// An aggregate that lives in a workspace.
pub(crate) trait Placed {
    /// Its workspace; `None` while it does not exist.
    fn workspace(&self) -> Option<WorkspaceId>;
}

/// What a stream is called in refusals: `workflow 17`.
pub(crate) fn addressed(stream: &StreamId) -> String {
    let stream = stream.as_str();
    let numbered = stream
        .rsplit_once('-')
        .filter(|(_, id)| id.bytes().all(|byte| byte.is_ascii_digit()));
    // An id of another form has hyphens of its own.
    match numbered.or_else(|| stream.split_once('-')) {
        Some((kind, id)) => format!("{} {id}", kind.replace('-', " ")),
        None => stream.to_owned(),
    }
}
