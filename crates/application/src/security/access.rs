//! Who may act, in memory: users, memberships and API keys as of the last event.
//!
//! Invariant: no request reads a database or checks a password hash to find out who asks; a deactivation bites on the
//! next request, because commands that change the view are answered after it has seen them.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tokio::sync::{Notify, watch};
use wfm_domain::{
    api_key::ApiKeyEvent,
    event::Event,
    ids::{ApiKeyId, UserId, WorkspaceId},
    instant::Instant,
    role::Role,
    user::UserEvent,
    workspace::WorkspaceEvent,
};
use wfm_storage::{event::Position, event::StoredEvent, feed::Subscription, log::EventLog};

use crate::{error::ApplicationError, security::permission::Permission};

/// What decides about a user's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAccess {
    /// Global role.
    pub role: Role,
    /// Neither deactivated nor deleted nor erased.
    pub active: bool,
}

/// What decides about a request with an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAccess {
    /// Its owner.
    pub user: UserId,
    /// SHA-256 of the token's secret part (hex).
    pub token_hash: String,
    /// No right above this role.
    pub maximum_role: Option<Role>,
    /// Nothing outside this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Not valid from this instant on.
    pub expires_at: Option<Instant>,
}

/// The view's content; also what a snapshot of the read models restores.
#[derive(Debug, Default)]
pub struct AccessState {
    /// Users by id.
    pub users: FxHashMap<UserId, UserAccess>,
    /// Role of each active membership in a workspace that is not deleted.
    pub memberships: FxHashMap<UserId, FxHashMap<WorkspaceId, Role>>,
    /// Keys that were not revoked.
    pub keys: FxHashMap<ApiKeyId, KeyAccess>,
}

impl AccessState {
    /// Folds an event of any aggregate.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::User(event) => self.apply_user(event),
            Event::Workspace(event) => self.apply_workspace(event),
            Event::ApiKey(ApiKeyEvent::ApiKeyIssued(issued)) => {
                self.keys.insert(
                    issued.id,
                    KeyAccess {
                        user: issued.user_id,
                        token_hash: issued.token_hash.clone(),
                        maximum_role: issued.maximum_role,
                        workspace: issued.workspace_id,
                        expires_at: issued.expires_at,
                    },
                );
            }
            Event::ApiKey(ApiKeyEvent::ApiKeyRevoked(revoked)) => {
                self.keys.remove(&revoked.id);
            }
            Event::Execution(_)
            | Event::Workflow(_)
            | Event::Access(_)
            | Event::Project(_)
            | Event::Environment(_)
            | Event::ApiEndpoint(_)
            | Event::RunMonth(_)
            | Event::Schedule(_)
            | Event::Approval(_)
            | Event::Callback(_)
            | Event::Job(_) => {}
        }
    }

    fn apply_user(&mut self, event: &UserEvent) {
        match event {
            UserEvent::UserRegistered(event) => {
                self.users.insert(
                    event.id,
                    UserAccess {
                        role: event.role,
                        active: true,
                    },
                );
            }
            UserEvent::UserRoleChanged(event) => {
                if let Some(user) = self.users.get_mut(&event.id) {
                    user.role = event.role;
                }
            }
            UserEvent::UserActivated(event) => self.set_active(event.id, true),
            UserEvent::UserDeactivated(event) => self.set_active(event.id, false),
            UserEvent::UserDeleted(event) => self.set_active(event.id, false),
            UserEvent::UserErased(event) => self.set_active(event.id, false),
            UserEvent::UserProfileChanged(_) | UserEvent::UserPasswordChanged(_) => {}
        }
    }

    fn set_active(&mut self, user: UserId, active: bool) {
        if let Some(user) = self.users.get_mut(&user) {
            user.active = active;
        }
    }

    fn apply_workspace(&mut self, event: &WorkspaceEvent) {
        match event {
            WorkspaceEvent::MemberAdded(event) => {
                self.memberships
                    .entry(event.user_id)
                    .or_default()
                    .insert(event.id, event.role);
            }
            WorkspaceEvent::MemberRoleChanged(event) => {
                self.memberships
                    .entry(event.user_id)
                    .or_default()
                    .insert(event.id, event.role);
            }
            WorkspaceEvent::MemberRemoved(event) => {
                if let Some(roles) = self.memberships.get_mut(&event.user_id) {
                    roles.remove(&event.id);
                }
            }
            WorkspaceEvent::WorkspaceDeleted(event) => {
                for roles in self.memberships.values_mut() {
                    roles.remove(&event.id);
                }
            }
            WorkspaceEvent::WorkspaceCreated(_)
            | WorkspaceEvent::WorkspaceChanged(_)
            | WorkspaceEvent::WorkspaceDeactivated(_)
            | WorkspaceEvent::WorkspaceActivated(_) => {}
        }
    }
}

/// Who asks, with the rights of this moment.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// Global role, narrowed by the API key if one was used.
    pub role: Role,
    /// The API key that was used.
    pub key: Option<ApiKeyId>,
    /// Only this workspace, if the key says so.
    pub only_workspace: Option<WorkspaceId>,
    maximum_role: Option<Role>,
    /// The owner is a global Admin, so that every workspace is in reach even if a key narrows the role.
    everywhere: bool,
    memberships: Arc<FxHashMap<WorkspaceId, Role>>,
}

/// Which workspaces a caller may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// Every workspace.
    All,
    /// These, in ascending order.
    Workspaces(Vec<i64>),
}

impl Caller {
    /// A caller with these rights; for tests and for what the system does on behalf of an administrator.
    #[must_use]
    pub fn administrator(user: UserId) -> Self {
        Self {
            user,
            role: Role::Admin,
            key: None,
            only_workspace: None,
            maximum_role: None,
            everywhere: true,
            memberships: Arc::default(),
        }
    }

    /// Whether an API key leaves the caller less than its owner's rights.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.maximum_role.is_some() || self.only_workspace.is_some()
    }

    fn narrowed(&self, role: Role) -> Role {
        match self.maximum_role {
            Some(maximum) if role.at_least(maximum) => maximum,
            Some(_) | None => role,
        }
    }

    /// The caller's role in a workspace; `None` when it may not know the workspace.
    #[must_use]
    pub fn role_in(&self, workspace: WorkspaceId) -> Option<Role> {
        if self.only_workspace.is_some_and(|only| only != workspace) {
            return None;
        }
        if self.everywhere {
            return Some(self.role);
        }
        self.memberships.get(&workspace).map(|role| self.narrowed(*role))
    }

    /// The workspaces the caller may read.
    #[must_use]
    pub fn visible(&self) -> Visible {
        if let Some(only) = self.only_workspace {
            return Visible::Workspaces(self.role_in(only).map(|_| only.0).into_iter().collect());
        }
        if self.everywhere {
            return Visible::All;
        }
        let mut workspaces: Vec<i64> = self.memberships.keys().map(|workspace| workspace.0).collect();
        workspaces.sort_unstable();
        Visible::Workspaces(workspaces)
    }

    /// The caller's own memberships, in ascending order of the workspaces, with the roles as narrowed by an API key.
    #[must_use]
    pub fn own_memberships(&self) -> Vec<(WorkspaceId, Role)> {
        let reachable = |workspace: WorkspaceId| self.only_workspace.is_none_or(|only| only == workspace);
        let own = self.memberships.iter().filter(|(workspace, _)| reachable(**workspace));
        let mut own: Vec<_> = own
            .map(|(workspace, role)| (*workspace, self.narrowed(*role)))
            .collect();
        own.sort_unstable_by_key(|(workspace, _)| *workspace);
        own
    }

    /// Whether the caller has a global right.
    #[must_use]
    pub fn has(&self, permission: Permission) -> bool {
        let minimum = permission.global();
        self.role.at_least(minimum) && (self.only_workspace.is_none() || minimum == Role::Viewer)
    }

    /// Demands a global right.
    ///
    /// # Errors
    /// [`ApplicationError::Forbidden`], naming the role that has it.
    pub fn demand(&self, permission: Permission) -> Result<(), ApplicationError> {
        if self.has(permission) {
            return Ok(());
        }
        Err(ApplicationError::Forbidden(format!(
            "the global role {} or above is needed to {}",
            permission.global().name(),
            permission.description()
        )))
    }

    /// Demands a right in a workspace.
    ///
    /// # Errors
    /// [`ApplicationError::NotFound`] naming `what` when the caller may not even see the workspace, else
    /// [`ApplicationError::Forbidden`].
    pub fn demand_in(
        &self,
        permission: Permission,
        workspace: WorkspaceId,
        what: impl FnOnce() -> String,
    ) -> Result<(), ApplicationError> {
        let Some(role) = self.role_in(workspace) else {
            return Err(ApplicationError::NotFound(what()));
        };
        let minimum = permission.in_workspace().unwrap_or(Role::Admin);
        if role.at_least(minimum) {
            return Ok(());
        }
        Err(ApplicationError::Forbidden(format!(
            "the role {} or above in workspace {workspace} is needed to {}",
            minimum.name(),
            permission.description()
        )))
    }
}

/// The view, shared by all requests.
pub struct AccessView {
    state: RwLock<AccessState>,
    seen: watch::Sender<Position>,
    awaited: Notify,
}

/// How long the view may rest behind the log while nobody waits for it.
const REST: std::time::Duration = std::time::Duration::from_millis(20);

impl AccessView {
    /// A view restored from the read models as of `position`.
    #[must_use]
    pub fn new(state: AccessState, position: Position) -> Self {
        Self {
            state: RwLock::new(state),
            seen: watch::Sender::new(position),
            awaited: Notify::new(),
        }
    }

    /// Follows the log from where the view stands, until the log closes. Between two looks it rests for a moment unless
    /// somebody waits for the view, so that busy runs, which do not concern it, do not wake it with every commit.
    pub async fn follow(&self, log: &Arc<dyn EventLog>) {
        let mut feed: Subscription = log.subscribe(*self.seen.borrow());
        loop {
            match feed.next().await {
                Ok(Some(batches)) => {
                    for batch in &batches {
                        self.take(batch);
                    }
                }
                Ok(None) => return,
                Err(error) => tracing::warn!(%error, "the access view cannot read the log; it tries again"),
            }
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                () = self.awaited.notified() => {}
            }
        }
    }

    fn take(&self, batch: &[StoredEvent]) {
        for stored in batch.iter().filter(|event| concerns_access(event.stream.as_str())) {
            if let Some(event) = crate::store::typed(stored) {
                self.state.write().apply(&event);
            }
        }
        if let Some(last) = batch.last() {
            self.seen.send_replace(last.position);
        }
    }

    /// Waits until the view has seen `position`.
    pub async fn seen(&self, position: Position) {
        let mut seen = self.seen.subscribe();
        while *seen.borrow_and_update() < position {
            self.awaited.notify_one();
            // The sender lives as long as the view, so waiting cannot fail.
            let _ = seen.changed().await;
        }
    }

    /// The user as a caller with a session; `None` when unknown or inactive.
    #[must_use]
    pub fn session(&self, user: UserId) -> Option<Caller> {
        let state = self.state.read();
        let access = state.users.get(&user).filter(|access| access.active)?;
        let memberships = state.memberships.get(&user).cloned().unwrap_or_default();
        Some(Caller {
            user,
            role: access.role,
            key: None,
            only_workspace: None,
            maximum_role: None,
            everywhere: access.role == Role::Admin,
            memberships: Arc::new(memberships),
        })
    }

    /// The owner of an API key as a caller, if the secret's hash fits and the key is valid at `now`.
    #[must_use]
    pub fn key(&self, id: ApiKeyId, token_hash: &str, now: Instant) -> Option<Caller> {
        use subtle::ConstantTimeEq;
        let state = self.state.read();
        let key = state.keys.get(&id)?;
        let fits: bool = key.token_hash.as_bytes().ct_eq(token_hash.as_bytes()).into();
        if !fits || key.expires_at.is_some_and(|expiry| now >= expiry) {
            return None;
        }
        let access = state.users.get(&key.user).filter(|access| access.active)?;
        let memberships = state.memberships.get(&key.user).cloned().unwrap_or_default();
        let maximum_role = key.maximum_role;
        Some(Caller {
            user: key.user,
            role: maximum_role
                .filter(|maximum| access.role.at_least(*maximum))
                .unwrap_or(access.role),
            key: Some(id),
            only_workspace: key.workspace,
            maximum_role,
            everywhere: access.role == Role::Admin,
            memberships: Arc::new(memberships),
        })
    }

    /// What decides about a user, whoever asks.
    #[must_use]
    pub fn user(&self, user: UserId) -> Option<UserAccess> {
        self.state.read().users.get(&user).copied()
    }

    /// The keys of a user that were not revoked.
    #[must_use]
    pub fn keys_of(&self, user: UserId) -> Vec<ApiKeyId> {
        let state = self.state.read();
        state
            .keys
            .iter()
            .filter(|(_, key)| key.user == user)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Whether anybody was ever registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.read().users.is_empty()
    }
}

fn concerns_access(stream: &str) -> bool {
    stream.starts_with("user-") || stream.starts_with("workspace-") || stream.starts_with("api-key-")
}
