//! API keys: issued once in the open, kept as hashes, revoked for good.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    api_key::{ApiKey, IssueApiKey, RevokeApiKey},
    choice::Choice,
    facts::{Standing, WorkspaceFact},
    ids::{ApiKeyId, UserId, WorkspaceId},
    instant::Instant,
    role::Role,
    user::User,
    workspace::Workspace,
};

use crate::{
    app::App,
    body_schemas::RoleChoice,
    context::{Actor, Context},
    error::ApplicationError,
    security::{
        permission::Permission,
        token::{api_key, random_token, token_hash},
    },
    store::{Loaded, Recorded, Unit},
};

/// Body of `POST /api-keys`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for, at most 200 characters.
    pub name: String,
    /// Its owner; the caller when omitted.
    #[schema(value_type = Option<i64>)]
    pub user_id: Option<UserId>,
    /// No right above this role, by name or number.
    #[schema(value_type = Option<RoleChoice>)]
    pub max_role: Option<Choice<Role>>,
    /// Nothing outside this workspace.
    #[schema(value_type = Option<i64>)]
    pub workspace_id: Option<WorkspaceId>,
    /// Not valid from this instant on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Instant>,
}

/// An issued key.
pub struct IssuedApiKey {
    /// What was recorded.
    pub recorded: Recorded,
    /// The key as its owner holds it; shown this once, `None` for a repeated request.
    pub token: Option<String>,
}

impl App {
    /// Issues a key, to the caller or to another user.
    ///
    /// # Errors
    /// When the caller may not, or the owner is not active.
    pub async fn issue_api_key(&self, context: &Context, input: &NewApiKey) -> Result<IssuedApiKey, ApplicationError> {
        let owner = match input.user_id {
            Some(owner) => owner,
            None => self.caller(context)?.user,
        };
        self.demand_keys_of(context, owner)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(IssuedApiKey {
                recorded: self.seen(recorded).await,
                token: None,
            });
        }
        let id = ApiKeyId(self.store.allot(ApiKeyId::KIND).await?);
        let secret = random_token(self.store.entropy.as_ref());
        let attempt = || async {
            let user = self.store.load::<User>(owner.stream()).await?;
            let mut key = Loaded::<ApiKey>::fresh(id.stream(), None);
            let mut unit = self.store.unit(context);
            unit.guard(&user);
            let command = IssueApiKey {
                id,
                owner: user.aggregate.fact(owner),
                name: input.name.clone(),
                token_hash: token_hash(&secret),
                maximum_role: input.max_role.clone(),
                workspace: self.workspace_of_key(context, input.workspace_id, &mut unit).await?,
                expires_at: input.expires_at,
                now: unit.now(),
            };
            unit.decide(&mut key, command).await?;
            unit.commit(id.0, key.version).await
        };
        let recorded = self.seen(self.store.retrying(attempt).await?).await;
        let token = (!recorded.repeated).then(|| api_key(id, &secret));
        Ok(IssuedApiKey { recorded, token })
    }

    /// Revokes a key, one's own or another user's.
    ///
    /// # Errors
    /// When the caller may not.
    pub async fn revoke_api_key(&self, context: &Context, id: ApiKeyId) -> Result<Recorded, ApplicationError> {
        let key = self.store.load::<ApiKey>(id.stream()).await?;
        let is_itself = matches!(&context.actor, Actor::User(caller) if caller.key == Some(id));
        match &key.aggregate.issued {
            // Nothing is gained by a key that ends itself.
            Some(_) if is_itself => {}
            Some(issued) => {
                self.demand_account(context, issued.user_id)?;
            }
            None => self.demand(context, Permission::ManageUsers)?,
        }
        let recorded = self
            .command::<ApiKey, _>(context, id.stream(), Value::from(id.0), || RevokeApiKey)
            .await?;
        Ok(self.seen(recorded).await)
    }

    /// Demands the right to issue keys to `owner`. A key issues none, unless it may do everything: the new one could outlive
    /// it.
    fn demand_keys_of(&self, context: &Context, owner: UserId) -> Result<(), ApplicationError> {
        self.demand_account(context, owner)?;
        match &context.actor {
            Actor::User(caller) if caller.key.is_some() && !caller.has(Permission::ManageUsers) => Err(
                ApplicationError::Forbidden("an API key issues no other keys; log in".to_owned()),
            ),
            Actor::User(_) | Actor::System(_) | Actor::Webhook(_) => Ok(()),
        }
    }

    /// The workspace a key is to be bound to; one that the caller may not see is as good as missing.
    async fn workspace_of_key(
        &self,
        context: &Context,
        id: Option<WorkspaceId>,
        unit: &mut Unit<'_>,
    ) -> Result<Option<WorkspaceFact>, ApplicationError> {
        let Some(id) = id else { return Ok(None) };
        if self
            .demand_in(context, Permission::ReadWorkspace, id, String::new)
            .is_err()
        {
            return Ok(Some(WorkspaceFact {
                id,
                standing: Standing::Missing,
            }));
        }
        let workspace = self.store.load::<Workspace>(id.stream()).await?;
        unit.guard(&workspace);
        Ok(Some(workspace.aggregate.fact(id)))
    }
}
