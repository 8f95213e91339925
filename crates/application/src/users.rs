//! Users: accounts, roles, passwords, and what becomes of a person who leaves.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    aggregate::Decide,
    api_key::{ApiKey, RevokeApiKey},
    choice::Choice,
    email::Email,
    facts::Granter,
    ids::UserId,
    password::Password,
    protected::{DataKey, Protected},
    refusal::{FieldError, Refusal},
    role::Role,
    scopes,
    user::{
        ActivateUser, ChangePassword, ChangeProfile, ChangeUserRole, DeactivateUser, DeleteUser, EraseUser,
        RegisterUser, User, UserCommand,
    },
};

use crate::{
    app::{App, LONGEST_WAIT},
    body_schemas::RoleChoice,
    context::{Actor, Context},
    error::ApplicationError,
    input::{double_option, not_null},
    security::permission::Permission,
    store::{Loaded, Recorded, check_version, seal_error},
};

/// Users that were erased: one claim each, kept for good, so that a start finds keys that are still to be destroyed.
const ERASED: &str = "erased-users";

/// Body of `POST /users`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// At most 100 characters.
    pub first_name: String,
    /// At most 100 characters.
    pub last_name: String,
    /// Unique in the system, at most 255 characters.
    pub email: String,
    /// 8 characters at least, 72 bytes at most.
    pub password: String,
    /// Global role, by name or number; `Viewer` when omitted.
    #[schema(value_type = Option<RoleChoice>)]
    pub role: Option<Choice<Role>>,
    /// At most 20 characters.
    pub phone_number: Option<String>,
    /// At most 100 characters.
    pub department: Option<String>,
    /// At most 100 characters.
    pub job_title: Option<String>,
    /// At most 255 characters.
    pub manager: Option<String>,
    /// IANA name; `UTC` when omitted.
    pub time_zone: Option<String>,
    /// URL, at most 500 characters.
    pub profile_picture: Option<String>,
}

/// Body of `PATCH /users/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPatch {
    /// At most 100 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub first_name: Option<String>,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub last_name: Option<String>,
    /// Unique in the system, at most 255 characters.
    #[serde(default, deserialize_with = "not_null")]
    pub email: Option<String>,
    /// Global role, by name or number; never one's own.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<RoleChoice>)]
    pub role: Option<Choice<Role>>,
    /// At most 20 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub phone_number: Option<Option<String>>,
    /// At most 100 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub department: Option<Option<String>>,
    /// At most 100 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub job_title: Option<Option<String>>,
    /// At most 255 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub manager: Option<Option<String>>,
    /// IANA name; null means `UTC`.
    #[serde(default, deserialize_with = "double_option")]
    pub time_zone: Option<Option<String>>,
    /// URL, at most 500 characters; null removes it.
    #[serde(default, deserialize_with = "double_option")]
    pub profile_picture: Option<Option<String>>,
}

/// Body of `POST /users/{id}/password`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordInput {
    /// The present password; required for one's own, ignored for others'.
    pub current_password: Option<String>,
    /// 8 characters at least, 72 bytes at most.
    pub new_password: String,
}

impl App {
    /// Creates a user.
    ///
    /// # Errors
    /// When the caller may not, would grant above their own role, or the address is taken.
    pub async fn create_user(&self, context: &Context, input: &NewUser) -> Result<Recorded, ApplicationError> {
        self.demand(context, Permission::ManageUsers)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.seen(recorded).await);
        }
        let recorded = self.register(context, input, false).await?;
        Ok(self.seen(recorded).await)
    }

    /// Changes personal data (one's own, or anybody's) and the global role.
    ///
    /// # Errors
    /// When the caller may not, the version is another, or the address is taken.
    pub async fn change_user(
        &self,
        context: &Context,
        id: UserId,
        patch: &UserPatch,
    ) -> Result<Recorded, ApplicationError> {
        self.demand_account(context, id)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.seen(recorded).await);
        }
        let profile = ChangeProfile {
            first_name: patch.first_name.clone(),
            last_name: patch.last_name.clone(),
            email: patch.email.clone(),
            email_claim: patch
                .email
                .as_deref()
                .map(|email| self.email_claim(email).unwrap_or_default()),
            phone_number: patch.phone_number.clone(),
            department: patch.department.clone(),
            job_title: patch.job_title.clone(),
            manager: patch.manager.clone(),
            time_zone: patch.time_zone.clone(),
            profile_picture: patch.profile_picture.clone(),
        };
        let attempt = || async {
            let mut user = self.store.load::<User>(id.stream()).await?;
            check_version(context, &user)?;
            let mut unit = self.store.unit(context);
            unit.decide(&mut user, profile.clone()).await?;
            if let Some(role) = patch.role.clone() {
                unit.decide(
                    &mut user,
                    ChangeUserRole {
                        role,
                        granter: self.granter(context),
                    },
                )
                .await?;
            }
            unit.commit(id.0, user.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        Ok(self.seen(recorded).await)
    }

    /// Sets another password and ends the user's sessions.
    ///
    /// # Errors
    /// When the caller may not, or the present password does not fit.
    pub async fn change_password(
        &self,
        context: &Context,
        id: UserId,
        input: &PasswordInput,
    ) -> Result<Recorded, ApplicationError> {
        let own = self.demand_account(context, id)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        let user = self.store.load::<User>(id.stream()).await?;
        let dry = user.aggregate.decide(UserCommand::from(ChangePassword {
            password_hash: String::new(),
        }));
        refuse_with_password(dry.err(), Password::check("/newPassword", &input.new_password).err())?;
        check_version(context, &user)?;
        let known = hash_of(&user.aggregate);
        if own {
            self.prove_password(&user.aggregate, input.current_password.as_deref())
                .await?;
        }
        let password_hash = self.passwords.hash(input.new_password.clone()).await?;
        // Sessions end before and after: one that a login with the old password begins meanwhile does not outlive it.
        self.vault.end_sessions(id.0).await?;
        let attempt = || async {
            let mut user = self.store.load::<User>(id.stream()).await?;
            check_version(context, &user)?;
            if own && hash_of(&user.aggregate) != known {
                return Err(Refusal::field("/currentPassword", "was changed meanwhile").into());
            }
            let mut unit = self.store.unit(context);
            unit.decide(
                &mut user,
                ChangePassword {
                    password_hash: password_hash.clone(),
                },
            )
            .await?;
            unit.commit(id.0, user.version).await
        };
        let recorded = self.store.retrying(attempt).await?;
        self.vault.end_sessions(id.0).await?;
        Ok(recorded)
    }

    /// Takes the user out of use; the next request with any of their tokens is refused.
    ///
    /// # Errors
    /// When the caller may not, or this is the last active Admin.
    pub async fn deactivate_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        self.command_user(context, id, || DeactivateUser).await
    }

    /// Puts the user in use again.
    ///
    /// # Errors
    /// When the caller may not, or the user was erased.
    pub async fn activate_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        self.command_user(context, id, || ActivateUser).await
    }

    /// Deletes the user softly; the e-mail address stays taken.
    ///
    /// # Errors
    /// When the caller may not, the user has created anything, or is the last active Admin.
    pub async fn delete_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        self.command_user(context, id, || DeleteUser).await
    }

    /// Erases the person for good: personal data becomes unreadable everywhere, the e-mail address is free again.
    ///
    /// # Errors
    /// When the caller may not, or this is the last active Admin.
    pub async fn erase_user(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        self.demand(context, Permission::ManageUsers)?;
        let recorded = match self.store.repeated(context).await? {
            Some(recorded) => recorded,
            None => self.store.retrying(|| self.record_erasure(context, id)).await?,
        };
        let recorded = self.seen(recorded).await;
        let follow_up = context.on_behalf("erasure").caused_by(recorded.last_event);
        self.finish_erasure(&follow_up, id).await?;
        if self.projection.wait_for(recorded.position, LONGEST_WAIT).await
            && let Err(error) = self.reads.scrub().await
        {
            // A reader stands in the way; the next erasure, purge or stop does it.
            tracing::warn!(%error, "traces of an erased person may remain in the files of the read models for a while");
        }
        Ok(recorded)
    }

    /// Creates the first administrator when there is no user yet; `None` when there is one.
    ///
    /// # Errors
    /// When address or password break their rules.
    pub async fn create_first_admin(&self, email: &str, password: &str) -> Result<Option<Recorded>, ApplicationError> {
        let context = Context::system("setup", self.store.entropy.uuid().to_string());
        let admin = NewUser {
            first_name: "System".to_owned(),
            last_name: "Administrator".to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            role: Some(Role::Admin.into()),
            phone_number: None,
            department: None,
            job_title: None,
            manager: None,
            time_zone: None,
            profile_picture: None,
        };
        let nobody = self.store.log.claims(scopes::USER_EMAIL, None, 1).await?.is_empty();
        if !nobody {
            return Ok(None);
        }
        match self.register(&context, &admin, true).await {
            Ok(recorded) => Ok(Some(self.seen(recorded).await)),
            // Another process was faster.
            Err(ApplicationError::Refused(refusal)) if refusal.code == "limit-reached" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Finishes erasures that a stop of the process cut short; returns how many. To be called at each start.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn finish_erasures(&self) -> Result<usize, ApplicationError> {
        let context = Context::system("erasure", self.store.entropy.uuid().to_string());
        let mut finished = 0;
        for claim in self.store.all_claims(ERASED).await? {
            let id = UserId(claim.key.key.parse().map_err(ApplicationError::internal)?);
            if self.vault.data_key(&DataKey::Person(id).to_string()).await?.is_some() {
                self.finish_erasure(&context, id).await?;
                finished += 1;
            }
        }
        Ok(finished)
    }

    /// Demands the right to change an account, its keys included; says whether it is the caller's own. A key that was
    /// narrowed has no such right: what it may not do it could come by otherwise.
    pub(crate) fn demand_account(&self, context: &Context, id: UserId) -> Result<bool, ApplicationError> {
        let own = context.user_id() == Some(id);
        self.demand(
            context,
            if own {
                Permission::OwnAccount
            } else {
                Permission::ManageUsers
            },
        )?;
        match &context.actor {
            Actor::User(caller) if caller.is_narrowed() && !caller.has(Permission::ManageUsers) => {
                Err(ApplicationError::Forbidden(
                    "an API key with maxRole or workspaceId changes no account; log in".to_owned(),
                ))
            }
            Actor::User(_) | Actor::System(_) | Actor::Webhook(_) => Ok(own),
        }
    }

    /// The claim of an e-mail address; `None` when the text is no address.
    pub(crate) fn email_claim(&self, email: &str) -> Option<String> {
        let email = Email::parse(email).ok()?;
        Some(self.store.keyring.email_claim(&email.claim_material()))
    }

    async fn register(&self, context: &Context, input: &NewUser, is_first: bool) -> Result<Recorded, ApplicationError> {
        let granter = self.granter(context);
        let email_claim = self.email_claim(&input.email).unwrap_or_default();
        let command = |id, password_hash| register(input, id, email_claim.clone(), password_hash, granter);
        // Everything that is wrong is said before an id is allotted and the password hashed.
        let dry = User::default().decide(UserCommand::from(command(UserId::default(), String::new())));
        refuse_with_password(dry.err(), Password::check("/password", &input.password).err())?;
        let password_hash = self.passwords.hash(input.password.clone()).await?;
        let id = UserId(self.store.allot(UserId::KIND).await?);
        let attempt = || async {
            let mut user = Loaded::<User>::fresh(id.stream(), None);
            let mut unit = self.store.unit(context);
            if is_first {
                unit.require_fewer(scopes::USER_EMAIL, 1);
            }
            unit.decide(&mut user, command(id, password_hash.clone())).await?;
            unit.commit(id.0, user.version).await
        };
        self.store.retrying(attempt).await
    }

    /// Demands that `password` is the user's present one.
    async fn prove_password(&self, user: &User, password: Option<&str>) -> Result<(), ApplicationError> {
        let Some(password) = password else {
            return Err(Refusal::field("/currentPassword", "is required").into());
        };
        let begun = self
            .passwords
            .lock_out
            .begin(&user.email_claim, self.store.clock.as_ref())
            .await;
        let attempt = begun.map_err(ApplicationError::from)?;
        if self.passwords.verify(password.to_owned(), hash_of(user)).await? {
            attempt.succeeded();
            return Ok(());
        }
        attempt.failed(self.store.now());
        Err(Refusal::field("/currentPassword", "is not the present password").into())
    }

    /// A change of the user's standing, which ends the sessions of those who may no longer act.
    async fn command_user<C: Into<UserCommand>>(
        &self,
        context: &Context,
        id: UserId,
        command: impl Fn() -> C,
    ) -> Result<Recorded, ApplicationError> {
        self.demand(context, Permission::ManageUsers)?;
        let recorded = self
            .command::<User, C>(context, id.stream(), Value::from(id.0), command)
            .await?;
        let recorded = self.seen(recorded).await;
        if self.access.user(id).is_none_or(|access| !access.active) {
            self.vault.end_sessions(id.0).await?;
        }
        Ok(recorded)
    }

    async fn record_erasure(&self, context: &Context, id: UserId) -> Result<Recorded, ApplicationError> {
        let mut user = self.store.load::<User>(id.stream()).await?;
        check_version(context, &user)?;
        let before = user.version;
        let mut unit = self.store.unit(context);
        unit.decide(&mut user, EraseUser).await?;
        if user.version != before {
            unit.take(&user, ERASED, id.to_string());
        }
        unit.commit(id.0, user.version).await
    }

    /// What follows the event of an erasure, each part as often as need be: first of all, the key is destroyed.
    async fn finish_erasure(&self, context: &Context, id: UserId) -> Result<(), ApplicationError> {
        self.store
            .keyring
            .destroy(&DataKey::Person(id))
            .await
            .map_err(seal_error)?;
        self.vault.end_sessions(id.0).await?;
        for key in self.access.keys_of(id) {
            let recorded = self
                .command::<ApiKey, _>(context, key.stream(), Value::from(key.0), || RevokeApiKey)
                .await?;
            self.seen(recorded).await;
        }
        Ok(())
    }
}

fn register(input: &NewUser, id: UserId, email_claim: String, password_hash: String, granter: Granter) -> RegisterUser {
    RegisterUser {
        id,
        first_name: input.first_name.clone(),
        last_name: input.last_name.clone(),
        email: input.email.clone(),
        email_claim,
        password_hash,
        role: input.role.clone(),
        phone_number: input.phone_number.clone(),
        department: input.department.clone(),
        job_title: input.job_title.clone(),
        manager: input.manager.clone(),
        time_zone: input.time_zone.clone(),
        profile_picture: input.profile_picture.clone(),
        granter,
    }
}

/// The user's present password hash.
pub(crate) fn hash_of(user: &User) -> Option<String> {
    user.password_hash.as_ref().and_then(Protected::text).map(str::to_owned)
}

/// One refusal of what the domain and the password policy find wrong.
fn refuse_with_password(refusal: Option<Refusal>, password: Option<FieldError>) -> Result<(), Refusal> {
    match (refusal, password) {
        (None, None) => Ok(()),
        (None, Some(password)) => Err(Refusal::fields(vec![password])),
        (Some(refusal), Some(password)) if !refusal.errors.is_empty() => {
            let mut errors = refusal.errors;
            errors.push(password);
            Err(Refusal::fields(errors))
        }
        (Some(refusal), _) => Err(refusal),
    }
}
