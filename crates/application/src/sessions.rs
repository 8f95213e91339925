//! Sessions: logging in and out, refreshing tokens, and who is behind a token.
//!
//! Invariants: whether a user exists can be learnt neither from an answer nor from the work it takes; no session that a
//! former password began outlives a change of the password; a refresh token serves once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wfm_domain::{
    aggregate::{ClaimChanges, Decide},
    ids::{UserId, WorkspaceId},
    instant::Instant,
    protected::Protected,
    refusal::Refusal,
    role::Role,
    scopes,
    user::{AccessEvent, User, UserLoggedIn, UserLoginFailed},
};
use wfm_storage::{
    append::ClaimKey,
    event::{StreamId, StreamVersion},
    vault::Session,
};

use crate::{
    app::App,
    context::{Actor, Context},
    error::ApplicationError,
    security::{
        access::Caller,
        permission::Permission,
        token::{parse_api_key, random_token, token_hash},
    },
    store::{Loaded, Recorded, Store},
    users::hash_of,
};

/// The one answer to whoever could not prove to be a user.
const NOT_PROVEN: &str = "the e-mail address or the password is wrong";

const NO_SESSION: &str = "the refresh token is not valid; log in again";

/// Body of `POST /auth/login`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Body of `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshInput {
    /// The refresh token.
    pub refresh_token: String,
}

/// What a login or refresh answers.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// `Bearer`.
    pub token_type: &'static str,
    /// For the `Authorization` header.
    pub access_token: String,
    /// To be exchanged once for new tokens.
    pub refresh_token: String,
    /// Seconds the access token is valid.
    pub expires_in: i64,
}

/// Who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `Users.Id`.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Global role by name, narrowed by the API key if one was used.
    pub role: &'static str,
    /// IANA name.
    pub time_zone: String,
    /// The API key that was used.
    pub api_key_id: Option<i64>,
    /// Workspaces the caller is a member of, in order of their ids.
    pub workspaces: Vec<Membership>,
}

/// A workspace of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// `Workspaces.Id`.
    pub workspace_id: i64,
    /// Role in it by name, narrowed by the API key if one was used.
    pub role: &'static str,
}

impl App {
    /// Proves a password and begins a session. `context` is the system's, with the client's address.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`], the same for unknown users, wrong passwords and inactive users;
    /// [`ApplicationError::TooMany`] after too many failures.
    pub async fn login(&self, context: &Context, input: &LoginInput) -> Result<Tokens, ApplicationError> {
        let claim = self.email_claim(&input.email);
        // What is no address counts as an account of its own, so that it is answered alike.
        let account = claim
            .clone()
            .unwrap_or_else(|| self.store.keyring.email_claim(&input.email));
        let attempt = match self.passwords.lock_out.begin(&account, self.store.clock.as_ref()).await {
            Ok(attempt) => attempt,
            Err(locked) => {
                if locked.is_first
                    && let Some(user) = self.user_of(claim.as_deref()).await?
                {
                    self.note_failure(context, user, "locked");
                }
                return Err(locked.into());
            }
        };
        let user = self.user_of(claim.as_deref()).await?;
        let loaded = match user {
            Some(user) => Some(self.store.load::<User>(user.stream()).await?),
            None => None,
        };
        let hash = loaded.as_ref().and_then(|loaded| hash_of(&loaded.aggregate));
        let proven = self.passwords.verify(input.password.clone(), hash).await?;
        match (user, loaded) {
            (Some(user), Some(loaded)) if proven && loaded.aggregate.may_act() => {
                attempt.succeeded();
                self.begin_session(context, user, loaded).await
            }
            (user, _) => {
                attempt.failed(self.store.now());
                if let Some(user) = user {
                    self.note_failure(context, user, if proven { "inactive" } else { "password" });
                }
                Err(not_proven())
            }
        }
    }

    /// Exchanges a refresh token for new tokens. One that was exchanged before ends all sessions of its login.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`].
    pub async fn refresh(&self, input: &RefreshInput) -> Result<Tokens, ApplicationError> {
        let now = self.store.now();
        let hash = token_hash(&input.refresh_token);
        let no_session = || ApplicationError::Unauthenticated(NO_SESSION.to_owned());
        let session = self.vault.session(&hash).await?.ok_or_else(no_session)?;
        if session.expires_at <= now.to_string() {
            return Err(no_session());
        }
        if session.spent || !self.vault.spend_session(&hash).await? {
            // Somebody else has the token, too, and nobody can tell who is who.
            self.vault.end_family(&session.family).await?;
            tracing::warn!(
                user = session.user,
                "a refresh token was used twice; the sessions of its login have ended"
            );
            return Err(no_session());
        }
        let user = UserId(session.user);
        if self.access.session(user).is_none() {
            self.vault.end_sessions(session.user).await?;
            return Err(no_session());
        }
        let refresh_token = self.put_session(user, session.family.clone(), now).await?;
        // Sessions that were ended between the exchange and the new token have taken the old one with them.
        if self.vault.session(&hash).await?.is_none() {
            self.vault.end_family(&session.family).await?;
            return Err(no_session());
        }
        self.tokens_for(user, refresh_token, now)
    }

    /// Ends the sessions of the login that the refresh token descends from; an unknown token is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout(&self, input: &RefreshInput) -> Result<(), ApplicationError> {
        if let Some(session) = self.vault.session(&token_hash(&input.refresh_token)).await? {
            self.vault.end_family(&session.family).await?;
        }
        Ok(())
    }

    /// Who the caller is.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn me(&self, context: &Context) -> Result<Me, ApplicationError> {
        let caller = self.caller(context)?;
        caller.demand(Permission::OwnAccount)?;
        let user = self.store.load::<User>(caller.user.stream()).await?;
        let profile = user.aggregate.profile.as_ref();
        let profile = profile.ok_or_else(|| ApplicationError::NotFound(format!("user {}", caller.user)))?;
        let text = |value: &Protected| value.text().unwrap_or_default().to_owned();
        let membership = |(workspace, role): (WorkspaceId, Role)| Membership {
            workspace_id: workspace.0,
            role: role.name(),
        };
        Ok(Me {
            id: caller.user.0,
            first_name: text(&profile.first_name),
            last_name: text(&profile.last_name),
            email: text(&profile.email),
            role: caller.role.name(),
            time_zone: profile.time_zone.clone(),
            api_key_id: caller.key.map(|key| key.0),
            workspaces: caller.own_memberships().into_iter().map(membership).collect(),
        })
    }

    /// The caller behind a bearer token: an access token or an API key. Reads no database and checks no password hash.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`].
    pub fn authenticate(&self, bearer: &str) -> Result<Caller, ApplicationError> {
        let now = self.store.now();
        let caller = match parse_api_key(bearer) {
            Some((id, secret)) => self.access.key(id, &token_hash(secret), now),
            None => self.tokens.read(bearer, now).and_then(|user| self.access.session(user)),
        };
        caller.ok_or_else(|| ApplicationError::Unauthenticated("the token is not valid or has expired".to_owned()))
    }

    /// The user who holds an e-mail address.
    async fn user_of(&self, email_claim: Option<&str>) -> Result<Option<UserId>, ApplicationError> {
        let Some(key) = email_claim else { return Ok(None) };
        let claim = self.store.log.claim(&ClaimKey::new(scopes::USER_EMAIL, key)).await?;
        let id = claim.and_then(|claim| {
            claim
                .owner
                .as_str()
                .rsplit_once('-')
                .and_then(|(_, id)| id.parse().ok())
        });
        Ok(id.map(UserId))
    }

    /// Begins a session of a user who proved the password that `loaded` has. The session stands before the login is
    /// recorded, and the login is recorded only while the password is still the same: a change that comes later ends it.
    async fn begin_session(
        &self,
        context: &Context,
        user: UserId,
        loaded: Loaded<User>,
    ) -> Result<Tokens, ApplicationError> {
        let now = self.store.now();
        let family = self.store.entropy.uuid().to_string();
        let refresh_token = self.put_session(user, family.clone(), now).await?;
        let actor = self
            .access
            .session(user)
            .map_or_else(|| context.actor.clone(), Actor::User);
        let context = Context {
            actor,
            person: Some(user),
            idempotency: None,
            ..context.clone()
        };
        let proven = hash_of(&loaded.aggregate);
        let attempt = || async {
            let present = self.store.load::<User>(user.stream()).await?;
            if !present.aggregate.may_act() || hash_of(&present.aggregate) != proven {
                return Err(not_proven());
            }
            let event = UserLoggedIn { id: user };
            record_access(
                &self.store,
                &context,
                user,
                event.into(),
                Some((&present.stream, present.version)),
            )
            .await
        };
        if let Err(error) = self.store.retrying(attempt).await {
            self.vault.end_family(&family).await?;
            return Err(error);
        }
        self.tokens_for(user, refresh_token, now)
    }

    /// Stores a session; returns its refresh token.
    async fn put_session(&self, user: UserId, family: String, now: Instant) -> Result<String, ApplicationError> {
        let token = random_token(self.store.entropy.as_ref());
        let expires_at = now
            .plus_milliseconds(i64::from(self.tokens.refresh_days) * 24 * 60 * 60 * 1000)
            .to_string();
        let session = Session {
            token_hash: token_hash(&token),
            family,
            user: user.0,
            expires_at,
            spent: false,
        };
        self.vault.put_session(&session).await?;
        Ok(token)
    }

    fn tokens_for(&self, user: UserId, refresh_token: String, now: Instant) -> Result<Tokens, ApplicationError> {
        Ok(Tokens {
            token_type: "Bearer",
            access_token: self.tokens.issue(user, now)?,
            refresh_token,
            expires_in: self.tokens.lifetime_seconds,
        })
    }

    /// Records a failed login in the background: the answer must not take longer for users that exist.
    fn note_failure(&self, context: &Context, user: UserId, reason: &str) {
        let store = self.store.clone();
        let context = Context {
            person: Some(user),
            idempotency: None,
            ..context.clone()
        };
        let event = UserLoginFailed {
            id: user,
            reason: reason.to_owned(),
        };
        tokio::spawn(async move {
            let attempt = || record_access(&store, &context, user, event.clone().into(), None);
            if let Err(error) = store.retrying(attempt).await {
                tracing::error!(%error, "a failed login could not be recorded");
            }
        });
    }
}

fn not_proven() -> ApplicationError {
    ApplicationError::Unauthenticated(NOT_PROVEN.to_owned())
}

/// Appends to the access log of a user, whose version nobody needs to know beforehand.
async fn record_access(
    store: &Store,
    context: &Context,
    user: UserId,
    event: AccessEvent,
    guard: Option<(&StreamId, StreamVersion)>,
) -> Result<Recorded, ApplicationError> {
    let stream = StreamId::new(format!("access-{user}"));
    let version = store
        .log
        .stream(&stream)
        .await?
        .map_or(StreamVersion(0), |info| info.version);
    let loaded = Loaded {
        stream,
        workspace: None,
        version,
        aggregate: AccessLog,
        origin: None,
        last_event: None,
    };
    let mut unit = store.unit(context);
    if let Some((stream, version)) = guard {
        unit.guard_stream(stream, version);
    }
    unit.record(&loaded, "access", &[event]);
    unit.commit(user.0, StreamVersion(version.0 + 1)).await
}

/// A user's access log: what happens is recorded, nothing depends on what happened before.
#[derive(Debug, Clone, Default)]
struct AccessLog;

impl Decide for AccessLog {
    type Command = AccessEvent;
    type Event = AccessEvent;

    fn decide(&self, event: AccessEvent) -> Result<Vec<AccessEvent>, Refusal> {
        Ok(vec![event])
    }

    fn evolve(&mut self, _: &AccessEvent) {}

    fn claims(&self, _: &AccessEvent) -> ClaimChanges {
        ClaimChanges::default()
    }
}
