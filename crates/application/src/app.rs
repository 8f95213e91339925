//! The application: everything a use case needs, in one place that the composition root fills.

use std::sync::Arc;

use cqrs_es::Aggregate;
use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    event::Event,
    facts::{Granter, Standing, UserFact, WorkspaceFact},
    ids::{UserId, WorkspaceId},
    refusal::Refusal,
    user::User,
    workspace::Workspace,
};
use wfm_storage::{read_store::ReadStore, vault::Vault};

use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    executions::{cache::Definitions, runs::Runs},
    security::{
        access::{AccessView, Caller},
        password::PasswordHasher,
        permission::Permission,
        token::AccessTokens,
    },
    store::{Loaded, Recorded, Store, check_version},
};

/// The application. Cheap to clone through its `Arc`.
pub struct App {
    /// The log.
    pub store: Store,
    /// Keys and sessions.
    pub vault: Arc<dyn Vault>,
    /// The read models.
    pub reads: Arc<dyn ReadStore>,
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
}

impl App {
    /// The caller behind a context.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`] when the system itself acts: use cases of users need one.
    pub fn caller<'a>(&self, context: &'a Context) -> Result<&'a Caller, ApplicationError> {
        match &context.actor {
            Actor::User(caller) => Ok(caller),
            Actor::System(_) => Err(ApplicationError::Unauthenticated("a user is needed".to_owned())),
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
        self.store
            .retrying(|| async {
                let mut loaded = self.store.load::<A>(stream.clone()).await?;
                check_version(context, &loaded)?;
                let mut unit = self.store.unit(context);
                unit.decide(&mut loaded, command()).await?;
                unit.commit(id.clone(), loaded.version).await
            })
            .await
    }

    /// The acting user, loaded: a fact for decisions and a stream to guard.
    pub(crate) async fn acting_user(&self, context: &Context) -> Result<Loaded<User>, ApplicationError> {
        let id = self.caller(context)?.user;
        self.store.load::<User>(id.stream()).await
    }

    /// A workspace as a fact.
    pub(crate) fn workspace_fact(loaded: &Loaded<Workspace>, id: WorkspaceId) -> WorkspaceFact {
        let workspace = &loaded.aggregate;
        let standing = Standing::of(workspace.id.is_some(), workspace.is_active, workspace.is_deleted);
        WorkspaceFact { id, standing }
    }

    /// Who grants roles in a workspace.
    pub(crate) fn granter_in(&self, context: &Context, workspace: WorkspaceId) -> Granter {
        match &context.actor {
            Actor::User(caller) => Granter::user(caller.user, caller.role_in(workspace).unwrap_or_default()),
            Actor::System(_) => Granter::system(),
        }
    }

    /// A user as a fact.
    pub(crate) fn user_fact(loaded: &Loaded<User>, id: UserId) -> UserFact {
        let user = &loaded.aggregate;
        UserFact { id, standing: Standing::of(user.id.is_some(), user.is_active, user.is_deleted) }
    }
}
